package chart_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/distros/score"
	"distrolab/tui/chart"
	"distrolab/tui/style"
)

func TestPanelPiecesKeepToTheirRoom(t *testing.T) {
	s := style.NewStyles(true, colorprofile.TrueColor)
	for _, n := range []int{0, 1, 2, 7, 30} {
		r := ranked(t, n)
		for _, g := range []style.Glyphs{style.Unicode(), style.ASCII()} {
			for width := -1; width < 120; width += 7 {
				for _, most := range []int{-1, 0, 1, 3, 10, 100} {
					lines := chart.Ranking(r, width, most, g, s)
					if len(lines) > max(most, 0) {
						t.Fatalf("%d systems at %d cells: %d lines, want at most %d", n, width, len(lines), most)
					}
					for _, l := range append(lines, chart.Firmness(r, width, most, g, s)...) {
						if w := ansi.StringWidth(l); w > width {
							t.Fatalf("%d cells, want at most %d: %q", w, width, ansi.Strip(l))
						}
						if strings.Contains(ansi.Strip(l), "\x1b") {
							t.Fatalf("a title drives the terminal: %q", l)
						}
					}
				}
			}
		}
	}
}

func TestRankingCountsWhatHasNoRoom(t *testing.T) {
	r := ranked(t, 30)
	s := style.NewStyles(true, colorprofile.NoTTY)
	lines := chart.Ranking(r, 80, 6, style.Unicode(), s)
	if last := lines[len(lines)-1]; len(lines) != 6 || !strings.Contains(last, "and 25 more") {
		t.Errorf("%d lines, the last %q", len(lines), last)
	}
	all := strings.Join(chart.Ranking(r, 80, 100, style.Unicode(), s), "\n")
	if !strings.Contains(all, "It must be built before it can be used.") || strings.Contains(all, "more") {
		t.Errorf("not all is shown:\n%s", all)
	}
	if names := strings.Join(chart.Ranking(r, 50, 100, style.Unicode(), s), "\n"); !strings.Contains(names, "system-1 ") || strings.Contains(names, "Système") {
		t.Errorf("in little room systems are not called by their names:\n%s", names)
	}
}

func TestShareIsAsWideAsAskedFor(t *testing.T) {
	for _, part := range []float64{-1, 0, 0.013, 0.5, 0.99, 1, 7} {
		for _, cells := range []int{-1, 0, 1, 8, 30} {
			got := chart.Share(part, cells, style.Unicode(), style.NewStyles(true, colorprofile.TrueColor))
			if w := ansi.StringWidth(got); w != max(cells, 0) {
				t.Errorf("share %v of %d cells is %d wide", part, cells, w)
			}
		}
	}
}

func TestFirmnessNamesTheWeightThatFlips(t *testing.T) {
	r := score.Result{Ranking: []score.Place{{Distro: "a", Title: "A", Rank: 1}, {Distro: "b", Title: "B", Rank: 2}}}
	at := 3.5
	r.Sensitivity.Flips = []score.Flip{{Title: "Shell", Weight: 3, At: &at, To: "b"}, {Title: "SSH", Weight: 1}}
	text := strings.Join(chart.Firmness(r, 80, 3, style.Unicode(), style.NewStyles(true, colorprofile.NoTTY)), "\n")
	if !strings.Contains(text, "Not firm") || !strings.Contains(text, "Shell at 3.5 puts B first") || strings.Contains(text, "SSH") {
		t.Errorf("%s", text)
	}
}
