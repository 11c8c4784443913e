package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss

	"distrolab/distros"
	"distrolab/labs/results"
	"distrolab/labs/stats"
	"distrolab/tui/style"
)

// Comparison draws a whole comparison for plain output: the answer, what limits
// it, and for each set of conditions the table, the phases and every run.
// Lines are at most width cells and have no trailing spaces.
func Comparison(c results.Comparison, width int, g style.Glyphs, s style.Styles) []string {
	lines := paragraph(s.Title, "", c.Answer, width, g)
	for _, b := range c.Banners {
		lines = append(lines, "")
		lines = append(lines, paragraph(s.Warn, g.Warn, b, width, g)...)
	}
	for _, t := range c.Tables {
		words := t.Words()
		lines = append(lines, "")
		lines = append(lines, paragraph(s.FgMuted, "", Conditions(t), width, g)...)
		lines = append(lines, ComparisonTable(t, width, g, s)...)
		lines = append(lines, Verdicts(t, width, g, s)...)
		lines = append(lines, "")
		lines = append(lines, paragraph(s.Title, "", "Where the time goes: median of each phase, from "+words.Origin+words.Until, width, g)...)
		lines = append(lines, PhaseBars(t, width, g, s)...)
		lines = append(lines, "")
		lines = append(lines, paragraph(s.Title, "", "Every run: "+words.Headline, width, g)...)
		lines = append(lines, RunStrip(t, width, g, s)...)
	}
	if len(c.Notes)+len(c.Warnings) > 0 {
		lines = append(lines, "")
	}
	for _, w := range c.Warnings {
		lines = append(lines, paragraph(s.Warn, g.Warn, w, width, g)...)
	}
	for _, n := range c.Notes {
		lines = append(lines, paragraph(s.FgMuted, g.Bullet, n, width, g)...)
	}
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return lines
}

// Conditions says in one line what all rows of a table share.
func Conditions(t results.Table) string {
	parts := []string{strings.ReplaceAll(string(t.Scenario), "_", " ")}
	if t.Accel != "" {
		parts = append(parts, strings.ToUpper(t.Accel))
	}
	if t.Cache != "" {
		parts = append(parts, t.Cache+" page cache")
	}
	parts = append(parts, fmt.Sprintf("%d CPUs, %s", t.VCPUs, memory(t.MemMiB)), fmt.Sprintf("%d blocks", t.Blocks))
	if t.Fingerprint != "" {
		parts = append(parts, "host "+t.Fingerprint[:min(8, len(t.Fingerprint))])
	}
	return strings.Join(parts, ", ")
}

func memory(mib int) string {
	if mib%1024 == 0 {
		return fmt.Sprintf("%d GiB", mib/1024)
	}
	return fmt.Sprintf("%d MiB", mib)
}

// ComparisonTable draws the rows of a table: medians, intervals, runs, phases.
func ComparisonTable(t results.Table, width int, g style.Glyphs, s style.Styles) []string {
	words := t.Words()
	columns := []Column{
		{Title: "  system"}, {Title: words.Primary, Right: true}, {Title: "95 % interval", Right: true},
		{Title: "ok/runs", Right: true, Drop: 1}, {Title: g.Times + " " + t.Baseline, Right: true, Drop: 2},
	}
	for _, other := range words.Others {
		columns = append(columns, Column{Title: other, Right: true, Drop: 3})
	}
	columns = append(columns, Column{Title: "kind", Drop: 7})
	for _, p := range phasesOf(t) {
		columns = append(columns, Column{Title: beginning(p), Right: true, Drop: 5})
	}
	if slices.ContainsFunc(t.Rows, func(r results.Row) bool { return len(r.Taints) > 0 }) {
		columns = append(columns, Column{Title: "doubtful", Right: true, Drop: 6})
	}
	var rows [][]Cell
	for _, r := range t.Rows {
		rows = append(rows, tableRow(r, g, s))
	}
	return Table(columns, rows, width, g, s)
}

// Verdicts say in words what the ratios of a table mean, a line for each system
// but the baseline.
func Verdicts(t results.Table, width int, g style.Glyphs, s style.Styles) []string {
	var lines []string
	for _, r := range t.Rows {
		if r.Verdict != "" {
			lines = append(lines, paragraph(s.Fg, g.Bullet, r.Label+" against "+t.Baseline+": "+r.Verdict, width, g)...)
		}
	}
	return lines
}

// beginning is the first part of a phase's name; the legend of the bars has
// the whole name.
func beginning(phase string) string {
	if i := strings.IndexAny(phase, "+,"); i > 0 {
		return phase[:i]
	}
	return phase
}

