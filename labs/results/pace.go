package results

import (
	"slices"
	"time"
)

// Pace says how long one run of each system takes, with all that is done before
// and after it: the median distance from its beginning to that of the next run.
// It is for estimates of the time to go only: it subtracts times of day.
func Pace(runs []Run) map[string]time.Duration {
	took := make(map[string][]time.Duration)
	for i := 0; i+1 < len(runs); i++ {
		from, to := runs[i].Clock.WallStart, runs[i+1].Clock.WallStart
		if from.IsZero() || to.IsZero() || runs[i+1].Session != runs[i].Session {
			continue
		}
		if d := to.Sub(from) - runs[i+1].Held; d > 0 {
			took[runs[i].Subject.OS] = append(took[runs[i].Subject.OS], d)
		}
	}
	pace := make(map[string]time.Duration, len(took))
	for os, list := range took {
		slices.Sort(list)
		pace[os] = list[len(list)/2]
	}
	return pace
}
