package linuxkit

import (
	"encoding/json"
	"fmt"
	"strings"

	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
)

// The images, by the hashes of LinuxKit's examples (linuxkit/linuxkit,
// examples). The metadata image is in none of them that is as new.
const (
	kernelImage   = "linuxkit/kernel:6.12.59"
	sysctlImage   = "linuxkit/sysctl:97e8bb067cd9cef1514531bb692f27263ac6d626"
	modprobeImage = "linuxkit/modprobe:4248cdc3494779010e7e7488fc17b6fd45b73aeb"
	dhcpcdImage   = "linuxkit/dhcpcd:b87e9ececac55a65eaa592f4dd8b4e0c3009afdb"
	metadataImage = "linuxkit/metadata:4bbf406678d376e1ae9c9efae6ca2421f63fb4ff"
	gettyImage    = "linuxkit/getty:a86d74c8f89be8956330c3b115b0b1f2e09ef6e0"
	rngdImage     = "linuxkit/rngd:984eb580ecb63986f07f626b61692a97aacd7198"
	sshdImage     = "linuxkit/sshd:08e5d4a46603eff485d5d1b14001cc932a530858"
)

func initImages() []string {
	return []string{"linuxkit/init:b5506cc74a6812dc40982cacfd2f4328f8a4b12a", "linuxkit/runc:9442aa234715e751a16144f1d4ae3fd1a00fd492",
		"linuxkit/containerd:ba19f64efd3331a8fd0a33e00eabd14f6ee1780e", "linuxkit/ca-certificates:256f1950df59f2f209e9f0b81374177409eb11de"}
}

// keysPath is where the metadata container puts the keys.
const keysPath = "/run/config/ssh/authorized_keys"

// writer collects what goes into the texts.
type writer struct {
	intent provision.Intent
	files  []provision.File
	wrote  []provision.Step // of the files
	gaps   []provision.Gap
}

func newWriter(intent provision.Intent) *writer {
	w := &writer{intent: intent}
	gap := func(asked bool, field, reason string) {
		if asked {
			w.gaps = append(w.gaps, provision.Gap{Field: field, Reason: reason})
		}
	}
	w.gaps = append(w.gaps, intent.Unfetched("LinuxKit")...)
	for i, f := range intent.Files {
		if f.Source != "" {
			continue
		}
		field := fmt.Sprintf("files[%d]", i)
		if !yamldoc.Plain(f.Content) {
			gap(true, field, "the build file holds text only; put "+f.Path+" beside it and name it by source: in its place")
			continue
		}
		w.files = append(w.files, f)
		w.wrote = append(w.wrote, provision.Step{Stage: inBuild, Does: fmt.Sprintf("puts %s (%#04o, %d bytes) into the image", f.Path, f.EffectiveMode(), len(f.Content)), Fields: []string{field}})
	}
	if len(intent.Kernel.Sysctl) > 0 {
		settings := provision.Intent{Kernel: provision.Kernel{Sysctl: intent.Kernel.Sysctl}}
		w.files = append(w.files, settings.AllFiles()...)
	}
	net := intent.Network
	gap(len(net.Addresses) > 0 || net.MAC != "", "network", "the build has a DHCP client only, and nothing in it finds an interface by its MAC address; replace dhcpcd by linuxkit/ip with an own file")
	for i, u := range intent.Users {
		gap(true, fmt.Sprintf("users[%d].name", i), "there is no account "+u.Name+": a LinuxKit system has none but root of its containers; its keys are root's")
	}
	for i, u := range intent.Units {
		gap(true, fmt.Sprintf("units[%d]", i), u.Name+" is a systemd unit, and LinuxKit runs containers instead; add an image under onboot or services")
	}
	gap(len(intent.Packages) > 0, "packages", "there is no package manager; add an image that holds the program under services")
	gap(len(intent.Time.NTP) > 0, "time", "no client of time servers is in the build; add one, such as linuxkit/openntpd, under services, with its file under files")
	gap(len(intent.Registries.Mirrors) > 0, "registries", "images are part of the build and nothing is pulled at run time; give linuxkit build its mirrors")
	gap(intent.Update.Auto != nil && *intent.Update.Auto, "update", "nothing updates itself: build a new image and replace the machine")
	gap(intent.Node != nil, "node", "there is no systemd to run a kubelet, and no program can be added but in the build; linuxkit/kubernetes, a sample, has not changed since 2018")
	gap(intent.Join != nil, "join", "LinuxKit has no kubeadm of its own; linuxkit/kubernetes, a sample, has not changed since 2018")
	return w
}

func pair(key string, value yamldoc.Node) yamldoc.Pair { return yamldoc.Pair{Key: key, Value: value} }

func container(name, image string, more ...yamldoc.Pair) yamldoc.Node {
	return yamldoc.Map(append([]yamldoc.Pair{pair("name", yamldoc.Text(name)), pair("image", yamldoc.Text(image))}, more...)...)
}

