package talos

import (
	"errors"
	"fmt"
	"strings"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/validation"
	"go.yaml.in/yaml/v3"

	"distrolab/distros"
	"distrolab/provision"
)

// runtimeMode is how the machine runs, which decides what its config must
// hold: bare metal must be told where to install itself, a cloud image is
// installed already.
type runtimeMode string

const (
	cloud runtimeMode = "cloud"
	metal runtimeMode = "metal"
)

// String is Talos's word for the mode.
func (m runtimeMode) String() string { return string(m) }

// RequiresInstall reports whether machine.install must be given.
func (m runtimeMode) RequiresInstall() bool { return m == metal }

// InContainer reports whether Talos is a container; in a lab it never is.
func (m runtimeMode) InContainer() bool { return false }

// mode is cloud for NoCloud and metal otherwise, the stricter of the two.
func mode(d distros.Delivery) runtimeMode {
	if nocloud(d) {
		return cloud
	}
	return metal
}

// Validate checks the machine config by Talos's own code, in the mode of its
// delivery. Every warning is an error: Talos would boot, but it warns of what
// it does not carry out or will drop, and what is written here has neither.
func Validate(cfg provision.Config) error {
	name := mainDocument(cfg.Delivery)
	text := ""
	for _, doc := range cfg.Documents {
		switch {
		case doc.Name == name:
			text = doc.Content
		case nocloud(cfg.Delivery) && (doc.Name == metaData || doc.Name == networkConfig):
			if err := yaml.Unmarshal([]byte(doc.Content), &map[string]any{}); err != nil {
				return fmt.Errorf("validating %s: %w", doc.Name, err)
			}
		default:
			return fmt.Errorf("validating Talos machine config: nothing reads the document %q", doc.Name)
		}
	}
	if cfg.Delivery.Kind == distros.DeliverKernel {
		var err error
		if text, err = fromCommandLine(text); err != nil {
			return fmt.Errorf("validating Talos machine config: %w", err)
		}
	}
	machine, err := load(text)
	if err != nil {
		return fmt.Errorf("validating Talos machine config %s: %w", name, err)
	}
	if machine.Machine() == nil {
		return fmt.Errorf("validating Talos machine config %s: it has no part \"machine\"", name)
	}
	warnings, err := judge(machine, mode(cfg.Delivery))
	if len(warnings) > 0 {
		err = errors.Join(err, errors.New(strings.Join(warnings, "; ")))
	}
	if err != nil {
		return fmt.Errorf("validating Talos machine config %s: %w", name, err)
	}
	return nil
}

// load reads a machine config as Talos does. The library may break on what it
// does not expect; that is an error here.
func load(text string) (cfg config.Provider, err error) {
	defer func() {
		if r := recover(); r != nil {
			cfg, err = nil, fmt.Errorf("the text is more than Talos's own reader can stand: %v", r)
		}
	}()
	return configloader.NewFromBytes([]byte(text))
}

// judge validates by Talos's own rules, without looking at this host.
func judge(cfg config.Provider, m runtimeMode) (warnings []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			warnings, err = nil, fmt.Errorf("the text is more than Talos's own check can stand: %v", r)
		}
	}()
	return cfg.Validate(m, validation.WithLocal())
}
