package chart

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/style"
)

// Column is one column of a table.
type Column struct {
	Title string
	Right bool // numbers are set to the right
	Drop  int  // when the table is too wide, columns with the highest number go first, equal ones together; 0 stays
}

// Cell is one value with its style.
type Cell struct {
	Text  string
	Style lipgloss.Style
}

// Table sets rows under titles. When the width is too small, columns are left
// out in the order of their Drop, then the widest are cut.
func Table(columns []Column, rows [][]Cell, width int, g style.Glyphs, s style.Styles) []string {
	if width <= 0 || len(columns) == 0 {
		return nil
	}
	natural := make([]int, len(columns))
	for i, c := range columns {
		natural[i] = ansi.StringWidth(g.Clean(c.Title))
		for _, r := range rows {
			natural[i] = max(natural[i], ansi.StringWidth(g.Clean(cellAt(r, i).Text)))
		}
	}
	shown := chooseColumns(columns, natural, width)
	widths := shrink(natural, shown, width)

	lines := make([]string, 0, len(rows)+2)
	head := make([]Cell, len(columns))
	for i, c := range columns {
		head[i] = Cell{c.Title, s.FgMuted}
	}
	lines = append(lines, tableLine(columns, shown, widths, head, width, g))
	lines = append(lines, s.Border.Render(strings.Repeat(g.Line, width)))
	for _, r := range rows {
		lines = append(lines, tableLine(columns, shown, widths, r, width, g))
	}
	return lines
}

func cellAt(row []Cell, i int) Cell {
	if i < len(row) {
		return row[i]
	}
	return Cell{}
}

func tableLine(columns []Column, shown, widths []int, row []Cell, width int, g style.Glyphs) string {
	l := &line{}
	for k, i := range shown {
		if k > 0 {
			l.pad(l.cells + gap)
		}
		c := cellAt(row, i)
		l.column(c.Style, g.Clean(c.Text), widths[k], columns[i].Right, g)
	}
	l.pad(width)
	return l.String()
}

// chooseColumns returns the columns to show, in order.
func chooseColumns(columns []Column, natural []int, width int) []int {
	var shown []int
	total := -gap
	for i := range columns {
		shown = append(shown, i)
		total += natural[i] + gap
	}
	for total > width {
		worst := 0
		for _, i := range shown {
			worst = max(worst, columns[i].Drop)
		}
		if worst == 0 {
			break
		}
		shown = slices.DeleteFunc(shown, func(i int) bool {
			drop := columns[i].Drop == worst
			if drop {
				total -= natural[i] + gap
			}
			return drop
		})
	}
	// Even one cell each needs room.
	for len(shown) > 1 && len(shown)+(len(shown)-1)*gap > width {
		shown = shown[:len(shown)-1]
	}
	return shown
}

// shrink returns the widths of the shown columns, the widest cut until all fit.
func shrink(natural, shown []int, width int) []int {
	widths := make([]int, len(shown))
	total := (len(shown) - 1) * gap
	for k, i := range shown {
		widths[k] = natural[i]
		total += natural[i]
	}
	for ; total > width; total-- {
		widest := 0
		for k, w := range widths {
			if w > widths[widest] {
				widest = k
			}
		}
		widths[widest]--
	}
	return widths
}
