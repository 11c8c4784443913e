// Package k3os renders an Intent for k3OS: words on the kernel command line, a
// config.yaml that an unattended installation fetches, or the same text as
// user-data on a CD-ROM.
//
// What k3OS cannot do, and what a command line cannot say, is in the Config's
// Gaps. Rendering is pure; the package may import provision, distros and what
// writes and checks YAML.
package k3os

import (
	"cmp"
	"errors"
	"fmt"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/rancher"
	"distrolab/provision/internal/shape"
	"distrolab/provision/internal/yamldoc"
)

// Format is the name of this format in catalog entries and Configs.
const Format = "k3os"

// documentName is the file where the delivery does not name it.
const documentName = "config.yaml"

// Render writes the document for intent, which must be valid.
func Render(intent provision.Intent, target provision.Target) (provision.Config, error) {
	p, err := newPlan(intent, target)
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering k3OS config: %w", err)
	}
	doc := provision.Document{Name: cmp.Or(target.Delivery.File, documentName)}
	if target.Delivery.Kind == distros.DeliverKernel {
		doc = provision.Document{Name: rancher.CommandLine, Content: p.line.String()}
	} else if doc.Content, err = yamldoc.Marshal(p.config.document()); err != nil {
		return provision.Config{}, fmt.Errorf("rendering k3OS config: %w", err)
	}
	cfg := provision.Config{Format: Format, Documents: []provision.Document{doc}, Delivery: target.Delivery, Steps: p.steps, Gaps: p.gaps}
	if err := Validate(cfg); err != nil {
		return provision.Config{}, err
	}
	return cfg, nil
}

// Validate checks the document by the model of what k3OS reads. All problems
// are returned.
func Validate(cfg provision.Config) error {
	if len(cfg.Documents) != 1 {
		return errors.New("validating k3OS config: it must be one document")
	}
	doc := cfg.Documents[0]
	if err := shape.Errors(check(doc.Name, doc.Content)); err != nil {
		return fmt.Errorf("validating k3OS config %s: %w", doc.Name, err)
	}
	return nil
}
