package chart

import (
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/labs/stats"
	"distrolab/tui/style"
)

// labelRoom is the least distance of two ticks, in cells.
const labelRoom = 9

// scale maps seconds to cells of a plot.
type scale struct {
	stats.Axis
	cells int
}

func newScale(low, high float64, cells int) scale {
	return scale{stats.NewAxis(low, high, cells/labelRoom), cells}
}

// at returns the place of v in cells, between 0 and the number of cells.
func (sc scale) at(v float64) float64 { return sc.Share(v) * float64(sc.cells) }

// cell returns the cell that holds v.
func (sc scale) cell(v float64) int { return min(int(sc.at(v)), sc.cells-1) }

// axis draws the labels and the line of the scale, beginning at a column.
func (sc scale) axis(indent, width int, g style.Glyphs, s style.Styles) []string {
	labels, rule := &line{}, &line{}
	labels.pad(indent)
	rule.pad(indent)
	for i, v := range sc.Ticks() {
		at := sc.cell(v)
		text := sc.Text(v)
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

func repeat(s string, n int) string { return strings.Repeat(s, max(n, 0)) }

// ink names a style of a plot, so that neighbours of the same look can be
// joined without comparing styles. Series have the inks from inkSeries on.
type ink int

const (
	inkNone ink = iota
	inkTrack
	inkMuted
	inkAccent
	inkSeries
)

func (k ink) style(s style.Styles) lipgloss.Style {
	switch k {
	case inkNone:
		return s.Fg
	case inkTrack:
		return s.Track
	case inkMuted:
		return s.FgMuted
	case inkAccent:
		return s.Accent
	}
	return s.Of(int(k - inkSeries))
}

// seriesInk returns the ink of a chart series.
func seriesInk(series int) ink {
	return inkSeries + ink((series%style.Series+style.Series)%style.Series)
}

// plotLine is a row of cells that can be drawn over.
type plotLine struct {
	text []string
	inks []ink
}

// newPlotLine returns an empty line with the scale's ticks as faint marks.
func newPlotLine(sc scale, g style.Glyphs) *plotLine {
	p := &plotLine{make([]string, sc.cells), make([]ink, sc.cells)}
	for i := range p.text {
		p.text[i] = " "
	}
	for _, v := range sc.Ticks() {
		p.set(sc.cell(v), g.Track, inkTrack)
	}
	return p
}

func (p *plotLine) set(cell int, text string, k ink) {
	if cell >= 0 && cell < len(p.text) {
		p.text[cell], p.inks[cell] = text, k
	}
}

// draw appends the cells to a line, neighbours of one ink in one piece.
func (p *plotLine) draw(l *line, s style.Styles) {
	for i := 0; i < len(p.text); {
		j := i + 1
		for j < len(p.text) && p.inks[j] == p.inks[i] {
			j++
		}
		l.add(p.inks[i].style(s), strings.Join(p.text[i:j], ""))
		i = j
	}
}
