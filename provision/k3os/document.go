package k3os

import (
	"distrolab/provision"
	"distrolab/provision/internal/rancher"
	"distrolab/provision/internal/yamldoc"
)

// config is what a document says.
type config struct {
	hostname string
	keys     []string
	files    []provision.File
	modules  []string
	settings []pair // by the usual name of the kernel setting
	servers  []string
	labels   []pair
}

type pair struct{ key, value string }

// document is config.yaml.
func (c config) document() yamldoc.Node {
	var files []yamldoc.Node
	for _, f := range c.files {
		files = append(files, rancher.File(f, false))
	}
	pairs := []yamldoc.Pair{
		{Key: "hostname", Value: yamldoc.Text(c.hostname)},
		{Key: "ssh_authorized_keys", Value: yamldoc.Texts(c.keys)},
		{Key: "write_files", Value: yamldoc.List(files...)},
	}
	var section []yamldoc.Pair
	if len(c.modules) > 0 {
		section = append(section, yamldoc.Pair{Key: "modules", Value: yamldoc.Texts(c.modules)})
	}
	if len(c.settings) > 0 {
		section = append(section, yamldoc.Pair{Key: "sysctls", Value: quoted(c.settings)})
	}
	if len(c.servers) > 0 {
		section = append(section, yamldoc.Pair{Key: "ntp_servers", Value: yamldoc.Texts(c.servers)})
	}
	if len(c.labels) > 0 {
		section = append(section, yamldoc.Pair{Key: "labels", Value: quoted(c.labels)})
	}
	if len(section) > 0 {
		pairs = append(pairs, yamldoc.Pair{Key: "k3os", Value: yamldoc.Map(section...)})
	}
	return yamldoc.Map(pairs...)
}

// quoted is a mapping of strings, which k3OS must not read as numbers.
func quoted(pairs []pair) yamldoc.Node {
	var list []yamldoc.Pair
	for _, p := range pairs {
		list = append(list, yamldoc.Pair{Key: p.key, Value: yamldoc.Quoted(p.value)})
	}
	return yamldoc.Map(list...)
}
