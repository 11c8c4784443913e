// Package clc renders an Intent as a Container Linux Config, the YAML that
// CoreOS Container Linux was configured with before Butane, and converts such
// configs that people still have into Butane for Flatcar.
//
// The old transpiler's own code reads, checks and translates them, to Ignition
// of spec 2.3.0, which Flatcar still takes. It is pure, as all rendering is,
// and may import provision, its formats for what they share, and distros.
package clc

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
	"distrolab/provision/linux"
)

// Format is the name of this format in catalog entries and Configs.
const Format = "clc"

// sourceName is the file name a person would give the YAML; documentName that
// of the JSON where no fw_cfg key names it.
const (
	sourceName   = "config.clc.yaml"
	documentName = "config.ign"
)

// networkDir is where networkd's files are, for which the format has a section.
const networkDir = "/etc/systemd/network/"

// Render writes the documents for intent, which must be valid. What the
// format cannot say is in the Config's Gaps.
func Render(intent provision.Intent, target provision.Target) (provision.Config, error) {
	plan, err := linux.Make(intent, target.Distro.Userland, linux.FetchByUnit)
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering a Container Linux Config: %w", err)
	}
	network := plan.Network(intent.Network, target.Distro.Userland.Network)
	source, err := yamldoc.Marshal(document(intent, plan, network))
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering a Container Linux Config: %w", err)
	}
	text, findings, err := transpile(source)
	if err != nil {
		return provision.Config{}, err
	}
	if err := asError(findings); err != nil {
		return provision.Config{}, fmt.Errorf("translating a Container Linux Config: %w", err)
	}
	name := cmp.Or(target.Delivery.File, documentName)
	if target.Delivery.Kind == distros.DeliverFWCfg {
		name = target.Delivery.Key
	}
	cfg := provision.Config{
		Format:    Format,
		Sources:   []provision.Document{{Name: sourceName, Content: source}},
		Documents: []provision.Document{{Name: name, Content: text}},
		Delivery:  target.Delivery,
		Steps:     steps(intent, plan, network),
		Gaps:      append(plan.Gaps, gaps(intent)...),
	}
	if err := Validate(cfg); err != nil {
		return provision.Config{}, err
	}
	return cfg, nil
}

// The stages at which Ignition's work happens.
const (
	inInitrd = "initrd"
	atBoot   = "first boot of the system itself"
)

// steps puts into words what will happen, in Ignition's order.
func steps(intent provision.Intent, plan linux.Plan, network []linux.File) []provision.Step {
	list := []provision.Step{{Stage: inInitrd, Does: "Ignition reads the config, whose spec 2.3.0 it first translates to its own, on the first boot of the disk only"}}
	for i, u := range intent.Users {
		list = append(list, provision.Step{
			Stage:  inInitrd,
			Does:   fmt.Sprintf("makes the user %s, who has no password, logs in by SSH (authorized keys: %d) and may become root as a member of the group sudo", u.Name, len(u.SSHAuthorizedKeys)),
			Fields: []string{fmt.Sprintf("users[%d]", i)},
		})
	}
	list = append(list, provision.Step{Stage: inInitrd, Does: "writes " + provision.HostnamePath + ", which names the machine " + intent.Hostname, Fields: []string{"hostname"}})
	for _, f := range network {
		list = append(list, provision.Step{Stage: inInitrd, Does: "writes " + f.Path + ", which " + f.Means, Fields: []string{f.Field}})
	}
	list = append(list, plan.Steps(inInitrd, atBoot)...)
	if intent.Network.DHCP && intent.Network.MAC == "" {
		list = append(list, provision.Step{Stage: atBoot, Does: "asks for an address by DHCP, as the system does by default", Fields: []string{"network"}})
	}
	return list
}

// gaps lists what the format has no words for.
func gaps(intent provision.Intent) []provision.Gap {
	var list []provision.Gap
	if len(intent.Packages) > 0 {
		list = append(list, provision.Gap{
			Field:  "packages",
			Reason: "Ignition installs no packages; bring the program as a file, a container or a system extension",
		})
	}
	if len(intent.Kernel.Args) > 0 {
		list = append(list, provision.Gap{
			Field:  "kernel.args",
			Reason: "a Container Linux Config cannot name kernel arguments; Butane can, in kernel_arguments",
		})
	}
	return list
}

