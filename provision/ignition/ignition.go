// Package ignition renders an Intent for Ignition: first the Butane text a
// person would write by hand, then, by Butane's own library, the JSON that
// the guest reads.
//
// Warnings of Butane and of Ignition's validator are errors here: what they
// warn of would be dropped without a word at first boot. Rendering is pure.
package ignition

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	butane "github.com/coreos/ignition/v2/butane/config"
	"github.com/coreos/ignition/v2/butane/config/common"
	"github.com/coreos/vcontext/report"
	"github.com/vincent-petithory/dataurl"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
	"distrolab/provision/linux"
)

// Format is the name of this format in catalog entries and Configs.
const Format = "ignition"

// sourceName is the file name a person would give the Butane text;
// documentName that of the JSON where no fw_cfg key names it.
const (
	sourceName   = "config.bu"
	documentName = "config.ign"
)

// Render writes the documents for intent, which must be valid. What the
// system cannot do is in the Config's Gaps.
func Render(intent provision.Intent, target provision.Target) (provision.Config, error) {
	spec, err := specOf(target)
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering Butane: %w", err)
	}
	plan, err := linux.Make(intent, target.Distro.Userland, fetching(spec))
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering Butane: %w", err)
	}
	network := plan.Network(intent.Network, target.Distro.Userland.Network)
	plan.Files = append(own(intent), append(network, plan.Files...)...)
	source, err := yamldoc.Marshal(butaneDocument(intent, plan, target))
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering Butane: %w", err)
	}
	// Butane suspects decimal numbers behind modes such as 0620; ours are octal.
	text, err := translate(source, common.ErrDecimalMode)
	if err != nil {
		return provision.Config{}, err
	}
	cfg := provision.Config{
		Format:    Format,
		Sources:   []provision.Document{{Name: sourceName, Content: source}},
		Documents: []provision.Document{{Name: nameFor(target.Delivery), Content: text}},
		Delivery:  target.Delivery,
		Steps:     steps(intent, plan, target.Delivery),
		Gaps:      append(plan.Gaps, gaps(intent)...),
		Secrets:   encodedSecrets(plan.Files, intent.Secrets()),
	}
	if err := Validate(cfg); err != nil {
		return provision.Config{}, err
	}
	return cfg, nil
}

// fetching says who fetches: Ignition itself, but for that of the first spec,
// which knows files by their SHA-512 alone.
func fetching(spec string) linux.Fetching {
	if spec == "3.0.0" {
		return linux.FetchByUnit
	}
	return linux.FetchByFormat
}

// nameFor is the name of the one document: what the channel calls it.
func nameFor(d distros.Delivery) string {
	if d.Kind == distros.DeliverFWCfg {
		return d.Key
	}
	return cmp.Or(d.File, documentName)
}

// encodedSecrets lists what holds a secret as Butane may write it: whole files
// in base64, where the text of the secret is not seen, and the secret in the
// form that it has in a URL.
func encodedSecrets(files []linux.File, secrets []string) []string {
	var encoded []string
	for _, secret := range secrets {
		if escaped := dataurl.EscapeString(secret); escaped != secret {
			encoded = append(encoded, escaped)
		}
	}
	for _, f := range files {
		if slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(f.Content, secret) }) {
			encoded = append(encoded, base64.StdEncoding.EncodeToString([]byte(f.Content)))
		}
	}
	return encoded
}

// own are the files that Ignition needs for what other formats have words for.
func own(intent provision.Intent) []linux.File {
	files := []linux.File{{
		File:  provision.File{Path: provision.HostnamePath, Content: intent.Hostname + "\n"},
		Field: "hostname", Means: "names the machine " + intent.Hostname,
	}}
	if len(intent.Users) > 0 {
		files = append(files, linux.File{
			File:  sudoersFile(intent.Users),
			Field: "users", Means: "lets the users become root without a password",
		})
	}
	return files
}

// Translate turns Butane text into Ignition JSON. Contents stay readable in
// it: Butane's own compression is off.
func Translate(source string) (string, error) { return translate(source, nil) }

// Refused says what Butane refuses or warns of in a text that distrolab wrote;
// nothing when it accepts the text strictly.
func Refused(source string) []provision.Finding {
	options := common.TranslateBytesOptions{}
	options.NoResourceAutoCompression = true
	_, findings, err := butane.TranslateBytes([]byte(source), options)
	return asFindings(findings, err)
}

