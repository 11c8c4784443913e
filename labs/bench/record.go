package bench

import (
	"context"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// open writes the design down before the first run, or goes on with a session
// that has the same.
func (s *Session) open(ctx context.Context, id string) (err error) {
	s.meta = s.describe(id)
	if e := s.opt.Earlier; e != nil {
		if err := e.sameAs(s.meta); err != nil {
			return err
		}
		s.meta = e.Session
		s.takeOver(e)
	}
	if s.opt.Earlier != nil {
		s.results, err = s.opt.Store.Resume(ctx, s.meta.ID)
	} else {
		s.results, err = s.opt.Store.Begin(ctx, s.meta)
	}
	return err
}

// describe is the design as the record of the session has it.
func (s *Session) describe(id string) results.Session {
	d := s.design
	meta := results.Session{
		ID: id, Started: time.Now(), Mode: d.Mode, Scenario: d.scenario(), Finish: s.finish(), Baseline: d.Baseline,
		Blocks: d.Rule.Most, Warmups: d.Warmups, Seed: d.Seed, Target: d.Rule.Target, Budget: d.Rule.Budget, Deadline: d.Deadline,
		StopRule: d.Rule.Words(), Env: s.environment(), Tool: s.opt.Tool, Request: d.Request,
	}
	for i := range d.Subjects {
		meta.Subjects = append(meta.Subjects, s.subjectOf(i))
	}
	return meta
}

// finish is the milestone that ends a run, where all subjects have the same.
func (s *Session) finish() observe.Milestone {
	if s.design.Join != nil {
		return observe.FirstPod
	}
	return ""
}
