package results_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/results"
)

// TestListSaysWhatWasMeasured lists sessions of different kinds, page by page.
func TestListSaysWhatWasMeasured(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	s, err := results.Open(t.Context(), dir, func() time.Time { return at.Add(time.Hour) })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, systems := range [][]string{{"debian", "standin"}, {"debian"}, {"flatcar"}} {
		design := results.Session{ID: fmt.Sprintf("s%d", i), Started: at.AddDate(0, 0, i), Mode: results.ModeQuick, Scenario: results.FirstBoot, Blocks: 5, Env: results.Environment{Fingerprint: "f1"}}
		if i == 1 {
			design.Scenario = results.SecondBoot
		}
		for _, os := range systems {
			design.Subjects = append(design.Subjects, results.Subject{OS: os})
		}
		r, err := s.Begin(t.Context(), design)
		if err != nil {
			t.Fatal(err)
		}
		for _, os := range systems {
			for n, outcome := range []results.Outcome{results.OutcomeOK, results.OutcomeOK, results.OutcomeOK, results.OutcomeTimeout, results.OutcomeFailed, results.OutcomeTainted} {
				run := boot(os, n, time.Duration(10*(n+1))*time.Second)
				run.Outcome = outcome
				if n == 0 {
					run.Phase = results.PhaseWarmup
				}
				appendAll(t, r, run)
			}
		}
		if err := r.Finish(t.Context(), results.StateDone); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Sessions(t.Context(), results.Query{System: "debian"})
	if err != nil {
		t.Fatal(err)
	}
	bytes := list[1].Bytes
	want := []results.Listed{
		{ID: "s1", Started: at.AddDate(0, 0, 1), Scenario: results.SecondBoot, Systems: []string{"debian"}, Runs: results.Counts{OK: 2, Timeout: 1, Failed: 1, Tainted: 1, Warmups: 1}},
		{ID: "s0", Started: at, Scenario: results.FirstBoot, Systems: []string{"debian", "standin"}, Runs: results.Counts{OK: 4, Timeout: 2, Failed: 2, Tainted: 2, Warmups: 2}},
	}
	for i := range want {
		w := &want[i]
		w.Changed, w.State, w.Mode, w.Blocks, w.Accel, w.Fingerprint, w.Median = at.Add(time.Hour), results.StateDone, results.ModeQuick, 5, "tcg", "f1", new(25.0)
		w.Bytes = list[i].Bytes
	}
	if d := cmp.Diff(want, list); d != "" || bytes < 2*list[0].Bytes-200 || list[0].Bytes == 0 {
		t.Errorf("%s; %d and %d bytes", d, list[0].Bytes, bytes)
	}
	for name, test := range map[string]struct {
		query results.Query
		want  string
	}{
		"all": {results.Query{}, "s2 s1 s0"}, "a page": {results.Query{Limit: 2}, "s2 s1"}, "the next": {results.Query{Limit: 2, Offset: 2}, "s0"},
		"scenario": {results.Query{Scenario: results.FirstBoot}, "s2 s0"}, "both": {results.Query{Scenario: results.FirstBoot, System: "debian"}, "s0"},
		"none": {results.Query{System: "talos"}, ""}, "hostile": {results.Query{System: "x' OR 1 --"}, ""}, "too much": {results.Query{Limit: 1 << 40}, "s2 s1 s0"},
	} {
		list, err := s.Sessions(t.Context(), test.query)
		var ids []string
		for _, l := range list {
			ids = append(ids, l.ID)
		}
		if got := strings.Join(ids, " "); err != nil || list == nil || got != test.want {
			t.Errorf("%s: %q, want %q, %v", name, got, test.want, err)
		}
	}
}

func TestPaceIsTheDistanceOfRunsWithoutPauses(t *testing.T) {
	_, runs := session(3)
	at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for i := range runs {
		runs[i].Clock.WallStart = at
		at = at.Add(map[string]time.Duration{"debian": 30 * time.Second, "standin": 50 * time.Second}[runs[i].Subject.OS])
		if i == 2 {
			at = at.Add(time.Hour)
			runs[3].Held = time.Hour
		}
	}
	pace := results.Pace(runs)
	if pace["debian"] != 30*time.Second || pace["standin"] != 50*time.Second {
		t.Errorf("%v", pace)
	}
	if len(results.Pace(runs[:1])) != 0 {
		t.Error("one run has no distance")
	}
}
