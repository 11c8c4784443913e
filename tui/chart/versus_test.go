package chart_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
	"distrolab/tui/chart"
	"distrolab/tui/style"
)

// twoSessions is one session against itself on a slower host's kernel, with the
// stand-in's boots a quarter longer.
func twoSessions(hosts bool) results.Versus {
	a, before := resultstest.Session(12)
	b, after := resultstest.Session(12)
	b.ID, b.Env.Kernel = "later", "6.19\x1b[2J"
	for i := range after {
		if after[i].Subject.OS == "ignition-standin" {
			for j := range after[i].Events {
				after[i].Events[j].T = after[i].Events[j].T * 5 / 4
			}
		}
		if hosts {
			after[i].Env.Fingerprint = "other"
		}
	}
	return results.Against(a, b, results.Summarise(a, before), results.Summarise(b, after))
}

func TestVersusLooksAsReviewed(t *testing.T) {
	s, runs := resultstest.Session(12)
	within, err := results.Within(s, runs, "flatcar")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "versus-100", chart.Versus(twoSessions(false), 100, style.Unicode(), plain()))
	golden(t, "versus-hosts-72-ascii", chart.Versus(twoSessions(true), 72, style.ASCII(), plain()))
	golden(t, "versus-baseline-80", chart.Versus(within, 80, style.Unicode(), plain()))
}

func TestVersusKeepsToItsWidth(t *testing.T) {
	for width := 20; width <= 160; width += 7 {
		for _, g := range glyphSets() {
			lines := chart.Versus(twoSessions(width%2 == 0), width, g, style.NewStyles(true, colorprofile.NoTTY))
			if i := slices.IndexFunc(lines, func(l string) bool { return ansi.StringWidth(l) > width || strings.Contains(l, "\x1b[2J") }); i >= 0 {
				t.Errorf("%s, width %d: %q", g.Name, width, lines[i])
			}
		}
	}
}
