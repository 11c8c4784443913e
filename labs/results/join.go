package results

import (
	"math"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/stats"
)

// Joins says whether the scenario measures a join; the others measure boots.
func (s Scenario) Joins() bool { return s == JoinWarm || s == JoinCold }

// origin is the milestone from which times are counted.
func (s Scenario) origin() observe.Milestone {
	if s.Joins() {
		return observe.Trigger
	}
	return observe.VCPUStart
}

// headline is the milestone at which the first of the headlines ends.
func (s Scenario) headline() observe.Milestone {
	if s.Joins() {
		return observe.NodeReady
	}
	return observe.BootComplete
}

// Headline is the first headline of one run: how long the boot took, or until
// the node of a join was ready.
func (r Run) Headline() (time.Duration, bool) {
	return r.Timeline().Between(r.Scenario.origin(), r.Scenario.headline())
}

// Join holds the headlines of a subject that was joined to a cluster.
type Join struct {
	Registered stats.Interval `json:"registered_s"` // from trigger to node_registered
	Ready      stats.Interval `json:"ready_s"`      // from trigger to node_ready: the headline that ratios are of
	FirstPod   stats.Interval `json:"first_pod_s"`  // from trigger to first_pod
	// Typical is the valid run whose time until ready is nearest to the median:
	// the one to draw. Empty when no run finished.
	Typical string `json:"typical,omitempty"`
}

func newJoin(runs []Run) *Join {
	j := &Join{
		Registered: interval(runs, observe.NodeRegistered),
		Ready:      interval(runs, observe.NodeReady),
		FirstPod:   interval(runs, observe.FirstPod),
	}
	nearest := math.Inf(1)
	for i, seconds := range times(runs, observe.NodeReady) {
		if off := math.Abs(seconds - j.Ready.Median); runs[i].Outcome == OutcomeOK && off < nearest {
			j.Typical, nearest = runs[i].RunID, off
		}
	}
	return j
}

// Words are how people are told of a table's times.
type Words struct {
	Noun     string   // "boot" or "join"
	Primary  string   // short name of the headline, for a column
	Headline string   // what the headline is the time of
	Others   []string // short names of what [Row.Others] returns
	Longer   []string // their names where there is more room
	Origin   string   // from what on the times run
	Until    string   // after Origin, of the phases: where they end, when not at the headline
	Means    string   // what is measured, in one sentence
}

// Words returns how people are told of the table's times.
func (t Table) Words() Words {
	if t.Scenario.Joins() {
		w := Words{
			Noun: "join", Primary: "ready", Headline: "time until the node is ready",
			Others: []string{"registered", "pod runs"}, Longer: []string{"node registered", "first pod runs"}, Origin: "the join command",
			Means: "A machine that runs already is told to join: times run from that moment until its node is Ready in the cluster.",
		}
		w.Until = " to the first pod; the numbers are those until the node is ready"
		if t.Scenario == JoinCold {
			w.Origin = "the start of the machine"
			w.Means = "A machine is started and joins by itself: times run from the call that starts it until its node is Ready in the cluster, its boot included."
		}
		return w
	}
	w := Words{
		Noun: "boot", Primary: "boot", Headline: "boot time",
		Others: []string{"answers"}, Longer: []string{"management answers"}, Origin: "the start of the CPUs",
		Means: "A machine is started: times run from the start of its virtual CPUs.",
	}
	if len(t.Rows) > 0 && t.Rows[0].Boot.N == 0 {
		w.Headline = "time until the management port answers"
	}
	return w
}

// Others returns the headlines beside [Row.Primary], in the order of
// [Words.Others].
func (r Row) Others() []stats.Interval {
	if r.Join != nil {
		return []stats.Interval{r.Join.Registered, r.Join.FirstPod}
	}
	return []stats.Interval{r.Management}
}

// After says whether a phase of the row comes after its headline.
func (r Row) After(p PhaseMedian) bool {
	return r.Join != nil && p.Name == r.Phases[len(r.Phases)-1].Name
}

// Shown returns the median that the column [Words.Primary] shows.
func (r Row) Shown() stats.Interval {
	if r.Join != nil {
		return r.Join.Ready
	}
	return r.Boot
}
