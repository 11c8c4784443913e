package rancheros

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/rancher"
)

// linkName is how the config calls the one interface, which it finds by MAC.
const linkName = "lab0"

// The stages of a boot, in the system's own words and in their order.
const (
	saving   = "cloud-init-save, before System Docker"
	starting = "init"
	netconf  = "system service network"
	clock    = "system service ntp"
	before   = "cloud-init-execute, before the console"
	console  = "system service console"
	docker   = "system service docker, after the console"
)

// plan decides what of an intent the system can do, and in which words.
type plan struct {
	intent provision.Intent
	name   string           // of the system
	line   *rancher.Line    // nil where the config is a document
	early  []provision.Step // before anything of the intent
	config config
	steps  []provision.Step
	gaps   []provision.Gap
}

func newPlan(intent provision.Intent, target provision.Target) *plan {
	p := &plan{intent: intent, name: target.Distro.Title}
	switch target.Delivery.Kind {
	case distros.DeliverKernel:
		p.line = rancher.NewLine(target.Delivery.Kernel)
		p.early = []provision.Step{{Stage: starting, Does: "reads the words of the kernel command line that begin with cc. or rancher., each time it needs its config"}}
	case distros.DeliverHTTP:
		p.early = []provision.Step{{Stage: saving, Does: "asks for an address by DHCP, downloads the user data and keeps it as /var/lib/rancher/conf/cloud-config.d/boot.yml; a document with an unknown key is ignored as a whole"}}
	default:
		p.early = []provision.Step{{Stage: saving, Does: "finds the volume labelled " + target.Delivery.Label + " and keeps its user data as /var/lib/rancher/conf/cloud-config.d/boot.yml; a document with an unknown key is ignored as a whole"}}
	}
	p.hostname()
	p.modules()
	p.network()
	p.time()
	p.settings()
	p.users()
	p.files()
	p.registries()
	p.update()
	p.arguments()
	p.never()
	if p.line != nil && p.line.String() == "" {
		p.line.Add("rancher.cloud_init.datasources=[configdrive:/media/config-2]") // the default: a config must say something
	}
	return p
}

// allSteps puts what happens before anything that was asked for before it.
func (p *plan) allSteps() []provision.Step {
	return append(p.early, p.steps...)
}

func (p *plan) step(stage, field, does string, args ...any) {
	p.steps = append(p.steps, provision.Step{Stage: stage, Does: fmt.Sprintf(does, args...), Fields: []string{field}})
}

func (p *plan) gap(field, reason string, args ...any) {
	p.gaps = append(p.gaps, provision.Gap{Field: field, Reason: fmt.Sprintf(reason, args...)})
}

// say puts words on the command line, when the config is one. Where they
// cannot stand there the field is a gap and say returns false.
func (p *plan) say(field string, words ...string) bool {
	switch {
	case p.line == nil:
		return true
	case slices.Contains(words, ""):
		p.gap(field, "has a form that would change on the kernel command line, where the value is read as YAML; use --delivery volume")
		return false
	case !p.line.Add(words...):
		p.gap(field, "does not fit on the kernel command line any more; use --delivery volume")
		return false
	}
	return true
}

func (p *plan) hostname() {
	name := p.intent.Hostname
	if p.say("hostname", word("cc.hostname", name)) {
		p.config.hostname = name
		p.step(starting, "hostname", "names the machine %s", name)
	}
}

func (p *plan) modules() {
	modules := distinct(p.intent.Kernel.Modules)
	if len(modules) > 0 && p.say("kernel.modules", listWord("rancher.modules", modules, isName)) {
		p.config.modules = modules
		p.step(starting, "kernel.modules", "loads %s", strings.Join(modules, ", "))
	}
}

func (p *plan) network() {
	net := p.intent.Network
	switch {
	case net.MAC == "" && net.DHCP:
		p.step(netconf, "network", "asks for an address by DHCP on eth0 and its like, as the system does by default")
		return
	case net.MAC == "":
		return
	}
	l := link{match: "mac=" + strings.ToLower(net.MAC), dhcp: net.DHCP}
	if net.DHCP && len(net.Addresses) > 0 {
		p.gap("network.addresses", "an interface that asks by DHCP ignores fixed addresses; leave dhcp out")
	} else {
		l.addresses = net.Addresses
		if gateway, err := netip.ParseAddr(net.Gateway); err == nil && gateway.Is6() {
			l.gateway6 = net.Gateway
		} else {
			l.gateway = net.Gateway
		}
	}
	if !p.say("network", networkWords(l, net.DNS)...) {
		return
	}
	p.config.link, p.config.servers = &l, net.DNS
	does := "gives " + strings.Join(l.addresses, " and ") + " to"
	if l.dhcp {
		does = "asks for an address by DHCP on"
	}
	does += " the interface " + strings.ToLower(net.MAC)
	if len(net.DNS) > 0 {
		does += ", and asks " + strings.Join(net.DNS, ", ") + " for names"
	}
	p.step(netconf, "network", "%s", does)
}

