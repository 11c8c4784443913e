package bench

import (
	"fmt"
	"time"

	"distrolab/labs/bench/pagecache"
	"distrolab/labs/results"
)

// pages is how much of a subject's files lay in memory after an unmeasured run.
type pages struct {
	known bool
	share float64
}

// The bounds of the two states. An image that is not read whole is never wholly
// in memory: warm means that it is there as an unmeasured run left it.
const (
	mostCold  = 0.01 // share that may be left
	leastWarm = 0.90 // of what there was after the warm-up
)

// settleCache brings the page cache into the state that the session asks for,
// just before the CPUs run, and looks what came of it.
func (r *attempt) settleCache() {
	paths := r.cached()
	wanted := r.session.design.Cache
	if wanted == results.CacheCold {
		if err := pagecache.Drop(paths); err != nil {
			r.doubt("the page cache could not be emptied: " + err.Error())
		}
	}
	share, err := residentShare(paths)
	if err != nil {
		r.cache = results.Cache{}
		r.doubt("what the page cache holds is not known: " + err.Error())
		return
	}
	state, doubt := judgeCache(wanted, share, r.session.pages[r.place.subject])
	r.cache = results.Cache{State: state, ResidentFrac: &share}
	if doubt != "" && r.place.phase == results.PhaseMeasure {
		r.doubt(doubt)
	}
}

// judgeCache says in which state a run begins, and why that is not what it
// should be.
func judgeCache(wanted string, share float64, after pages) (state, doubt string) {
	switch {
	case wanted == results.CacheCold:
		if share > mostCold {
			return wanted, fmt.Sprintf("the page cache was to be cold, and %.1f %% of the image was in memory", share*100)
		}
		return wanted, ""
	case !after.known:
		return "", "" // no unmeasured run: nobody knows what warm is
	case share < leastWarm*after.share:
		return results.CacheWarm, fmt.Sprintf("the page cache was to be warm, and %.1f %% of the image was in memory; after the warm-up it was %.1f %%", share*100, after.share*100)
	}
	return results.CacheWarm, ""
}

// keepPages looks at the page cache after an unmeasured run: that is what warm
// means for this subject.
func (r *attempt) keepPages() {
	if r.place.phase != results.PhaseWarmup {
		return
	}
	if share, err := residentShare(r.cached()); err == nil {
		r.session.pages[r.place.subject] = pages{known: true, share: share}
	}
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

func residentShare(paths []string) (float64, error) {
	resident, size, err := pagecache.Resident(paths)
	if err != nil || size == 0 {
		return 0, err
	}
	return float64(resident) / float64(size), nil
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
