package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"distrolab/provision"
)

// formOf is the form that says an intent.
func formOf(i provision.Intent) *group {
	g := newForm()
	set := func(path, value string) { g.find(path).value = value }
	add := func(path string) *group {
		f := g.find(path)
		f.items = append(f.items, f.new())
		return f.items[len(f.items)-1]
	}
	set("hostname", i.Hostname)
	for _, u := range i.Users {
		user := add("users")
		user.find("name").value = u.Name
		setKeys(user.find("ssh_authorized_keys"), u.SSHAuthorizedKeys)
	}
	set("packages", strings.Join(i.Packages, " "))
	networkInto(set, i.Network)
	for _, f := range i.Files {
		file := add("files")
		for path, value := range map[string]string{"path": f.Path, "content": f.Content, "source": f.Source, "sha256": f.SHA256} {
			file.find(path).value = value
		}
		if f.Mode != 0 {
			file.find("mode").value = fmt.Sprintf("0%o", f.Mode)
		}
	}
	for _, u := range i.Units {
		unit := add("units")
		unit.find("name").value, unit.find("content").value = u.Name, u.Content
		unit.find("enabled").value = either(u.Enabled, enabled, disabled)
	}
	set("kernel.modules", strings.Join(i.Kernel.Modules, " "))
	set("kernel.args", strings.Join(i.Kernel.Args, " "))
	for _, name := range slices.Sorted(maps.Keys(i.Kernel.Sysctl)) {
		setting := add("kernel.sysctl")
		setting.find("").value, setting.find("value").value = name, i.Kernel.Sysctl[name]
	}
	set("time.ntp", strings.Join(i.Time.NTP, " "))
	for _, host := range i.Registries.Hosts() {
		mirror := add("registries.mirrors")
		mirror.find("").value, mirror.find("mirrors").value = host, strings.Join(i.Registries.Mirrors[host], " ")
	}
	if i.Update.Auto != nil {
		set("update", either(*i.Update.Auto, updOn, updOff))
	}
	kubernetesInto(set, i)
	return g
}

func setKeys(f *field, keys []string) {
	for _, key := range keys {
		item := f.new()
		item.find("").value = key
		f.items = append(f.items, item)
	}
}

func networkInto(set func(path, value string), n provision.Network) {
	switch {
	case n.DHCP && len(n.Addresses) > 0:
		set("network", netBoth)
	case n.DHCP:
		set("network", netDHCP)
	case len(n.Addresses) > 0:
		set("network", netStatic)
	}
	set("network.mac", n.MAC)
	set("network.addresses", strings.Join(n.Addresses, " "))
	set("network.gateway", n.Gateway)
	set("network.dns", strings.Join(n.DNS, " "))
}

func kubernetesInto(set func(path, value string), i provision.Intent) {
	node, is := i.KubernetesNode()
	if !is {
		return
	}
	role := kubeNode
	if j := i.Join; j != nil {
		role = kubeJoin
		set("join.endpoint", j.Endpoint)
		set("join.token", j.Token.Reveal())
		set("join.kubernetes", j.Kubernetes)
		set("join.ca", j.CA)
		set("join.manual", either(j.Manual, joinManual, joinSelf))
	}
	set("kubernetes", role)
	if node.Bundle != nil {
		set(role+".bundle.url", node.Bundle.URL)
		set(role+".bundle.sha256", node.Bundle.SHA256)
	}
	set(role+".pods", node.Pods)
}

// intentOf is what the form says, and what of it is not even a value. It need
// not be valid otherwise.
func intentOf(g *group) (provision.Intent, []provision.Problem) {
	var problems []provision.Problem
	wrong := func(path, message string) {
		problems = append(problems, provision.Problem{Path: path, Message: message})
	}
	i := provision.Intent{Hostname: g.get("hostname"), Packages: g.list("packages"), Network: networkOf(g)}
	for _, u := range g.find("users").items {
		i.Users = append(i.Users, provision.User{Name: u.get("name"), SSHAuthorizedKeys: keysOf(u.find("ssh_authorized_keys"))})
	}
	for n, f := range g.find("files").items {
		mode, err := strconv.ParseUint("0"+f.get("mode"), 8, 16)
		if err != nil || f.get("mode") != "" && mode == 0 {
			wrong(fmt.Sprintf("files[%d].mode", n), fmt.Sprintf("%q must be octal and not zero, such as 0644", f.get("mode")))
		}
		i.Files = append(i.Files, provision.File{Path: f.get("path"), Content: f.find("content").value, Source: f.get("source"), SHA256: f.get("sha256"), Mode: int(mode)})
	}
	for _, u := range g.find("units").items {
		i.Units = append(i.Units, provision.Unit{Name: u.get("name"), Enabled: u.find("enabled").value == enabled, Content: u.find("content").value})
	}
	i.Kernel = provision.Kernel{Modules: g.list("kernel.modules"), Args: g.list("kernel.args")}
	for _, s := range g.find("kernel.sysctl").items {
		if i.Kernel.Sysctl == nil {
			i.Kernel.Sysctl = map[string]string{}
		}
		if _, twice := i.Kernel.Sysctl[s.get("")]; twice {
			wrong("kernel.sysctl["+s.get("")+"]", fmt.Sprintf("%q is there twice", s.get("")))
		}
		i.Kernel.Sysctl[s.get("")] = s.get("value")
	}
	i.Time.NTP = g.list("time.ntp")
	for _, r := range g.find("registries.mirrors").items {
		if i.Registries.Mirrors == nil {
			i.Registries.Mirrors = map[string][]string{}
		}
		if _, twice := i.Registries.Mirrors[r.get("")]; twice {
			wrong("registries.mirrors["+r.get("")+"]", fmt.Sprintf("%q is there twice", r.get("")))
		}
		i.Registries.Mirrors[r.get("")] = r.list("mirrors")
	}
	if v := g.find("update").value; v != updDefault {
		auto := v == updOn
		i.Update.Auto = &auto
	}
	kubernetesOf(g, &i)
	return i, problems
}

func keysOf(f *field) []string {
	var keys []string
	for _, k := range f.items {
		keys = append(keys, k.get(""))
	}
	return keys
}

func networkOf(g *group) provision.Network {
	mode := g.find("network").value
	var n provision.Network
	if mode != netDefault {
		n.DHCP, n.MAC = mode == netDHCP || mode == netBoth, g.get("network.mac")
	}
	if mode == netStatic || mode == netBoth {
		n.Addresses, n.Gateway, n.DNS = g.list("network.addresses"), g.get("network.gateway"), g.list("network.dns")
	}
	return n
}

func kubernetesOf(g *group, i *provision.Intent) {
	role := g.find("kubernetes").value
	if role == kubeNone {
		return
	}
	node := provision.Node{Pods: g.get(role + ".pods")}
	if url, sum := g.get(role+".bundle.url"), g.get(role+".bundle.sha256"); url+sum != "" {
		node.Bundle = &provision.NodeBundle{URL: url, SHA256: sum}
	}
	if role == kubeNode {
		i.Node = &node
		return
	}
	i.Join = &provision.Join{Endpoint: g.get("join.endpoint"), Token: provision.Secret(g.get("join.token")), CA: g.find("join.ca").value,
		Kubernetes: g.get("join.kubernetes"), Bundle: node.Bundle, Pods: node.Pods, Manual: g.find("join.manual").value == joinManual}
}

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
