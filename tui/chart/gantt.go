package chart

import (
	"math"

	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/style"
)

// leastPlot is the least width of a plot that says something.
const leastPlot = 12

// Bar is one row of phases that follow each other.
type Bar struct {
	Label string
	Parts []Part
	Value string // number at the end of the row
}

// Part is one phase of a bar.
type Part struct {
	Series  int     // index into the names given to [Gantt]; chooses colour and fill
	Seconds float64 // length; not positive or not finite: not drawn
}

// Gantt draws bars of phases on one time axis that starts at 0, with a legend
// of the phases' names.
func Gantt(bars []Bar, names []string, width int, g style.Glyphs, s style.Styles) []string {
	if width <= 0 || len(bars) == 0 {
		return nil
	}
	frame := frameOf(width, len(bars), func(i int) (string, string) { return bars[i].Label, bars[i].Value }, g)
	if frame.plot < leastPlot {
		return frame.withoutPlot(s)
	}
	longest := 0.0
	for _, b := range bars {
		longest = math.Max(longest, b.total())
	}
	sc := newScale(0, longest, frame.plot)
	lines := sc.axis(frame.indent(), width, g, s)
	for i, b := range bars {
		lines = append(lines, frame.row(i, b.draw(sc, g), s))
	}
	var entries []legendEntry
	for i, name := range names {
		entries = append(entries, legendEntry{g.Of(i) + g.Of(i), s.Of(i), name})
	}
	return append(lines, legend(entries, frame.indent(), width, g, s)...)
}

func (p Part) length() float64 {
	if !(p.Seconds > 0) || math.IsInf(p.Seconds, 0) {
		return 0
	}
	return p.Seconds
}

func (b Bar) total() float64 {
	sum := 0.0
	for _, p := range b.Parts {
		sum += p.length()
	}
	return sum
}

// draw fills whole cells; the end of the bar is drawn to an eighth of a cell
// where the glyphs allow. Cells that hold a boundary belong to the phase that
// has the larger part of them.
func (b Bar) draw(sc scale, g style.Glyphs) *plotLine {
	p := newPlotLine(sc, g)
	end := sc.at(b.total())
	whole := int(end)
	steps := len(g.Part) + 1
	rest := int((end - float64(whole)) * float64(steps))
	if len(g.Part) == 0 {
		whole = int(math.Round(end))
	}
	sum, from, last := 0.0, 0, 0
	for _, part := range b.Parts {
		if part.length() == 0 {
			continue
		}
		sum += part.length()
		to := min(int(math.Round(sc.at(sum))), whole)
		for cell := from; cell < to; cell++ {
			p.set(cell, g.Of(part.Series), seriesInk(part.Series))
		}
		from, last = max(from, to), part.Series
	}
	for cell := from; cell < whole; cell++ {
		p.set(cell, g.Of(last), seriesInk(last))
	}
	if rest > 0 && len(g.Part) > 0 {
		p.set(whole, g.Part[rest-1], seriesInk(last))
	}
	return p
}

// frame divides a width into labels, plot and values.
type frame struct {
	width, label, plot, value int
	labels, values            []string
	g                         style.Glyphs
}

func frameOf(width, rows int, text func(int) (label, value string), g style.Glyphs) frame {
	f := frame{width: width, g: g}
	for i := range rows {
		label, value := text(i)
		label, value = g.Clean(label), g.Clean(value)
		f.labels, f.values = append(f.labels, label), append(f.values, value)
		f.label = max(f.label, ansi.StringWidth(label))
		f.value = max(f.value, ansi.StringWidth(value))
	}
	f.label = min(f.label, max(width*3/10, 8))
	f.plot = width - f.label - f.value - 2*gap
	return f
}

func (f frame) indent() int { return f.label + gap }

func (f frame) row(i int, p *plotLine, s style.Styles) string {
	l := &line{}
	l.column(s.Fg, f.labels[i], f.label, false, f.g)
	l.pad(f.indent())
	p.draw(l, s)
	l.pad(l.cells + gap)
	l.column(s.Title, f.values[i], f.value, true, f.g)
	return l.String()
}

// withoutPlot says the numbers alone, for widths where a picture says nothing.
func (f frame) withoutPlot(s style.Styles) []string {
	var lines []string
	for i := range f.labels {
		l := &line{}
		value := min(f.value, f.width)
		label := max(0, f.width-value-1)
		l.column(s.Fg, f.labels[i], label, false, f.g)
		l.pad(f.width - value)
		l.column(s.Title, f.values[i], value, true, f.g)
		lines = append(lines, l.String())
	}
	return lines
}
