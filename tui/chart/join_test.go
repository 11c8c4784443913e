package chart_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
	"distrolab/tui/chart"
	"distrolab/tui/style"
)

func TestJoinsLookAsReviewed(t *testing.T) {
	s, warm := resultstest.JoinSession(12, results.JoinWarm)
	golden(t, "join-warm-120", chart.Comparison(results.Summarise(s, warm), 120, style.Unicode(), plain()))
	var lines []string
	for i, r := range warm[:9] {
		lines = append(lines, chart.RunLine(r, i+1, len(warm), 110, style.Unicode(), plain()))
	}
	golden(t, "join-progress-110", lines)
	golden(t, "join-timeline-120", chart.Timeline(typical(t, s, warm), 120, style.Unicode(), plain()))
	golden(t, "join-steps-100", chart.Join(typical(t, s, warm), 100, style.Unicode(), plain()))

	s, cold := resultstest.JoinSession(3, results.JoinCold)
	golden(t, "join-cold-80-ascii", chart.Comparison(results.Summarise(s, cold), 80, style.ASCII(), plain()))
	golden(t, "join-timeline-80-ascii", chart.Timeline(cold[4].Timeline(), 80, style.ASCII(), plain()))
	golden(t, "join-steps-72-ascii", chart.Join(typical(t, s, cold), 72, style.ASCII(), plain()))
}

// typical is the timeline to draw of the first system of a session.
func typical(t *testing.T, s results.Session, runs []results.Run) observe.Timeline {
	t.Helper()
	id := results.Summarise(s, runs).Tables[0].Rows[0].Join.Typical
	i := slices.IndexFunc(runs, func(r results.Run) bool { return r.RunID == id })
	if i < 0 {
		t.Fatalf("no run %q", id)
	}
	return runs[i].Timeline()
}

// TestJoinsKeepToTheirWidth draws joins, whole and cut short, at every width.
func TestJoinsKeepToTheirWidth(t *testing.T) {
	for _, scenario := range []results.Scenario{results.JoinWarm, results.JoinCold} {
		s, runs := resultstest.JoinSession(4, scenario)
		runs[5].Missing = append(runs[5].Missing, observe.Missing{M: observe.CSRIssued, Why: "\x1b[2Jevil\r\n"})
		runs[5].Events = slices.DeleteFunc(runs[5].Events, func(e observe.Event) bool { return e.M == observe.CSRIssued })
		c := results.Summarise(s, runs)
		for width := -1; width <= 160; width += 1 + width/40 {
			for _, g := range glyphSets() {
				st := style.NewStyles(true, colorprofile.NoTTY)
				for _, l := range append(chart.Timeline(runs[5].Timeline(), width, g, st), chart.ComparisonTable(c.Tables[0], width, g, st)...) {
					if got := ansi.StringWidth(l); got != max(width, 0) {
						t.Fatalf("%s: %d cells at width %d: %q", g.Name, got, width, l)
					}
				}
				loose := append(chart.Join(runs[5].Timeline(), width, g, st), chart.Comparison(c, width, g, st)...)
				loose = append(loose, chart.Join(observe.Timeline{}, width, g, st)...)
				for _, l := range append(loose, chart.RunLine(runs[5], 1, 2, width, g, st)) {
					checkLine(t, l, width, g)
				}
			}
		}
	}
}

func TestPrintersOfJoinsDoNotSpeakOfBoots(t *testing.T) {
	s, runs := resultstest.JoinSession(12, results.JoinWarm)
	text := strings.Join(chart.Comparison(results.Summarise(s, runs), 120, style.Unicode(), plain()), "\n")
	if strings.Contains(text, "boot") {
		t.Errorf("a comparison of joins speaks of boots:\n%s", text)
	}
}
