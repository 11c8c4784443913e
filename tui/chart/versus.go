package chart

import (
	"math"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss

	"distrolab/labs/results"
	"distrolab/tui/style"
)

// Versus draws what two sessions, or the systems of one session and its
// baseline, say of each other: the numbers, what they mean, every run of both on
// one axis, and in what else they differ. Lines are at most width cells and have
// no trailing spaces.
func Versus(v results.Versus, width int, g style.Glyphs, s style.Styles) []string {
	var lines []string
	say := func(mark, text string) { lines = append(lines, paragraph(s.Fg, mark, text, width, g)...) }
	for _, l := range v.Limits {
		lines = append(lines, paragraph(s.Warn, g.Warn, l, width, g)...)
	}
	if len(v.Rows) > 0 {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, versusTable(v, width, g, s)...)
		lines = append(lines, "")
		for _, r := range v.Rows {
			mark, st := versusMark(r.Judgement, g, s)
			lines = append(lines, paragraph(st, mark, versusText(v, r), width, g)...)
		}
		lines = append(append(lines, ""), paragraph(s.Title, "", "Every run of both, on one axis", width, g)...)
		lines = append(lines, Strip(versusStrip(v), width, g, s)...)
	}
	for _, l := range v.Only {
		say(g.Bullet, l)
	}
	if v.Baseline == "" {
		lines = append(append(lines, ""), versusDifferences(v, width, g, s)...)
	}
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return lines
}

// versusText is the sentence on one system.
func versusText(v results.Versus, r results.VersusRow) string {
	text := r.Label + ": " + r.Verdict
	if v.Baseline != "" && r.Ratio != nil {
		text = r.Label + " against " + v.Baseline + ": " + r.Verdict
	}
	switch r.Judgement {
	case results.JudgedRegression:
		text += ": a regression from A to B"
	case results.JudgedImprovement:
		text += ": an improvement from A to B"
	}
	return text + "."
}

func versusMark(j results.Judgement, g style.Glyphs, s style.Styles) (string, lipgloss.Style) {
	switch j {
	case results.JudgedRegression:
		return g.Cross, s.Err
	case results.JudgedImprovement, results.JudgedPass:
		return g.Check, s.OK
	}
	return g.Bullet, s.Fg
}

func versusTable(v results.Versus, width int, g style.Glyphs, s style.Styles) []string {
	columns := []Column{{Title: "system"}, {Title: "A", Right: true}, {Title: "95 % interval", Right: true, Drop: 2}, {Title: "B", Right: true},
		{Title: "95 % interval", Right: true, Drop: 2}, {Title: "B / A", Right: true, Drop: 1}, {Title: "p", Right: true, Drop: 3}}
	var rows [][]Cell
	for _, r := range v.Rows {
		a, b := r.A.Primary(), r.B.Primary()
		ratio := ""
		if r.Ratio != nil && !math.IsNaN(r.Ratio.Ratio) {
			ratio = RatioText(r.Ratio, g)
		}
		rows = append(rows, []Cell{{r.Label, s.Fg}, {results.Seconds(a.Median), s.Title}, {IntervalText(a, g), s.FgMuted},
			{results.Seconds(b.Median), s.Title}, {IntervalText(b, g), s.FgMuted}, {ratio, s.Accent}, {pText(r.Holm), s.FgMuted}})
	}
	return Table(columns, rows, width, g, s)
}

// pText writes a p-value with two digits, and no more than can be believed.
func pText(p *float64) string {
	switch {
	case p == nil:
		return ""
	case *p < 0.0001:
		return "<0.0001"
	}
	return strconv.FormatFloat(*p, 'g', 2, 64)
}

// versusStrip has A and B of each system, of one session the baseline once.
func versusStrip(v results.Versus) []StripRow {
	var strip []StripRow
	for i, r := range v.Rows {
		if v.Baseline == "" {
			strip = append(strip, StripOf(r.A, "A "+r.Label), StripOf(r.B, "B "+r.Label))
			continue
		}
		if i == 0 {
			strip = append(strip, StripOf(r.A, v.Baseline))
		}
		strip = append(strip, StripOf(r.B, r.Label))
	}
	return strip
}

func versusDifferences(v results.Versus, width int, g style.Glyphs, s style.Styles) []string {
	if len(v.Differs) == 0 {
		return paragraph(s.FgMuted, "", "Host, machines, images and versions are the same in both.", width, g)
	}
	lines := paragraph(s.Title, "", "What differs besides the times", width, g)
	columns := []Column{{Title: "condition"}, {Title: "A"}, {Title: "B"}}
	var rows [][]Cell
	for _, d := range v.Differs {
		rows = append(rows, []Cell{{d.Name, s.FgMuted}, {strings.TrimSpace(d.A), s.Fg}, {strings.TrimSpace(d.B), s.Fg}})
	}
	return append(lines, Table(columns, rows, width, g, s)...)
}
