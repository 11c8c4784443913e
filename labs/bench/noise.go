package bench

import (
	"context"
	"strings"
	"time"

	"distrolab/labs/results"
	"distrolab/labs/session"
)

// ours says how much time of processors is the session's own, besides that of
// the machine which is measured: this process, and a control plane. It never
// falls: what is not known for a moment has not changed.
func (s *Session) ours(ctx context.Context) func() time.Duration {
	var plane time.Duration
	return func() time.Duration {
		if s.plane != nil && s.plane.control != nil {
			if used, err := s.plane.control.Machine.Usage(ctx); err == nil {
				plane = max(plane, used.CPUTime)
			}
		}
		return readUsage().cpu + plane
	}
}

// waitForQuiet waits, and tells for what.
func (s *Session) waitForQuiet(ctx context.Context) (time.Duration, []string, error) {
	waited, reasons, err := s.quiet.Wait(ctx, func(why []string) {
		s.tell(session.Progress{Step: session.StepNoise, Reason: strings.Join(why, "; ")})
	})
	if waited > 0 && err == nil {
		text := "quiet after " + waited.Round(time.Second).String()
		if len(reasons) > 0 {
			text = "still not quiet after " + waited.Round(time.Second).String() + ": the run will not count"
		}
		s.tell(session.Progress{Step: session.StepQuiet, Reason: text})
	}
	return waited, reasons, err
}

// lookBack says what disturbed the run. A benchmark does not count such a run;
// of other sessions the record has the figures.
func (r *attempt) lookBack(ctx context.Context, env *results.Environment) {
	var machine *time.Duration // unknown of a guest that has powered off
	if used, err := r.machine.Usage(ctx); err == nil {
		machine = &used.CPUTime
	}
	seen := r.session.quiet.Since(r.mark, machine)
	env.Volatile.OthersCPU = seen.Others
	if !r.session.design.careful() || r.place.phase != results.PhaseMeasure {
		return
	}
	for _, reason := range seen.Disturbances() {
		r.doubt("during the run: " + reason)
	}
}