func phasesOf(t results.Table) []string {
	var names []string
	for _, r := range t.Rows {
		for _, p := range r.Phases {
			if !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	return names
}

func tableRow(r results.Row, g style.Glyphs, s style.Styles) []Cell {
	mark, weight := "  ", s.Fg
	if r.Fastest {
		mark, weight = g.Star+" ", s.Accent
	}
	runs := s.Fg
	if r.OK < r.Total {
		runs = s.Err
	}
	row := []Cell{
		{mark + r.Label, weight},
		{results.Seconds(r.Shown().Median), weight},
		{IntervalText(r.Shown(), g), s.Fg},
		{fmt.Sprintf("%d/%d", r.OK, r.Total), runs},
		{RatioText(r.Ratio, g), s.Fg},
	}
	for _, other := range r.Others() {
		row = append(row, Cell{results.Seconds(other.Median), s.Fg})
	}
	row = append(row, Cell{kindText(r.Subject.Kind), s.FgMuted})
	for _, p := range r.Phases {
		row = append(row, Cell{results.Seconds(value(p.Seconds)), s.FgMuted})
	}
	return append(row, Cell{doubtfulText(r), s.Warn})
}

func value(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// IntervalText is the short form of an interval for a narrow column.
func IntervalText(iv stats.Interval, g style.Glyphs) string {
	switch {
	case iv.N == 0:
		return ""
	case !iv.Bounded():
		return fmt.Sprintf("needs %d runs", stats.MinimumRuns(stats.Confidence95))
	}
	return rangeText(iv.Low, iv.High, g)
}

// rangeText is the short form of [results.Range] for a narrow column.
func rangeText(low, high float64, g style.Glyphs) string {
	if !(low > 0) || !finite(high) {
		return results.Range(low, high)
	}
	return results.Digits(low) + g.Dash + results.Digits(high)
}

// RatioText is a ratio with its interval; nil is the baseline.
func RatioText(r *stats.Ratio, g style.Glyphs) string {
	switch {
	case r == nil:
		return "1"
	case r.N == 0:
		return "unknown"
	case !r.Bounded() && finite(r.Ratio):
		return "about " + results.Digits(r.Ratio)
	}
	if !r.Bounded() {
		return results.Digits(r.Ratio)
	}
	return fmt.Sprintf("%s (%s)", results.Digits(r.Ratio), rangeText(r.Low, r.High, g))
}

func kindText(k distros.Kind) string {
	if k == distros.KindLocal {
		return "built here"
	}
	return string(k)
}

func doubtfulText(r results.Row) string {
	n := 0
	for _, p := range r.Points {
		if p.Doubtful {
			n++
		}
	}
	return fmt.Sprintf("%d/%d", n, r.Total)
}

// PhaseBars draws the median phases of each row. A row whose phases up to its
// headline are not all known has one bar for the whole, and the reason under
// the picture.
func PhaseBars(t results.Table, width int, g style.Glyphs, s style.Styles) []string {
	names := phasesOf(t)
	whole := len(names) // series of what cannot be divided
	var bars []Bar
	var why []string
	for _, r := range t.Rows {
		b := Bar{Label: r.Label, Value: results.Seconds(r.Primary().Median)}
		for i, p := range r.Phases {
			if p.Seconds == nil {
				why = append(why, r.Label+": "+p.Name+" is not known: "+p.Why)
				if !r.After(p) {
					b.Parts = nil
				}
				break
			}
			b.Parts = append(b.Parts, Part{i, *p.Seconds})
		}
		if len(b.Parts) == 0 {
			b.Parts = []Part{{whole, r.Primary().Median}}
		}
		bars = append(bars, b)
	}
	if len(why) > 0 {
		names = append(names, "whole "+t.Words().Noun+", phases not known")
	}
	lines := Gantt(bars, names, width, g, s)
	for _, text := range why {
		lines = append(lines, paragraph(s.FgMuted, g.Bullet, text, width, g)...)
	}
	return lines
}

// RunStrip draws every measured run of a table.
func RunStrip(t results.Table, width int, g style.Glyphs, s style.Styles) []string {
	var rows []StripRow
	for _, r := range t.Rows {
		rows = append(rows, StripOf(r, r.Label))
	}
	return Strip(rows, width, g, s)
}

// StripOf is the row of a table as one of a strip plot, under a name.
func StripOf(r results.Row, label string) StripRow {
	iv := r.Primary()
	row := StripRow{Label: label, Median: iv.Median, Low: iv.Low, High: iv.High, Unfinished: r.Unfinished, Value: results.Seconds(iv.Median)}
	for _, p := range r.Points {
		if at := r.PrimaryOf(p); at != nil {
			row.Points = append(row.Points, StripPoint{*at, p.Doubtful})
		}
	}
	return row
}

// outcomeMark returns the mark and style of an outcome; the word stands beside it.
func outcomeMark(o results.Outcome, g style.Glyphs, s style.Styles) (string, lipgloss.Style) {
	switch o {
	case results.OutcomeOK:
		return g.Check, s.OK
	case results.OutcomeTainted:
		return g.Warn, s.Warn
	}
	return g.Cross, s.Err
}