// document is the YAML as a tree.
func document(intent provision.Intent, plan linux.Plan, network []linux.File) yamldoc.Node {
	own := []provision.File{{Path: provision.HostnamePath, Content: intent.Hostname + "\n"}}
	if len(intent.Users) > 0 {
		own = append(own, sudoersFile(intent.Users))
	}
	var files, units, networkd []yamldoc.Node
	for _, f := range own {
		files = append(files, file(f))
	}
	for _, f := range plan.Files {
		files = append(files, file(f.File))
	}
	for _, u := range plan.Units {
		units = append(units, unit(u))
	}
	for _, f := range network {
		if !strings.HasPrefix(f.Path, networkDir) {
			files = append(files, file(f.File))
			continue
		}
		networkd = append(networkd, yamldoc.Map(
			yamldoc.Pair{Key: "name", Value: yamldoc.Text(path.Base(f.Path))},
			yamldoc.Pair{Key: "contents", Value: yamldoc.Text(f.Content)},
		))
	}
	return yamldoc.Map(
		section("passwd", "users", users(intent.Users)),
		section("storage", "files", files),
		section("systemd", "units", units),
		section("networkd", "units", networkd),
	)
}

// section is a part with one list; it is left out when the list is empty.
func section(name, list string, items []yamldoc.Node) yamldoc.Pair {
	if len(items) == 0 {
		return yamldoc.Pair{Key: name}
	}
	return yamldoc.Pair{Key: name, Value: yamldoc.Map(yamldoc.Pair{Key: list, Value: yamldoc.List(items...)})}
}

func users(users []provision.User) []yamldoc.Node {
	var list []yamldoc.Node
	for _, u := range users {
		list = append(list, yamldoc.Map(
			yamldoc.Pair{Key: "name", Value: yamldoc.Text(u.Name)},
			yamldoc.Pair{Key: "groups", Value: yamldoc.Words("sudo")},
			yamldoc.Pair{Key: "shell", Value: yamldoc.Text("/bin/bash")},
			yamldoc.Pair{Key: "ssh_authorized_keys", Value: yamldoc.Texts(u.SSHAuthorizedKeys)},
		))
	}
	return list
}

func sudoersFile(users []provision.User) provision.File {
	var text strings.Builder
	for _, u := range users {
		fmt.Fprintf(&text, "%s ALL=(ALL) NOPASSWD:ALL\n", u.Name)
	}
	return provision.File{Path: provision.SudoersPath, Content: text.String(), Mode: 0o440}
}

// file is one file; it replaces one of the image, as the format does by itself.
// Content that YAML cannot hold exactly is a data URL.
func file(f provision.File) yamldoc.Node {
	contents := yamldoc.Pair{Key: "inline", Value: yamldoc.Text(f.Content)}
	if f.Content == "" || !yamldoc.Plain(f.Content) {
		url := yamldoc.Quoted("data:;base64," + base64.StdEncoding.EncodeToString([]byte(f.Content)))
		contents = yamldoc.Pair{Key: "remote", Value: yamldoc.Map(yamldoc.Pair{Key: "url", Value: url})}
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "filesystem", Value: yamldoc.Text("root")},
		yamldoc.Pair{Key: "path", Value: yamldoc.Text(f.Path)},
		yamldoc.Pair{Key: "mode", Value: yamldoc.Octal(f.EffectiveMode())},
		yamldoc.Pair{Key: "contents", Value: yamldoc.Map(contents)},
	)
}

func unit(u linux.Unit) yamldoc.Node {
	enabled, mask, contents := yamldoc.Bool(u.Enabled), yamldoc.Node{}, yamldoc.Node{}
	if u.Mask {
		enabled, mask = yamldoc.Node{}, yamldoc.Bool(true)
	}
	if u.Content != "" {
		contents = yamldoc.Text(u.Content)
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "name", Value: yamldoc.Text(u.Name)},
		yamldoc.Pair{Key: "enabled", Value: enabled},
		yamldoc.Pair{Key: "mask", Value: mask},
		yamldoc.Pair{Key: "contents", Value: contents},
	)
}

// asError makes every finding, warnings too, an error; nil when there is none.
func asError(findings []provision.Finding) error {
	var list []error
	for _, f := range findings {
		list = append(list, fmt.Errorf("line %d: %s", f.Line, f.Message))
	}
	return errors.Join(list...)
}
