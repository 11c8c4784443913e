package app

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"distrolab/tui/chart"
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

// wrap breaks text into lines of at most width cells at spaces. Words that are
// longer, such as addresses, stay whole.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
