package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/stats"
)

// The page's data: everything is already text or a coordinate.
type (
	pageView struct {
		Session                  results.Session
		Started                  string
		Answer                   string
		Banners, Notes, Warnings []string
		Tables                   []tableView
		Facts, Design            []fact
		Method                   []string
		Runs                     []runView
		Doubtful                 []doubt
		Policy                   string
		Data, Script             template.JS
	}
	tableView struct {
		Conditions, Headline, Baseline string
		Words                          results.Words
		PhaseNames                     []string
		Rows                           []rowView
		Gantt, Strip, Order            picture
		Numbers                        numbers
		Typical                        []typicalView // of joins
	}
	rowView struct {
		Label, Title, Version, Kind  string
		Fastest                      bool
		Headline, Interval           string
		Others                       []string
		Runs, Bound, Ratio, Doubtful string
		Verdict, Tail                string
		Failed                       bool
		Phases                       []string
	}
	fact  struct{ Name, Value string }
	doubt struct{ Subject, Taint, Runs string }
)

func newPage(s results.Session, runs []results.Run, c results.Comparison) (pageView, error) {
	data, err := dataOf(s, runs, c)
	if err != nil {
		return pageView{}, err
	}
	p := pageView{
		Policy: policy(), Data: data, Script: zoom,
		Session: s, Started: s.Started.UTC().Format("2006-01-02 15:04 UTC"), Answer: c.Answer,
		Banners: c.Banners, Notes: c.Notes, Warnings: c.Warnings,
		Facts: environmentFacts(s), Design: designFacts(s, runs), Method: method(c),
	}
	for i, t := range c.Tables {
		p.Tables = append(p.Tables, newTable(t, runs, fmt.Sprintf("table-%d", i)))
		for _, r := range t.Rows {
			for _, taint := range r.Taints {
				p.Doubtful = append(p.Doubtful, doubt{r.Label, taint.Taint, fmt.Sprintf("%d of %d", taint.Runs, r.Total)})
			}
		}
	}
	for _, r := range runs {
		p.Runs = append(p.Runs, newRun(r, fmt.Sprintf("run-%d", len(p.Runs))))
	}
	return p, nil
}

