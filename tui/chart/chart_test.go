package chart_test

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
	"distrolab/tui/chart"
	"distrolab/tui/style"
)

func glyphSets() []style.Glyphs {
	return []style.Glyphs{style.Unicode(), style.Block(), style.ASCII()}
}

func plain() style.Styles { return style.NewStyles(true, colorprofile.NoTTY) }

// golden compares lines with a file; UPDATE_GOLDEN=1 rewrites it, to be looked at.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	got := strings.Join(lines, "\n") + "\n"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with UPDATE_GOLDEN=1 and look at it", err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

func TestComparisonLooksAsReviewed(t *testing.T) {
	for _, c := range []struct {
		name          string
		blocks, width int
		glyphs        style.Glyphs
		profile       colorprofile.Profile
	}{
		{"bench-80-unicode", 12, 80, style.Unicode(), colorprofile.NoTTY},
		{"bench-120-unicode", 12, 120, style.Unicode(), colorprofile.NoTTY},
		{"bench-60-block", 12, 60, style.Block(), colorprofile.NoTTY},
		{"demo-80-ascii", 3, 80, style.ASCII(), colorprofile.NoTTY},
		{"bench-100-16-colours", 12, 100, style.Unicode(), colorprofile.ANSI},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, runs := resultstest.Session(c.blocks)
			golden(t, c.name, chart.Comparison(results.Summarise(s, runs), c.width, c.glyphs, style.NewStyles(true, c.profile)))
		})
	}
}

func TestTimelineLooksAsReviewed(t *testing.T) {
	_, runs := resultstest.Session(2)
	golden(t, "timeline-120", chart.Timeline(runs[4].Timeline(), 120, style.Unicode(), plain()))
	golden(t, "timeline-80-ascii", chart.Timeline(runs[4].Timeline(), 80, style.ASCII(), plain()))
	var lines []string
	for i, r := range runs {
		lines = append(lines, chart.RunLine(r, i+1, len(runs), 100, style.Unicode(), plain()))
	}
	golden(t, "progress-100", lines)
}

// TestWidths draws everything at every width, with foreign and odd values.
func TestWidths(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	s, runs := resultstest.Session(4)
	runs[7].Subject.OS = "evil\x1b[2J\x1b]0;title\x07\n名前が長い" + strings.Repeat("x", 200)
	runs[8].Cause, runs[8].Outcome = "\x1b[31mred\r\n", results.OutcomeFailed
	c := results.Summarise(s, runs)
	for width := -1; width <= 200; width += 1 + width/60 {
		for _, g := range glyphSets() {
			st := style.NewStyles(width%2 == 0, []colorprofile.Profile{colorprofile.NoTTY, colorprofile.TrueColor}[width&1])
			table := c.Tables[0]
			exact := [][]string{
				chart.ComparisonTable(table, width, g, st), chart.RunStrip(table, width, g, st),
				chart.Gantt(randomBars(rng), []string{"one", "two\x1b", strings.Repeat("three ", 9)}, width, g, st),
				chart.Timeline(runs[2].Timeline(), width, g, st),
			}
			for kind, lines := range exact {
				for _, l := range lines {
					if got := ansi.StringWidth(l); got != max(width, 0) {
						t.Fatalf("kind %d, %s: %d cells at width %d: %q", kind, g.Name, got, width, l)
					}
				}
			}
			loose := append(chart.Comparison(c, width, g, st), chart.RunLine(runs[7], 1, 2, width, g, st), chart.RunLine(runs[8], 1, 2, width, g, st))
			for _, l := range loose {
				checkLine(t, l, width, g)
			}
		}
	}
}

func checkLine(t *testing.T, l string, width int, g style.Glyphs) {
	t.Helper()
	text := ansi.Strip(l)
	if got := ansi.StringWidth(l); got > max(width, 0) {
		t.Fatalf("%s: %d cells at width %d: %q", g.Name, got, width, l)
	}
	if strings.ContainsAny(text, "\x1b\r\n\x07") || strings.Contains(l, "\x1b]") || strings.Contains(l, "\x1b[2J") {
		t.Fatalf("foreign control characters reach the terminal: %q", l)
	}
	if g.Name != "ascii" {
		return
	}
	for _, r := range text {
		if r < ' ' || r > '~' {
			t.Fatalf("ascii set prints %q in %q", r, l)
		}
	}
}

