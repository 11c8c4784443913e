package linux

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"distrolab/provision"
)

// ContainerdPath holds the settings of containerd, which reads them when it
// starts and not again.
const ContainerdPath = "/etc/containerd/config.toml"

// Where the files of other services go.
const (
	timesyncdPath  = "/etc/systemd/timesyncd.conf.d/90-distrolab.conf"
	chronyPath     = "/etc/chrony.conf"
	hostsDirectory = "/etc/containerd/certs.d"
	dropInPath     = "/etc/systemd/system/containerd.service.d/10-distrolab.conf"
	containersPath = "/etc/containers/registries.conf.d/90-distrolab.conf"
	dockerPath     = "/etc/docker/daemon.json"
	k3sPath        = "/etc/rancher/k3s/registries.yaml"
	flatcarPath    = "/etc/flatcar/update.conf"
	zincatiPath    = "/etc/zincati/config.d/90-distrolab.toml"
	aptPath        = "/etc/apt/apt.conf.d/99-distrolab"
)

// time names the servers in the file of the system's client.
func (p *planner) time() {
	servers := p.intent.Time.NTP
	if len(servers) == 0 {
		return
	}
	means := "sets the clock by " + strings.Join(servers, ", ")
	switch p.userland.Time {
	case "timesyncd":
		p.file("time", means, provision.File{Path: timesyncdPath, Content: "[Time]\nNTP=" + strings.Join(servers, " ") + "\n"})
	case "chrony":
		var text strings.Builder
		for _, server := range servers {
			fmt.Fprintf(&text, "server %s iburst\n", server)
		}
		text.WriteString("driftfile /var/lib/chrony/drift\nmakestep 1.0 3\nrtcsync\n")
		p.file("time", means, provision.File{Path: chronyPath, Content: text.String()})
	default:
		p.gap("time", "it is not known which program sets the clock of this system; write its file under files")
	}
}

// registries names the mirrors in the files of the system's runtime, and of
// containerd, which a bundle's kubelet uses, whatever else the system has.
func (p *planner) registries() {
	mirrors := p.intent.Registries
	own := p.userland.Registries == "containerd" || p.userland.Registries == "flatcar-containerd"
	bundled := p.bundle() != nil && p.userland.Init == "systemd"
	asked := len(mirrors.Mirrors) > 0
	switch {
	case own && asked:
		p.settings("registries")
	case bundled:
		p.settings(p.nodeField() + ".bundle")
	}
	if own || bundled {
		p.hosts()
	}
	if !asked || own {
		return
	}
	const means = "names the mirrors of registries"
	switch p.userland.Registries {
	case "containers":
		p.file("registries", means+" for podman and CRI-O", provision.File{Path: containersPath, Content: containersText(mirrors)})
	case "k3s":
		p.file("registries", means+" for k3s", provision.File{Path: k3sPath, Content: k3sText(mirrors), Mode: 0o600})
	case "docker":
		p.docker(mirrors)
	default:
		if bundled {
			return
		}
		p.gap("registries", "it is not known which runtime this system has; write its file under files")
	}
}

// settings writes those of containerd, for the part of the intent that needs
// them.
func (p *planner) settings(field string) {
	text := "version = 2\n\n"
	switch p.userland.Registries {
	case "flatcar-containerd":
		// Flatcar's unit names a file below /usr, which nobody can change.
		p.file(field, "makes containerd read its settings from /etc instead of /usr", provision.File{
			Path: dropInPath, Content: "[Service]\nEnvironment=CONTAINERD_CONFIG=" + ContainerdPath + "\n",
		})
		text += containerdSELinux
	case "containers":
		text += containerdSELinux
	}
	means := "tells containerd where mirrors are named"
	if p.bundle() != nil {
		text += containerdPlugins
		means += " and that network plugins are in /opt/cni/bin"
	}
	p.file(field, means, provision.File{Path: ContainerdPath, Content: text + containerdText})
}

// hosts names the mirrors of each registry to containerd.
func (p *planner) hosts() {
	mirrors := p.intent.Registries
	for _, host := range mirrors.Hosts() {
		p.file("registries", "names the mirrors of "+host, provision.File{
			Path: hostsDirectory + "/" + host + "/hosts.toml", Content: hostsText(mirrors.Mirrors[host]),
		})
	}
}

// containerdSELinux is what containerd needs where SELinux has a policy for
// containers, as on Flatcar, whose own settings say so, and Fedora CoreOS.
const containerdSELinux = `[plugins."io.containerd.grpc.v1.cri"]
  enable_selinux = true

`

