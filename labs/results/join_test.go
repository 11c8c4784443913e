package results_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

func TestSummaryOfJoins(t *testing.T) {
	for _, scenario := range []results.Scenario{results.JoinWarm, results.JoinCold} {
		s, runs := resultstest.JoinSession(12, scenario)
		c := results.Summarise(s, runs)
		if len(c.Tables) != 1 || len(c.Tables[0].Rows) != 3 {
			t.Fatalf("%s: %d tables", scenario, len(c.Tables))
		}
		for _, r := range c.Tables[0].Rows {
			if r.Join == nil || r.Join.Ready.N != 12 || r.Primary() != r.Join.Ready || r.Boot.N+r.Management.N+r.Container.N > 0 {
				t.Errorf("%s: %s: %+v", scenario, r.Label, r)
			}
			if r.Join.Ready.Median <= r.Join.Registered.Median {
				t.Errorf("%s: %s: ready %v, registered %v", scenario, r.Label, r.Join.Ready.Median, r.Join.Registered.Median)
			}
			if (r.Join.FirstPod.N == 0) != (r.Label == "ignition-standin") {
				t.Errorf("%s: %s: the first pod was seen in %d runs", scenario, r.Label, r.Join.FirstPod.N)
			}
			checkPhases(t, scenario, r, runs)
			checkTypical(t, r, runs)
		}
		for _, text := range append(append([]string{c.Answer}, c.Banners...), c.Notes...) {
			if strings.Contains(text, "boots") || strings.Contains(text, "systems boot") {
				t.Errorf("%s: %q speaks of boots", scenario, text)
			}
		}
		if !strings.Contains(c.Answer, " joins in ") {
			t.Errorf("%s: answer %q", scenario, c.Answer)
		}
	}
}

func checkPhases(t *testing.T, scenario results.Scenario, r results.Row, runs []results.Run) {
	t.Helper()
	table := observe.JoinPhaseTable(scenario == results.JoinCold)
	if len(r.Phases) != len(table) {
		t.Fatalf("%s: %d phases, want %d", r.Label, len(r.Phases), len(table))
	}
	for i, p := range r.Phases {
		known := p.Seconds != nil && *p.Seconds > 0 && p.N >= 11
		if last := i == len(table)-1; p.Name != table[i].Name || known == (last && r.Label == "ignition-standin") {
			t.Errorf("%s: phase %+v", r.Label, p)
		}
	}
}

func checkTypical(t *testing.T, r results.Row, runs []results.Run) {
	t.Helper()
	i := slices.IndexFunc(runs, func(x results.Run) bool { return x.RunID == r.Join.Typical })
	if i < 0 || runs[i].Subject.OS != r.Subject.OS || runs[i].Outcome != results.OutcomeOK {
		t.Fatalf("%s: typical run %q", r.Label, r.Join.Typical)
	}
	ready, _ := runs[i].Timeline().JoinSince(observe.NodeReady)
	if math.Abs(ready.Seconds()-r.Join.Ready.Median) > 3 {
		t.Errorf("%s: typical run took %v, median %v", r.Label, ready, r.Join.Ready.Median)
	}
}

func TestWarmJoinsDoNotCountTheirBoot(t *testing.T) {
	s, runs := resultstest.JoinSession(6, results.JoinWarm)
	row := results.Summarise(s, runs).Tables[0].Rows[0]
	for i := range runs {
		for k := range runs[i].Events {
			if observe.IsJoin(runs[i].Events[k].M) {
				runs[i].Events[k].T += 1 << 40
			}
		}
	}
	if later := results.Summarise(s, runs).Tables[0].Rows[0]; math.Abs(later.Join.Ready.Median-row.Join.Ready.Median) > 1e-6 {
		t.Errorf("ready after %v s, with a longer wait before the trigger %v s", row.Join.Ready.Median, later.Join.Ready.Median)
	}
}

func TestARunThatNeverJoinsIsInfinitelySlow(t *testing.T) {
	s, runs := resultstest.JoinSession(6, results.JoinWarm)
	for i := range runs {
		if r := &runs[i]; r.Subject.OS == "flatcar" {
			r.Outcome = results.OutcomeTimeout
			r.Events = slices.DeleteFunc(r.Events, func(e observe.Event) bool { return observe.IsJoin(e.M) && e.M != observe.Trigger })
		}
	}
	c := results.Summarise(s, runs)
	row := c.Tables[0].Rows[2]
	if row.Label != "flatcar" || !math.IsInf(row.Join.Ready.Median, 1) || row.Join.FirstPod.N != 0 || row.Join.Typical != "" {
		t.Errorf("row %s: %+v", row.Label, row.Join)
	}
	s.Subjects = s.Subjects[2:]
	runs = slices.DeleteFunc(runs, func(r results.Run) bool { return r.Subject.OS != "flatcar" })
	if c := results.Summarise(s, runs); !strings.HasPrefix(c.Answer, "No join time can be given: of 6 runs, 6 did not finish") {
		t.Errorf("answer %q", c.Answer)
	}
}

func TestRatiosOfJoinsAreOfTheTimeUntilReady(t *testing.T) {
	s, runs := resultstest.JoinSession(8, results.JoinWarm)
	for i := range runs {
		if r := &runs[i]; r.Subject.OS == "ignition-standin" {
			trigger, _ := r.Timeline().At(observe.Trigger)
			for _, other := range runs {
				if ready, ok := other.Timeline().JoinSince(observe.NodeReady); ok && other.Block == r.Block && other.Subject.OS == "debian" {
					k := slices.IndexFunc(r.Events, func(e observe.Event) bool { return e.M == observe.NodeReady })
					r.Events[k].T = trigger + 2*ready
				}
			}
		}
	}
	for _, row := range results.Summarise(s, runs).Tables[0].Rows {
		if row.Label == "ignition-standin" && (row.Ratio == nil || math.Abs(row.Ratio.Ratio-2) > 1e-9) {
			t.Errorf("ratio %+v, want 2", row.Ratio)
		}
	}
}

// TestJSONOfBootsKnowsNothingOfJoins: what reads the JSON of boots goes on to.
func TestJSONOfBootsKnowsNothingOfJoins(t *testing.T) {
	boots, err := results.Summarise(resultstest.Session(6)).JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{`"join"`, `"ready_s"`, `"registered_s"`} {
		if strings.Contains(string(boots), word) {
			t.Errorf("JSON of boots has %s", word)
		}
	}
	joins, err := results.Summarise(resultstest.JoinSession(6, results.JoinWarm)).JSON()
	if err != nil || !json.Valid(joins) || !strings.Contains(string(joins), `"ready_s"`) {
		t.Errorf("JSON of joins: %v", err)
	}
}

func TestRecordsOfJoinsAreReadAsWritten(t *testing.T) {
	s, runs := resultstest.JoinSession(2, results.JoinCold)
	dir := t.TempDir()
	if err := resultstest.Keep(t.Context(), dir, s, runs); err != nil {
		t.Fatal(err)
	}
	_, read, warnings, err := open(t, dir).Read(t.Context(), "last")
	if err != nil || len(warnings) > 0 || len(read) != len(runs) {
		t.Errorf("read %d of %d runs, warnings %q, %v", len(read), len(runs), warnings, err)
	}
}