func randomBars(rng *rand.Rand) []chart.Bar {
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -3, 0, 1e-12, 1e12, 5}
	var bars []chart.Bar
	for range 1 + rng.IntN(4) {
		b := chart.Bar{Label: strings.Repeat("é", rng.IntN(30)), Value: strings.Repeat("9", rng.IntN(12))}
		for range rng.IntN(5) {
			b.Parts = append(b.Parts, chart.Part{Series: rng.IntN(20) - 5, Seconds: odd[rng.IntN(len(odd))] * rng.Float64()})
		}
		bars = append(bars, b)
	}
	return bars
}

// TestLongerIsNeverShorter: the drawn length follows the value.
func TestLongerIsNeverShorter(t *testing.T) {
	for _, g := range glyphSets() {
		before := -1.0
		for ms := 0; ms <= 10_000; ms += 7 {
			bars := []chart.Bar{
				{Label: "a", Parts: []chart.Part{{Series: 2, Seconds: float64(ms) / 1000}}},
				{Label: "b", Parts: []chart.Part{{Series: 2, Seconds: 10}}},
			}
			lines := chart.Gantt(bars, []string{"x"}, 70, g, plain())
			length := drawn(lines[2], g)
			if length < before {
				t.Fatalf("%s: %d ms is drawn as %v cells, less is drawn as %v", g.Name, ms, length, before)
			}
			before = length
		}
		if before < 50 {
			t.Errorf("%s: 10 s is drawn as %v cells of about 60", g.Name, before)
		}
	}
}

func drawn(l string, g style.Glyphs) float64 {
	length := float64(strings.Count(l, g.Of(2)))
	for i, part := range g.Part {
		length += float64(strings.Count(l, part)) * float64(i+1) / float64(len(g.Part)+1)
	}
	return length
}

func TestPhasesAreToldApartWithoutColour(t *testing.T) {
	bars := []chart.Bar{{Label: "a", Parts: []chart.Part{{0, 5}, {1, 5}, {2, 5}}}}
	for _, g := range glyphSets() {
		l := chart.Gantt(bars, []string{"x", "y", "z"}, 80, g, plain())[2]
		for series := range 3 {
			if strings.Count(l, g.Of(series)) < 10 {
				t.Errorf("%s: phase %d is not visible in %q", g.Name, series, l)
			}
		}
	}
}

func TestAPhaseThatIsNotKnownIsSaidSo(t *testing.T) {
	s, runs := resultstest.Session(6)
	for i := range runs {
		if runs[i].Subject.OS == "debian" {
			runs[i].Events = append(runs[i].Events[:4:4], runs[i].Events[8:]...)
		}
	}
	text := strings.Join(chart.Comparison(results.Summarise(s, runs), 100, style.Unicode(), plain()), "\n")
	for _, want := range []string{"debian: firmware+loader is not known: ", "whole boot, phases not known"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestTableDropsColumnsBeforeItCutsThem(t *testing.T) {
	columns := []chart.Column{{Title: "name"}, {Title: "second", Drop: 2}, {Title: "twin", Drop: 2}, {Title: "first", Drop: 1}}
	rows := [][]chart.Cell{{{Text: "abcdefgh"}, {Text: "22"}, {Text: "33"}, {Text: "44"}}}
	for width, want := range map[int]string{
		30: "name      second  twin  first ",
		20: "name      first     ",
		10: "name      ",
		5:  "name ",
	} {
		if got := chart.Table(columns, rows, width, style.Unicode(), plain())[0]; got != want {
			t.Errorf("width %d: %q, want %q", width, got, want)
		}
	}
	if got := chart.Table(columns, rows, 5, style.Unicode(), plain())[2]; got != "abcd…" {
		t.Errorf("cut cell %q", got)
	}
}

func BenchmarkComparison(b *testing.B) {
	s, runs := resultstest.Session(40)
	c := results.Summarise(s, runs)
	st := style.NewStyles(true, colorprofile.TrueColor)
	for b.Loop() {
		chart.Comparison(c, 120, style.Unicode(), st)
	}
}