// settings go through every dot to /proc/sys, see rancher.SettingPath.
func (p *plan) settings() {
	var set []string
	for _, key := range slices.Sorted(keys(p.intent.Kernel.Sysctl)) {
		value := p.intent.Kernel.Sysctl[key]
		field := "kernel.sysctl[" + key + "]"
		place, ok := rancher.SettingPath(key)
		switch {
		case !ok:
			p.gap(field, "%s takes every dot in a setting's name for a slash; write the setting from a script under files", p.name)
		case p.say(field, word("rancher.sysctl."+place, value)):
			p.config.settings = append(p.config.settings, setting{rancher.SettingName(place), value})
			set = append(set, rancher.SettingName(place))
		}
	}
	if len(set) > 0 {
		p.step(before, "kernel.sysctl", "sets %s", strings.Join(set, ", "))
	}
}

// users: one account is there, and nothing makes another.
func (p *plan) users() {
	for i, u := range p.intent.Users {
		field := fmt.Sprintf("users[%d]", i)
		if u.Name != rancher.Account {
			p.gap(field+".name", "the account %s is not made: %s has no key users; its one account is %s, who may become root by sudo", u.Name, p.name, rancher.Account)
		}
		switch {
		case p.line != nil && len(u.SSHAuthorizedKeys) > 0:
			p.gap(field+".ssh_authorized_keys", "a key holds a space, and %s splits the command line at every space; use --delivery volume", p.name)
		case len(u.SSHAuthorizedKeys) > 0:
			p.config.keys = append(p.config.keys, u.SSHAuthorizedKeys...)
			p.step(console, field, "lets the SSH keys of %s (%d) log in as %s, in the console container", u.Name, len(u.SSHAuthorizedKeys), rancher.Account)
		default:
			p.step(console, field, "lets nobody new log in: %s has no SSH key", u.Name)
		}
	}
	p.config.keys = distinct(p.config.keys)
}

func (p *plan) files() {
	p.gaps = append(p.gaps, p.intent.Unfetched(p.name)...)
	for i, f := range p.intent.Files {
		field := fmt.Sprintf("files[%d]", i)
		switch {
		case f.Source != "":
		case p.line != nil:
			p.gap(field, "%s cannot be said on the kernel command line; use --delivery volume", f.Path)
		case substituted(f.Path):
			p.gap(field, "its path holds a word such as $private_ipv4, which %s would replace; choose another", p.name)
		default:
			p.config.files = append(p.config.files, file{File: f})
			p.step(console, field, "writes %s (%#04o, %d bytes) in the console container, at every boot", f.Path, f.EffectiveMode(), len(f.Content))
		}
	}
}

// update: the vendor's setting is to download nothing by itself.
func (p *plan) update() {
	switch auto := p.intent.Update.Auto; {
	case auto == nil:
	case *auto:
		p.gap("update", "nothing in %s updates by itself; run ros os upgrade", p.name)
	default:
		p.step(docker, "update", "leaves updates alone: nothing in the system updates by itself")
	}
}

// arguments can only be said where the lab writes the command line.
func (p *plan) arguments() {
	reserved := func(arg string) bool {
		return strings.HasPrefix(arg, "rancher.") || strings.HasPrefix(arg, "cc.")
	}
	var taken []string
	for i, arg := range p.intent.Kernel.Args {
		field := fmt.Sprintf("kernel.args[%d]", i)
		switch reason := rancher.Foreign(arg, reserved); {
		case p.line == nil:
			p.gap(field, "the kernel runs before this config is read; use --delivery kernel, or ros config syslinux on an installed system")
		case reason != "":
			p.gap(field, "%s", reason)
		case p.say(field, arg):
			taken = append(taken, arg)
		}
	}
	if len(taken) > 0 {
		p.early = append([]provision.Step{{Stage: "kernel", Does: "starts with " + strings.Join(taken, " "), Fields: []string{"kernel.args"}}}, p.early...)
	}
}

// never lists what the system has no words for.
func (p *plan) never() {
	for i, u := range p.intent.Units {
		p.gap(fmt.Sprintf("units[%d]", i), "%s is a systemd unit, and services of %s are containers; describe one under rancher.services", u.Name, p.name)
	}
	if len(p.intent.Packages) > 0 {
		p.gap("packages", "the console has no package manager; run a container, or ros console switch to a console that has one")
	}
	if p.intent.Node != nil {
		p.gap("node", "%s has Docker but no CRI socket, which kubeadm and today's kubelet need", p.name)
	}
	if p.intent.Join != nil {
		p.gap("join", "%s has Docker but no CRI socket, which kubeadm and today's kubelet need; it joined clusters made by RKE only", p.name)
	}
}
