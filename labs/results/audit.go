package results

import (
	"time"

	"distrolab/labs/observe"
)

// Audit compares the stamps of a join's watches with those of the API server's
// own audit log, read after the run (measuring.md, T5).
type Audit struct {
	Milestones []observe.Milestone `json:"milestones"` // that both know
	Offset     time.Duration       `json:"offset_ns"`  // median of receipt minus answer: the usual delay, and how the two clocks differ
	Spread     time.Duration       `json:"spread_ns"`  // largest distance from that median
	Ordered    bool                `json:"ordered"`    // the watches saw them in the log's order
}
