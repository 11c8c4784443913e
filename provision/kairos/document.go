package kairos

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
	"distrolab/provision/linux"
)

// pair is shorthand for an entry of a mapping.
func pair(key string, value yamldoc.Node) yamldoc.Pair { return yamldoc.Pair{Key: key, Value: value} }

// document is the cloud-config as a tree.
func (w *writer) document() yamldoc.Node {
	install := []yamldoc.Pair{pair("auto", yamldoc.Bool(true)), pair("device", yamldoc.Text("/dev/vda")), pair("reboot", yamldoc.Bool(true))}
	if len(w.intent.Users) == 0 {
		install = append(install, pair("nousers", yamldoc.Bool(true)))
	}
	if args := strings.Join(w.intent.Kernel.Args, " "); args != "" && len(args) <= maxArgs {
		install = append(install, pair("grub_options", yamldoc.Map(pair("extra_cmdline", yamldoc.Text(args)))))
	}
	stages := []yamldoc.Pair{pair("initramfs", yamldoc.List(w.early()...))}
	if late := w.late(); len(late) > 0 {
		stages = append(stages, pair("boot", yamldoc.List(late...)))
	}
	return yamldoc.Map(
		pair("install", yamldoc.Map(install...)),
		pair("users", w.users()),
		pair("stages", yamldoc.Map(stages...)),
	)
}

// users lists the accounts. Without one in the group admin, Kairos refuses to
// install.
func (w *writer) users() yamldoc.Node {
	var list []yamldoc.Node
	for _, u := range w.intent.Users {
		list = append(list, yamldoc.Map(
			pair("name", yamldoc.Quoted(u.Name)),
			pair("groups", yamldoc.Words("admin")),
			pair("lock_passwd", yamldoc.Bool(true)),
			pair("ssh_authorized_keys", yamldoc.Texts(u.SSHAuthorizedKeys)),
		))
	}
	return yamldoc.List(list...)
}

// early is what happens before the root is switched to, in the target root.
func (w *writer) early() []yamldoc.Node {
	list := []yamldoc.Node{step("name the machine", pair("hostname", yamldoc.Text(w.intent.Hostname)))}
	var dirs, files, decode []yamldoc.Node
	made := map[string]bool{}
	for i, f := range w.allFiles() {
		// Directories that yip makes get the mode of the file.
		if dir := path.Dir(f.Path); !made[dir] && !templated(dir) {
			made[dir] = true
			dirs = append(dirs, yamldoc.Text("mkdir -p "+quote(dir)))
		}
		node, command := w.file(i, f)
		files = append(files, node)
		if command != "" {
			decode = append(decode, yamldoc.Text(command))
		}
	}
	if len(files) > 0 {
		list = append(list, step("make directories", pair("commands", yamldoc.List(dirs...))))
		list = append(list, step("write files", pair("files", yamldoc.List(files...)), pair("commands", yamldoc.List(decode...))))
	}
	var enable, disable, mask []string
	for _, u := range w.units {
		switch {
		case u.Mask:
			mask = append(mask, quote(u.Name))
		case u.Enabled:
			enable = append(enable, quote(u.Name))
		case u.Content == "":
			disable = append(disable, quote(u.Name))
		}
	}
	if len(enable)+len(disable)+len(mask) > 0 {
		list = append(list, step("switch units", pair("systemctl", yamldoc.Map(
			pair("enable", yamldoc.Texts(enable)), pair("disable", yamldoc.Texts(disable)), pair("mask", yamldoc.Texts(mask))))))
	}
	return list
}

// late is what needs the running kernel's files. A bridge's settings exist only
// once its module is loaded, so modules are a step before.
func (w *writer) late() []yamldoc.Node {
	var list []yamldoc.Node
	if len(w.intent.Kernel.Modules) > 0 {
		list = append(list, step("load modules", pair("modules", yamldoc.Texts(w.intent.Kernel.Modules))))
	}
	var settings []yamldoc.Pair
	for _, key := range slices.Sorted(maps.Keys(w.sysctl)) {
		settings = append(settings, pair(key, yamldoc.Quoted(w.sysctl[key])))
	}
	if len(settings) > 0 {
		list = append(list, step("set kernel settings", pair("sysctl", yamldoc.Map(settings...))))
	}
	return list
}

