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
	Systems   []string // names of the catalog
	Scenario  results.Scenario
	Blocks    int
	Warmups   int
	Seed      uint64
	Deadline  time.Duration // of one run; 0: the default
	Budget    time.Duration // of the session; 0: none
	Cache     string        // results.CacheWarm or results.CacheCold
	Baseline  string        // that the others are compared with; "": the first
	Directory string        // that gets a copy of the results; "": none
}

// Request is the design as sessions keep it.
func (d Design) Request() results.Request {
	return results.Request{Systems: d.Systems, Baseline: d.baseline(), Scenario: d.Scenario, Cache: d.Cache, Blocks: d.Blocks,
		Warmups: d.Warmups, Seed: d.Seed, Deadline: d.Deadline, Budget: d.Budget}
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

// Runs is how many runs the design has, warm-ups included.
func (d Design) Runs() int { return len(d.Systems) * (d.Blocks + d.Warmups) }

// Known is what this machine says before anything runs.
type Known struct {
	Accelerator  string        // "KVM" or "TCG"; "": not found out
	Why          string        // why not KVM
	BootDeadline time.Duration // what is taken when none is asked for
	JoinDeadline time.Duration
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
