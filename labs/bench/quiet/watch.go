package quiet

import (
	"context"
	"io/fs"
	"time"

	"distrolab/labs/results"
)

// The bounds of waiting.
const (
	look        = time.Second     // one look at the load
	mostWaiting = 2 * time.Minute // before one run
	mostInAll   = 10 * time.Minute
)

// Watch looks at one host. It is used by one goroutine at a time.
type Watch struct {
	host fs.FS
	ours func() time.Duration // of processors that we and the machines of the session used so far
	left time.Duration        // for which it may still wait
}

// New watches the host whose files lie below root. ours says how much time of
// processors is not other programs'; it must never fall.
func New(root fs.FS, ours func() time.Duration) *Watch {
	return &Watch{host: root, ours: ours, left: mostInAll}
}

// Mark is a moment that a later [Watch.Since] compares with.
type Mark struct {
	load results.Load
	told bool
	ours time.Duration
	env  results.Environment
}

// Mark notes how the host stands now.
func (w *Watch) Mark() Mark {
	m := Mark{ours: w.ours(), env: results.ReadEnvironment(w.host)}
	m.load, m.told = results.ReadLoad(w.host)
	return m
}

// Since is what was seen from a moment until now. Machines of the session that
// began and ended meanwhile used extra time, which is not other programs'; it is
// nil when that is not known.
func (w *Watch) Since(before Mark, extra *time.Duration) Reading {
	now := w.Mark()
	volatile := now.env.During(before.env).Volatile
	r := Reading{SwapIn: volatile.SwapIn, Throttle: volatile.Throttle, Power: now.env.Power}
	if before.told && now.told {
		spent := now.load.Since(before.load)
		r.Stolen = spent.Stolen()
		if extra != nil {
			r.Others = spent.Others(now.ours - before.ours + *extra)
		}
	}
	return r
}

// Look watches for a second.
func (w *Watch) Look(ctx context.Context) (Reading, error) {
	before, none := w.Mark(), time.Duration(0)
	timer := time.NewTimer(look)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return Reading{}, context.Cause(ctx)
	case <-timer.C:
	}
	return w.Since(before, &none), nil
}

// Wait looks until the host is quiet, or has waited long enough: two minutes
// before one run, ten in all. It returns the time waited, 0 when the first look
// was quiet, and what still disturbs. tell is called with the reasons whenever
// they have changed, so that a person knows what is waited for.
func (w *Watch) Wait(ctx context.Context, tell func(reasons []string)) (time.Duration, []string, error) {
	begun := time.Now()
	limit := min(mostWaiting, w.left)
	for told := 0; ; {
		seen, err := w.Look(ctx)
		if err != nil {
			return 0, nil, err
		}
		reasons := seen.Disturbances()
		waited := time.Since(begun)
		if len(reasons) == 0 && told == 0 {
			return 0, nil, nil
		}
		if len(reasons) == 0 || waited >= limit {
			w.left -= min(waited, w.left)
			return waited, reasons, nil
		}
		if len(reasons) != told {
			tell(reasons)
			told = len(reasons)
		}
	}
}
