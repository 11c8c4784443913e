// Package render chooses, for a distribution, the format that renders an
// Intent. It is the door through which the rest of distrolab renders; like
// all rendering it is pure.
package render

import (
	"fmt"
	"slices"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/cloudinit"
	"distrolab/provision/ignition"
)

// FormatNone is the format of systems that take no config.
const FormatNone = "none"

// UnsupportedFormatError says that a system's format has no renderer yet.
type UnsupportedFormatError struct {
	Distro string // name of the catalog entry
	Format string // its format
	Note   string // the catalog's remark, may be empty
}

// Error names the format and what can be rendered instead.
func (e *UnsupportedFormatError) Error() string {
	text := fmt.Sprintf("rendering config for %s: its format %q is not built yet; distrolab renders %s",
		e.Distro, e.Format, strings.Join(Formats(), ", "))
	if e.Note != "" {
		text += " (" + e.Note + ")"
	}
	return text
}

// UnsupportedDeliveryError says that a format cannot be delivered in the way
// the catalog asks.
type UnsupportedDeliveryError struct {
	Distro   string
	Format   string
	Delivery distros.DeliveryKind
}

// Error names the delivery and those that work.
func (e *UnsupportedDeliveryError) Error() string {
	return fmt.Sprintf("rendering config for %s: %s cannot be delivered by %q, only by %s; correct config.delivery in its catalog entry",
		e.Distro, e.Format, e.Delivery, deliveries(e.Format))
}

// Formats lists the formats that can be rendered, sorted.
func Formats() []string { return []string{cloudinit.Format, ignition.Format} }

// Config renders intent for d. The intent is validated first
// ([provision.InvalidIntentError]), the result by the format's own rules.
// What the system cannot do is in the Config's Gaps. A system of format
// "none" gets an empty Config whose Gaps name every part of the intent.
func Config(intent provision.Intent, d distros.Distro) (provision.Config, error) {
	if err := intent.Validate(); err != nil {
		return provision.Config{}, fmt.Errorf("rendering config for %s: %w", d.Name, err)
	}
	if d.Config.Format == FormatNone {
		return provision.Config{
			Format:   FormatNone,
			Delivery: distros.Delivery{Kind: distros.DeliverNone},
			Gaps:     allGaps(intent, d.Config.Note),
		}, nil
	}
	if !slices.Contains(Formats(), d.Config.Format) {
		return provision.Config{}, &UnsupportedFormatError{Distro: d.Name, Format: d.Config.Format, Note: d.Config.Note}
	}
	if !slices.Contains(deliveries(d.Config.Format), d.Config.Delivery.Kind) {
		return provision.Config{}, &UnsupportedDeliveryError{Distro: d.Name, Format: d.Config.Format, Delivery: d.Config.Delivery.Kind}
	}
	cfg, err := format(intent, d)
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering config for %s: %w", d.Name, err)
	}
	return cfg, nil
}

// Validate checks a Config by its format's own rules, as [Config] does with
// what it renders.
func Validate(cfg provision.Config) error {
	switch cfg.Format {
	case cloudinit.Format:
		return cloudinit.Validate(cfg)
	case ignition.Format:
		return ignition.Validate(cfg)
	case FormatNone:
		if len(cfg.Documents) > 0 {
			return fmt.Errorf("validating config: format %q has no documents, this has %d", FormatNone, len(cfg.Documents))
		}
		return nil
	}
	return fmt.Errorf("validating config: format %q is not built yet; distrolab knows %s", cfg.Format, strings.Join(Formats(), ", "))
}

// format calls the renderer of d's format.
func format(intent provision.Intent, d distros.Distro) (provision.Config, error) {
	if d.Config.Format == cloudinit.Format {
		return cloudinit.Render(intent, d.Config.Delivery)
	}
	return ignition.Render(intent, ignition.Target{
		Variant:  d.Config.Variant,
		Version:  d.Config.Version,
		Network:  networkStyle(d),
		UsrLocal: d.Config.Variant == "fcos" && d.Kind != distros.KindStandIn, // there a link to /var/usrlocal
		Delivery: d.Config.Delivery,
	})
}

// networkStyle says how d's network is configured by files. A stand-in wears
// its model's variant but not its network manager, so it gets none.
func networkStyle(d distros.Distro) ignition.NetworkStyle {
	switch {
	case d.Kind == distros.KindStandIn:
		return ignition.NetworkFixed
	case d.Config.Variant == "flatcar":
		return ignition.Networkd
	case d.Config.Variant == "fcos":
		return ignition.NetworkManager
	}
	return ignition.NetworkFixed
}

// deliveries lists the ways a format can reach a guest.
func deliveries(format string) []distros.DeliveryKind {
	if format == cloudinit.Format {
		return []distros.DeliveryKind{distros.DeliverVolume}
	}
	return []distros.DeliveryKind{distros.DeliverFWCfg, distros.DeliverVolume}
}

// allGaps names every part of the intent that a system without config drops.
func allGaps(intent provision.Intent, note string) []provision.Gap {
	reason := "this system takes no config"
	if note != "" {
		reason += ": " + note
	}
	var gaps []provision.Gap
	add := func(field string, asked bool) {
		if asked {
			gaps = append(gaps, provision.Gap{Field: field, Reason: reason})
		}
	}
	n, k := intent.Network, intent.Kernel
	add("hostname", true)
	add("users", len(intent.Users) > 0)
	add("network", n.MAC != "" || len(n.Addresses) > 0)
	add("files", len(intent.Files) > 0)
	add("units", len(intent.Units) > 0)
	add("kernel.modules", len(k.Modules) > 0)
	add("kernel.sysctl", len(k.Sysctl) > 0)
	add("kernel.args", len(k.Args) > 0)
	return gaps
}