func step(name string, pairs ...yamldoc.Pair) yamldoc.Node {
	return yamldoc.Map(append([]yamldoc.Pair{pair("name", yamldoc.Text(name))}, pairs...)...)
}

// allFiles are the planned ones, the units' and the right to become root.
func (w *writer) allFiles() []provision.File {
	var list []provision.File
	if len(w.intent.Users) > 0 {
		var sudoers strings.Builder
		for _, u := range w.intent.Users {
			fmt.Fprintf(&sudoers, "%s ALL=(ALL) NOPASSWD:ALL\n", u.Name)
		}
		list = append(list, provision.File{Path: provision.SudoersPath, Content: sudoers.String(), Mode: 0o440})
	}
	for _, f := range w.files {
		list = append(list, f.File)
	}
	for _, u := range w.units {
		if u.Content != "" {
			list = append(list, provision.File{Path: provision.UnitDir + "/" + u.Name, Content: u.Content})
		}
	}
	return list
}

// file is one file, and the command that finishes it where yip's templates
// would change the content: base64 is left beside it, and decoded.
func (w *writer) file(i int, f provision.File) (yamldoc.Node, string) {
	name, mode, content, encoding, command := f.Path, f.EffectiveMode(), yamldoc.Text(f.Content), yamldoc.Node{}, ""
	switch {
	case templated(f.Content):
		name, mode, content = fmt.Sprintf("/run/distrolab-%d.b64", i), 0o600, yamldoc.Quoted(w.encode(f.Content))
		command = fmt.Sprintf("base64 -d %s >%s && chmod %04o %s", name, quote(f.Path), f.EffectiveMode(), quote(f.Path))
	case !yamldoc.Plain(f.Content):
		content, encoding = yamldoc.Quoted(w.encode(f.Content)), yamldoc.Text("b64")
	}
	return yamldoc.Map(pair("path", yamldoc.Text(name)), pair("permissions", yamldoc.Octal(mode)), pair("encoding", encoding), pair("content", content)), command
}

// quote makes one word for the shell.
func quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-:@", r)
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// The stages, in Kairos's words.
const (
	inLive      = "live system, before the installation"
	inInitramfs = "stage initramfs, at each boot"
	inBoot      = "stage boot, at each boot"
)

// steps puts into words what will happen.
func (w *writer) steps() []provision.Step {
	list := []provision.Step{{Stage: inLive, Does: "installs Kairos on /dev/vda, which loses what is on it, keeps this config in /oem, and reboots"}}
	add := func(stage, field, does string, args ...any) {
		list = append(list, provision.Step{Stage: stage, Does: fmt.Sprintf(does, args...), Fields: []string{field}})
	}
	if args := strings.Join(w.intent.Kernel.Args, " "); args != "" && len(args) <= maxArgs {
		add(inLive, "kernel.args", "tells GRUB to append %s to the kernel command line of the installed system", args)
	}
	add(inInitramfs, "hostname", "names the machine %s", w.intent.Hostname)
	list = append(list, linux.Plan{Files: w.files}.Steps(inInitramfs, inBoot)...)
	if w.intent.Network.DHCP && w.intent.Network.MAC == "" {
		add(inBoot, "network", "asks for an address by DHCP, as the system does by default")
	}
	for i, u := range w.intent.Users {
		add(inBoot, fmt.Sprintf("users[%d]", i), "makes the user %s in the group admin, who may become root by sudo (authorized keys: %d)", u.Name, len(u.SSHAuthorizedKeys))
	}
	list = append(list, linux.Plan{Units: w.units, Notes: w.planned.Notes}.Steps(inInitramfs, inBoot)...)
	if n := len(w.intent.Kernel.Modules); n > 0 {
		add(inBoot, "kernel.modules", "loads %s", strings.Join(w.intent.Kernel.Modules, ", "))
	}
	if len(w.sysctl) > 0 {
		add(inBoot, "kernel.sysctl", "sets %d kernel settings below /proc/sys", len(w.sysctl))
	}
	return list
}
