package cloudinit

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"distrolab/distros"
	"distrolab/provision"
)

// userDataOn says what of a cloud-config one system cannot do, though
// cloud-init takes it.
func (r *reader) userDataOn(root *yaml.Node, target provision.Target) {
	w := &work{target: target}
	for i, user := range items(child(root, "users")) {
		w.userOn(r, user, fmt.Sprintf("users[%d]", i))
	}
	if target.Distro.Userland.Init == "openrc" {
		for i, command := range items(child(root, "runcmd")) {
			first := command.Value
			if list := items(command); len(list) > 0 {
				first = list[0].Value
			}
			if words := strings.Fields(first); len(words) > 0 && path.Base(words[0]) == "systemctl" {
				r.warn(command, fmt.Sprintf("runcmd[%d]", i), "this system has no systemctl; its services are OpenRC's (rc-update add NAME, rc-service NAME start)")
			}
		}
	}
	if ntp := child(root, "ntp"); ntp != nil && target.Profile.Variant != "" && (w.isOld() || !slices.Contains(ntpVariants(), target.Profile.Variant)) {
		r.warn(ntp, "ntp", "cloud-init leaves this out on this system; write the file of its time client")
	}
}

// userOn looks at one account.
func (w *work) userOn(r *reader, user *yaml.Node, at string) {
	land := w.target.Distro.Userland
	if shell := child(user, "shell"); shell != nil && path.Base(shell.Value) == "bash" && land.Shell != "" && path.Base(land.Shell) != "bash" {
		r.warn(shell, at+".shell", "the image has no bash, so this user cannot log in; write "+land.Shell)
	}
	for _, way := range []string{"sudo", "doas"} {
		if rule := child(user, way); rule != nil && land.Privilege != "" && land.Privilege != way {
			r.warn(rule, at+"."+way, "the image has no "+way+"; users become root by "+land.Privilege)
		}
	}
	locked := child(user, "lock_passwd")
	if kindOf(user) == mapping && w.locksOutKeys() && (locked == nil || plainKind(locked.Value) == flag && slices.Contains([]string{"true", "yes", "on"}, strings.ToLower(locked.Value))) {
		r.warn(user, at+".lock_passwd", `sshd takes no keys of a locked account here; write lock_passwd: false and passwd: "*", a hash that no password has`)
	}
}

// networkOn says whether one system reads a network-config at all.
func (r *reader) networkOn(root *yaml.Node, target provision.Target) {
	if root == nil {
		return
	}
	w := &work{target: target}
	version := child(root, "version")
	switch {
	case target.Profile.Variant == "amazon":
		r.warn(root, "", "cloud-init is told to leave the network of this system alone, so this file has no effect")
	case target.Delivery.Kind == distros.DeliverHTTP && !w.fetchesNetwork():
		r.warn(root, "", "cloud-init asks for this file over HTTP since 24.3, and this system's is older or of unknown version")
	case w.isOld() && version != nil && version.Value == "2":
		r.warn(version, "version", "the old cloud-init of this system is not sure to read version 2; write version 1")
	}
}
