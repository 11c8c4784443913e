package chart_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
	"distrolab/labs/stats"
	"distrolab/tui/chart"
	"distrolab/tui/style"
)

// farTable is a table with a run far from the others.
func farTable() results.Table {
	s, runs := resultstest.Session(20)
	for i := range runs {
		if runs[i].Block == 9 && runs[i].Subject.OS == "debian" {
			for k := range runs[i].Events {
				runs[i].Events[k].T = runs[i].Events[k].T * 12 / 10
			}
		}
	}
	return results.Summarise(s, runs).Tables[0]
}

func TestSpreadsLookAsReviewed(t *testing.T) {
	table := farTable()
	for _, g := range glyphSets() {
		golden(t, "box-90-"+g.Name, chart.BoxPlot(table, 90, g, plain()))
		golden(t, "ecdf-90-"+g.Name, chart.ECDFPlot(table, 90, 13, g, plain()))
	}
	golden(t, "box-60-16-colours", chart.BoxPlot(table, 60, style.Unicode(), style.NewStyles(true, colorprofile.ANSI)))
	golden(t, "ecdf-60-16-colours", chart.ECDFPlot(table, 60, 9, style.Unicode(), style.NewStyles(true, colorprofile.ANSI)))
	golden(t, "spread-80", chart.SpreadTable(table, 80, style.Unicode(), plain()))
}

func TestSpreadsAtEveryWidth(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	inf := math.Inf(1)
	odd := [][]float64{nil, {inf}, {inf, inf, 3}, {1}, {1, 1, 1}, {0, 1e9}, {math.NaN()}, {-5, 5}}
	var boxes []chart.BoxRow
	var curves []chart.Curve
	for i, sample := range odd {
		label := []string{"a", "漢字 العربية e\u0301", strings.Repeat("long", 40), "\x1b[31m"}[i%4]
		boxes = append(boxes, chart.BoxRow{Label: label, Spread: stats.SpreadOf(sample), Low: -1, High: 4, Far: sample, Low95: math.Inf(-1), High95: inf, Unfinished: i, Value: "1 s"})
		curves = append(curves, chart.Curve{Label: label, Steps: stats.Distribution(sample), Value: "1 s"})
	}
	table := farTable()
	for width := -1; width < 200; width++ {
		for _, g := range glyphSets() {
			height := rng.IntN(30)
			for name, lines := range map[string][]string{
				"box": chart.Box(boxes, width, g, plain()), "box of none": chart.Box(nil, width, g, plain()),
				"ecdf": chart.ECDF(curves, width, height, g, plain()), "ecdf of none": chart.ECDF(nil, width, height, g, plain()),
				"box plot": chart.BoxPlot(table, width, g, plain()), "ecdf plot": chart.ECDFPlot(table, width, height, g, plain()),
				"table": chart.SpreadTable(table, width, g, plain()),
			} {
				for _, l := range lines {
					if ansi.StringWidth(l) != width {
						t.Fatalf("%s at %d: %d cells: %q", name, width, ansi.StringWidth(l), l)
					}
				}
			}
		}
	}
}

// TestCurvesRise checks that a curve never falls and ends where its share says.
func TestCurvesRise(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 1))
		sample := make([]float64, 1+rng.IntN(40))
		for i := range sample {
			sample[i] = 10 + 5*rng.Float64()
			if rng.IntN(10) == 0 {
				sample[i] = math.Inf(1)
			}
		}
		steps := stats.Distribution(sample)
		lines := chart.ECDF([]chart.Curve{{Label: "a", Steps: steps}}, 100, 21, style.Unicode(), plain())
		if len(steps) == 0 {
			continue
		}
		top := -1
		for i, l := range lines[:21] {
			if strings.Contains(l, "A") {
				top = 20 - i
				break
			}
		}
		if want := int(math.Round(steps[len(steps)-1].Share * 20)); top != want {
			t.Errorf("seed %d: the curve ends in row %d, want %d\n%s", seed, top, want, strings.Join(lines, "\n"))
		}
	}
}
