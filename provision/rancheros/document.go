package rancheros

import (
	"distrolab/provision"
	"distrolab/provision/internal/rancher"
	"distrolab/provision/internal/yamldoc"
)

// config is what a document says.
type config struct {
	hostname  string
	keys      []string
	files     []file
	modules   []string
	settings  []setting
	link      *link
	servers   []string // DNS
	mirrors   []string // of docker.io
	insecure  []string // hosts of mirrors without TLS
	arguments []string // of dockerd
}

type file struct {
	provision.File
	container string // system service it is written in; empty is the console
}

// setting is a kernel setting by its usual name.
type setting struct{ name, value string }

// link is the one network interface.
type link struct {
	match     string
	dhcp      bool
	addresses []string
	gateway   string
	gateway6  string
}

// document is the cloud-config, in the order in which the system works it off.
func (p *plan) document() yamldoc.Node {
	c := p.config
	var files []yamldoc.Node
	for _, f := range c.files {
		var more []yamldoc.Pair
		if f.container != "" {
			more = append(more, yamldoc.Pair{Key: "container", Value: yamldoc.Text(f.container)})
		}
		files = append(files, rancher.File(f.File, substituted(f.Content), more...))
	}
	pairs := []yamldoc.Pair{
		{Key: "hostname", Value: yamldoc.Text(c.hostname)},
		{Key: "ssh_authorized_keys", Value: yamldoc.Texts(c.keys)},
		{Key: "write_files", Value: yamldoc.List(files...)},
	}
	if section := c.section(); len(section) > 0 {
		pairs = append(pairs, yamldoc.Pair{Key: "rancher", Value: yamldoc.Map(section...)})
	}
	return yamldoc.Map(pairs...)
}

// section is what stands below the key rancher.
func (c config) section() []yamldoc.Pair {
	var pairs []yamldoc.Pair
	add := func(key string, values []yamldoc.Pair) {
		if len(values) > 0 {
			pairs = append(pairs, yamldoc.Pair{Key: key, Value: yamldoc.Map(values...)})
		}
	}
	if len(c.modules) > 0 {
		pairs = append(pairs, yamldoc.Pair{Key: "modules", Value: yamldoc.Texts(c.modules)})
	}
	var settings []yamldoc.Pair
	for _, s := range c.settings {
		settings = append(settings, yamldoc.Pair{Key: s.name, Value: yamldoc.Quoted(s.value)})
	}
	add("sysctl", settings)
	add("network", c.network())
	add("docker", c.docker())
	return pairs
}

func (c config) network() []yamldoc.Pair {
	if c.link == nil {
		return nil
	}
	l := *c.link
	fields := []yamldoc.Pair{
		{Key: "match", Value: yamldoc.Quoted(l.match)},
		{Key: "dhcp", Value: yamldoc.Bool(l.dhcp)},
		{Key: "addresses", Value: yamldoc.Texts(l.addresses)},
	}
	if l.gateway != "" {
		fields = append(fields, yamldoc.Pair{Key: "gateway", Value: yamldoc.Quoted(l.gateway)})
	}
	if l.gateway6 != "" {
		fields = append(fields, yamldoc.Pair{Key: "gateway_ipv6", Value: yamldoc.Quoted(l.gateway6)})
	}
	pairs := []yamldoc.Pair{{Key: "interfaces", Value: yamldoc.Map(yamldoc.Pair{Key: linkName, Value: yamldoc.Map(fields...)})}}
	if len(c.servers) > 0 {
		pairs = append(pairs, yamldoc.Pair{Key: "dns", Value: yamldoc.Map(yamldoc.Pair{Key: "nameservers", Value: yamldoc.Texts(c.servers)})})
	}
	return pairs
}

func (c config) docker() []yamldoc.Pair {
	var pairs []yamldoc.Pair
	if len(c.mirrors) > 0 {
		pairs = append(pairs, yamldoc.Pair{Key: "registry_mirror", Value: yamldoc.Text(c.mirrors[0])})
	}
	if len(c.arguments) > 0 {
		pairs = append(pairs, yamldoc.Pair{Key: "extra_args", Value: yamldoc.Texts(c.arguments)})
	}
	if len(c.insecure) > 0 {
		pairs = append(pairs, yamldoc.Pair{Key: "insecure_registry", Value: yamldoc.Texts(c.insecure)})
	}
	return pairs
}
