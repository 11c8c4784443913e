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
	"maps"
	"slices"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/kubeadm"
)

// Plan is what has to be on the machine.
type Plan struct {
	Files []File
	Units []Unit
	Notes []provision.Step // parts of the intent that need nothing written, and what must be there
	Gaps  []provision.Gap
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

// Make plans the files, units, kernel, time, registries, update and join of
// the intent. Host name, users, network ([Network]) and packages are the
// format's own affair: there the formats have words of their own.
func Make(intent provision.Intent, u distros.Userland) (Plan, error) {
	p := &planner{intent: intent, userland: u}
	p.files()
	p.units()
	p.ssh()
	if err := p.join(); err != nil {
		return Plan{}, err
	}
	p.kernel()
	p.time()
	p.registries()
	p.update()
	return p.plan, nil
}

type planner struct {
	intent   provision.Intent
	userland distros.Userland
	plan     Plan
	modules  []string          // of a join
	sysctl   map[string]string // of a join
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

// kernel writes the modules and settings that the intent asks for and those
// that a join needs. What the intent says of a setting counts.
func (p *planner) kernel() {
	modules, settings := slices.Clone(p.intent.Kernel.Modules), maps.Clone(p.intent.Kernel.Sysctl)
	modulesField, settingsField := "kernel.modules", "kernel.sysctl"
	if len(modules) == 0 {
		modulesField = "join"
	}
	if len(settings) == 0 {
		settings, settingsField = map[string]string{}, "join"
	}
	for _, module := range p.modules {
		if !slices.Contains(modules, module) {
			modules = append(modules, module)
		}
	}
	for key, value := range p.sysctl {
		if _, said := settings[key]; !said {
			settings[key] = value
		}
	}
	derived := provision.Intent{Kernel: provision.Kernel{Modules: modules, Sysctl: settings}}
	for _, f := range derived.AllFiles() {
		if f.Path == provision.ModulesPath {
			p.file(modulesField, "loads "+strings.Join(modules, ", ")+" at boot", f)
		} else {
			p.file(settingsField, fmt.Sprintf("sets %d kernel settings at boot", len(settings)), f)
		}
	}
}

// join writes kubeadm's document and the unit that hands it over.
func (p *planner) join() error {
	if p.intent.Join == nil {
		return nil
	}
	if p.userland.Init != "systemd" {
		p.gap("join", "distrolab joins by a systemd unit, and this system does not run systemd")
		return nil
	}
	files, err := kubeadm.Files(*p.intent.Join, kubeadm.Node{
		Name:        p.intent.Hostname,
		ReadOnlyUsr: strings.HasPrefix(p.userland.Usr, "read-only"),
		CgroupV1:    p.userland.Cgroup == "v1",
	})
	if err != nil {
		return err
	}
	for _, f := range files {
		means := "lets the kubelet run on cgroup v1"
		if f.Path == provision.JoinPath {
			means = "says which cluster, how to know it, and the token"
		}
		p.file("join", means, f)
	}
	p.unit(Unit{Unit: kubeadm.Unit(), Field: "join"})
	p.modules, p.sysctl = kubeadm.Modules(), kubeadm.Sysctl()
	p.note("join", fmt.Sprintf("expects kubeadm, kubelet and a container runtime on the node, for Kubernetes %s; this config does not install them", p.intent.Join.Kubernetes))
	return nil
}

// Steps puts the plan into words: what writing does at one stage, what starts
// at another.
func (p Plan) Steps(writing, starting string) []provision.Step {
	var steps []provision.Step
	for _, f := range p.Files {
		does := fmt.Sprintf("writes %s (%#04o, %d bytes)", f.Path, f.EffectiveMode(), len(f.Content))
		if f.Means != "" {
			does = fmt.Sprintf("writes %s, which %s", f.Path, f.Means)
		}
		steps = append(steps, provision.Step{Stage: writing, Does: does, Fields: []string{f.Field}})
	}
	for _, u := range p.Units {
		steps = append(steps, provision.Step{Stage: starting, Does: u.does(), Fields: []string{u.Field}})
	}
	for _, s := range p.Notes {
		s.Stage = starting
		steps = append(steps, s)
	}
	return steps
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
