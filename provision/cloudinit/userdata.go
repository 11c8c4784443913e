package cloudinit

import (
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"

	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
	"distrolab/provision/linux"
)

// userData is the cloud-config, in the order in which cloud-init works it off.
func (w *work) userData() yamldoc.Node {
	pairs := []yamldoc.Pair{{Key: "write_files", Value: w.writeFiles()}}
	if strings.Contains(w.intent.Hostname, ".") {
		// Debian would keep the part before the first dot only.
		pairs = append(pairs, yamldoc.Pair{Key: "prefer_fqdn_over_hostname", Value: yamldoc.Bool(true)})
	}
	pairs = append(pairs,
		// sudo asks for the own name; answered from /etc/hosts it does not wait for DNS.
		yamldoc.Pair{Key: "manage_etc_hosts", Value: yamldoc.Text("localhost")},
		yamldoc.Pair{Key: "users", Value: w.users()},
		yamldoc.Pair{Key: "ssh_pwauth", Value: yamldoc.Bool(false)},
	)
	if w.ntp {
		pairs = append(pairs, yamldoc.Pair{Key: "ntp", Value: yamldoc.Map(
			yamldoc.Pair{Key: "enabled", Value: yamldoc.Bool(true)},
			yamldoc.Pair{Key: "servers", Value: yamldoc.Texts(w.intent.Time.NTP)},
		)})
	}
	pairs = append(pairs,
		yamldoc.Pair{Key: "package_update", Value: yamldoc.Bool(len(w.intent.Packages) > 0)},
		yamldoc.Pair{Key: "package_upgrade", Value: yamldoc.Bool(false)},
		yamldoc.Pair{Key: "packages", Value: yamldoc.Texts(w.intent.Packages)},
		yamldoc.Pair{Key: "runcmd", Value: commandList(w.commands())},
	)
	return yamldoc.Map(pairs...)
}

// users lists the accounts. Without any, the key is left out, because the
// schema refuses an empty list: the image's own default account, which has
// neither key nor password, is then made.
func (w *work) users() yamldoc.Node {
	var list []yamldoc.Node
	for _, u := range w.intent.Users {
		pairs := []yamldoc.Pair{{Key: "name", Value: yamldoc.Text(u.Name)}}
		if shell := w.target.Distro.Userland.Shell; shell != "" {
			pairs = append(pairs, yamldoc.Pair{Key: "shell", Value: yamldoc.Text(shell)})
		}
		if w.locksOutKeys() {
			// No password has this hash, and the account is not locked.
			pairs = append(pairs,
				yamldoc.Pair{Key: "lock_passwd", Value: yamldoc.Bool(false)},
				yamldoc.Pair{Key: "passwd", Value: yamldoc.Quoted(noPassword)},
			)
		} else {
			pairs = append(pairs, yamldoc.Pair{Key: "lock_passwd", Value: yamldoc.Bool(true)})
		}
		switch w.target.Distro.Userland.Privilege {
		case "sudo":
			pairs = append(pairs, yamldoc.Pair{Key: "sudo", Value: yamldoc.Text("ALL=(ALL) NOPASSWD:ALL")})
		case "doas":
			pairs = append(pairs, yamldoc.Pair{Key: "doas", Value: yamldoc.Texts([]string{"permit nopass " + u.Name})})
		}
		pairs = append(pairs, yamldoc.Pair{Key: "ssh_authorized_keys", Value: yamldoc.Texts(u.SSHAuthorizedKeys)})
		list = append(list, yamldoc.Map(pairs...))
	}
	return yamldoc.List(list...)
}

// noPassword is a hash that no password has.
const noPassword = "*"

// locksOutKeys reports whether sshd refuses the keys of a locked account. It
// does on Alpine, whose sshd runs without PAM (README.Alpine of its package).
func (w *work) locksOutKeys() bool { return w.target.Profile.Variant == "alpine" }

