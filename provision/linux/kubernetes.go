package linux

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"distrolab/provision"
	"distrolab/provision/kubeadm"
)

// nodeField is the part of the intent that makes the machine a node.
func (p *planner) nodeField() string {
	if p.intent.Join != nil {
		return "join"
	}
	return "node"
}

// bundle is where the node's programs come from, nil when that is no bundle.
func (p *planner) bundle() *provision.NodeBundle {
	node, _ := p.intent.KubernetesNode()
	return node.Bundle
}

// node brings Kubernetes' programs and what they need.
func (p *planner) node() {
	node, is := p.intent.KubernetesNode()
	if !is {
		return
	}
	field := p.nodeField()
	if p.userland.Init != "systemd" {
		p.gap(field, "the kubelet is run by a systemd unit, and this system does not run systemd")
		return
	}
	p.modules, p.sysctl = kubeadm.Modules(), kubeadm.Sysctl()
	if node.Bundle != nil {
		p.source(File{Field: field + ".bundle", Means: "holds Kubernetes' programs", File: provision.File{
			Path: provision.BundlePath, Source: node.Bundle.URL, SHA256: node.Bundle.SHA256,
		}})
	}
	for _, f := range kubeadm.NodeFiles(node) {
		switch {
		case f.Path == kubeadm.NetworkPath:
			p.file(field+".pods", "puts the node's pods on a bridge with the addresses "+node.Pods, f)
		case f.Path == provision.UnpackPath:
			p.file(field+".bundle", "unpacks the bundle once", f)
		default:
			p.file(field+".bundle", "says how the kubelet starts", f)
		}
	}
	for _, u := range kubeadm.NodeUnits(node) {
		p.unit(Unit{Unit: u, Field: field + ".bundle"})
	}
	if node.Bundle == nil {
		p.note(field, "expects kubeadm, kubelet and a container runtime on the node; this config does not install them")
		return
	}
	if p.userland.Registries == "containers" {
		p.enable("containerd.service", field+".bundle")
	}
	p.note(field, "expects containerd on the node; the bundle brings none")
}

// enable starts a unit of the system, unless the intent speaks of it.
func (p *planner) enable(name, field string) {
	if !slices.ContainsFunc(p.plan.Units, func(u Unit) bool { return u.Name == name }) {
		p.plan.Units = append(p.plan.Units, Unit{Unit: provision.Unit{Name: name, Enabled: true}, Field: field})
	}
}

// join writes kubeadm's document and the unit that hands it over.
func (p *planner) join() error {
	if p.intent.Join == nil || p.userland.Init != "systemd" {
		return nil
	}
	files, err := kubeadm.Files(*p.intent.Join, kubeadm.Node{
		Name:        p.intent.Hostname,
		ReadOnlyUsr: strings.HasPrefix(p.userland.Usr, "read-only"),
		CgroupV1:    p.userland.Cgroup == "v1",
	})
	if err != nil {
		return err
	}
	for _, f := range files {
		means := "sets how the kubelet of this node differs"
		switch f.Path {
		case provision.JoinPath:
			means = "says which cluster, how to know it, and the token"
		case provision.JoinScript:
			means = "runs kubeadm join and says on the console how that ended"
		}
		p.file("join", means, f)
	}
	field := "join"
	if p.intent.Join.Manual {
		field = "join.manual"
	}
	p.unit(Unit{Unit: kubeadm.Unit(*p.intent.Join), Field: field})
	return nil
}

// kernel writes the modules and settings that the intent asks for and those
// that a node needs. What the intent says of a setting counts.
func (p *planner) kernel() {
	modules, settings := slices.Clone(p.intent.Kernel.Modules), maps.Clone(p.intent.Kernel.Sysctl)
	modulesField, settingsField := "kernel.modules", "kernel.sysctl"
	if len(modules) == 0 {
		modulesField = p.nodeField()
	}
	if len(settings) == 0 {
		settings, settingsField = map[string]string{}, p.nodeField()
	}
	for _, module := range p.modules {
		if !slices.Contains(modules, module) {
			modules = append(modules, module)
		}
	}
	for key, value := range p.sysctl {
		if _, said := settings[key]; !said {
			settings[key] = value
		}
	}
	derived := provision.Intent{Kernel: provision.Kernel{Modules: modules, Sysctl: settings}}
	for _, f := range derived.AllFiles() {
		if f.Path == provision.ModulesPath {
			p.file(modulesField, "loads "+strings.Join(modules, ", ")+" at boot", f)
		} else {
			p.file(settingsField, fmt.Sprintf("sets %d kernel settings at boot", len(settings)), f)
		}
	}
}