// translate is Translate without the one warning that does not matter.
func translate(source string, allowed error) (string, error) {
	options := common.TranslateBytesOptions{Pretty: true}
	options.NoResourceAutoCompression = true
	out, findings, err := butane.TranslateBytes([]byte(source), options)
	if err != nil {
		return "", fmt.Errorf("translating Butane: %w", errors.Join(err, asError(findings)))
	}
	if allowed != nil {
		findings.Entries = slices.DeleteFunc(findings.Entries, func(e report.Entry) bool { return e.Message == allowed.Error() })
	}
	if err := asError(findings); err != nil {
		return "", fmt.Errorf("translating Butane: %w", err)
	}
	return string(out) + "\n", nil
}

// Validate checks each document by Ignition's own validator, at the spec
// version the document names.
func Validate(cfg provision.Config) error {
	if len(cfg.Documents) != 1 {
		return fmt.Errorf("validating Ignition config: it is one document, this has %d", len(cfg.Documents))
	}
	doc := cfg.Documents[0]
	findings, err := parse([]byte(doc.Content))
	if err != nil {
		return fmt.Errorf("validating Ignition config %s: %w", doc.Name, errors.Join(err, asError(findings)))
	}
	if err := asError(findings); err != nil {
		return fmt.Errorf("validating Ignition config %s: %w", doc.Name, err)
	}
	return nil
}

// asError makes every finding, warnings too, an error; nil when there is none.
func asError(findings report.Report) error {
	if len(findings.Entries) == 0 {
		return nil
	}
	return errors.New(strings.TrimSpace(findings.String()))
}

// The stages at which Ignition's work happens.
const (
	inInitrd = "initrd"
	atBoot   = "first boot of the system itself"
)

// steps puts into words what will happen, in Ignition's order.
func steps(intent provision.Intent, plan linux.Plan, d distros.Delivery) []provision.Step {
	list := []provision.Step{{Stage: inInitrd, Does: "Ignition reads the config from " + from(d) + ", on the first boot of the disk only"}}
	for i, u := range intent.Users {
		list = append(list, provision.Step{
			Stage:  inInitrd,
			Does:   fmt.Sprintf("makes the user %s, who has no password and logs in by SSH (authorized keys: %d)", u.Name, len(u.SSHAuthorizedKeys)),
			Fields: []string{fmt.Sprintf("users[%d]", i)},
		})
	}
	planned := plan.Steps(inInitrd, atBoot)
	if intent.Network.DHCP && intent.Network.MAC == "" {
		planned = append(planned, provision.Step{Stage: atBoot, Does: "asks for an address by DHCP, as the system does by default", Fields: []string{"network"}})
	}
	return append(list, planned...)
}

// from says where Ignition finds the config.
func from(d distros.Delivery) string {
	switch d.Kind {
	case distros.DeliverFWCfg:
		return "the firmware configuration entry " + d.Key
	case distros.DeliverVolume:
		return nameFor(d) + " on the volume " + d.Label
	case distros.DeliverDisk:
		return "the virtio disk with the serial number " + d.Serial
	case distros.DeliverHTTP:
		return "the address that the kernel command line names"
	}
	return nameFor(d)
}

// gaps lists what Ignition cannot do on any system.
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
			Reason: "Ignition would apply them by a second boot, and a lab's first boot is one boot; add kernel_arguments to the Butane text by hand",
		})
	}
	return list
}

// butaneDocument is the Butane text as a tree.
func butaneDocument(intent provision.Intent, plan linux.Plan, target provision.Target) yamldoc.Node {
	pairs := []yamldoc.Pair{
		{Key: "variant", Value: yamldoc.Text(target.Profile.Variant)},
		{Key: "version", Value: yamldoc.Text(target.Profile.VersionFor(target.Release))},
	}
	if len(intent.Users) > 0 {
		pairs = append(pairs, yamldoc.Pair{Key: "passwd", Value: yamldoc.Map(yamldoc.Pair{Key: "users", Value: users(intent.Users, target)})})
	}
	pairs = append(pairs, yamldoc.Pair{Key: "storage", Value: yamldoc.Map(yamldoc.Pair{Key: "files", Value: files(plan)})})
	if len(plan.Units) > 0 {
		pairs = append(pairs, yamldoc.Pair{Key: "systemd", Value: yamldoc.Map(yamldoc.Pair{Key: "units", Value: units(plan.Units)})})
	}
	return yamldoc.Map(pairs...)
}