// writeFiles lists the files of the plan, then those of its units.
func (w *work) writeFiles() yamldoc.Node {
	var list []yamldoc.Node
	for _, f := range w.plan.Files {
		list = append(list, w.writeFile(f.File))
	}
	for _, u := range w.plan.Units {
		if u.Content != "" {
			list = append(list, w.writeFile(provision.File{Path: unitPath(u), Content: u.Content}))
		}
	}
	return yamldoc.List(list...)
}

func unitPath(u linux.Unit) string { return path.Join(provision.UnitDir, u.Name) }

// writeFile is one file; content that YAML cannot hold exactly is in base64.
func (w *work) writeFile(f provision.File) yamldoc.Node {
	var encoding yamldoc.Node
	content := yamldoc.Text(f.Content)
	if !yamldoc.Plain(f.Content) {
		coded := base64.StdEncoding.EncodeToString([]byte(f.Content))
		encoding, content = yamldoc.Text("b64"), yamldoc.Quoted(coded)
		if slices.ContainsFunc(w.intent.Secrets(), func(s string) bool { return strings.Contains(f.Content, s) }) {
			w.secrets = append(w.secrets, coded)
		}
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "path", Value: yamldoc.Text(f.Path)},
		yamldoc.Pair{Key: "permissions", Value: yamldoc.Quoted(fmt.Sprintf("%#04o", f.EffectiveMode()))},
		yamldoc.Pair{Key: "encoding", Value: encoding},
		yamldoc.Pair{Key: "content", Value: content},
	)
}

// command is one line of runcmd, and what it is for.
type command struct {
	words []string
	does  string // a step of its own; empty where the plan's steps say it
	field string
}

// commands applies what was written. Units start without waiting for them: a
// unit ordered after cloud-init's end would otherwise wait for itself. One
// command starts all that distrolab wrote, because each makes systemd read all
// units anew; one that a person wrote could spoil it for the others.
func (w *work) commands() []command {
	list := w.kernelCommands()
	run := func(words ...string) { list = append(list, command{words: words}) }
	if len(w.plan.Units) > 0 {
		run("systemctl", "daemon-reload")
	}
	for _, r := range w.restarts {
		words := []string{"systemctl", "try-restart", "--no-block", r.service}
		list = append(list, command{words, "restarts " + r.service + ", which then reads its file", r.field})
	}
	var own []string // units that distrolab wrote
	for _, u := range w.plan.Units {
		switch {
		case u.Mask:
			run("systemctl", "mask", "--now", "--no-block", u.Name)
		case u.Enabled && u.Content != "" && !strings.HasPrefix(u.Field, "units["):
			own = append(own, u.Name)
		case u.Enabled:
			run("systemctl", "enable", "--now", "--no-block", u.Name)
		case u.Content == "":
			run("systemctl", "disable", "--now", "--no-block", u.Name)
		}
	}
	if len(own) > 0 {
		run(append([]string{"systemctl", "enable", "--now", "--no-block"}, own...)...)
	}
	return list
}

// kernelCommands load the modules and set the settings that were written for
// every boot also at this one: systemd read those directories before.
func (w *work) kernelCommands() []command {
	systemd := w.target.Distro.Userland.Init == "systemd"
	var list []command
	for _, f := range w.plan.Files {
		switch f.Path {
		case provision.ModulesPath:
			words := append([]string{"modprobe", "-a"}, strings.Fields(f.Content)...)
			if systemd {
				words = []string{"systemctl", "restart", "systemd-modules-load.service"}
			}
			list = append(list, command{words, "loads the modules now (" + strings.Join(words, " ") + ")", f.Field})
		case provision.SysctlPath:
			words := []string{"sysctl", "-p", provision.SysctlPath}
			if systemd {
				words = []string{"systemctl", "restart", "systemd-sysctl.service"}
			}
			list = append(list, command{words, "sets the kernel settings now (" + strings.Join(words, " ") + ")", f.Field})
		}
	}
	return list
}

func commandList(commands []command) yamldoc.Node {
	var list []yamldoc.Node
	for _, c := range commands {
		list = append(list, yamldoc.Words(c.words...))
	}
	return yamldoc.List(list...)
}
