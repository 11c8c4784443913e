// Package cloudinit renders an Intent for cloud-init and its NoCloud source:
// user-data, meta-data and, when the network is fixed, network-config.
//
// It uses only keys that cloud-init 22.4 (Debian 12) knows, asks for no
// package update, and lets nobody log in by password. Rendering is pure.
package cloudinit

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
)

// Format is the name of this format in catalog entries and Configs.
const Format = "cloud-init"

// The files of a NoCloud volume.
const (
	userData      = "user-data"
	metaData      = "meta-data"
	networkConfig = "network-config"
)

// Header is the first line of user-data; without it cloud-init ignores the rest.
const Header = "#cloud-config\n"

// Render writes the documents for intent, which must be valid.
func Render(intent provision.Intent, target provision.Target) (provision.Config, error) {
	body, err := yamldoc.Marshal(userDataDocument(intent))
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering %s: %w", userData, err)
	}
	docs := []provision.Document{{Name: userData, Content: Header + body}}
	if len(intent.Network.Addresses) > 0 || intent.Network.MAC != "" {
		network, err := yamldoc.Marshal(networkDocument(intent.Network))
		if err != nil {
			return provision.Config{}, fmt.Errorf("rendering %s: %w", networkConfig, err)
		}
		docs = append(docs, provision.Document{Name: networkConfig, Content: network})
	}
	meta, err := yamldoc.Marshal(metaDataDocument(intent.Hostname, docs))
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering %s: %w", metaData, err)
	}
	docs = append(docs, provision.Document{Name: metaData, Content: meta})
	cfg := provision.Config{Format: Format, Documents: docs, Delivery: target.Delivery, Steps: steps(intent), Gaps: gaps(intent)}
	if err := Validate(cfg); err != nil {
		return provision.Config{}, err
	}
	return cfg, nil
}

// steps puts into words what will happen.
func steps(intent provision.Intent) []provision.Step {
	var list []provision.Step
	for _, field := range intent.Fields() {
		list = append(list, provision.Step{Stage: "cloud-init", Does: "carries out " + field, Fields: []string{field}})
	}
	return list
}

// gaps lists what cloud-init cannot do.
func gaps(intent provision.Intent) []provision.Gap {
	if len(intent.Kernel.Args) == 0 {
		return nil
	}
	return []provision.Gap{{
		Field:  "kernel.args",
		Reason: "cloud-init runs after the kernel was started and does not edit the boot loader; build the arguments into the image",
	}}
}

// metaDataDocument names the instance by its config, so that cloud-init runs
// its first-boot steps again when, and only when, the config changed.
func metaDataDocument(hostname string, docs []provision.Document) yamldoc.Node {
	sum := sha256.New()
	for _, doc := range docs {
		fmt.Fprintf(sum, "%s %d\n%s", doc.Name, len(doc.Content), doc.Content)
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "instance-id", Value: yamldoc.Text("distrolab-" + hex.EncodeToString(sum.Sum(nil))[:16])},
		yamldoc.Pair{Key: "local-hostname", Value: yamldoc.Text(hostname)},
	)
}

// userDataDocument is the cloud-config, in the order cloud-init works it off.
func userDataDocument(intent provision.Intent) yamldoc.Node {
	return yamldoc.Map(
		// sudo asks for the own name; answered from /etc/hosts it does not wait for DNS.
		yamldoc.Pair{Key: "manage_etc_hosts", Value: yamldoc.Text("localhost")},
		yamldoc.Pair{Key: "ssh_pwauth", Value: yamldoc.Bool(false)},
		yamldoc.Pair{Key: "package_update", Value: yamldoc.Bool(false)},
		yamldoc.Pair{Key: "package_upgrade", Value: yamldoc.Bool(false)},
		yamldoc.Pair{Key: "write_files", Value: writeFiles(intent)},
		yamldoc.Pair{Key: "users", Value: users(intent.Users)},
		yamldoc.Pair{Key: "runcmd", Value: commands(intent)},
	)
}

