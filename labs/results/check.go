package results

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
)

// Bounds on a record that came from a file.
const (
	maxEvents   = 1000
	maxSubjects = 1000
	maxID       = 100
	maxTime     = int64(30 * 24 * time.Hour)
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

// checkSession reports what makes a session unusable. Its id becomes the name
// of files.
func checkSession(s Session) error {
	if s.ID == "" {
		return errors.New("it has no id")
	}
	allowed := func(r rune) bool {
		return r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r))
	}
	if len(s.ID) > maxID || s.ID == latest || s.ID[0] == '.' || strings.ContainsFunc(s.ID, func(r rune) bool { return !allowed(r) }) {
		return fmt.Errorf("%q is no id of a session: take at most %d letters, digits, dots and dashes", bounded(s.ID), maxID)
	}
	if len(s.Subjects) > maxSubjects {
		return fmt.Errorf("%d systems are more than %d", len(s.Subjects), maxSubjects)
	}
	for _, text := range []string{string(s.Mode), string(s.Scenario), s.Env.Fingerprint} {
		if len(text) > maxID || !printable(text) {
			return fmt.Errorf("%q is not a word of a session", bounded(text))
		}
	}
	for _, subject := range s.Subjects {
		if !printable(subject.OS) {
			return fmt.Errorf("%q is not the name of a system", bounded(subject.OS))
		}
	}
	return nil
}

// printable says whether text can be shown as it is, on one line.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
