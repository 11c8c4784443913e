package bench

import (
	"context"
	"slices"
	"time"

	"distrolab/labs/results"
	"distrolab/labs/session"
)

// Design is an experiment as it is asked for.
type Design struct {
	results.Request
	Directory string // that gets a copy of the results; "": none
}

// Asked is the request, without what does not belong to its scenario: a choice
// made for joins is kept while boots are looked at.
func (d Design) Asked() results.Request {
	r := d.Request
	r.Baseline = d.baseline()
	if !r.Scenario.Joins() {
		r.ControlPlane, r.Kubernetes, r.Kubeconfig = "", "", ""
	}
	if r.Kubeconfig != "" {
		r.ControlPlane = ""
	}
	return r
}

// plan is the rule by which the design ends.
func (d Design) plan() (results.Mode, session.Rule, error) { return session.Plan(d.Asked()) }

// most is how many blocks it has at the most; 0 when it cannot run.
func (d Design) most() int {
	_, rule, _ := d.plan()
	return rule.Most
}

// baseline is the one that was chosen as long as it is measured, and else the
// first system.
func (d Design) baseline() string {
	switch {
	case slices.Contains(d.Systems, d.Baseline):
		return d.Baseline
	case len(d.Systems) > 0:
		return d.Systems[0]
	}
	return ""
}

// Runs is how many runs the design has at the most, warm-ups included.
func (d Design) Runs() int { return len(d.Systems) * (d.most() + d.Warmups) }

// Known is what this machine says before anything runs.
type Known struct {
	Accelerator  string        // "KVM" or "TCG"; "": not found out
	Why          string        // why not KVM
	BootDeadline time.Duration // what is taken when none is asked for
	JoinDeadline time.Duration
	ControlPlane string   // the system that one is made of when none is chosen
	Kubernetes   []string // versions of which there is a bundle; the first is taken when none is chosen
	// Pace is how long one run of a system took here, with all that belongs to
	// it, by scenario and system.
	Pace map[results.Scenario]map[string]time.Duration
}

// Feed is told what a session does. Its methods are called in order, from one
// goroutine or several, and must not wait.
type Feed struct {
	Progress func(session.Progress)
	Note     func(string) // a line for people: what was found while it was prepared
}

// Backend runs experiments. Its methods are called from commands and may wait;
// a session ends when its context does, after its machine was taken back.
type Backend interface {
	// Know looks at this machine. What it cannot find out is left empty.
	Know(ctx context.Context) (Known, error)
	// Run measures until the design is done, and says which session it was: also
	// with an error, when it had begun before it.
	Run(ctx context.Context, d Design, gate *session.Gate, feed Feed) (id string, err error)
}
