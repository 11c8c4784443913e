// Package ignition renders an Intent for Ignition: first the Butane text a
// person would write by hand, then, by Butane's own library, the JSON that
// the guest reads.
//
// Warnings of Butane and of Ignition's validator are errors here: what they
// warn of would be dropped without a word at first boot. Rendering is pure.
package ignition

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	butane "github.com/coreos/ignition/v2/butane/config"
	"github.com/coreos/ignition/v2/butane/config/common"
	ignition "github.com/coreos/ignition/v2/config/v3_7_experimental"
	"github.com/coreos/vcontext/report"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
)

// Format is the name of this format in catalog entries and Configs.
const Format = "ignition"

// sourceName is the file name a person would give the Butane text;
// documentName that of the JSON where no fw_cfg key names it.
const (
	sourceName   = "config.bu"
	documentName = "config.ign"
)

// Target is the dialect of one system.
type Target struct {
	Variant  string       // Butane variant: "flatcar" or "fcos"
	Version  string       // Butane version of that variant, such as 1.1.0
	Network  NetworkStyle // what configures its network
	UsrLocal bool         // /usr/local is writable, as nothing else below /usr is
	Delivery distros.Delivery
}

// Render writes the documents for intent, which must be valid. What the
// system cannot do is in the Config's Gaps.
func Render(intent provision.Intent, target Target) (provision.Config, error) {
	gaps := gaps(intent, target)
	source, err := yamldoc.Marshal(butaneDocument(intent, target))
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering Butane: %w", err)
	}
	// Butane suspects decimal numbers behind modes such as 0620; ours are octal.
	text, err := translate(source, common.ErrDecimalMode)
	if err != nil {
		return provision.Config{}, err
	}
	name := documentName
	if target.Delivery.Kind == distros.DeliverFWCfg {
		name = target.Delivery.Key
	}
	cfg := provision.Config{
		Format:    Format,
		Sources:   []provision.Document{{Name: sourceName, Content: source}},
		Documents: []provision.Document{{Name: name, Content: text}},
		Delivery:  target.Delivery,
		Gaps:      gaps,
	}
	if err := Validate(cfg); err != nil {
		return provision.Config{}, err
	}
	return cfg, nil
}

// Translate turns Butane text into Ignition JSON. Contents stay readable in
// it: Butane's own compression is off.
func Translate(source string) (string, error) { return translate(source, nil) }

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
	_, findings, err := ignition.ParseCompatibleVersion([]byte(doc.Content))
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

// gaps lists what the target cannot do.
func gaps(intent provision.Intent, target Target) []provision.Gap {
	var list []provision.Gap
	if n := intent.Network; target.Network == NetworkFixed && (n.MAC != "" || len(n.Addresses) > 0) {
		list = append(list, provision.Gap{
			Field:  "network",
			Reason: "this system's network is fixed in its image; it uses DHCP",
		})
	}
	for i, f := range intent.Files {
		if readOnly(f, target) {
			list = append(list, provision.Gap{
				Field:  fmt.Sprintf("files[%d]", i),
				Reason: f.Path + " is on the read-only /usr of this system and is left out; put it below /opt or /etc",
			})
		}
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
func butaneDocument(intent provision.Intent, target Target) yamldoc.Node {
	pairs := []yamldoc.Pair{
		{Key: "variant", Value: yamldoc.Text(target.Variant)},
		{Key: "version", Value: yamldoc.Text(target.Version)},
	}
	if len(intent.Users) > 0 {
		pairs = append(pairs, yamldoc.Pair{Key: "passwd", Value: yamldoc.Map(yamldoc.Pair{Key: "users", Value: users(intent.Users)})})
	}
	pairs = append(pairs, yamldoc.Pair{Key: "storage", Value: yamldoc.Map(yamldoc.Pair{Key: "files", Value: files(intent, target)})})
	if len(intent.Units) > 0 {
		pairs = append(pairs, yamldoc.Pair{Key: "systemd", Value: yamldoc.Map(yamldoc.Pair{Key: "units", Value: units(intent.Units)})})
	}
	return yamldoc.Map(pairs...)
}

// users lists the accounts. The group sudo exists on all systems of the
// family; see sudoersFile for what it alone would not do.
func users(users []provision.User) yamldoc.Node {
	var list []yamldoc.Node
	for _, u := range users {
		list = append(list, yamldoc.Map(
			yamldoc.Pair{Key: "name", Value: yamldoc.Text(u.Name)},
			yamldoc.Pair{Key: "groups", Value: yamldoc.Words("sudo")},
			yamldoc.Pair{Key: "shell", Value: yamldoc.Text("/bin/bash")},
			yamldoc.Pair{Key: "ssh_authorized_keys", Value: yamldoc.Texts(u.SSHAuthorizedKeys)},
		))
	}
	return yamldoc.List(list...)
}

// files lists the name, the right to become root, the network, then the
// intent's own files.
func files(intent provision.Intent, target Target) yamldoc.Node {
	all := []provision.File{{Path: provision.HostnamePath, Content: intent.Hostname + "\n"}}
	if len(intent.Users) > 0 {
		all = append(all, sudoersFile(intent.Users))
	}
	all = append(all, networkFiles(intent.Network, target.Network)...)
	for _, f := range intent.AllFiles() {
		if !readOnly(f, target) {
			all = append(all, f)
		}
	}
	var list []yamldoc.Node
	for _, f := range all {
		list = append(list, file(f))
	}
	return yamldoc.List(list...)
}

// readOnly reports whether the target cannot take the file: Ignition would
// stop the boot at it.
func readOnly(f provision.File, target Target) bool {
	if target.UsrLocal && strings.HasPrefix(f.Path, "/usr/local/") {
		return false
	}
	return f.Path == "/usr" || strings.HasPrefix(f.Path, "/usr/")
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

// units lists the units; one without content is the system's own.
func units(units []provision.Unit) yamldoc.Node {
	var list []yamldoc.Node
	for _, u := range units {
		var contents yamldoc.Node
		if u.Content != "" {
			contents = yamldoc.Text(u.Content)
		}
		list = append(list, yamldoc.Map(
			yamldoc.Pair{Key: "name", Value: yamldoc.Text(u.Name)},
			yamldoc.Pair{Key: "enabled", Value: yamldoc.Bool(u.Enabled)},
			yamldoc.Pair{Key: "contents", Value: contents},
		))
	}
	return yamldoc.List(list...)
}
