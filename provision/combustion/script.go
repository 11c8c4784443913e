package combustion

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
	"distrolab/provision/linux"
)

// The words that Combustion looks for behind [flagLine] (its script greps for
// them in every line of the file).
const (
	flagLine    = "# combustion:"
	flagNetwork = "network"
	flagPrepare = "prepare"
)

// base64Line is the length of the lines of encoded text.
const base64Line = 76

// writer writes the script.
type writer struct {
	text    strings.Builder
	secrets []string // of the intent
	encoded []string // lines that hold a secret in base64
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(&w.text, format+"\n", args...) }

// script is the whole text, in the order in which things must happen: packages
// come first, since what a person says of a file is to win.
func (w *writer) script(intent provision.Intent, p plan, shell string) {
	w.head(intent, p)
	w.mounts(p.mounts(intent))
	if len(intent.Packages) > 0 {
		w.line("\nzypper --non-interactive install %s", strings.Join(quoteAll(intent.Packages), " "))
	}
	w.line("")
	w.put(provision.File{Path: provision.HostnamePath, Content: intent.Hostname + "\n"})
	if len(p.network) > 0 {
		w.line("\nnetwork")
	}
	w.users(intent.Users, shell)
	for _, f := range p.Files {
		w.line("")
		w.put(f.File)
	}
	w.units(intent, p.Units)
}

// head is what comes before anything is done to the system.
func (w *writer) head(intent provision.Intent, p plan) {
	w.line("#!/bin/bash")
	words := flags(intent)
	if len(words) > 0 {
		w.line("%s %s", flagLine, strings.Join(words, " "))
	}
	w.line("# Configures %s at its first boot, in a new snapshot. Written by distrolab.", intent.Hostname)
	w.line("set -euo pipefail")
	w.text.WriteString(putFunction)
	for _, f := range p.network {
		// The initrd has few programs: mkdir and cat are there.
		w.line("\n# network writes NetworkManager's file, which only root may read.\nnetwork() (\n    umask 077")
		w.line("    mkdir -p /etc/NetworkManager/system-connections")
		w.heredoc("    cat >"+quote(f.Path), f.Content)
		w.line(")")
	}
	if slices.Contains(words, flagPrepare) {
		w.line("\n# Called once more before the root is mounted: the initrd itself needs the address.")
		w.line("if [ \"${1-}\" = --prepare ]; then\n    network\n    exit 0\nfi")
	}
}

// putFunction replaces a file of the image and makes its directory.
const putFunction = `
# put MODE PATH writes standard input to a file.
put() { install -D -m "$1" /dev/stdin "$2"; }
`

// mounts brings in the subvolumes that are written to. The mounts end with the
// script, whose mounts are its own.
func (w *writer) mounts(places []string) {
	if len(places) == 0 {
		return
	}
	w.line("\n# These are subvolumes of their own, outside the snapshot.")
	w.line("for place in %s; do\n    mountpoint -q \"$place\" || mount \"$place\"\ndone", strings.Join(places, " "))
}

// users makes the accounts. Their passwords are locked, as useradd leaves them.
func (w *writer) users(users []provision.User, shell string) {
	if len(users) == 0 {
		return
	}
	w.line("\n# user NAME makes an account; its SSH keys come on standard input.")
	w.line("user() {\n    id -u \"$1\" >/dev/null 2>&1 || useradd --create-home --shell %s \"$1\"", quote(shell))
	w.line("    home=$(getent passwd \"$1\" | cut -d: -f6)\n    group=$(id -g \"$1\")")
	w.line("    install -d -m 0700 -o \"$1\" -g \"$group\" \"$home/.ssh\"")
	w.line("    install -m 0600 -o \"$1\" -g \"$group\" /dev/stdin \"$home/.ssh/authorized_keys\"\n}")
	var sudoers strings.Builder
	for _, u := range users {
		w.line("")
		var keys strings.Builder
		for _, key := range u.SSHAuthorizedKeys {
			keys.WriteString(key + "\n")
		}
		w.heredoc("user "+quote(u.Name), keys.String())
		fmt.Fprintf(&sudoers, "%s ALL=(ALL) NOPASSWD:ALL\n", u.Name)
	}
	w.line("")
	w.put(provision.File{Path: provision.SudoersPath, Content: sudoers.String(), Mode: 0o440})
}

// put writes one file: as it is where it is text, in base64 otherwise.
func (w *writer) put(f provision.File) {
	command := fmt.Sprintf("put %04o %s", f.EffectiveMode(), quote(f.Path))
	switch {
	case f.Content == "":
		w.line("%s </dev/null", command)
	case readable(f.Content):
		w.heredoc(command, f.Content)
	default:
		w.base64(command, f.Content)
	}
}

// readable reports whether a here-document holds the text exactly, and
// Combustion finds none of its flags in it.
func readable(text string) bool {
	return yamldoc.Plain(text) && strings.HasSuffix(text, "\n") && !strings.Contains("\n"+text, "\n"+flagLine)
}

// heredoc hands text to a command on its standard input. Quoted, the shell
// takes it as it is; the mark at its end is a line that the text has not.
func (w *writer) heredoc(command, text string) {
	mark := "EOF"
	lines := strings.Split(text, "\n")
	for n := 1; slices.Contains(lines, mark); n++ {
		mark = fmt.Sprintf("EOF%d", n)
	}
	w.line("%s <<'%s'\n%s%s", command, mark, text, mark)
}

// base64 hands over what is no text. What of it hides a secret is noted.
func (w *writer) base64(command, content string) {
	encoded := base64.StdEncoding.EncodeToString([]byte(content))
	secret := slices.ContainsFunc(w.secrets, func(s string) bool { return strings.Contains(content, s) })
	w.line("base64 -d <<'EOF' | %s", command)
	for len(encoded) > 0 {
		n := min(base64Line, len(encoded))
		w.line("%s", encoded[:n])
		if secret {
			w.encoded = append(w.encoded, encoded[:n])
		}
		encoded = encoded[n:]
	}
	w.line("EOF")
}

// units writes the units and says which start. One that the system is said to
// have may be missing; that is no reason for the boot to fail.
func (w *writer) units(intent provision.Intent, units []linux.Unit) {
	for _, u := range units {
		if u.Content != "" {
			w.line("")
			w.put(provision.File{Path: provision.UnitDir + "/" + u.Name, Content: u.Content})
		}
	}
	for _, u := range units {
		verb := "disable"
		switch {
		case u.Mask:
			verb = "mask"
		case u.Enabled:
			verb = "enable"
		case u.Content != "":
			continue
		}
		command := fmt.Sprintf("systemctl %s -- %s", verb, quote(u.Name))
		if u.Content == "" && !u.Mask {
			command += fmt.Sprintf(" || echo %s >&2", quote("distrolab: no "+u.Name+" here to "+verb))
		}
		w.line("%s", command)
	}
}

func quoteAll(words []string) []string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = quote(word)
	}
	return list
}

// quote makes one word of s, whatever is in it.
func quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-:@+", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
