package app

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/chart"
	"distrolab/tui/factsheet"
	"distrolab/tui/prose"
	"distrolab/tui/style"
)

// plainWidth is the width of tables that go to a file or a pipe.
const plainWidth = 120

// view is how output looks: decided once from the environment.
type view struct {
	width  int
	glyphs style.Glyphs
	styles style.Styles
}

func (a *application) view() view {
	environ := os.Environ()
	terminal := a.world.OutWidth > 0
	v := view{width: a.world.OutWidth, glyphs: style.DetectGlyphs(environ),
		styles: style.NewStyles(true, style.Profile(environ, terminal))}
	if !terminal {
		v.width = plainWidth
	}
	return v
}

// state is a state of support as a mark with its word.
func (v view) state(state string) chart.Cell {
	mark, look := factsheet.Standing(state, v.glyphs, v.styles)
	return chart.Cell{Text: mark + " " + state, Style: look}
}

// printJSON prints a value as indented JSON.
func (a *application) printJSON(v any) error {
	out := json.NewEncoder(a.world.Out)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(v)
}

// printTable prints rows of plain text under titles.
func (a *application) printTable(columns []chart.Column, rows [][]string) error {
	v := a.view()
	cells := make([][]chart.Cell, 0, len(rows))
	for _, row := range rows {
		var line []chart.Cell
		for _, text := range row {
			line = append(line, chart.Cell{Text: text, Style: v.styles.Fg})
		}
		cells = append(cells, line)
	}
	return printLines(a.world.Out, chart.Table(columns, cells, v.width, v.glyphs, v.styles))
}

// printLines prints lines without spaces at their ends.
func printLines(w io.Writer, lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// fold breaks text into lines; see prose.Fold.
func fold(text string, width int) []string { return prose.Fold(text, width) }

// shorten cuts text to a number of cells, at a space where that loses little.
func (v view) shorten(text string, width int) string {
	return prose.Shorten(text, width, v.glyphs.Ellipsis)
}

// cells is the width of a text in a terminal.
func cells(text string) int { return ansi.StringWidth(text) }

// padded fills a text with spaces up to a width.
func padded(text string, width int) string { return prose.Pad(text, width) }