// build is the build file as a tree. The last console gets the output.
func (w *writer) build() yamldoc.Node {
	cmdline := strings.Join(append(append([]string{}, w.intent.Kernel.Args...), "console=tty0", "console=ttyS0"), " ")
	onboot := []yamldoc.Node{}
	if modules := w.intent.Kernel.Modules; len(modules) > 0 {
		onboot = append(onboot, container("modprobe", modprobeImage, pair("command", yamldoc.Words(append([]string{"modprobe", "-a"}, modules...)...))))
	}
	onboot = append(onboot,
		container("sysctl", sysctlImage, pair("binds.add", yamldoc.Words("/etc/sysctl.d:/etc/sysctl.d"))),
		container("dhcpcd", dhcpcdImage, pair("command", yamldoc.Words("/sbin/dhcpcd", "--nobackground", "-f", "/dhcpcd.conf", "-1"))),
		container("metadata", metadataImage, pair("command", yamldoc.Words("/usr/bin/metadata", "cdrom"))))
	services := []yamldoc.Node{
		container("rngd", rngdImage),
		container("getty", gettyImage, pair("env", yamldoc.Words("INSECURE=true"))),
		container("sshd", sshdImage, pair("binds.add", yamldoc.Words(keysPath+":/root/.ssh/authorized_keys"))),
	}
	files := []yamldoc.Node{yamldoc.Map(pair("path", yamldoc.Text("etc/sysctl.d")), pair("directory", yamldoc.Bool(true)), pair("mode", yamldoc.Quoted("0755")))}
	for _, f := range w.files {
		files = append(files, yamldoc.Map(pair("path", yamldoc.Text(strings.TrimPrefix(f.Path, "/"))),
			pair("contents", yamldoc.Text(f.Content)), pair("mode", yamldoc.Quoted(fmt.Sprintf("%04o", f.EffectiveMode())))))
	}
	return yamldoc.Map(
		pair("kernel", yamldoc.Map(pair("image", yamldoc.Text(kernelImage)), pair("cmdline", yamldoc.Text(cmdline)))),
		pair("init", yamldoc.Texts(initImages())), pair("onboot", yamldoc.List(onboot...)),
		pair("services", yamldoc.List(services...)), pair("files", yamldoc.List(files...)))
}

// metadata is the JSON that becomes files below /run/config.
func (w *writer) metadata() (string, error) {
	var keys strings.Builder
	for _, u := range w.intent.Users {
		for _, key := range u.SSHAuthorizedKeys {
			keys.WriteString(key + "\n")
		}
	}
	hostname, all := w.intent.Hostname, keys.String()
	text, err := json.MarshalIndent(map[string]entry{
		"hostname": {Content: &hostname},
		"ssh":      {Entries: map[string]entry{"authorized_keys": {Perm: "0600", Content: &all}}},
	}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("writing LinuxKit's metadata: %w", err)
	}
	return string(text) + "\n", nil
}

// The stages.
const (
	inBuild = "build, by linuxkit build"
	atBoot  = "first boot, container metadata"
)

// steps puts into words what will happen: first in the build.
func (w *writer) steps() []provision.Step {
	list := w.wrote
	add := func(asked bool, stage, field, does string) {
		if asked {
			list = append(list, provision.Step{Stage: stage, Does: does, Fields: []string{field}})
		}
	}
	k := w.intent.Kernel
	add(len(k.Args) > 0, inBuild, "kernel.args", "puts "+strings.Join(k.Args, " ")+" on the kernel command line")
	add(len(k.Modules) > 0, inBuild, "kernel.modules", "adds the container modprobe, which loads "+strings.Join(k.Modules, ", ")+" at each boot")
	add(len(k.Sysctl) > 0, inBuild, "kernel.sysctl", fmt.Sprintf("puts %s into the image; the container sysctl sets its %d settings at each boot", provision.SysctlPath, len(k.Sysctl)))
	add(w.intent.Update.Auto != nil && !*w.intent.Update.Auto, inBuild, "update", "leaves updates alone: nothing in this system updates by itself")
	list = append(list, provision.Step{Stage: inBuild, Does: "adds the container getty, which gives root a shell on the console without a password, as LinuxKit's examples do; take INSECURE out of it for anything but a lab"})
	net := w.intent.Network
	add(net.DHCP && net.MAC == "" && len(net.Addresses) == 0, inBuild, "network", "adds the container dhcpcd, which asks for an address at each boot")
	add(true, atBoot, "hostname", "names the machine "+w.intent.Hostname)
	for i, u := range w.intent.Users {
		add(true, atBoot, fmt.Sprintf("users[%d].ssh_authorized_keys", i), fmt.Sprintf("lets the keys of %s (%d) log in as root in the container sshd, by %s", u.Name, len(u.SSHAuthorizedKeys), keysPath))
	}
	return list
}
