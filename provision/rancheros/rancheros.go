// Package rancheros renders an Intent for RancherOS and its heir BurmillaOS:
// their own subset of cloud-config on a config drive or behind a URL, or words
// on the kernel command line.
//
// The systems accept seven keys and refuse a document with any other, so the
// model in this package knows exactly those. Rendering is pure; the package
// may import provision, distros and what writes and checks YAML.
package rancheros

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/rancher"
	"distrolab/provision/internal/shape"
	"distrolab/provision/internal/yamldoc"
)

// Format is the name of this format in catalog entries and Configs.
const Format = "rancheros"

// Names of the documents, and the first line of a cloud-config.
const (
	driveUserData = "openstack/latest/user_data"
	driveMetaData = "openstack/latest/meta_data.json"
	servedName    = "user-data"
	header        = "#cloud-config\n"
)

// Render writes the documents for intent, which must be valid.
func Render(intent provision.Intent, target provision.Target) (provision.Config, error) {
	p := newPlan(intent, target)
	cfg := provision.Config{Format: Format, Delivery: target.Delivery, Steps: p.allSteps(), Gaps: p.gaps}
	if target.Delivery.Kind == distros.DeliverKernel {
		cfg.Documents = []provision.Document{{Name: rancher.CommandLine, Content: p.line.String()}}
	} else {
		body, err := yamldoc.Marshal(p.document())
		if err != nil {
			return provision.Config{}, fmt.Errorf("rendering user data: %w", err)
		}
		name := cmp.Or(target.Delivery.File, servedName)
		if target.Delivery.Kind == distros.DeliverVolume {
			name = cmp.Or(target.Delivery.File, driveUserData)
		}
		cfg.Documents = []provision.Document{{Name: name, Content: header + body}}
	}
	if target.Delivery.Kind == distros.DeliverVolume {
		meta, err := p.metaData()
		if err != nil {
			return provision.Config{}, err
		}
		cfg.Documents = append(cfg.Documents, provision.Document{Name: driveMetaData, Content: meta})
	}
	if err := Validate(cfg); err != nil {
		return provision.Config{}, err
	}
	return cfg, nil
}

// Validate checks the documents by the model of what the systems read. All
// problems are returned.
func Validate(cfg provision.Config) error {
	if len(cfg.Documents) == 0 {
		return fmt.Errorf("validating RancherOS config: it has no document")
	}
	for _, doc := range cfg.Documents {
		if err := shape.Errors(check(doc.Name, doc.Content)); err != nil {
			return fmt.Errorf("validating RancherOS config %s: %w", doc.Name, err)
		}
	}
	return nil
}

// Check reads one file that a person wrote: user data, meta_data.json, or a
// file named cmdline with kernel words.
func Check(name, text string, _ provision.Target) []provision.Finding {
	if found := shape.TooLarge(text); found != nil {
		return found
	}
	return check(path.Base(name), text)
}

// metaData is what RancherOS reads of OpenStack's document. It counts more than
// the user data, so it says the same.
func (p *plan) metaData() (string, error) {
	meta := struct {
		Hostname string            `json:"hostname"`
		Keys     map[string]string `json:"public_keys,omitempty"`
	}{Hostname: p.config.hostname, Keys: map[string]string{}}
	for i, key := range p.config.keys {
		meta.Keys[fmt.Sprintf("%05d", i)] = key // sorted by name when read
	}
	text, err := json.MarshalIndent(meta, "", "  ")
	if err != nil {
		return "", fmt.Errorf("rendering meta data: %w", err)
	}
	return string(text) + "\n", nil
}