// containerdPlugins names where a bundle puts the network plugins. That is
// containerd's own default, but not that of Debian's package.
const containerdPlugins = `[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "/etc/cni/net.d"

`

// containerdText lets containerd read mirrors, and keeps what a node needs: the
// kubelet's cgroups are systemd's. Version 2 of the file is read by 1.4 to 2.x.
const containerdText = `[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = true
`

// hostsText is containerd's hosts.toml (docs/hosts.md there).
func hostsText(mirrors []string) string {
	var text strings.Builder
	for _, mirror := range mirrors {
		fmt.Fprintf(&text, "[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", mirror)
	}
	return text.String()
}

// containersText is containers-registries.conf(5). A mirror has no scheme there.
func containersText(r provision.Registries) string {
	var text strings.Builder
	for _, host := range r.Hosts() {
		fmt.Fprintf(&text, "[[registry]]\nlocation = %q\n", host)
		for _, mirror := range r.Mirrors[host] {
			scheme, place, _ := strings.Cut(mirror, "://")
			fmt.Fprintf(&text, "\n[[registry.mirror]]\nlocation = %q\ninsecure = %t\n", strings.TrimSuffix(place, "/"), scheme == "http")
		}
		text.WriteString("\n")
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// k3sText is k3s's registries.yaml. JSON strings are YAML strings.
func k3sText(r provision.Registries) string {
	var text strings.Builder
	text.WriteString("mirrors:\n")
	for _, host := range r.Hosts() {
		fmt.Fprintf(&text, "  %q:\n    endpoint:\n", host)
		for _, mirror := range r.Mirrors[host] {
			fmt.Fprintf(&text, "      - %q\n", mirror)
		}
	}
	return text.String()
}

// docker has mirrors of docker.io alone.
func (p *planner) docker(r provision.Registries) {
	for _, host := range r.Hosts() {
		if host != "docker.io" {
			p.gap("registries.mirrors["+host+"]", "Docker has mirrors of docker.io only")
		}
	}
	var mirrors []string
	for i, mirror := range r.Mirrors["docker.io"] {
		if u, err := url.Parse(mirror); err != nil || strings.Trim(u.Path, "/") != "" {
			p.gap(fmt.Sprintf("registries.mirrors[docker.io][%d]", i), "Docker's daemon does not start with a mirror that has a path; name one at the root of its host")
			continue
		}
		mirrors = append(mirrors, mirror)
	}
	if len(mirrors) == 0 {
		return
	}
	settings := struct {
		Mirrors  []string `json:"registry-mirrors"`
		Insecure []string `json:"insecure-registries,omitempty"`
	}{Mirrors: mirrors}
	for _, mirror := range mirrors {
		if u, err := url.Parse(mirror); err == nil && u.Scheme == "http" {
			settings.Insecure = append(settings.Insecure, u.Host)
		}
	}
	text, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		p.gap("registries", "cannot be written: %v", err)
		return
	}
	p.file("registries", "names the mirrors of docker.io", provision.File{Path: dockerPath, Content: string(text) + "\n"})
}

// update lets the system update itself, or keeps it from that.
func (p *planner) update() {
	if p.intent.Update.Auto == nil {
		return
	}
	auto := *p.intent.Update.Auto
	const never = "keeps the system from updating itself"
	switch {
	case p.userland.Updates == "":
		p.gap("update", "it is not known what updates this system")
	case p.userland.Updates == "manual" && auto:
		p.gap("update", "nothing in this system updates by itself")
	case p.userland.Updates == "manual":
		p.note("update", "leaves updates alone: nothing in this system updates by itself")
	case p.userland.Updates == "apt" && auto:
		p.file("update", "lets apt install security updates every day, where unattended-upgrades is installed", provision.File{
			Path: aptPath, Content: "APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n"})
	case p.userland.Updates == "apt":
		p.file("update", never, provision.File{Path: aptPath, Content: "APT::Periodic::Enable \"0\";\n"})
	case p.userland.Updates == "transactional":
		p.unit(Unit{Unit: provision.Unit{Name: "transactional-update.timer", Enabled: auto}, Field: "update"})
	case auto:
		p.note("update", "leaves updates on, as they are by default")
	case p.userland.Updates == "flatcar":
		p.file("update", never, provision.File{Path: flatcarPath, Content: "SERVER=disabled\nREBOOT_STRATEGY=off\n"})
		for _, name := range []string{"update-engine.service", "locksmithd.service"} {
			p.unit(Unit{Unit: provision.Unit{Name: name}, Mask: true, Field: "update"})
		}
	case p.userland.Updates == "zincati":
		p.file("update", never, provision.File{Path: zincatiPath, Content: "[updates]\nenabled = false\n"})
	}
}
