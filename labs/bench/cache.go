package bench

import (
	"context"
	"fmt"
	"time"

	"distrolab/labs/bench/pagecache"
	"distrolab/labs/results"
)

// The bounds of the two states.
const (
	mostCold  = 0.01 // share of the files that may be left
	leastWarm = 0.99 // of what the files hold
)

// settleCache brings the page cache into the state that the session asks for,
// just before the CPUs run, and looks what came of it.
func (r *attempt) settleCache(ctx context.Context) {
	paths, phase := r.cached(), r.place.phase
	wanted, held := r.session.design.Cache, int64(0)
	var err error
	if wanted == results.CacheCold {
		err = pagecache.Drop(paths)
	} else {
		held, err = pagecache.Fill(ctx, paths)
	}
	if err != nil {
		r.doubt("the page cache is not as it was to be: " + err.Error())
	}
	resident, size, err := pagecache.Resident(paths)
	if err != nil {
		r.cache = results.Cache{}
		r.doubt("what the page cache holds is not known: " + err.Error())
		return
	}
	share := 0.0
	if size > 0 {
		share = float64(resident) / float64(size)
	}
	r.cache = results.Cache{State: results.CacheWarm, ResidentFrac: &share}
	if wanted == results.CacheCold {
		r.cache.State = results.CacheCold
	}
	if doubt := judgeCache(r.cache.State, resident, held, size); doubt != "" && phase == results.PhaseMeasure {
		r.doubt(doubt)
	}
}

// judgeCache says why a run does not begin as it should. Of files of a size, in
// bytes, so many lie in memory, and so many are no holes.
func judgeCache(state string, resident, held, size int64) string {
	percent := func(of int64) float64 { return 100 * float64(resident) / float64(max(of, 1)) }
	switch {
	case state == results.CacheCold && float64(resident) > mostCold*float64(size):
		return fmt.Sprintf("the page cache was to be cold, and %.1f %% of the image was in memory", percent(size))
	case state == results.CacheWarm && float64(resident) < leastWarm*float64(held):
		return fmt.Sprintf("the page cache was to be warm, and %.1f %% of the image was in memory, just after it was read", percent(held))
	}
	return ""
}

// cached are the files that a boot reads: those of the image, and of a second
// boot the disk that the first one wrote to.
func (r *attempt) cached() []string {
	f := r.spec.Files
	paths := []string{f.Disk, f.Kernel, f.Initrd}
	if r.session.design.scenario() == results.SecondBoot {
		paths = append(paths, r.machine.DiskPath())
	}
	return paths
}

// doubt notes why the run is not valid.
func (r *attempt) doubt(why string) { r.doubts = append(r.doubts, why) }

// waitQuiet waits for a quiet machine before a measured run of a benchmark. What
// still disturbs after that taints the run.
func (r *attempt) waitQuiet(wait func() (time.Duration, []string, error)) error {
	if !r.session.design.careful() || r.place.phase != results.PhaseMeasure {
		return nil
	}
	waited, reasons, err := wait()
	r.waited = waited
	for _, reason := range reasons {
		r.doubt("before the run: " + reason)
	}
	return err
}
