// Package render chooses, for a distribution, the format that renders an
// Intent. It is the door through which the rest of distrolab renders; like
// all rendering it is pure.
package render

import (
	"fmt"
	"slices"

	"distrolab/distros"
	"distrolab/provision"
)

// Options choose among what a system offers. The zero value is its usual way.
type Options struct {
	Format   string // one of the system's formats; empty is its own
	Delivery string // one of the format's deliveries, by name; empty is the first
	Release  string // version of the image; empty is today's
	Secrets  []byte // see provision.Target
}

// Config renders intent for d. The intent is validated first
// ([provision.InvalidIntentError]), the result by the format's own rules.
// Each part of the intent is answered by a step or a gap of the Config. A
// system of format "none" gets an empty Config whose Gaps name every part.
func Config(intent provision.Intent, d distros.Distro, opt Options) (provision.Config, error) {
	if err := intent.Validate(); err != nil {
		return provision.Config{}, fmt.Errorf("rendering config for %s: %w", d.Name, err)
	}
	target, err := Target(d, opt)
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering config for %s: %w", d.Name, err)
	}
	if target.Profile.Format == FormatNone {
		return nothing(intent, target.Profile), nil
	}
	cfg, err := formats()[target.Profile.Format].render(intent, target)
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering config for %s: %w", d.Name, err)
	}
	cfg.Secrets = append(cfg.Secrets, intent.Secrets()...)
	if missing := cfg.Unanswered(intent); len(missing) > 0 {
		return provision.Config{}, fmt.Errorf("rendering config for %s: the %s renderer says nothing of %v; please report this", d.Name, cfg.Format, missing)
	}
	return cfg, nil
}

// Target resolves the options against what the system offers.
func Target(d distros.Distro, opt Options) (provision.Target, error) {
	profiles := d.Configs()
	i := 0
	if opt.Format != "" {
		i = slices.IndexFunc(profiles, func(p distros.ConfigProfile) bool { return p.Format == opt.Format })
	}
	if i < 0 {
		return provision.Target{}, &UnknownChoiceError{Of: "format", Asked: opt.Format, Choices: formatNames(profiles)}
	}
	profile := profiles[i]
	if _, known := formats()[profile.Format]; !known && profile.Format != FormatNone {
		return provision.Target{}, &UnsupportedFormatError{Format: profile.Format, Note: profile.Note}
	}
	delivery, ok := profile.Delivery(opt.Delivery)
	if !ok {
		return provision.Target{}, &UnknownChoiceError{Of: "delivery", Asked: opt.Delivery, Choices: deliveryNames(profile)}
	}
	return provision.Target{Distro: d, Profile: profile, Delivery: delivery, Release: opt.Release, Secrets: opt.Secrets}, nil
}

// Validate checks a Config by its format's own rules, as [Config] does with
// what it renders.
func Validate(cfg provision.Config) error {
	if cfg.Format == FormatNone {
		if len(cfg.Documents) > 0 {
			return fmt.Errorf("validating config: format %q has no documents, this has %d", FormatNone, len(cfg.Documents))
		}
		return nil
	}
	f, ok := formats()[cfg.Format]
	if !ok {
		return fmt.Errorf("validating config: %w", &UnsupportedFormatError{Format: cfg.Format})
	}
	return f.validate(cfg)
}

// Check reads one file that a person wrote for d and says what d would make of
// it. The name decides where a format has several files; it may be a path.
func Check(name, text string, d distros.Distro, opt Options) ([]provision.Finding, error) {
	target, err := Target(d, opt)
	if err != nil {
		return nil, fmt.Errorf("checking %s for %s: %w", name, d.Name, err)
	}
	if target.Profile.Format == FormatNone {
		return nil, fmt.Errorf("checking %s for %s: this system takes no config", name, d.Name)
	}
	return formats()[target.Profile.Format].check(name, text, target), nil
}

// nothing is the Config of a system that takes none.
func nothing(intent provision.Intent, p distros.ConfigProfile) provision.Config {
	reason := "this system takes no config"
	if p.Note != "" {
		reason += ": " + p.Note
	}
	cfg := provision.Config{Format: FormatNone, Delivery: distros.Delivery{Kind: distros.DeliverNone}}
	for _, field := range intent.Fields() {
		cfg.Gaps = append(cfg.Gaps, provision.Gap{Field: field, Reason: reason})
	}
	return cfg
}