func newTable(t results.Table, runs []results.Run, id string) tableView {
	v := tableView{
		Conditions: conditions(t), Words: t.Words(), Baseline: t.Baseline, Headline: "boot",
		Gantt: ganttOf(t, id+"-phases"), Strip: stripOf(t, id+"-runs"), Order: orderOf(t, id+"-order"), Numbers: runNumbers(t),
	}
	switch {
	case t.Scenario.Joins():
		v.Headline, v.Typical = v.Words.Headline, typicalRuns(t, runs, id)
	case len(t.Rows) > 0 && t.Rows[0].Boot.N == 0:
		v.Headline = "management answers"
	}
	for _, r := range t.Rows {
		row := rowView{
			Label: r.Label, Title: r.Subject.Title, Version: r.Subject.Version, Kind: kindText(r.Subject), Fastest: r.Fastest,
			Headline: results.Seconds(r.Shown().Median), Interval: intervalText(r.Shown()),
			Runs: fmt.Sprintf("%d of %d", r.OK, r.Total), Failed: r.OK < r.Total,
			Bound: fmt.Sprintf("%.0f %%", r.FailureBound*100), Ratio: ratioText(r.Ratio), Doubtful: doubtfulText(r),
			Verdict: r.Verdict, Tail: tailText(r.Tail),
		}
		for _, other := range r.Others() {
			row.Others = append(row.Others, results.Seconds(other.Median))
		}
		v.PhaseNames = v.PhaseNames[:0]
		for _, p := range r.Phases {
			v.PhaseNames = append(v.PhaseNames, p.Name)
			text := "unknown: " + p.Why
			if p.Seconds != nil {
				text = results.Seconds(*p.Seconds)
			}
			row.Phases = append(row.Phases, text)
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

func conditions(t results.Table) string {
	orUnknown := func(s string) string {
		if s == "" {
			return "unknown"
		}
		return s
	}
	return fmt.Sprintf("%s; accelerator %s; page cache %s; %d CPUs, %d MiB; complete blocks: %d; host fingerprint %s",
		strings.ReplaceAll(string(t.Scenario), "_", " "), orUnknown(strings.ToUpper(t.Accel)), orUnknown(t.Cache),
		t.VCPUs, t.MemMiB, t.Blocks, orUnknown(t.Fingerprint[:min(16, len(t.Fingerprint))]))
}

func intervalText(iv stats.Interval) string {
	switch {
	case iv.N == 0:
		return "unknown"
	case !iv.Bounded():
		return fmt.Sprintf("needs %d runs", stats.MinimumRuns(stats.Confidence95))
	}
	return results.Range(iv.Low, iv.High)
}

func ratioText(r *stats.Ratio) string {
	switch {
	case r == nil:
		return "1 (baseline)"
	case r.N == 0:
		return "unknown"
	case !r.Bounded() && !math.IsInf(r.Ratio, 0):
		return "about " + results.Digits(r.Ratio)
	case !r.Bounded():
		return "unfinished"
	}
	return fmt.Sprintf("%s (%s)", results.Digits(r.Ratio), results.Range(r.Low, r.High))
}

// tailText says how long the slow runs took, where there are enough to say so.
func tailText(t *stats.Tail) string {
	if t == nil || math.IsNaN(t.P90) {
		return ""
	}
	text := "9 of 10 within " + results.Seconds(t.P90)
	if !math.IsNaN(t.AtMost) && !math.IsInf(t.AtMost, 0) {
		text += ", surely within " + results.Seconds(t.AtMost)
	}
	return text
}

func doubtfulText(r results.Row) string {
	n := 0
	for _, p := range r.Points {
		if p.Doubtful {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, r.Total)
}

type runView struct {
	Element, ID, Subject, Phase, Outcome string
	Cause, Time                          string
	Timeline                             *timeline
	Good                                 bool
	Block, Pos                           int
	Taints                               []string
	Rows                                 []milestoneView
	Phases, Facts                        []fact
}

type milestoneView struct {
	ID, Title, Time, Error, Source, Raw, Why string
	Seen                                     bool
}

func newRun(r results.Run, element string) runView {
	v := runView{
		Element: element, Timeline: timelineOf(r), ID: r.RunID, Subject: r.Subject.OS, Phase: string(r.Phase), Outcome: string(r.Outcome), Cause: r.Cause,
		Good: r.Outcome == results.OutcomeOK, Block: r.Block, Pos: r.Pos, Taints: r.Taints, Time: headlineOf(r),
	}
	tl := r.Timeline()
	infos, zero := milestonesOf(r)
	for _, info := range infos {
		v.Rows = append(v.Rows, milestoneRow(tl, info, zero))
	}
	for _, p := range phasesOfRun(r) {
		length := "unknown: " + p.Why
		if p.OK {
			length = results.Seconds(p.Length.Seconds())
		}
		v.Phases = append(v.Phases, fact{p.Name, length})
	}
	v.Facts = meanwhile(r)
	return v
}

func milestoneRow(t observe.Timeline, info observe.Info, zero time.Duration) milestoneView {
	m := milestoneView{ID: info.ID, Title: info.Title}
	e, ok := t.Find(info.Milestone)
	if !ok {
		m.Why = t.Why(info.Milestone)
		if m.Why == "" {
			m.Why = "no reason was recorded"
		}
		return m
	}
	m.Seen, m.Time, m.Source, m.Raw = true, qualified(e, (e.T-zero).Seconds()), string(e.Source), e.Raw
	if e.Err > 0 {
		m.Error = "± " + e.Err.Round(100*time.Microsecond).String()
	}
	return m
}

// headlineOf is how long a run took.
func headlineOf(r results.Run) string {
	tl := r.Timeline()
	if r.Scenario.Joins() {
		if d, ok := tl.JoinSince(observe.NodeReady); ok {
			return "ready after " + results.Seconds(d.Seconds())
		}
		return "join time unknown"
	}
	if d, ok := tl.Between(observe.VCPUStart, observe.BootComplete); ok {
		return results.Seconds(d.Seconds())
	}
	return "boot time unknown"
}

// milestonesOf lists what to tell of a run and the time that is its zero: the
// request, or of a warm join the trigger. What this version does not know is
// told too.
func milestonesOf(r results.Run) ([]observe.Info, time.Duration) {
	infos, zero := observe.Milestones(), time.Duration(0)
	if r.Scenario.Joins() {
		infos = append(infos, observe.JoinMilestones()...)
		zero, _ = r.Timeline().At(observe.Trigger)
	}
	for _, e := range r.Events {
		if !slices.ContainsFunc(infos, func(x observe.Info) bool { return x.Milestone == e.M }) {
			infos = append(infos, observe.Info{Milestone: e.M, Title: string(e.M)})
		}
	}
	return infos, zero
}

func method(c results.Comparison) []string {
	origin, verb := "the start of the virtual CPUs", "boots"
	if len(c.Tables) > 0 && c.Tables[0].Scenario.Joins() {
		origin, verb = c.Tables[0].Words().Origin, "joins"
	}
	list := []string{
		"Every milestone is something seen from outside the guest and stamped by this machine's monotonic clock. What was not seen is unknown, with a reason.",
		"Sources of milestones: req our own call, qmp QEMU's event, lifecycle libvirt's event, rpc the call returned, ser serial console, fw firmware's debug port, net frame on the lab's network, syn TCP probe, in told by the guest, login SSH login, k8s a watch of the cluster's API, aud the API server's audit log, client our own command.",
		"Each block " + verb + " every system once, in shuffled order, from a fresh overlay. Warm-ups are in no statistic.",
		"Times run from " + origin + ". The middle is the median; its 95 % interval lies between two of the measured values, chosen by the exact binomial distribution. It needs 6 runs.",
		"Ratios compare runs of the same block (Hodges-Lehmann estimate on logarithms, exact signed-rank interval), so that drift of the machine cancels. Intervals are for each ratio alone; the words beside them count how many comparisons were made (signed-rank test, Holm's adjustment).",
		"A run that did not finish counts as infinitely slow. Far points are kept. Runs marked tainted are shown and counted, but are in no statistic.",
		"The bound on failures is exact: the largest rate that the runs do not rule out at 95 %.",
	}
	if verb == "joins" {
		list = append(list, "Each join has a node name of its own. The watches of the cluster's API are open before the machine is told to join; what they show is stamped when it arrives. All images are on the node or in the lab's own registry.")
	}
	return list
}
