package results

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Bounds on a record that came from a file.
const (
	maxEvents = 1000
	maxTime   = int64(30 * 24 * time.Hour)
)

// check reports what makes a run unusable. Both sides use it: what is written
// can be read.
func check(r Run) error {
	return errors.Join(checkIdentity(r), checkEvents(r))
}

func checkIdentity(r Run) error {
	if r.RunID == "" {
		return errors.New("it has no run_id")
	}
	if r.Subject.OS == "" {
		return errors.New("it has no subject")
	}
	if r.Block < 0 || r.Pos < 0 || r.Block > maxRuns || r.Pos > maxRuns {
		return fmt.Errorf("block %d, position %d is not a place in a session", r.Block, r.Pos)
	}
	switch r.Phase {
	case PhaseWarmup, PhaseMeasure, PhaseAA, PhaseOverhead:
	default:
		return fmt.Errorf("phase %q is not known", bounded(string(r.Phase)))
	}
	switch r.Scenario {
	case FirstBoot, SecondBoot, JoinWarm, JoinCold:
	default:
		return fmt.Errorf("scenario %q is not known", bounded(string(r.Scenario)))
	}
	switch r.Outcome {
	case OutcomeOK, OutcomeTimeout, OutcomeFailed, OutcomeTainted:
	default:
		return fmt.Errorf("outcome %q is not known", bounded(string(r.Outcome)))
	}
	return nil
}

func checkEvents(r Run) error {
	if len(r.Events)+len(r.Missing) > maxEvents {
		return fmt.Errorf("%d events are more than %d", len(r.Events)+len(r.Missing), maxEvents)
	}
	for _, e := range r.Events {
		if e.M == "" {
			return errors.New("an event has no milestone")
		}
		if t := int64(e.T); t > maxTime || t < -maxTime || t == math.MinInt64 {
			return fmt.Errorf("event %s lies %d ns after the start", bounded(string(e.M)), t)
		}
	}
	return nil
}
