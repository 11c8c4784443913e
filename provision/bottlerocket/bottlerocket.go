// Package bottlerocket writes what Bottlerocket reads at its first boot: its
// settings as TOML and, on the metal variants, the network and the kernel's
// command line, which are files of their own there.
//
// It holds its own model of the settings, after bottlerocket-settings-sdk and
// the settings pages of bottlerocket.dev (1.20 and later, variants metal-k8s
// and vmware-k8s), and refuses what the model does not know, as the system
// does. It is pure; it may import provision and distros.
package bottlerocket

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"distrolab/distros"
	"distrolab/provision"
)

// Format is the name that catalog entries use.
const Format = "bottlerocket"

// The files of the partition BOTTLEROCKET-PRIVATE.
const (
	userDataFile   = "user-data.toml"
	netFile        = "net.toml"
	bootConfigFile = "bootconfig.data"
)

// Render writes the documents for a metal variant, whose files lie in a
// partition of the image, or for a vmware variant, which reads its settings
// from a CD-ROM and has no other file.
func Render(intent provision.Intent, target provision.Target) (provision.Config, error) {
	w := &writer{intent: intent, metal: target.Delivery.Kind == distros.DeliverPartition}
	w.cfg = provision.Config{Format: Format, Delivery: target.Delivery}
	switch {
	case w.metal:
		w.kernelArguments()
		w.network()
	case target.Delivery.Kind == distros.DeliverVolume:
		w.kernelGap()
		w.networkOfVMware()
	default:
		return provision.Config{}, fmt.Errorf("rendering Bottlerocket's settings: they cannot be delivered by %s", target.Delivery)
	}
	w.settings()
	if err := w.documents(cmp.Or(target.Delivery.File, "user-data")); err != nil {
		return provision.Config{}, fmt.Errorf("rendering Bottlerocket's settings: %w", err)
	}
	if err := Validate(w.cfg); err != nil {
		return provision.Config{}, err
	}
	return w.cfg, nil
}

// writer carries what one Render has written so far.
type writer struct {
	intent provision.Intent
	metal  bool // the settings of the metal variants, else of the vmware ones
	user   userData
	net    map[string]any
	boot   []parameter
	cfg    provision.Config
}

func (w *writer) step(stage, field, does string, args ...any) {
	w.cfg.Steps = append(w.cfg.Steps, provision.Step{Stage: stage, Does: fmt.Sprintf(does, args...), Fields: []string{field}})
}

func (w *writer) gap(field, reason string, args ...any) {
	w.cfg.Gaps = append(w.cfg.Gaps, provision.Gap{Field: field, Reason: fmt.Sprintf(reason, args...)})
}

// documents puts the texts in the order in which the system reads them:
// the boot loader, netdog, early-boot-config.
func (w *writer) documents(cdrom string) error {
	settings, err := marshal(w.user)
	if err != nil {
		return fmt.Errorf("writing the settings: %w", err)
	}
	if !w.metal {
		w.cfg.Documents = []provision.Document{{Name: cdrom, Content: settings}}
		return nil
	}
	net, err := marshal(w.net)
	if err != nil {
		return fmt.Errorf("writing %s: %w", netFile, err)
	}
	text := bootConfigText(w.boot)
	boot, err := EncodeBootConfig(text)
	if err != nil {
		return fmt.Errorf("writing %s: %w", bootConfigFile, err)
	}
	w.cfg.Sources = []provision.Document{{Name: "bootconfig", Content: text}}
	w.cfg.Documents = []provision.Document{
		{Name: userDataFile, Content: settings},
		{Name: netFile, Content: net},
		{Name: bootConfigFile, Content: string(boot)},
	}
	return nil
}

// marshal writes TOML without the headers of tables that hold only tables.
func marshal(v any) (string, error) {
	encoded, err := toml.Marshal(v)
	if err != nil {
		return "", err
	}
	// No string has a line break of its own here: the encoder escapes them.
	lines := strings.SplitAfter(string(encoded), "\n")
	var text strings.Builder
	for i, line := range lines[:len(lines)-1] {
		header, isHeader := strings.CutSuffix(line, "]\n")
		next := strings.TrimPrefix(lines[i+1], "[")
		if isHeader && strings.HasPrefix(line, "[") && strings.HasPrefix(strings.TrimPrefix(next, "["), strings.TrimPrefix(header, "[")+".") {
			continue
		}
		text.WriteString(line)
	}
	return text.String(), nil
}

// plainStep is one that no part of the intent asked for.
func (w *writer) plainStep(stage, does string) {
	w.cfg.Steps = append(w.cfg.Steps, provision.Step{Stage: stage, Does: does})
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// counted says how many, in words that fit one and several.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
