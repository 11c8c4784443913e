package chart

import (
	"math"
	"strconv"

	"distrolab/tui/style"
)

// StripRow is all runs of one subject.
type StripRow struct {
	Label      string
	Points     []StripPoint
	Median     float64 // NaN: no mark
	Low, High  float64 // interval of the median; not finite: none
	Unfinished int     // runs that have no place on the axis
	Value      string  // number at the end of the row
}

// StripPoint is one run.
type StripPoint struct {
	Seconds  float64
	Doubtful bool // drawn hollow
}

// Strip draws every run as a mark on one axis, and under it the median with its
// interval. A digit stands for several runs in one cell. The axis does not
// start at 0.
func Strip(rows []StripRow, width int, g style.Glyphs, s style.Styles) []string {
	if width <= 0 || len(rows) == 0 {
		return nil
	}
	f := frameOf(width, len(rows), func(i int) (string, string) { return rows[i].Label, rows[i].Value }, g)
	if f.plot < leastPlot {
		return f.withoutPlot(s)
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range rows {
		for _, p := range r.Points {
			if finite(p.Seconds) {
				low, high = math.Min(low, p.Seconds), math.Max(high, p.Seconds)
			}
		}
	}
	if high < low {
		return f.withoutPlot(s)
	}
	sc := newScale(low, high, f.plot)
	lines := sc.axis(f.indent(), width, g, s)
	for i, r := range rows {
		lines = append(lines, f.row(i, r.dots(sc, i, g), s), r.summary(sc, f, g, s))
	}
	return append(lines, legend(stripLegend(rows, g, s), f.indent(), width, g, s)...)
}

func stripLegend(rows []StripRow, g style.Glyphs, s style.Styles) []legendEntry {
	entries := []legendEntry{{g.Dot, s.Fg, "one run"}, {"2-9", s.Fg, "several runs"}}
	var doubtful, unfinished, bounded bool
	for _, r := range rows {
		for _, p := range r.Points {
			doubtful = doubtful || p.Doubtful
		}
		unfinished = unfinished || r.Unfinished > 0
		bounded = bounded || r.bounded()
	}
	if doubtful {
		entries = append(entries, legendEntry{g.Hollow, s.Fg, "doubtful run"})
	}
	if unfinished {
		entries = append(entries, legendEntry{g.Cross, s.Err, "not finished, no place on the axis"})
	}
	entries = append(entries, legendEntry{g.Median, s.Accent, "median"})
	if bounded {
		entries = append(entries, legendEntry{g.Left + g.Line + g.Right, s.FgMuted, "95 % interval of the median"})
	}
	return entries
}

func (r StripRow) bounded() bool { return finite(r.Low) && finite(r.High) }

func (r StripRow) dots(sc scale, series int, g style.Glyphs) *plotLine {
	p := newPlotLine(sc, g)
	count, doubtful := make(map[int]int), make(map[int]bool)
	for _, pt := range r.Points {
		if finite(pt.Seconds) {
			cell := sc.cell(pt.Seconds)
			count[cell]++
			doubtful[cell] = pt.Doubtful && (count[cell] == 1 || doubtful[cell])
		}
	}
	for cell, n := range count {
		mark := g.Dot
		switch {
		case n > 1:
			mark = strconv.Itoa(min(n, 9))
		case doubtful[cell]:
			mark = g.Hollow
		}
		p.set(cell, mark, seriesInk(series+1))
	}
	return p
}

// summary is the line under the dots: interval and median.
func (r StripRow) summary(sc scale, f frame, g style.Glyphs, s style.Styles) string {
	p := newPlotLine(sc, g)
	if r.bounded() {
		from, to := sc.cell(r.Low), sc.cell(r.High)
		for cell := from; cell <= to; cell++ {
			p.set(cell, g.Line, inkMuted)
		}
		p.set(from, g.Left, inkMuted)
		p.set(to, g.Right, inkMuted)
	}
	if finite(r.Median) {
		p.set(sc.cell(r.Median), g.Median, inkAccent)
	}
	l := &line{}
	l.pad(f.indent())
	p.draw(l, s)
	if r.Unfinished > 0 && f.value >= 3 {
		l.pad(l.cells + gap)
		l.column(s.Err, g.Cross+" "+strconv.Itoa(r.Unfinished), f.value, true, g)
	}
	l.pad(f.width)
	return l.String()
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
