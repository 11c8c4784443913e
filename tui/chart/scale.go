package chart

import (
	"math"
	"strconv"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/style"
)

// labelRoom is the least distance of two ticks, in cells.
const labelRoom = 9

// scale maps seconds to cells of a plot.
type scale struct {
	low, high float64
	cells     int
	step      float64
}

// newScale covers low to high with round ticks. It widens the range outwards to
// the next half tick, so that nothing lies on the edge.
func newScale(low, high float64, cells int) scale {
	if !(high > low) {
		low, high = low-0.5, low+0.5
		if low < 0 {
			low, high = 0, 1
		}
	}
	step := roundStep((high - low) / math.Max(1, float64(cells/labelRoom)))
	half := step / 2
	sc := scale{low: math.Floor(low/half) * half, high: math.Ceil(high/half) * half, cells: cells, step: step}
	if sc.high <= high {
		sc.high += half
	}
	return sc
}

// roundStep returns the next of 1, 2, 5, 10, … at any power of ten.
func roundStep(least float64) float64 {
	if !(least > 0) || math.IsInf(least, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= least*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// at returns the place of v in cells, between 0 and the number of cells.
func (sc scale) at(v float64) float64 {
	x := (v - sc.low) / (sc.high - sc.low) * float64(sc.cells)
	return math.Min(math.Max(x, 0), float64(sc.cells))
}

// cell returns the cell that holds v.
func (sc scale) cell(v float64) int { return min(int(sc.at(v)), sc.cells-1) }

// ticks returns the round values of the range.
func (sc scale) ticks() []float64 {
	var list []float64
	for k := math.Ceil(sc.low/sc.step - 1e-9); len(list) <= sc.cells; k++ {
		v := k*sc.step + 0 // + 0: no negative zero
		if v > sc.high+sc.step*1e-9 {
			break
		}
		list = append(list, v)
	}
	return list
}

// text writes a tick's value with the digits its step needs.
func (sc scale) text(v float64) string {
	decimals := max(0, int(math.Ceil(-math.Log10(sc.step)-1e-9)))
	return strconv.FormatFloat(v, 'f', min(decimals, 9), 64)
}

// axis draws the labels and the line of the scale, beginning at a column.
func (sc scale) axis(indent, width int, g style.Glyphs, s style.Styles) []string {
	labels, rule := &line{}, &line{}
	labels.pad(indent)
	rule.pad(indent)
	for i, v := range sc.ticks() {
		at := sc.cell(v)
		text := sc.text(v)
		if i == 0 {
			text += " s"
		}
		start := indent + min(at, sc.cells-ansi.StringWidth(text))
		if start >= labels.cells && start >= indent && (i == 0 || start > labels.cells) {
			labels.pad(start)
			labels.add(s.FgMuted, text)
		}
		rule.add(s.Border, repeat(g.Line, indent+at-rule.cells))
		if rule.cells == indent+at {
			rule.add(s.Border, g.Tick)
		}
	}
	rule.add(s.Border, repeat(g.Line, indent+sc.cells-rule.cells))
	labels.pad(width)
	rule.pad(width)
	return []string{labels.String(), rule.String()}
}

func repeat(s string, n int) string {
	out := ""
	for range n {
		out += s
	}
	return out
}

// plotLine is a row of cells that can be drawn over.
type plotLine struct {
	text  []string
	style []lipgloss.Style
}

// newPlotLine returns an empty line with the scale's ticks as faint marks.
func newPlotLine(sc scale, g style.Glyphs, s style.Styles) *plotLine {
	p := &plotLine{make([]string, sc.cells), make([]lipgloss.Style, sc.cells)}
	for i := range p.text {
		p.text[i] = " "
	}
	for _, v := range sc.ticks() {
		p.set(sc.cell(v), g.Track, s.Track)
	}
	return p
}

func (p *plotLine) set(cell int, text string, st lipgloss.Style) {
	if cell >= 0 && cell < len(p.text) {
		p.text[cell], p.style[cell] = text, st
	}
}

// draw appends the cells to a line, joining neighbours of the same look.
func (p *plotLine) draw(l *line) {
	for i := 0; i < len(p.text); {
		j, run := i, ""
		for ; j < len(p.text) && (j == i || p.style[j].Render("x") == p.style[i].Render("x")); j++ {
			run += p.text[j]
		}
		l.add(p.style[i], run)
		i = j
	}
}
