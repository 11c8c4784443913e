package session

import (
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// Step names a kind of progress.
type Step string

// The steps of a session.
const (
	StepStarted   Step = "session_started"
	StepPlane     Step = "control_plane" // its reason says what is done to it now
	StepRun       Step = "run_started"
	StepMilestone Step = "milestone"
	StepRunDone   Step = "run_finished"
	StepDropped   Step = "subject_dropped"
	StepPaused    Step = "paused"  // the gate holds the next run
	StepResumed   Step = "resumed" // it was opened; its reason says for how long it held
	StepNoise     Step = "noise"   // the next run waits for a quiet machine; its reason says what disturbs
	StepQuiet     Step = "quiet"   // the waiting is over; its reason says how it went
	StepDone      Step = "session_finished"
)

// Progress is one event of a session: what printers and screens are fed with,
// and a line of `bench -o json`.
type Progress struct {
	Step      Step           `json:"step"`
	Session   string         `json:"session"`
	RunID     string         `json:"run_id,omitempty"`
	OS        string         `json:"os,omitempty"`
	Phase     results.Phase  `json:"phase,omitempty"`
	Block     int            `json:"block,omitempty"`
	Done      int            `json:"done"`              // runs that have finished, warm-ups included
	Total     int            `json:"total"`             // runs planned
	Left      *time.Duration `json:"left_ns,omitempty"` // estimate from the runs so far
	Milestone *observe.Event `json:"milestone,omitempty"`
	Run       *results.Run   `json:"run,omitempty"`
	Reason    string         `json:"reason,omitempty"` // dropped: why; control plane: what is done; resumed: for how long it was held; finished: why no further block was run
}
