package bench

import (
	"context"
	"fmt"
	"math"
	"time"

	"distrolab/labs/results"
	"distrolab/labs/session"
)

// giveUpAfter is how many failures in a row end the measuring of a subject: a
// guest that never boots would cost a deadline in every block.
const giveUpAfter = 2

// runAll runs the warm-ups and then the blocks, and says why it ended.
func (s *Session) runAll(ctx context.Context) (why string, err error) {
	first := s.firstBlock()
	if why = s.design.Rule.Stop(s.stand(first)); why != "" {
		return why, nil // an earlier sitting has done it all
	}
	s.planned = s.design.Rule.Planned(first)
	if err := s.warmUp(ctx); err != nil {
		return "", err
	}
	order := session.Order(s.design.Seed, len(s.design.Subjects), s.design.Rule.Most)
	for b := first; ; b++ {
		if why = s.design.Rule.Stop(s.stand(b)); why != "" {
			return why, s.verdict()
		}
		s.planned = s.design.Rule.Planned(b)
		if err := s.runBlock(ctx, b+1, order[b]); err != nil {
			return "", err
		}
	}
}

func (s *Session) warmUp(ctx context.Context) error {
	earlier := s.earlierWarmups()
	for n := range s.design.Warmups {
		for i := range s.design.Subjects {
			if s.dropped[i] {
				continue
			}
			if err := s.runOne(ctx, place{subject: i, pos: earlier + n*len(s.design.Subjects) + i + 1, phase: results.PhaseWarmup}); err != nil {
				return err
			}
		}
	}
	return nil
}

// runBlock runs what a block has not yet: of a session that was interrupted, the
// runs that are missing.
func (s *Session) runBlock(ctx context.Context, number int, order []int) error {
	begun, paused, whole := time.Now(), s.paused, true
	for pos, i := range order {
		if s.has(i, number) {
			whole = false
			continue
		}
		if s.dropped[i] {
			continue
		}
		if err := s.runOne(ctx, place{subject: i, block: number, pos: pos + 1, phase: results.PhaseMeasure}); err != nil {
			return err
		}
	}
	if whole {
		s.blocks++
		s.inBlocks += time.Since(begun) - (s.paused - paused)
	}
	return nil
}

// stand is what the rule of the session looks at.
func (s *Session) stand(blocks int) session.Stand {
	st := session.Stand{Blocks: blocks, Took: time.Since(s.started) - s.paused}
	if s.blocks > 0 {
		st.Block = s.inBlocks / time.Duration(s.blocks)
	}
	for i, sample := range s.headlines {
		if !s.dropped[i] {
			st.Headlines = append(st.Headlines, sample)
		}
	}
	return st
}

// keepHeadline notes the time of a measured run for the rule: infinite when it
// did not finish, nothing when it is not valid.
func (s *Session) keepHeadline(subject int, run results.Run) {
	switch run.Outcome {
	case results.OutcomeTainted:
		return
	case results.OutcomeOK:
		if took, ok := run.Headline(); ok {
			s.headlines[subject] = append(s.headlines[subject], took.Seconds())
		}
	default:
		s.headlines[subject] = append(s.headlines[subject], math.Inf(1))
	}
}

// total is how many runs there will be, as far as is known: a subject that was
// dropped has no more.
func (s *Session) total() int {
	total := 0
	for i := range s.design.Subjects {
		blocks := s.planned
		if s.dropped[i] {
			blocks = s.lasted[i]
		}
		total += blocks + s.design.Warmups
	}
	return total + s.earlier(results.PhaseWarmup)
}

// judge drops a subject that does not boot, and says whether it did.
func (s *Session) judge(at place, outcome results.Outcome) bool {
	if outcome == results.OutcomeOK || outcome == results.OutcomeTainted {
		s.failures[at.subject] = 0
		return false
	}
	s.failures[at.subject]++
	// A warm-up that took too long is not tried again; a crash may be the emulator's, and is cheap.
	patient := at.phase != results.PhaseWarmup || outcome == results.OutcomeFailed
	if patient && s.failures[at.subject] < giveUpAfter {
		return false
	}
	s.dropped[at.subject], s.lasted[at.subject] = true, at.block
	return true
}

// verdict is an error when some subject could not be measured to the end.
func (s *Session) verdict() error {
	var lost []string
	for i, d := range s.dropped {
		if d {
			lost = append(lost, s.design.name(i))
		}
	}
	if len(lost) > 0 {
		return &DroppedError{Names: lost, Session: s.meta.ID}
	}
	return nil
}

// DroppedError says which systems were given up because they did not boot.
type DroppedError struct {
	Names   []string
	Session string
}

func (e *DroppedError) Error() string {
	return fmt.Sprintf("gave up on %v, which did not boot; `distrolab results show %s` says what is known of each run, `distrolab results export` writes their consoles", e.Names, e.Session)
}

// left estimates the time to go from the time so far, pauses not counted.
func (s *Session) left() *time.Duration {
	done := s.done - s.earlier(results.PhaseWarmup) - s.earlier(results.PhaseMeasure)
	if done <= 0 {
		return nil
	}
	left := (time.Since(s.started) - s.paused) / time.Duration(done) * time.Duration(s.total()-s.done)
	return &left
}
