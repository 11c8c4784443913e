package config

import (
	"fmt"
	"strings"
)

// The words of the choices, in the order of the form.
const (
	netDefault, netDHCP, netStatic, netBoth = "default", "DHCP", "static", "both"
	updDefault, updOn, updOff               = "default", "by itself", "never"
	kubeNone, kubeNode, kubeJoin            = "none", "node", "join"
	joinSelf, joinManual                    = "at first boot", "by hand"
)

// newForm is the form with nothing in it.
func newForm() *group {
	fields := slicesOf(machineFields(), networkFields(), contentFields(), kernelFields(), systemFields(), kubernetesFields())
	return &group{fields: fields}
}

func slicesOf(parts ...[]*field) []*field {
	var all []*field
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func machineFields() []*field {
	return []*field{
		{kind: line, path: "hostname", label: "hostname", heading: "Machine", hint: "node1", help: "The machine's name: a-z, 0-9, - and dots, at most 64 characters."},
		{kind: list, path: "users", label: "users", thing: "user", new: newUser, help: "Accounts that log in by SSH key. Each may become root by sudo; passwords are locked."},
		{kind: words, path: "packages", label: "packages", commas: true, hint: "tcpdump jq", help: "Packages by the names of the system's own package manager. Image-based systems have none."},
	}
}

func newUser() *group {
	return &group{title: func(g *group) (string, string) {
		return g.get("name"), plural(len(g.find("ssh_authorized_keys").items), "key")
	}, fields: []*field{
		{kind: line, path: "name", label: "name", hint: "core", help: "Begins with a-z or _, then a-z, 0-9, _ and -."},
		{kind: list, path: "ssh_authorized_keys", label: "SSH keys", thing: "key", new: newKey, fromFile: true,
			help: "Public keys, one line each: paste them, several at once if you like, or bring them from a .pub file with i."},
	}}
}

func newKey() *group {
	return &group{title: func(g *group) (string, string) { return g.get(""), "" }, fields: []*field{
		{kind: line, hint: "ssh-ed25519 AAAA… you@workstation", fromFile: true, help: "A public key, as in the file that ends in .pub."},
	}}
}

func networkFields() []*field {
	static := func(g *group) bool {
		mode := g.find("network").value
		return mode == netStatic || mode == netBoth
	}
	asked := func(g *group) bool { return g.find("network").value != netDefault }
	return []*field{
		{kind: choice, path: "network", label: "addresses", heading: "Network", exact: true, options: []string{netDefault, netDHCP, netStatic, netBoth}, value: netDefault,
			help: "How the one interface gets its address. Left to the system it is DHCP everywhere; both means DHCP and static addresses."},
		{kind: line, path: "network.mac", label: "MAC", hint: "52:54:00:12:34:56", when: asked, help: "Which interface is meant. Static addresses need it."},
		{kind: words, path: "network.addresses", label: "static", commas: true, hint: "192.168.50.10/24 fd00:50::10/64", when: static, help: "Addresses with their prefix length, separated by spaces."},
		{kind: line, path: "network.gateway", label: "gateway", hint: "192.168.50.1", when: static, help: "A neighbour in the network of one of the addresses."},
		{kind: words, path: "network.dns", label: "DNS", commas: true, hint: "192.168.50.1", when: static, help: "Servers that answer names, by address."},
	}
}

func contentFields() []*field {
	return []*field{
		{kind: list, path: "files", label: "files", heading: "Content", thing: "file", new: newFile, help: "Files to write as root at first boot, or to fetch by their address and checksum."},
		{kind: list, path: "units", label: "units", thing: "unit", new: newUnit, help: "systemd units: your own, or one that the system has, to switch on or off."},
	}
}

func newFile() *group {
	return &group{title: func(g *group) (string, string) {
		if source := g.get("source"); source != "" {
			return g.get("path"), "fetched"
		}
		return g.get("path"), amount(g.find("content").value)
	}, fields: []*field{
		{kind: line, path: "path", label: "path", hint: "/etc/motd", help: "An absolute path."},
		{kind: line, path: "mode", label: "mode", help: "Octal, without special bits, such as 0755; 0644 when left out."},
		{kind: text, path: "content", label: "content", fromFile: true, help: "The text of the file. Enter edits it, i brings it from a file."},
		{kind: line, path: "source", label: "source", hint: "http://192.168.50.1/tool", help: "Fetched from there at first boot, in place of content. Needs the checksum."},
		{kind: line, path: "sha256", label: "SHA-256", help: "What the fetched file is checked against: 64 digits of 0-9a-f."},
	}}
}

func newUnit() *group {
	return &group{title: func(g *group) (string, string) {
		note := g.find("enabled").value
		if g.find("content").value == "" {
			note += ", the image's"
		}
		return g.get("name"), note
	}, fields: []*field{
		{kind: line, path: "name", label: "name", hint: "hello.service", help: "The unit's file name with its ending."},
		{kind: choice, path: "enabled", label: "at boot", options: []string{enabled, disabled}, value: enabled, help: "Whether it is started at boot. A unit of your own needs an [Install] section for that."},
		{kind: text, path: "content", label: "content", fromFile: true, help: "The unit file. Left empty it is a unit that the system has."},
	}}
}

// The words of a unit's choice.
const enabled, disabled = "enabled", "disabled"

func kernelFields() []*field {
	byName := func(g *group) string { return g.get("") }
	return []*field{
		{kind: words, path: "kernel.modules", label: "modules", heading: "Kernel", commas: true, hint: "overlay br_netfilter", help: "Modules to load at boot, by name."},
		{kind: list, path: "kernel.sysctl", label: "sysctl", thing: "setting", at: byName, new: newSetting, help: "Settings below /proc/sys, such as net.ipv4.ip_forward."},
		{kind: words, path: "kernel.args", label: "arguments", hint: "audit=0", help: "Words for the kernel's command line. Few systems take them at first boot."},
	}
}

func newSetting() *group {
	return &group{title: func(g *group) (string, string) { return g.get(""), g.get("value") }, fields: []*field{
		{kind: line, label: "name", hint: "net.ipv4.ip_forward", help: "The setting's name with dots."},
		{kind: line, path: "value", label: "value", hint: "1", help: "One line."},
	}}
}

func systemFields() []*field {
	byHost := func(g *group) string { return g.get("") }
	return []*field{
		{kind: words, path: "time.ntp", label: "time from", heading: "System", commas: true, hint: "time.example.org", help: "Servers that set the clock, by name or address."},
		{kind: list, path: "registries.mirrors", label: "mirrors", thing: "registry", at: byHost, new: newMirror, help: "Where images of a registry may be had instead, such as in the lab."},
		{kind: choice, path: "update", label: "updates", options: []string{updDefault, updOn, updOff}, value: updDefault, help: "Whether the system may update itself. A measured or taught machine better does not."},
	}
}

func newMirror() *group {
	return &group{title: func(g *group) (string, string) { return g.get(""), strings.Join(g.list("mirrors"), " ") }, fields: []*field{
		{kind: line, label: "registry", exact: true, hint: "docker.io", help: "The host whose images are mirrored."},
		{kind: words, path: "mirrors", label: "mirrors", hint: "http://192.168.50.1:5000", help: "Addresses that are tried in this order before the registry itself."},
	}}
}

func kubernetesFields() []*field {
	node := func(g *group) bool { return g.find("kubernetes").value == kubeNode }
	join := func(g *group) bool { return g.find("kubernetes").value == kubeJoin }
	fields := []*field{
		{kind: choice, path: "kubernetes", label: "role", heading: "Kubernetes", options: []string{kubeNone, kubeNode, kubeJoin}, value: kubeNone,
			help: "node brings what kubeadm needs and joins nothing; join makes the machine a worker of a cluster."},
		{kind: line, path: "join.endpoint", label: "endpoint", hint: "192.168.50.2:6443", when: join, help: "Host and port of the cluster's API server."},
		{kind: secret, path: "join.token", label: "token", hint: "abcdef.0123456789abcdef", when: join, help: "A bootstrap token, as kubeadm token create prints it. It is hidden here; r reveals secrets."},
		{kind: line, path: "join.kubernetes", label: "version", hint: "v1.36.1", when: join, help: "The cluster's version of Kubernetes."},
		{kind: text, path: "join.ca", label: "CA", fromFile: true, when: join, help: "The cluster's CA certificate, /etc/kubernetes/pki/ca.crt there: paste it, or bring the file with i."},
		{kind: choice, path: "join.manual", label: "joins", options: []string{joinSelf, joinManual}, value: joinSelf, when: join, help: "By hand means that distrolab-join.service waits for systemctl start."},
	}
	for _, of := range []struct {
		name string
		when func(*group) bool
	}{{"node", node}, {"join", join}} {
		fields = append(fields,
			&field{kind: line, path: of.name + ".bundle.url", label: "programs", hint: "http://192.168.50.1/kubernetes.tar", when: of.when, help: "A tar with kubeadm, the kubelet and the network plugins; left out where the system has them."},
			&field{kind: line, path: of.name + ".bundle.sha256", label: "SHA-256", when: of.when, help: "What the programs are checked against, as sha256sum prints it."},
			&field{kind: line, path: of.name + ".pods", label: "pods", hint: "10.244.1.0/24", when: of.when, help: "The network of this node's pods, on a bridge; left out where the cluster brings it."})
	}
	return fields
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// amount says how much text there is.
func amount(text string) string {
	if text == "" {
		return "empty"
	}
	lines := strings.Count(text, "\n")
	if !strings.HasSuffix(text, "\n") {
		lines++
	}
	return plural(lines, "line")
}
