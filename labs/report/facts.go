package report

import (
	"fmt"
	"strings"
	"time"

	"distrolab/labs/results"
)

// text writes a fact that may be unknown.
func text[T any](v *T) string {
	if v == nil {
		return "unknown"
	}
	return fmt.Sprint(*v)
}

func environmentFacts(s results.Session) []fact {
	e := s.Env
	facts := []fact{
		{"CPU", e.CPUModel}, {"logical CPUs", text(e.Cores)}, {"sibling threads", text(e.SMT)}, {"microcode", e.Microcode},
		{"governor", e.Governor}, {"turbo", text(e.Turbo)}, {"power", e.Power}, {"memory (GiB)", text(e.MemGiB)},
		{"transparent huge pages", e.THP}, {"same-page merging", text(e.KSM)}, {"kernel", e.Kernel}, {"QEMU", e.QEMU},
		{"libvirt", e.Libvirt}, {"storage", e.Storage}, {"cgroup favordynmods", text(e.FavorDynMods)}, {"virtualisation level of the host", text(e.NestedLevel)},
		{"load at the start", text(e.Volatile.Load1)}, {"fingerprint", e.Fingerprint},
		{"distrolab", strings.TrimSpace(s.Tool.Version + " " + s.Tool.Commit)},
	}
	for i := range facts {
		if facts[i].Value == "" {
			facts[i].Value = "unknown"
		}
	}
	return facts
}

func designFacts(s results.Session, runs []results.Run) []fact {
	none := func(set bool, value string) string {
		if !set {
			return "none"
		}
		return value
	}
	var subjects []string
	for _, x := range s.Subjects {
		subjects = append(subjects, x.OS+" "+x.Version+" ("+kindText(x)+")")
	}
	return []fact{
		{"mode", string(s.Mode)}, {"systems", strings.Join(subjects, "; ")}, {"planned blocks", fmt.Sprint(s.Blocks)},
		{"warm-ups of each system", fmt.Sprint(s.Warmups)}, {"seed of the order", fmt.Sprint(s.Seed)},
		{"target half width", none(s.Target > 0, fmt.Sprintf("%.3g %%", s.Target*100))},
		{"time budget", none(s.Budget > 0, s.Budget.String())}, {"deadline of a run", none(s.Deadline > 0, s.Deadline.String())},
		{"stop rule", none(s.StopRule != "", s.StopRule)}, {"baseline", baselineText(s)}, {"virtual machine", machineText(runs)},
	}
}

func baselineText(s results.Session) string {
	switch {
	case s.Baseline != "":
		return s.Baseline
	case len(s.Subjects) > 0:
		return s.Subjects[0].OS + ", since none was named"
	}
	return "none"
}

// machineText is the virtual hardware that all runs share, as of the first one.
func machineText(runs []results.Run) string {
	if len(runs) == 0 {
		return "unknown"
	}
	m := runs[0].VM
	words := []string{m.Machine, "disk " + m.Disk.Format, "cache mode " + m.Disk.Cache, m.Net, "serial " + m.Serial}
	for _, option := range []struct {
		on   bool
		text string
	}{{m.Disk.Overlay, "fresh overlay"}, {m.RNG, "virtio-rng"}, {m.Balloon, "balloon"}, {m.Pin == nil, "not pinned"}, {m.Pin != nil, "pinned"}} {
		if option.on {
			words = append(words, option.text)
		}
	}
	return strings.Join(words, ", ")
}

// meanwhile is what else was going on during a run.
func meanwhile(r results.Run) []fact {
	v, k := r.Env.Volatile, r.Counters
	list := []fact{
		{"load", text(v.Load1)}, {"CPU pressure (%)", text(v.PSICPUSome10)}, {"processors used by other programs (%)", percent(v.OthersCPU)},
		{"stolen ticks", text(v.Steal)}, {"hottest part (°C)", text(v.TempC)}, {"slowed by heat", text(v.Throttle)}, {"pages read from swap", text(v.SwapIn)},
		{"page cache", cacheText(r.Cache)}, {"console bytes", text(k.SerialBytes)}, {"frames", text(k.Frames)},
		{"bytes that left", text(k.EgressBytes)}, {"bytes kept from leaving", text(k.RefusedBytes)},
		{"observer's CPU time (ms)", text(k.ObserverCPUms)}, {"observer's memory (KiB)", text(k.ObserverRSSKiB)},
		{"wall clock against our clock (µs)", text(r.Clock.WallDriftUS)}, {"host asleep (µs)", text(r.Clock.SuspendUS)},
	}
	if c := r.Clock.Canary; c != nil {
		list = append(list, fact{"observer's own delay, p50 / p99 / max (µs)", fmt.Sprintf("%.0f / %.0f / %.0f", c.P50, c.P99, c.Max)})
	}
	if r.Held > 0 {
		list = append(list, fact{"paused before it", r.Held.Round(time.Millisecond).String()})
	}
	if r.Waited > 0 {
		list = append(list, fact{"waited for quiet before it", r.Waited.Round(time.Millisecond).String()})
	}
	return list
}

func percent(share *float64) string {
	if share == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.1f", *share*100)
}

// cacheText says how much of the image was in the host's memory.
func cacheText(c results.Cache) string {
	state := c.State
	if state == "" {
		state = "not controlled"
	}
	if c.ResidentFrac == nil {
		return state
	}
	return fmt.Sprintf("%s, %.1f %% of the image in memory", state, *c.ResidentFrac*100)
}
