// Package talos renders an Intent for Talos Linux: one machine config of
// several YAML documents, by Talos's own machinery library, which also
// validates it.
//
// With a join the machine becomes a worker of that cluster, without one the
// control plane of a cluster of its own. Talos runs nothing but Kubernetes, so
// much of an Intent is a gap. Rendering is pure; [NewSecrets] and
// [TalosConfig] alone draw randomness. It may import provision and distros.
package talos

import (
	"fmt"

	"github.com/siderolabs/talos/pkg/machinery/compatibility"
	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/container"
	"github.com/siderolabs/talos/pkg/machinery/config/encoder"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"

	machineapi "github.com/siderolabs/talos/pkg/machinery/api/machine"
	document "github.com/siderolabs/talos/pkg/machinery/config/config"

	"distrolab/provision"
)

// Format is the name of this format in catalog entries and Configs.
const Format = "talos"

// OldReleaseError says that a release does not read what is written here.
type OldReleaseError struct{ Release string }

// Error names the oldest release that does.
func (e *OldReleaseError) Error() string {
	return fmt.Sprintf("Talos %s is too old: the documents that distrolab writes, such as HostnameConfig, are read since 1.12; choose a newer release", e.Release)
}

// plan is what a config is made of.
type plan struct {
	intent provision.Intent
	target provision.Target
	bundle *secrets.Bundle
	join   *provision.Join // nil for a cluster of its own
	steps  []provision.Step
	gaps   []provision.Gap
}

// Render writes the documents for intent, which must be valid. Talos's own
// secrets are the target's; without them it is a [*SecretsMissingError].
func Render(intent provision.Intent, target provision.Target) (provision.Config, error) {
	contract, err := release(target)
	if err != nil {
		return provision.Config{}, err
	}
	bundle, err := readSecrets(target.Secrets)
	if err != nil {
		return provision.Config{}, err
	}
	p := &plan{intent: intent, target: target, bundle: bundle, join: intent.Join}
	if err := joinable(intent.Join, contract); err != nil {
		p.join = nil
		p.gap("join", "%v, so this config is of a cluster of its own; choose another release of one of them", err)
	}
	if p.join != nil || intent.Node != nil {
		p.gaps = append(p.gaps, intent.OwnKubelet("Talos")...)
	}
	text, err := p.text()
	if err != nil {
		return provision.Config{}, err
	}
	cfg := provision.Config{
		Format:   Format,
		Delivery: target.Delivery,
		Secrets:  secretTexts(bundle, p.join),
	}
	if err := p.deliver(&cfg, text); err != nil {
		return provision.Config{}, err
	}
	p.tell()
	cfg.Steps, cfg.Gaps = p.steps, p.gaps
	if err := Validate(cfg); err != nil {
		return provision.Config{}, err
	}
	return cfg, nil
}

// release is the Talos version that the config is for: that of the image, or
// today's.
func release(target provision.Target) (*config.VersionContract, error) {
	asked := target.Release
	if asked == "" {
		asked = target.Profile.VersionFor("")
	}
	if asked == "" {
		return config.TalosVersion1_13, nil
	}
	contract, err := config.ParseContractFromVersion(asked)
	if err != nil {
		return nil, fmt.Errorf("reading the Talos release: %w; write it as 1.13.9", err)
	}
	if !contract.Greater(config.TalosVersion1_11) {
		return nil, &OldReleaseError{Release: asked}
	}
	if contract.Greater(config.TalosVersion1_13) {
		return config.TalosVersion1_13, nil // the newest that the library knows
	}
	return contract, nil
}

// joinable says why a node of this Talos release cannot join the cluster:
// Talos refuses a config whose Kubernetes it does not support.
func joinable(join *provision.Join, contract *config.VersionContract) error {
	if join == nil {
		return nil
	}
	talos, err := compatibility.ParseTalosVersion(&machineapi.VersionInfo{Tag: contract.String() + ".0"})
	if err != nil {
		return fmt.Errorf("reading the Talos release: %w", err)
	}
	kubernetes, err := compatibility.ParseKubernetesVersion(join.Kubernetes)
	if err != nil {
		return fmt.Errorf("reading the cluster's version: %w", err)
	}
	return kubernetes.SupportedWith(talos)
}

// text is the machine config: every document, without the library's comments.
func (p *plan) text() (string, error) {
	machine, err := p.machine()
	if err != nil {
		return "", fmt.Errorf("rendering the Talos machine config: %w", err)
	}
	documents := []document.Document{machine}
	for _, more := range []func() ([]document.Document, error){p.hostname, p.network, p.time, p.registries} {
		list, err := more()
		if err != nil {
			return "", fmt.Errorf("rendering the Talos machine config: %w", err)
		}
		documents = append(documents, list...)
	}
	all, err := container.New(documents...)
	if err != nil {
		return "", fmt.Errorf("rendering the Talos machine config: %w", err)
	}
	text, err := all.EncodeString(encoder.WithComments(encoder.CommentsDisabled))
	if err != nil {
		return "", fmt.Errorf("rendering the Talos machine config: %w", err)
	}
	return fillIn(text, p.intent.Files)
}

func (p *plan) gap(field, reason string, args ...any) {
	p.gaps = append(p.gaps, provision.Gap{Field: field, Reason: fmt.Sprintf(reason, args...)})
}

func (p *plan) step(stage, field, does string, args ...any) {
	step := provision.Step{Stage: stage, Does: fmt.Sprintf(does, args...)}
	if field != "" {
		step.Fields = []string{field}
	}
	p.steps = append(p.steps, step)
}
