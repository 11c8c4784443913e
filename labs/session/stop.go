package session

import (
	"fmt"
	"math"
	"time"

	"distrolab/labs/stats"
)

// Stand is how far a session has come when its rule is asked.
type Stand struct {
	Blocks    int           // complete ones
	Headlines [][]float64   // of each subject that still runs: seconds of its valid runs, +Inf for one that did not finish
	Took      time.Duration // since the session began, without pauses
	Block     time.Duration // that one block takes; 0: not known yet
}

// Stop says why no further block is run; "" says that one is.
func (r Rule) Stop(s Stand) string {
	switch {
	case s.Blocks >= r.Most:
		return fmt.Sprintf("all %d blocks were run", r.Most)
	case len(s.Headlines) == 0:
		return "no system is left to measure"
	case r.Due(s.Blocks) && Widest(s.Headlines) <= r.Target:
		return fmt.Sprintf("after %d blocks every interval is within %s", s.Blocks, percent(r.Target))
	case r.Budget > 0 && s.Blocks > 0 && s.Took+s.Block > r.Budget:
		return fmt.Sprintf("another block would not end within %s", r.Budget)
	}
	return ""
}

// Widest is the largest relative half width of the subjects' 95 % intervals, as
// a share of the median; infinite while one has none.
func Widest(headlines [][]float64) float64 {
	widest := 0.0
	for _, sample := range headlines {
		widest = math.Max(widest, stats.MedianInterval(sample, stats.Confidence95).HalfWidth())
	}
	return widest
}
