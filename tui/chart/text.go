// Package chart draws results as lines of text: tables, phase bars, strip
// plots of runs, timelines. Its functions are pure: data, a width, glyphs and
// styles go in, lines come out. Plain output and screens use the same ones.
//
// Table, Gantt, Strip and Timeline return lines of exactly the given width;
// Comparison, made for plain output, ends its lines early. Text that came from
// outside is made safe to print. The package imports what it draws
// (labs/results) and touches nothing else.
package chart

import (
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/style"
)

// gap separates columns.
const gap = 2

// line collects styled pieces and counts their cells.
type line struct {
	b     strings.Builder
	cells int
}

// add appends text of one style; text must be clean and of one line.
func (l *line) add(st lipgloss.Style, text string) {
	if text == "" {
		return
	}
	l.cells += ansi.StringWidth(text)
	l.b.WriteString(st.Render(text))
}

// pad appends plain spaces up to the given width.
func (l *line) pad(width int) {
	if n := width - l.cells; n > 0 {
		l.b.WriteString(strings.Repeat(" ", n))
		l.cells = width
	}
}

func (l *line) String() string { return l.b.String() }

// fit cuts text to a number of cells, with an ellipsis where something is lost.
func fit(text string, cells int, g style.Glyphs) string {
	if cells <= 0 {
		return ""
	}
	if ansi.StringWidth(text) <= cells {
		return text
	}
	return ansi.Truncate(text, cells, g.Ellipsis)
}

// column writes text into a column of the given width.
func (l *line) column(st lipgloss.Style, text string, cells int, right bool, g style.Glyphs) {
	text = fit(text, cells, g)
	space := strings.Repeat(" ", max(0, cells-ansi.StringWidth(text)))
	if right {
		l.add(lipgloss.NewStyle(), space)
		l.add(st, text)
		return
	}
	l.add(st, text)
	l.add(lipgloss.NewStyle(), space)
}

// paragraph wraps text under a mark, with a hanging indent.
func paragraph(st lipgloss.Style, mark, text string, width int, g style.Glyphs) []string {
	indent := ansi.StringWidth(mark)
	if indent > 0 {
		indent++
	}
	if width <= indent {
		return nil
	}
	var lines []string
	for i, part := range strings.Split(ansi.Wrap(g.Clean(text), width-indent, " "), "\n") {
		lead := strings.Repeat(" ", indent)
		if i == 0 && indent > 0 {
			lead = st.Render(mark) + " "
		}
		lines = append(lines, lead+st.Render(fit(strings.TrimRight(part, " "), width-indent, g)))
	}
	return lines
}

// legendEntry is one mark with its meaning.
type legendEntry struct {
	mark string
	st   lipgloss.Style
	text string
}

// legend sets the entries side by side, in as many lines as they need.
func legend(entries []legendEntry, indent, width int, g style.Glyphs, s style.Styles) []string {
	var lines []string
	current := &line{}
	current.pad(indent)
	flush := func() {
		current.pad(width)
		lines = append(lines, current.String())
		current = &line{}
		current.pad(indent)
	}
	for _, e := range entries {
		text := fit(g.Clean(e.text), width-indent-ansi.StringWidth(e.mark)-1, g)
		need := ansi.StringWidth(e.mark) + 1 + ansi.StringWidth(text)
		if need+indent > width || text == "" {
			continue
		}
		if current.cells > indent && current.cells+gap+need > width {
			flush()
		}
		if current.cells > indent {
			current.pad(current.cells + gap)
		}
		current.add(e.st, e.mark)
		current.pad(current.cells + 1)
		current.add(s.FgMuted, text)
	}
	if current.cells > indent {
		flush()
	}
	return lines
}
