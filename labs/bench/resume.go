package bench

import (
	"fmt"
	"time"

	"distrolab/labs/results"
)

// Earlier is a session that was interrupted, as it was read.
type Earlier struct {
	Session results.Session
	Runs    []results.Run
}

// id is that of the session to go on with, or a new one.
func (o Options) id(now time.Time) (string, error) {
	if o.Earlier == nil {
		return newID(now)
	}
	if id := o.Earlier.Session.ID; len(id) >= 6 {
		return id, nil
	}
	return "", fmt.Errorf("going on with session %.40q: that is not a name that distrolab gave", o.Earlier.Session.ID)
}

// ChangedError says why a session cannot go on: its further runs would measure
// something else than those that it has.
type ChangedError struct{ Session, What, Was, Is string }

func (e *ChangedError) Error() string {
	return fmt.Sprintf("session %s cannot go on: %s was %s and is now %s; begin a new session", e.Session, e.What, orNone(e.Was), orNone(e.Is))
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	const most = 200
	if len(text) > most {
		text = text[:most] + "…"
	}
	return text
}

// sameAs compares with what would be measured now. The budget may be another,
// and so may everything that nobody measures.
func (e *Earlier) sameAs(now results.Session) error {
	was := e.Session
	changed := func(what, was, is string) error {
		if was == is {
			return nil
		}
		return &ChangedError{Session: e.Session.ID, What: what, Was: was, Is: is}
	}
	checks := []error{
		changed("what it measures", string(was.Scenario), string(now.Scenario)),
		changed("the seed", fmt.Sprint(was.Seed), fmt.Sprint(now.Seed)),
		changed("the number of blocks", fmt.Sprint(was.Blocks), fmt.Sprint(now.Blocks)),
		changed("the target", fmt.Sprint(was.Target), fmt.Sprint(now.Target)),
		changed("the mode", string(was.Mode), string(now.Mode)),
		changed("the deadline", was.Deadline.String(), now.Deadline.String()),
		changed("the number of systems", fmt.Sprint(len(was.Subjects)), fmt.Sprint(len(now.Subjects))),
		changed("the host's fingerprint", was.Env.Fingerprint, now.Env.Fingerprint),
	}
	if a, b := was.Request, now.Request; a != nil && b != nil {
		checks = append(checks,
			changed("the state of the cache", a.Cache, b.Cache),
			changed("the number of virtual CPUs", fmt.Sprint(a.VCPUs), fmt.Sprint(b.VCPUs)),
			changed("the memory", fmt.Sprint(a.MemoryMiB), fmt.Sprint(b.MemoryMiB)),
			changed("the firmware", a.Firmware, b.Firmware))
	}
	for i := 0; i < min(len(was.Subjects), len(now.Subjects)); i++ {
		a, b := was.Subjects[i], now.Subjects[i]
		checks = append(checks,
			changed(fmt.Sprintf("system %d", i+1), a.OS, b.OS),
			changed("the image of "+a.OS, a.ImageSHA256, b.ImageSHA256),
			changed("the config of "+a.OS, a.ConfigSHA256, b.ConfigSHA256))
	}
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

// takeOver counts what the earlier sitting has measured.
func (s *Session) takeOver(e *Earlier) {
	for _, r := range e.Runs {
		i := s.subjectOfRun(r)
		if i < 0 {
			continue
		}
		s.done++
		if r.Phase == results.PhaseMeasure {
			s.keepHeadline(i, r)
		}
	}
}

// subjectOfRun finds the subject of a run that was read; -1: of none.
func (s *Session) subjectOfRun(r results.Run) int {
	for i, m := range s.design.Subjects {
		if m.Distro == r.Subject.OS && m.ImageSHA256 == r.Subject.ImageSHA256 && r.Subject.Called() == s.design.name(i) {
			return i
		}
	}
	return -1
}

// has says whether the earlier sitting has a run of the subject in a block.
func (s *Session) has(subject, block int) bool {
	if s.opt.Earlier == nil {
		return false
	}
	for _, r := range s.opt.Earlier.Runs {
		if r.Phase == results.PhaseMeasure && r.Block == block && s.subjectOfRun(r) == subject {
			return true
		}
	}
	return false
}

// earlierWarmups is how many unmeasured runs were made before: those of this
// sitting are numbered after them. They are repeated, because nobody knows what
// the page cache has kept since.
func (s *Session) earlierWarmups() int {
	n := 0
	if s.opt.Earlier != nil {
		for _, r := range s.opt.Earlier.Runs {
			if r.Phase == results.PhaseWarmup {
				n = max(n, r.Pos)
			}
		}
	}
	return n
}

// firstBlock is how many blocks the earlier sitting has whole.
func (s *Session) firstBlock() int {
	for b := 0; b < s.design.Rule.Most; b++ {
		for i := range s.design.Subjects {
			if !s.has(i, b+1) {
				return b
			}
		}
	}
	return s.design.Rule.Most
}

// earlier is how many runs of a phase the earlier sitting has.
func (s *Session) earlier(phase results.Phase) int {
	n := 0
	if s.opt.Earlier != nil {
		for _, r := range s.opt.Earlier.Runs {
			if r.Phase == phase {
				n++
			}
		}
	}
	return n
}