// users lists the accounts. Flatcar's group sudo is what may become root there;
// of the others not all have such a group, and useradd refuses unknown ones.
func users(users []provision.User, target provision.Target) yamldoc.Node {
	var groups yamldoc.Node
	if target.Profile.Variant == "flatcar" {
		groups = yamldoc.Words("sudo")
	}
	var list []yamldoc.Node
	for _, u := range users {
		list = append(list, yamldoc.Map(
			yamldoc.Pair{Key: "name", Value: yamldoc.Text(u.Name)},
			yamldoc.Pair{Key: "groups", Value: groups},
			yamldoc.Pair{Key: "shell", Value: yamldoc.Text(cmp.Or(target.Distro.Userland.Shell, "/bin/bash"))},
			yamldoc.Pair{Key: "ssh_authorized_keys", Value: yamldoc.Texts(u.SSHAuthorizedKeys)},
		))
	}
	return yamldoc.List(list...)
}

// files lists what was planned.
func files(plan linux.Plan) yamldoc.Node {
	var list []yamldoc.Node
	for _, f := range plan.Files {
		list = append(list, file(f.File))
	}
	return yamldoc.List(list...)
}

// sudoersFile lets the users become root without a password, which is locked:
// on some systems of the family the group sudo asks for one.
func sudoersFile(users []provision.User) provision.File {
	var text strings.Builder
	for _, u := range users {
		fmt.Fprintf(&text, "%s ALL=(ALL) NOPASSWD:ALL\n", u.Name)
	}
	return provision.File{Path: provision.SudoersPath, Content: text.String(), Mode: 0o440}
}

// file is one file; it replaces one of the image. Content that YAML cannot
// hold exactly is a data URL.
func file(f provision.File) yamldoc.Node {
	contents := yamldoc.Pair{Key: "inline", Value: yamldoc.Text(f.Content)}
	if f.Source != "" {
		return fetched(f)
	}
	switch {
	case f.Content == "": // an empty inline counts as none, and overwrite needs one
		contents = yamldoc.Pair{Key: "source", Value: yamldoc.Quoted("data:,")}
	case !yamldoc.Plain(f.Content):
		contents = yamldoc.Pair{Key: "source", Value: yamldoc.Quoted("data:;base64," + base64.StdEncoding.EncodeToString([]byte(f.Content)))}
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "path", Value: yamldoc.Text(f.Path)},
		yamldoc.Pair{Key: "mode", Value: yamldoc.Octal(f.EffectiveMode())},
		yamldoc.Pair{Key: "overwrite", Value: yamldoc.Bool(true)},
		yamldoc.Pair{Key: "contents", Value: yamldoc.Map(contents)},
	)
}

// fetched is a file that Ignition downloads, in the initrd, and refuses when it
// is not what it should be.
func fetched(f provision.File) yamldoc.Node {
	return yamldoc.Map(
		yamldoc.Pair{Key: "path", Value: yamldoc.Text(f.Path)},
		yamldoc.Pair{Key: "mode", Value: yamldoc.Octal(f.EffectiveMode())},
		yamldoc.Pair{Key: "overwrite", Value: yamldoc.Bool(true)},
		yamldoc.Pair{Key: "contents", Value: yamldoc.Map(
			yamldoc.Pair{Key: "source", Value: yamldoc.Text(f.Source)},
			yamldoc.Pair{Key: "verification", Value: yamldoc.Map(yamldoc.Pair{Key: "hash", Value: yamldoc.Text("sha256-" + f.SHA256)})},
		)},
	)
}

// units lists the units; one without content is the system's own.
func units(units []linux.Unit) yamldoc.Node {
	var list []yamldoc.Node
	for _, u := range units {
		enabled, mask, contents := yamldoc.Bool(u.Enabled), yamldoc.Node{}, yamldoc.Node{}
		if u.Mask {
			enabled, mask = yamldoc.Node{}, yamldoc.Bool(true)
		}
		if u.Content != "" {
			contents = yamldoc.Text(u.Content)
		}
		list = append(list, yamldoc.Map(
			yamldoc.Pair{Key: "name", Value: yamldoc.Text(u.Name)},
			yamldoc.Pair{Key: "enabled", Value: enabled},
			yamldoc.Pair{Key: "mask", Value: mask},
			yamldoc.Pair{Key: "contents", Value: contents},
		))
	}
	return yamldoc.List(list...)
}
