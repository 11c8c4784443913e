package chart

import (
	"fmt"
	"math"
	"strings"

	"distrolab/labs/results"
	"distrolab/labs/stats"
	"distrolab/tui/style"
)

// leastCurve is the least height of a plot of curves that says something.
const leastCurve = 5

// Curve is the distribution of the runs of one subject.
type Curve struct {
	Label string
	Steps []stats.Step
	Value string // number beside its name in the legend
}

// ECDF draws which share of the runs took at most how long, one curve for each
// subject, each named by letters on it. height is that of the plot without its
// axis and legend; it is lowered to a multiple of four and one, so that the
// quarters have lines of their own. A curve that ends below 100 % has runs that
// did not finish.
func ECDF(curves []Curve, width, height int, g style.Glyphs, s style.Styles) []string {
	const labels = 5 // "100 %"
	indent := labels + gap
	sc, ok := curveScale(curves, width-indent)
	if !ok || height < leastCurve {
		f := frameOf(width, len(curves), func(i int) (string, string) { return curves[i].Label, curves[i].Value }, g)
		if width <= 0 {
			return nil
		}
		return f.withoutPlot(s)
	}
	height = (height-1)/4*4 + 1
	p := newCurvePlot(sc, height, g)
	for i, c := range curves {
		p.curve(i, c)
	}
	for i := range curves {
		p.letters(i)
	}
	lines := make([]string, 0, height+4)
	for row := height - 1; row >= 0; row-- {
		l := &line{}
		label := ""
		if row*4%(height-1) == 0 {
			label = fmt.Sprintf("%d %%", row*100/(height-1))
		}
		l.column(s.FgMuted, label, labels, true, g)
		l.pad(labels + 1)
		l.add(s.Border, g.Vertical)
		p.rows[row].draw(l, s)
		l.pad(width)
		lines = append(lines, l.String())
	}
	axis := sc.axis(indent, width, g, s)
	foot := strings.Repeat(" ", labels+1) + s.Border.Render(joint(g.Name)) + axis[1][indent:]
	lines = append(lines, foot, axis[0])
	var entries []legendEntry
	for i, c := range curves {
		entries = append(entries, legendEntry{letter(i), seriesInk(i + 1).style(s).Bold(s.Title.GetBold()), c.Label + " " + c.Value})
	}
	return append(lines, legend(entries, indent, width, g, s)...)
}

// curveScale covers all steps; false: there is nothing to draw or no room.
func curveScale(curves []Curve, cells int) (scale, bool) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for _, st := range c.Steps {
			if finite(st.Value) {
				low, high = math.Min(low, st.Value), math.Max(high, st.Value)
			}
		}
	}
	if high < low || cells < leastPlot {
		return scale{}, false
	}
	return newScale(low, high, cells), true
}

// letter names a curve on the plot and in the legend.
func letter(i int) string { return string(rune('A' + i%26)) }

type spot struct{ cell, row int }

// curvePlot is a plot with rows from the bottom up.
type curvePlot struct {
	sc    scale
	g     style.Glyphs
	rows  []*plotLine
	path  map[int][]spot // cells of each curve, in order
	named map[spot]bool  // that hold a letter
}

func newCurvePlot(sc scale, height int, g style.Glyphs) *curvePlot {
	p := &curvePlot{sc: sc, g: g, path: map[int][]spot{}, named: map[spot]bool{}}
	for range height {
		p.rows = append(p.rows, newPlotLine(sc, g))
	}
	return p
}

// curve draws one distribution: flat where no run ended, upright where some did.
func (p *curvePlot) curve(series int, c Curve) {
	top := len(p.rows) - 1
	at := make([]int, p.sc.cells) // the row that the curve has reached in each cell
	last := 0
	for _, st := range c.Steps {
		cell := p.sc.cell(st.Value)
		at[cell] = max(at[cell], int(math.Round(st.Share*float64(top))))
		last = max(last, cell)
	}
	if n := len(c.Steps); n > 0 && c.Steps[n-1].Share < 1 {
		last = p.sc.cells - 1 // it never gets there
	}
	before, begun := 0, false
	for cell := 0; cell <= last; cell++ {
		now := max(at[cell], before)
		switch {
		case now == before && begun:
			p.mark(series, spot{cell, now}, p.g.Line)
		case now > before || at[cell] > 0:
			p.rise(series, cell, before, now, begun)
			begun = true
		}
		before = now
	}
}

// rise draws the upright part of a curve in one cell.
func (p *curvePlot) rise(series, cell, from, to int, begun bool) {
	enter, leave := corner(p.g.Name)
	for row := from; row <= to; row++ {
		mark := p.g.Vertical
		switch {
		case row == to:
			mark = leave
		case row == from && begun:
			mark = enter
		}
		p.mark(series, spot{cell, row}, mark)
	}
}

// corner are the marks where a curve turns up and where it turns flat again.
func corner(set string) (enter, leave string) {
	switch set {
	case "ascii":
		return "'", "."
	case "block":
		return "┘", "┌"
	}
	return "╯", "╭"
}

// joint is where the two axes meet.
func joint(set string) string {
	switch set {
	case "ascii":
		return "+"
	case "block":
		return "└"
	}
	return "╰"
}

func (p *curvePlot) mark(series int, at spot, text string) {
	p.rows[at.row].set(at.cell, text, seriesInk(series+1))
	p.path[series] = append(p.path[series], at)
}

// letters names a curve at its middle and at its end, or as near to them as is
// free.
func (p *curvePlot) letters(series int) {
	path := p.path[series]
	middle, half := 0, (len(p.rows)-1)/2
	for i, at := range path {
		if at.row <= half {
			middle = i
		}
	}
	for _, want := range []int{middle, len(path) - 1} {
		for off := range len(path) {
			if p.name(series, path, want-off) || p.name(series, path, want+off) {
				break
			}
		}
	}
}

func (p *curvePlot) name(series int, path []spot, i int) bool {
	if i < 0 || i >= len(path) || p.named[path[i]] {
		return false
	}
	p.named[path[i]] = true
	p.rows[path[i].row].set(path[i].cell, letter(series), seriesInk(series+1))
	return true
}

// ECDFPlot draws the distributions of all rows of a table.
func ECDFPlot(t results.Table, width, height int, g style.Glyphs, s style.Styles) []string {
	var curves []Curve
	for _, r := range t.Rows {
		value := results.Seconds(r.Primary().Median)
		if r.Unfinished > 0 {
			value += fmt.Sprintf(", %d of %d did not finish", r.Unfinished, r.Total)
		}
		curves = append(curves, Curve{r.Label, stats.Distribution(r.Sample()), value})
	}
	return ECDF(curves, width, height, g, s)
}
