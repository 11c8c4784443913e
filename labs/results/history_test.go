package results_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"distrolab/labs/results"
	"distrolab/labs/stats"
)

// night is one session of a history.
type night struct {
	seconds  float64
	version  string
	host     string
	mode     results.Mode
	scenario results.Scenario
	twice    bool // has the system as two subjects
	memory   int
}

// record appends a session with three runs around the night's time.
func record(t *testing.T, s *results.Store, i int, n night) {
	t.Helper()
	at := time.Date(2026, 10, 1, 3, 0, 0, 0, time.UTC).AddDate(0, 0, i)
	design := results.Session{ID: fmt.Sprintf("night-%02d", i), Started: at, Mode: n.mode, Scenario: n.scenario, Blocks: 3,
		Subjects: []results.Subject{{OS: "flatcar"}, {OS: "debian"}}, Env: results.Environment{Fingerprint: n.host}}
	if n.twice {
		design.Subjects = append(design.Subjects, results.Subject{OS: "flatcar", Name: "flatcar@next"})
	}
	r, err := s.Begin(t.Context(), design)
	if err != nil {
		t.Fatal(err)
	}
	for block, offset := range []float64{-0.02, 0, 0.03} {
		run := boot("flatcar", block, time.Duration(n.seconds*(1+offset)*float64(time.Second)))
		run.Subject.Version, run.VM.MemMiB, run.Scenario = n.version, n.memory, n.scenario
		appendAll(t, r, run, boot("debian", block, 50*time.Second))
	}
	if err := r.Finish(t.Context(), results.StateDone); err != nil {
		t.Fatal(err)
	}
}

func TestHistoryFindsTheNightOfAChange(t *testing.T) {
	s := open(t, t.TempDir())
	usual := night{version: "1", host: "f1", mode: results.ModeQuick, scenario: results.FirstBoot, memory: 2048}
	odd := map[int]func(*night){
		3:  func(n *night) { n.host = "f2" },
		5:  func(n *night) { n.mode = results.ModeDemo },
		7:  func(n *night) { n.twice = true },
		9:  func(n *night) { n.memory = 4096 },
		11: func(n *night) { n.mode = results.ModeCI },
		28: func(n *night) { n.scenario = results.SecondBoot },
	}
	for i := range 32 {
		n := usual
		n.seconds = 20 * (1 + 0.01*float64(i%3))
		if i >= 20 {
			n.seconds, n.version = n.seconds*1.08, "2"
		}
		if change := odd[i]; change != nil {
			change(&n)
		}
		record(t, s, i, n)
	}
	h, err := s.History(t.Context(), "flatcar", results.FirstBoot)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Moments) != 26 || h.LeftOut != 5 || h.Moments[0].Session != "night-00" || h.Moments[25].Session != "night-31" {
		t.Fatalf("%d sessions, %d left out: %+v", len(h.Moments), h.LeftOut, h.Moments)
	}
	if m := h.Moments[25]; m.Version != "2" || m.Median < 21.5 || m.Median > 22.1 {
		t.Errorf("the newest: %+v", m)
	}
	want := results.Conditions{Scenario: results.FirstBoot, Accel: "tcg", Cache: h.Conditions.Cache, VCPUs: h.Conditions.VCPUs, MemMiB: 2048, Fingerprint: "f1"}
	if h.Conditions != want {
		t.Errorf("conditions %+v", h.Conditions)
	}
	if len(h.Changes) != 1 || h.Changes[0].Session != "night-20" || h.Changes[0].P > 0.01 {
		t.Fatalf("changes %+v", h.Changes)
	}
	if c := h.Changes[0]; c.Before < 19.9 || c.Before > 20.5 || c.After < 21.5 || c.After > 22.1 {
		t.Errorf("from %v s to %v s", c.Before, c.After)
	}
	if !strings.Contains(h.Verdict, "% slower since session night-20") {
		t.Errorf("verdict %q", h.Verdict)
	}
	if h, err = s.History(t.Context(), "debian", ""); err != nil || len(h.Changes) != 0 {
		t.Errorf("debian never changed: %+v, %v", h.Changes, err)
	}
}

func TestHistoryOfLittle(t *testing.T) {
	s := open(t, t.TempDir())
	check := func(system, want string) {
		t.Helper()
		h, err := s.History(t.Context(), system, "")
		if err != nil || h.Verdict != want || len(h.Changes) != 0 {
			t.Errorf("%s: %q, %+v, %v; want %q", system, h.Verdict, h.Changes, err, want)
		}
	}
	check("flatcar", "no session measured it")
	record(t, s, 0, night{seconds: 20, host: "f", mode: results.ModeDemo, scenario: results.FirstBoot})
	check("flatcar", "no session of mode quick or bench has a finished run of it")
	for i := 1; i < stats.MinHistory; i++ {
		record(t, s, i, night{seconds: 20, host: "f", mode: results.ModeBench, scenario: results.FirstBoot})
	}
	check("flatcar", "changes are looked for from 20 sessions on; there are 19")
	record(t, s, stats.MinHistory, night{seconds: 20, host: "f", mode: results.ModeBench, scenario: results.FirstBoot})
	check("flatcar", "no lasting change in 20 sessions")
	check("'; DROP TABLE session; --", "no session measured it")
}
