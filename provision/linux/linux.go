// Package linux says which files and units carry out an Intent on an ordinary
// Linux, so that the formats which can write files and start units (cloud-init,
// Ignition, Combustion, …) need not know it each for itself.
//
// What a system's programs read is told by its [distros.Userland]; a part for
// which no program is known becomes a gap. It is pure and may import provision,
// provision/kubeadm and distros.
package linux

import (
	"fmt"
	"slices"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
)

// Plan is what has to be on the machine.
type Plan struct {
	Files   []File // with a source only where the format fetches
	Fetched []File // what the unit fetches that is among Units
	Units   []Unit
	Notes   []provision.Step // parts of the intent that need nothing written, and what must be there
	Gaps    []provision.Gap
}

// File is a file to write, and why.
type File struct {
	provision.File
	Field string // the part of the Intent that it carries out
	Means string // what it does, for what is not a file of the Intent
}

// Unit is a systemd unit to write, enable, disable or mask, and why.
type Unit struct {
	provision.Unit
	Mask  bool // never started, whoever asks
	Field string
}

// Fetching says who fetches files with a source.
type Fetching int

// A unit of the plan fetches, or the format has words for it, or nobody can.
const (
	FetchByUnit Fetching = iota
	FetchByFormat
	FetchByNobody
)

// Make plans the files, units, kernel, time, registries, update, node and join
// of the intent. Host name, users, network ([Network]) and packages are the
// format's own affair: there the formats have words of their own.
func Make(intent provision.Intent, u distros.Userland, fetching Fetching) (Plan, error) {
	p := &planner{intent: intent, userland: u, fetching: fetching}
	p.files()
	p.units()
	p.ssh()
	p.node()
	if err := p.join(); err != nil {
		return Plan{}, err
	}
	p.fetch()
	p.kernel()
	p.time()
	p.registries()
	p.update()
	return p.plan, nil
}

type planner struct {
	intent   provision.Intent
	userland distros.Userland
	fetching Fetching
	plan     Plan
	modules  []string          // of a node
	sysctl   map[string]string // of a node
}

// file plans one. The intent's own file of the same path wins, and the part
// that it takes the place of is a gap.
func (p *planner) file(field, means string, f provision.File) {
	own := func(o File) bool { return o.Path == f.Path }
	if slices.ContainsFunc(p.plan.Files, own) {
		p.gap(field, "the intent's own file %s takes the place of the one that would carry this out", f.Path)
		return
	}
	p.plan.Files = append(p.plan.Files, File{File: f, Field: field, Means: means})
}

// unit plans one. What the intent itself says of the unit of that name counts.
func (p *planner) unit(u Unit) {
	own := func(o Unit) bool { return o.Name == u.Name }
	if slices.ContainsFunc(p.plan.Units, own) {
		p.gap(u.Field, "what the intent says of the unit %s takes the place of what would carry this out", u.Name)
		return
	}
	p.plan.Units = append(p.plan.Units, u)
}

func (p *planner) gap(field, reason string, args ...any) {
	p.plan.Gaps = append(p.plan.Gaps, provision.Gap{Field: field, Reason: fmt.Sprintf(reason, args...)})
}

func (p *planner) note(field, does string) {
	p.plan.Notes = append(p.plan.Notes, provision.Step{Does: does, Fields: []string{field}})
}

// files takes the intent's own, except those that the system cannot hold.
func (p *planner) files() {
	for i, f := range p.intent.Files {
		field := fmt.Sprintf("files[%d]", i)
		if p.readOnly(f.Path) {
			p.gap(field, "%s is on the read-only /usr of this system and is left out; put it below /opt or /etc", f.Path)
			continue
		}
		if f.Source != "" {
			p.source(File{File: f, Field: field})
			continue
		}
		p.file(field, "", f)
	}
}

// readOnly reports whether nothing can be written at the path.
func (p *planner) readOnly(path string) bool {
	usr := path == "/usr" || strings.HasPrefix(path, "/usr/")
	local := strings.HasPrefix(path, "/usr/local/")
	switch p.userland.Usr {
	case "read-only":
		return usr
	case "read-only-but-local":
		return usr && !local
	}
	return false
}

func (p *planner) units() {
	for i, u := range p.intent.Units {
		field := fmt.Sprintf("units[%d]", i)
		if p.userland.Init != "systemd" {
			p.gap(field, "%s is a systemd unit, and this system does not run systemd", u.Name)
			continue
		}
		p.unit(Unit{Unit: u, Field: field})
	}
}

// ssh starts the server where the image leaves it off, so that the users'
// keys are of use. What the intent says of the unit counts.
func (p *planner) ssh() {
	name := p.userland.SSHUnit
	own := func(u Unit) bool { return u.Name == name }
	if name == "" || len(p.intent.Users) == 0 || slices.ContainsFunc(p.plan.Units, own) {
		return
	}
	p.plan.Units = append(p.plan.Units, Unit{Unit: provision.Unit{Name: name, Enabled: true}, Field: "users"})
}

// Steps puts the plan into words: what writing does at one stage, what starts
// at another.
func (p Plan) Steps(writing, starting string) []provision.Step {
	var steps []provision.Step
	for _, f := range p.Files {
		steps = append(steps, provision.Step{Stage: writing, Does: f.does(), Fields: []string{f.Field}})
	}
	for _, u := range p.Units {
		steps = append(steps, provision.Step{Stage: starting, Does: u.does(), Fields: []string{u.Field}})
	}
	for _, f := range p.Fetched {
		steps = append(steps, provision.Step{Stage: starting, Does: f.does() + ", by " + provision.FetchUnit, Fields: []string{f.Field}})
	}
	for _, s := range p.Notes {
		s.Stage = starting
		steps = append(steps, s)
	}
	return steps
}

// does says what becomes of the file.
func (f File) does() string {
	verb, about := "writes", fmt.Sprintf("%#04o, %d bytes", f.EffectiveMode(), len(f.Content))
	if f.Source != "" {
		verb, about = "fetches", fmt.Sprintf("%#04o, from %s, known by its SHA-256", f.EffectiveMode(), f.Source)
	}
	if f.Means != "" {
		return fmt.Sprintf("%s %s, which %s", verb, f.Path, f.Means)
	}
	return fmt.Sprintf("%s %s (%s)", verb, f.Path, about)
}

// does says what becomes of the unit.
func (u Unit) does() string {
	switch {
	case u.Mask:
		return "masks " + u.Name + ", which then never starts"
	case u.Enabled && u.Content == "":
		return "starts " + u.Name + ", which the system has, now and at every boot"
	case u.Enabled:
		return "starts " + u.Name + " now and at every boot"
	case u.Content == "":
		return "stops " + u.Name + " and keeps it from starting at boot"
	}
	return "leaves " + u.Name + " written but not started"
}