// users lists the accounts. Without any, the key is left out, because the
// schema refuses an empty list: the image's own default account, which has
// neither key nor password, is then made.
func users(users []provision.User) yamldoc.Node {
	var list []yamldoc.Node
	for _, u := range users {
		list = append(list, yamldoc.Map(
			yamldoc.Pair{Key: "name", Value: yamldoc.Text(u.Name)},
			yamldoc.Pair{Key: "shell", Value: yamldoc.Text("/bin/bash")},
			yamldoc.Pair{Key: "lock_passwd", Value: yamldoc.Bool(true)},
			yamldoc.Pair{Key: "sudo", Value: yamldoc.Text("ALL=(ALL) NOPASSWD:ALL")},
			yamldoc.Pair{Key: "ssh_authorized_keys", Value: yamldoc.Texts(u.SSHAuthorizedKeys)},
		))
	}
	return yamldoc.List(list...)
}

// writeFiles lists the intent's files, then those that stand for units,
// modules and settings.
func writeFiles(intent provision.Intent) yamldoc.Node {
	var list []yamldoc.Node
	for _, f := range intent.AllFiles() {
		list = append(list, writeFile(f))
	}
	for _, u := range intent.Units {
		if u.Content != "" {
			list = append(list, writeFile(provision.File{Path: path.Join("/etc/systemd/system", u.Name), Content: u.Content}))
		}
	}
	return yamldoc.List(list...)
}

// writeFile is one file; content that YAML cannot hold exactly is in base64.
func writeFile(f provision.File) yamldoc.Node {
	var encoding yamldoc.Node
	content := yamldoc.Text(f.Content)
	if !yamldoc.Plain(f.Content) {
		encoding = yamldoc.Text("b64")
		content = yamldoc.Quoted(base64.StdEncoding.EncodeToString([]byte(f.Content)))
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "path", Value: yamldoc.Text(f.Path)},
		yamldoc.Pair{Key: "permissions", Value: yamldoc.Quoted(fmt.Sprintf("%#04o", f.EffectiveMode()))},
		yamldoc.Pair{Key: "encoding", Value: encoding},
		yamldoc.Pair{Key: "content", Value: content},
	)
}

// commands applies what was written. Units start without waiting for them: a
// unit ordered after cloud-init's end would otherwise wait for itself.
func commands(intent provision.Intent) yamldoc.Node {
	var list []yamldoc.Node
	run := func(words ...string) { list = append(list, yamldoc.Words(words...)) }
	if len(intent.Kernel.Modules) > 0 {
		run("systemctl", "restart", "systemd-modules-load.service")
	}
	if len(intent.Kernel.Sysctl) > 0 {
		run("systemctl", "restart", "systemd-sysctl.service")
	}
	if len(intent.Units) > 0 {
		run("systemctl", "daemon-reload")
	}
	for _, u := range intent.Units {
		switch {
		case u.Enabled:
			run("systemctl", "enable", "--now", "--no-block", u.Name)
		case u.Content == "":
			run("systemctl", "disable", "--now", "--no-block", u.Name)
		}
	}
	return yamldoc.List(list...)
}

// networkDocument is network-config version 2, for the one interface. The
// default routes are spelled as prefixes because 22.4 does not know "default".
func networkDocument(n provision.Network) yamldoc.Node {
	var routes []yamldoc.Node
	if n.Gateway != "" {
		to := "0.0.0.0/0"
		if strings.Contains(n.Gateway, ":") {
			to = "::/0"
		}
		routes = append(routes, yamldoc.Map(
			yamldoc.Pair{Key: "to", Value: yamldoc.Text(to)},
			yamldoc.Pair{Key: "via", Value: yamldoc.Text(n.Gateway)},
		))
	}
	var nameservers yamldoc.Node
	if len(n.DNS) > 0 {
		nameservers = yamldoc.Map(yamldoc.Pair{Key: "addresses", Value: yamldoc.Texts(n.DNS)})
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "version", Value: yamldoc.Int(2)},
		yamldoc.Pair{Key: "ethernets", Value: yamldoc.Map(yamldoc.Pair{Key: "lab0", Value: yamldoc.Map(
			yamldoc.Pair{Key: "match", Value: yamldoc.Map(yamldoc.Pair{Key: "macaddress", Value: yamldoc.Quoted(strings.ToLower(n.MAC))})},
			yamldoc.Pair{Key: "dhcp4", Value: yamldoc.Bool(n.DHCP)},
			yamldoc.Pair{Key: "addresses", Value: yamldoc.Texts(n.Addresses)},
			yamldoc.Pair{Key: "routes", Value: yamldoc.List(routes...)},
			yamldoc.Pair{Key: "nameservers", Value: nameservers},
		)})},
	)
}
