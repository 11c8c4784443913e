package results

import (
	"time"

	"distrolab/labs/observe"
)

// Mode says how far the numbers of a session may be trusted.
type Mode string

// The modes.
const (
	ModeDemo  Mode = "demo"  // fewer than 6 blocks: a timeline, not a benchmark
	ModeQuick Mode = "quick" // at least 6 blocks
	ModeBench Mode = "bench" // at least 10 blocks and every environment check
	ModeCI    Mode = "ci"    // shared machines: comparisons within one session only
)

// Session is the design of an experiment, written before its first run.
type Session struct {
	Schema   string            `json:"schema"` // SessionSchema; filled in by [Store.Begin]
	ID       string            `json:"id"`
	Started  time.Time         `json:"started"`
	Mode     Mode              `json:"mode"`
	Scenario Scenario          `json:"scenario"`
	Finish   observe.Milestone `json:"finish,omitempty"` // milestone that ends a run; empty: each subject's own
	Subjects []Subject         `json:"subjects"`
	Baseline string            `json:"baseline,omitempty"` // name of the subject that ratios are against; empty: the first subject
	Blocks   int               `json:"blocks"`             // planned, at the most
	Warmups  int               `json:"warmups"`            // unmeasured runs of each subject before the first block
	Seed     uint64            `json:"seed"`               // of the order within the blocks; below 2^53
	Target   float64           `json:"target"`             // relative half width that ends the session early, such as 0.03; 0: none
	Budget   time.Duration     `json:"budget_ns"`          // 0: none
	Deadline time.Duration     `json:"deadline_ns"`        // of one run
	StopRule string            `json:"stop_rule"`          // in words
	Env      Environment       `json:"env"`                // when the session began
	Tool     Tool              `json:"tool"`
	Request  *Request          `json:"request,omitempty"` // what was asked for; null: by an earlier version
}
