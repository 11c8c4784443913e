// Package combustion renders an Intent as the script that Combustion runs in
// the initrd of openSUSE MicroOS and Leap Micro, and checks such scripts.
//
// The script runs once, at first boot, inside a new snapshot of the read-only
// root, which is writable for as long as the script runs; then the machine goes
// on booting into that snapshot (openSUSE/combustion, README and combustion).
// A script that fails makes the boot fail. Rendering is pure; it may import
// provision, provision/linux and distros.
package combustion

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/linux"
)

// Format is the name of this format in catalog entries and Configs.
const Format = "combustion"

// documentName is where Combustion looks on a volume.
const documentName = "combustion/script"

// Render writes the script for intent, which must be valid.
func Render(intent provision.Intent, target provision.Target) (provision.Config, error) {
	plan, err := makePlan(intent, target.Distro.Userland)
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering the Combustion script: %w", err)
	}
	w := &writer{secrets: intent.Secrets()}
	w.script(intent, plan, cmp.Or(target.Distro.Userland.Shell, "/bin/bash"))
	name := cmp.Or(target.Delivery.File, documentName)
	if target.Delivery.Kind == distros.DeliverFWCfg {
		name = target.Delivery.Key
	}
	cfg := provision.Config{
		Format:    Format,
		Documents: []provision.Document{{Name: name, Content: w.text.String()}},
		Delivery:  target.Delivery,
		Steps:     steps(intent, plan),
		Gaps:      plan.Gaps,
		Secrets:   w.encoded,
	}
	if err := Validate(cfg); err != nil {
		return provision.Config{}, err
	}
	return cfg, nil
}

// plan is what linux planned and what is Combustion's own affair.
type plan struct {
	linux.Plan
	network []linux.File // NetworkManager's file, none where DHCP is all
}

// makePlan asks linux, then takes back what it left out: the transaction can
// write below /usr, though the running system cannot.
func makePlan(intent provision.Intent, u distros.Userland) (plan, error) {
	ordinary, err := linux.Make(intent, u, linux.FetchByUnit)
	if err != nil {
		return plan{}, err
	}
	p := plan{Plan: ordinary}
	p.takeBackUsr(intent)
	p.leaveOutVolatile()
	p.network = p.Network(intent.Network, u.Network)
	if len(intent.Kernel.Args) > 0 {
		p.gap("kernel.args", "the kernel has started before the script runs, and a lab's first boot is one boot; add them to GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub and run transactional-update grub.cfg by hand, for the boots after it")
	}
	return p, nil
}

func (p *plan) gap(field, reason string) {
	p.Gaps = append(p.Gaps, provision.Gap{Field: field, Reason: reason})
}

// takeBackUsr plans the intent's files below /usr, which linux left out.
func (p *plan) takeBackUsr(intent provision.Intent) {
	for i, f := range intent.Files {
		field := fmt.Sprintf("files[%d]", i)
		gap := func(g provision.Gap) bool { return g.Field == field }
		if f.Source == "" && strings.HasPrefix(f.Path, "/usr/") && slices.ContainsFunc(p.Gaps, gap) {
			p.Gaps = slices.DeleteFunc(p.Gaps, gap)
			p.Files = append(p.Files, linux.File{File: f, Field: field})
		}
	}
}

// leaveOutVolatile makes gaps of files in places that are the kernel's, or
// that transactional-update empties (openSUSE/transactional-update,
// lib/Transaction.cpp).
func (p *plan) leaveOutVolatile() {
	p.Files = slices.DeleteFunc(p.Files, func(f linux.File) bool {
		for _, place := range []string{"/tmp/", "/run/", "/var/tmp/", "/dev/", "/proc/", "/sys/"} {
			if strings.HasPrefix(f.Path, place) {
				p.gap(f.Field, f.Path+" would be gone when the script ends, because "+strings.TrimSuffix(place, "/")+" is not kept; choose another place, or write it by a unit")
				return true
			}
		}
		return false
	})
}

// subvolumes are the places outside the snapshot: each is a subvolume of its
// own, which the script has to mount (SLE Micro 5.3, Default partitioning).
func subvolumes() []string { return []string{"/home", "/opt", "/srv", "/usr/local", "/var"} }

// mounts lists the subvolumes that the plan writes to.
func (p *plan) mounts(intent provision.Intent) []string {
	var list []string
	for _, place := range subvolumes() {
		below := func(f linux.File) bool { return strings.HasPrefix(f.Path, place+"/") }
		if slices.ContainsFunc(p.Files, below) || place == "/home" && len(intent.Users) > 0 {
			list = append(list, place)
		}
	}
	return list
}

// flags are the words after "# combustion:". The network is brought up for
// packages alone; what is in the initrd when it comes up says how, so that a
// fixed address has to be prepared.
func flags(intent provision.Intent) []string {
	switch {
	case len(intent.Packages) == 0:
		return nil
	case len(intent.Network.Addresses) > 0:
		return []string{flagPrepare, flagNetwork}
	}
	return []string{flagNetwork}
}

// Validate checks that the one document is a script that Combustion takes: by
// a shell's parser, and by the rules of [Check], whose warnings are errors here.
func Validate(cfg provision.Config) error {
	if len(cfg.Documents) != 1 {
		return fmt.Errorf("validating Combustion config: it is one script, this has %d documents", len(cfg.Documents))
	}
	doc := cfg.Documents[0]
	if cfg.Delivery.Kind == distros.DeliverVolume && cfg.Delivery.File == "" && doc.Name != documentName {
		return fmt.Errorf("validating Combustion config: on a volume the script is %s, not %s", documentName, doc.Name)
	}
	var problems []error
	for _, f := range Check(doc.Name, doc.Content, provision.Target{}) {
		problems = append(problems, fmt.Errorf("line %d, column %d: %s", f.Line, f.Column, f.Message))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("validating Combustion script %s: %w", doc.Name, err)
	}
	return nil
}
