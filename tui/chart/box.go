package chart

import (
	"fmt"
	"math"

	"distrolab/labs/results"
	"distrolab/labs/stats"
	"distrolab/tui/style"
)

// BoxRow is all runs of one subject as a box plot.
type BoxRow struct {
	Label      string
	Spread     stats.Spread
	Low, High  float64   // ends of the whiskers; not finite: none
	Far        []float64 // runs far from the others, beyond the whiskers
	Low95      float64   // interval of the median; not finite: none
	High95     float64
	Unfinished int    // runs that have no place on the axis
	Value      string // number at the end of the row
}

// Box draws each row as a box of the middle half of the runs, with the median
// in it, whiskers to the outermost runs that are not far off, and those that are
// as marks. Under it lies the interval of the median. The axis does not start
// at 0.
func Box(rows []BoxRow, width int, g style.Glyphs, s style.Styles) []string {
	if width <= 0 || len(rows) == 0 {
		return nil
	}
	f := frameOf(width, len(rows), func(i int) (string, string) { return rows[i].Label, rows[i].Value }, g)
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range rows {
		for _, v := range append([]float64{r.Low, r.High, r.Spread.Median}, r.Far...) {
			if finite(v) {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
	}
	if f.plot < leastPlot || high < low {
		return f.withoutPlot(s)
	}
	sc := newScale(low, high, f.plot)
	lines := sc.axis(f.indent(), width, g, s)
	for i, r := range rows {
		lines = append(lines, f.row(i, r.draw(sc, i, g), s), r.interval(sc, f, g, s))
	}
	return append(lines, legend(boxLegend(rows, g, s), f.indent(), width, g, s)...)
}

func boxLegend(rows []BoxRow, g style.Glyphs, s style.Styles) []legendEntry {
	entries := []legendEntry{
		{g.Fill[1] + g.Median + g.Fill[1], s.Fg, "middle half of the runs, and the median"},
		{g.Left + g.Line + g.Right, s.Fg, "the others"},
	}
	var far, bounded, unfinished bool
	for _, r := range rows {
		far = far || len(r.Far) > 0
		bounded = bounded || r.bounded()
		unfinished = unfinished || r.Unfinished > 0
	}
	if far {
		entries = append(entries, legendEntry{g.Dot, s.Fg, "far from the others"})
	}
	if bounded {
		entries = append(entries, legendEntry{g.Left + g.Line + g.Right, s.FgMuted, "under the box: 95 % interval of the median"})
	}
	if unfinished {
		entries = append(entries, legendEntry{g.Cross, s.Err, "not finished, no place on the axis"})
	}
	return entries
}

func (r BoxRow) bounded() bool { return finite(r.Low95) && finite(r.High95) }

// draw is the line of the box.
func (r BoxRow) draw(sc scale, series int, g style.Glyphs) *plotLine {
	p, k := newPlotLine(sc, g), seriesInk(series+1)
	if finite(r.Low) && finite(r.High) {
		from, to := sc.cell(r.Low), sc.cell(r.High)
		for cell := from; cell <= to; cell++ {
			p.set(cell, g.Line, k)
		}
		p.set(to, g.Right, k)
		p.set(from, g.Left, k)
	}
	if finite(r.Spread.Q1) {
		to := sc.cells - 1 // a quarter and more did not finish: the box has no end
		if finite(r.Spread.Q3) {
			to = sc.cell(r.Spread.Q3)
		}
		for cell := sc.cell(r.Spread.Q1); cell <= to; cell++ {
			p.set(cell, g.Fill[1], k)
		}
	}
	for _, v := range r.Far {
		if finite(v) {
			p.set(sc.cell(v), g.Dot, k)
		}
	}
	if finite(r.Spread.Median) {
		p.set(sc.cell(r.Spread.Median), g.Median, inkAccent)
	}
	return p
}

// interval is the line under the box.
func (r BoxRow) interval(sc scale, f frame, g style.Glyphs, s style.Styles) string {
	strip := StripRow{Median: math.NaN(), Low: r.Low95, High: r.High95, Unfinished: r.Unfinished}
	return strip.summary(sc, f, g, s)
}

// BoxPlot draws every row of a table as a box.
func BoxPlot(t results.Table, width int, g style.Glyphs, s style.Styles) []string {
	var rows []BoxRow
	for _, r := range t.Rows {
		rows = append(rows, boxRow(r))
	}
	return Box(rows, width, g, s)
}

func boxRow(r results.Row) BoxRow {
	iv := r.Primary()
	b := BoxRow{
		Label: r.Label, Spread: stats.SpreadOf(r.Sample()), Low: math.Inf(1), High: math.Inf(-1),
		Low95: iv.Low, High95: iv.High, Unfinished: r.Unfinished, Value: results.Seconds(iv.Median),
	}
	for _, p := range r.Points {
		at := r.PrimaryOf(p)
		switch {
		case at == nil || p.Outcome == results.OutcomeTainted:
		case p.Outlier:
			b.Far = append(b.Far, *at)
		default:
			b.Low, b.High = math.Min(b.Low, *at), math.Max(b.High, *at)
		}
	}
	return b
}

// SpreadTable lists the numbers of the boxes, for those who do not see them.
func SpreadTable(t results.Table, width int, g style.Glyphs, s style.Styles) []string {
	columns := []Column{{Title: "system"}, {Title: "median", Right: true}, {Title: "middle half", Right: true, Drop: 1},
		{Title: "least", Right: true, Drop: 2}, {Title: "most", Right: true, Drop: 2}, {Title: "runs", Right: true, Drop: 3}, {Title: "far", Right: true, Drop: 4}}
	var rows [][]Cell
	for _, r := range t.Rows {
		b := boxRow(r)
		half := ""
		if b.Spread.N > 0 {
			half = rangeText(b.Spread.Q1, b.Spread.Q3, g)
		}
		rows = append(rows, []Cell{{r.Label, s.Fg}, {results.Seconds(b.Spread.Median), s.Title}, {half, s.Fg},
			{results.Digits(b.Spread.Min), s.FgMuted}, {results.Digits(b.Spread.Max), s.FgMuted},
			{fmt.Sprint(b.Spread.N), s.FgMuted}, {fmt.Sprint(len(b.Far)), s.FgMuted}})
	}
	return Table(columns, rows, width, g, s)
}
