package results

import (
	"cmp"
	"math"
	"slices"

	"distrolab/labs/observe"
	"distrolab/labs/stats"
)

// Summarise compares the measured runs of a session. Warm-ups and runs of other
// purposes are left out; runs that did not finish count as infinitely slow;
// tainted runs are shown but enter no statistic. Runs under different conditions
// (scenario, accelerator, cache, machine size, host) are in different tables.
func Summarise(s Session, runs []Run) Comparison {
	c := Comparison{Schema: ComparisonSchema, Session: s.ID, Mode: s.Mode}
	for _, group := range groupBy(measured(runs), conditionsOf) {
		c.Tables = append(c.Tables, newTable(s, group, runs))
	}
	c.Banners = banners(c)
	c.Notes = append(notes(c), held(runs)...)
	c.Warnings = warnings(c)
	c.Answer = answer(c)
	return c
}

func measured(runs []Run) []Run {
	return slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Phase != PhaseMeasure })
}

// groupBy splits runs by a key, groups in the order of their first run.
func groupBy[K comparable](runs []Run, key func(Run) K) [][]Run {
	place := make(map[K]int)
	var groups [][]Run
	for _, r := range runs {
		k := key(r)
		i, seen := place[k]
		if !seen {
			i = len(groups)
			place[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

func conditionsOf(r Run) Conditions {
	return Conditions{
		Scenario: r.Scenario, Accel: r.VM.Accel, Cache: r.Cache.State,
		VCPUs: r.VM.VCPUs, MemMiB: r.VM.MemMiB, Fingerprint: r.Env.Fingerprint,
	}
}

// subjectKey is what makes two runs runs of the same thing.
type subjectKey struct{ name, os, version, arch, image, firmware string }

func subjectOf(r Run) subjectKey {
	return subjectKey{r.Subject.Name, r.Subject.OS, r.Subject.Version, r.Subject.Arch, r.Subject.ImageSHA256, r.VM.Firmware}
}

func newTable(s Session, group, all []Run) Table {
	t := Table{Conditions: conditionsOf(group[0])}
	entries := groupBy(group, subjectOf)
	t.Blocks = completeBlocks(entries)
	rows := make([]rowOf, len(entries))
	for i, runs := range entries {
		rows[i] = rowOf{newRow(s, runs, warmupsOf(runs[0], all)), runs}
	}
	label(rows)
	base := baseline(rows, s)
	for i := range rows {
		if i != base {
			rows[i].Ratio = ratio(rows[base], rows[i])
		}
	}
	setVerdicts(rows)
	t.Baseline = rows[base].Label
	slices.SortStableFunc(rows, func(a, b rowOf) int {
		return cmp.Or(
			cmp.Compare(sortable(a.Primary().Median), sortable(b.Primary().Median)),
			cmp.Compare(a.Label, b.Label))
	})
	if len(rows) > 1 {
		t.Lead = ratio(rows[0], rows[1])
	}
	for _, r := range rows {
		t.Rows = append(t.Rows, r.Row)
	}
	markFastest(t.Rows)
	return t
}

// rowOf is a row with the runs it was made of.
type rowOf struct {
	Row
	runs []Run
}

// sortable puts unknown times after unfinished ones.
func sortable(v float64) float64 {
	if math.IsNaN(v) {
		return math.Inf(1)
	}
	return v
}

// warmupsOf counts the unmeasured runs before those like one. They are what makes
// a cache warm, so that theirs is in another state.
func warmupsOf(like Run, all []Run) int {
	n := 0
	for _, r := range all {
		r.Cache = like.Cache
		if r.Phase == PhaseWarmup && subjectOf(r) == subjectOf(like) && conditionsOf(r) == conditionsOf(like) {
			n++
		}
	}
	return n
}

func completeBlocks(bySubject [][]Run) int {
	count := make(map[int]int)
	for _, runs := range bySubject {
		seen := make(map[int]bool)
		for _, r := range runs {
			if !seen[r.Block] {
				seen[r.Block] = true
				count[r.Block]++
			}
		}
	}
	complete := 0
	for _, n := range count {
		if n == len(bySubject) {
			complete++
		}
	}
	return complete
}

func newRow(s Session, runs []Run, warmups int) Row {
	r := Row{Subject: runs[0].Subject, Firmware: runs[0].VM.Firmware, Total: len(runs), Warmups: warmups}
	for _, run := range runs {
		switch run.Outcome {
		case OutcomeOK:
			r.OK++
		case OutcomeTainted:
			r.Tainted++
		default:
			r.Unfinished++
		}
	}
	r.FailureBound = stats.FailureBound(r.Unfinished, r.OK+r.Unfinished, stats.Confidence95)
	if scenario := runs[0].Scenario; scenario.Joins() {
		r.Join = newJoin(runs)
		r.Boot, r.Management, r.Container = noTime(), noTime(), noTime()
	} else {
		r.Boot = interval(runs, observe.BootComplete)
		r.Management = interval(runs, observe.ManagementByte)
		r.Container = interval(runs, observe.FirstContainer)
	}
	headline := valid(runs, times(runs, runs[0].Scenario.headline()))
	if tail, ok := stats.TailOf(headline, stats.Confidence95); ok {
		r.Tail = &tail
	}
	r.Phases = phaseMedians(s, runs)
	r.Taints = countTaints(runs)
	r.Points = points(runs)
	d := stats.DriftOf(headline)
	r.Drift = Drift{Lag1: known(d.Lag1), Change: known(d.Change), Suspicious: d.Suspicious()}
	return r
}

// interval is the median of the times to a milestone.
func interval(runs []Run, to observe.Milestone) stats.Interval {
	return stats.MedianInterval(valid(runs, times(runs, to)), stats.Confidence95)
}

// noTime is the median of nothing.
func noTime() stats.Interval { return stats.MedianInterval(nil, stats.Confidence95) }

// times returns the seconds from vcpu_start, or from a join's trigger, to a
// milestone for each run: NaN when not known, +Inf for a run that ended without it. A milestone that no
// finished run of the subject shows is not one that the others failed to reach.
func times(runs []Run, to observe.Milestone) []float64 {
	list := make([]float64, len(runs))
	shown, finished := false, false
	for i, r := range runs {
		list[i] = math.NaN()
		if d, ok := r.Timeline().Between(r.Scenario.origin(), to); ok && d >= 0 {
			list[i] = d.Seconds()
			shown = true
		}
		finished = finished || r.Outcome == OutcomeOK || r.Outcome == OutcomeTainted
	}
	expected := shown || !finished && len(runs) > 0 && to == runs[0].Scenario.headline()
	for i, r := range runs {
		if expected && math.IsNaN(list[i]) && unfinished(r) {
			list[i] = math.Inf(1)
		}
	}
	return list
}

func unfinished(r Run) bool { return r.Outcome == OutcomeTimeout || r.Outcome == OutcomeFailed }

// valid leaves out the values of tainted runs.
func valid(runs []Run, values []float64) []float64 {
	var list []float64
	for i, r := range runs {
		if r.Outcome != OutcomeTainted {
			list = append(list, values[i])
		}
	}
	return list
}

func phaseMedians(s Session, runs []Run) []PhaseMedian {
	finish := s.Finish
	if finish == "" {
		finish = observe.BootComplete
	}
	var list []PhaseMedian
	table := observe.PhaseTable(finish)
	if scenario := runs[0].Scenario; scenario.Joins() {
		table = observe.JoinPhaseTable(scenario == JoinCold)
	}
	for _, phase := range table {
		m := PhaseMedian{Name: phase.Name}
		var sample []float64
		for _, r := range runs {
			if r.Outcome != OutcomeOK {
				continue
			}
			if span := phase.Span(r.Timeline()); span.OK {
				sample = append(sample, span.Length.Seconds())
			} else {
				m.Why = span.Why
			}
		}
		m.N, m.Seconds = len(sample), known(stats.Median(sample))
		if m.Seconds != nil {
			m.Why = ""
		} else if m.Why == "" {
			m.Why = "no valid run finished"
		}
		list = append(list, m)
	}
	return list
}

func countTaints(runs []Run) []TaintCount {
	count := make(map[string]int)
	for _, r := range runs {
		taints := slices.Clone(r.Taints)
		slices.Sort(taints)
		for _, taint := range slices.Compact(taints) {
			count[taint]++
		}
	}
	list := make([]TaintCount, 0, len(count))
	for taint, n := range count {
		list = append(list, TaintCount{taint, n})
	}
	slices.SortFunc(list, func(a, b TaintCount) int {
		return cmp.Or(cmp.Compare(b.Runs, a.Runs), cmp.Compare(a.Taint, b.Taint))
	})
	return list
}

func points(runs []Run) []Point {
	headline := times(runs, runs[0].Scenario.headline())
	outlier := stats.Outliers(headline)
	list := make([]Point, len(runs))
	for i, r := range runs {
		list[i] = Point{
			RunID: r.RunID, Block: r.Block, Outcome: r.Outcome,
			Outlier: outlier[i], Doubtful: len(r.Taints) > 0 || r.Outcome == OutcomeTainted,
		}
	}
	if runs[0].Scenario.Joins() {
		registered, pod := times(runs, observe.NodeRegistered), times(runs, observe.FirstPod)
		for i := range list {
			list[i].Registered, list[i].Ready, list[i].FirstPod = known(registered[i]), known(headline[i]), known(pod[i])
		}
		return list
	}
	mgmt := times(runs, observe.ManagementByte)
	for i := range list {
		list[i].Boot, list[i].Management = known(headline[i]), known(mgmt[i])
	}
	return list
}
