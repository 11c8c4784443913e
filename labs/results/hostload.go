package results

import (
	"io/fs"
	"time"
)

// Load is how the processors of a host have spent their time since it started.
type Load struct {
	All   time.Duration // of all processors together
	Busy  time.Duration // spent on work of this host, guests of its own included
	Steal time.Duration // taken by other guests of the host's host
}

// tick is the unit of /proc/stat, USER_HZ of the kernel's interface.
const tick = 10 * time.Millisecond

// ReadLoad reads it from a file system rooted at / (proc_stat(5)). It is false
// where the kernel does not tell.
func ReadLoad(root fs.FS) (Load, bool) {
	words := host{root}.field("proc/stat", "cpu")
	if len(words) < 8 {
		return Load{}, false
	}
	var l Load
	for i, word := range words[:8] { // user nice system idle iowait irq softirq steal; guests are part of user
		n := whole(word)
		if n == nil || *n < 0 {
			return Load{}, false
		}
		spent := time.Duration(*n) * tick
		l.All += spent
		switch i {
		case 3, 4:
		case 7:
			l.Steal = spent
		default:
			l.Busy += spent
		}
	}
	return l, true
}

// Since is the load after an earlier moment.
func (l Load) Since(before Load) Load {
	return Load{All: l.All - before.All, Busy: l.Busy - before.Busy, Steal: l.Steal - before.Steal}
}

// Others is the share of all processors that everybody but us used, when we used
// ours; nil for a time too short to be counted in ticks.
func (l Load) Others(ours time.Duration) *float64 { return l.share(l.Busy - ours) }

// Stolen is the share of all processors that other guests of the host's host took.
func (l Load) Stolen() *float64 { return l.share(l.Steal) }

func (l Load) share(of time.Duration) *float64 {
	if l.All < 20*tick {
		return nil
	}
	return new(min(max(float64(of)/float64(l.All), 0), 1))
}
