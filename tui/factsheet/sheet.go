package factsheet

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/distros"
	"distrolab/tui/prose"
	"distrolab/tui/style"
)

// Compare writes criteria as rows and systems as columns, with long facts broken
// into lines. Where the columns would be too narrow to read, each criterion
// becomes a paragraph. Sources become numbered notes.
func Compare(c distros.Comparison, sources bool, width int, g style.Glyphs, s style.Styles) []string {
	sh := newSheet(c, sources, width, g, s)
	texts := sh.texts()
	var lines []string
	if sh.layOut(texts) {
		lines = sh.table(texts)
	} else {
		lines = sh.paragraphs(texts)
	}
	return append(lines, sh.legend()...)
}

// Paragraphs writes each criterion as a paragraph with a line for each system:
// what can be read from top to bottom.
func Paragraphs(c distros.Comparison, sources bool, width int, g style.Glyphs, s style.Styles) []string {
	sh := newSheet(c, sources, width, g, s)
	lines := sh.paragraphs(sh.texts())
	return append(lines, sh.legend()...)
}

func newSheet(c distros.Comparison, sources bool, width int, g style.Glyphs, s style.Styles) *sheet {
	sh := &sheet{width: width, glyphs: g, styles: s, comparison: c}
	if sources {
		sh.notes = &notes{}
	}
	return sh
}

// sheet is a comparison being drawn.
type sheet struct {
	width      int
	glyphs     style.Glyphs
	styles     style.Styles
	comparison distros.Comparison
	notes      *notes // nil: sources are not asked for
	label      int    // width of the titles of rows
	columns    []int  // widths of the systems' columns
	marked     struct{ doubtful, unknown bool }
}

// texts are the cells as they are shown: rows by systems.
func (s *sheet) texts() [][]string {
	var all [][]string
	for n, r := range s.comparison.Rows {
		var row []string
		for _, cell := range r.Cells {
			text := s.text(cell, s.continues(n))
			if r.Key == "standing" {
				mark, _ := Standing(cell.Class, s.glyphs, s.styles)
				text = mark + " " + strings.TrimPrefix(text, "? ")
			}
			row = append(row, text)
		}
		all = append(all, row)
	}
	return all
}

// continues says whether a row is another fact on the criterion of the row
// before.
func (s *sheet) continues(n int) bool {
	return n > 0 && s.comparison.Rows[n].Key == s.comparison.Rows[n-1].Key
}

func (s *sheet) text(cell distros.Cell, another bool) string {
	text := s.glyphs.Clean(cell.Value)
	switch {
	case text == "" && another:
		return ""
	case text == "":
		s.marked.unknown = true
		return s.glyphs.Dash
	case cell.Unconfirmed:
		s.marked.doubtful = true
		text = "? " + text
	}
	if s.notes != nil && cell.Source != "" && cell.Source != "catalog" {
		text += s.notes.mark(cell)
	}
	return text
}

// layOut chooses the widths of columns; false: they would be too narrow.
func (s *sheet) layOut(texts [][]string) bool {
	s.label = titleWidth(s.comparison.Rows)
	room := s.width - s.label - 2*len(s.comparison.Distros)
	least := make([]int, len(s.comparison.Distros))
	for i, title := range s.comparison.Titles {
		s.columns = append(s.columns, ansi.StringWidth(s.glyphs.Clean(title)))
		least[i] = 16
		for _, row := range texts {
			s.columns[i] = max(s.columns[i], ansi.StringWidth(row[i]))
			for _, word := range strings.Fields(row[i]) {
				least[i] = max(least[i], min(ansi.StringWidth(word), 24))
			}
		}
		least[i] = min(least[i], s.columns[i])
	}
	narrow(s.columns, room)
	for i := range s.columns {
		if s.columns[i] < least[i] {
			return false
		}
	}
	return true
}

// narrow takes from the widest columns until all fit.
func narrow(widths []int, room int) {
	total := 0
	for _, w := range widths {
		total += w
	}
	for ; total > room && total > 0; total-- {
		widths[slices.Index(widths, slices.Max(widths))]--
	}
}

func (s *sheet) table(texts [][]string) []string {
	var titles []string
	for _, t := range s.comparison.Titles {
		titles = append(titles, s.glyphs.Clean(t))
	}
	lines := s.row("", titles, func(int) func(...string) string { return s.styles.Title.Render })
	total := s.label
	for _, w := range s.columns {
		total += w + 2
	}
	lines = append(lines, s.styles.Border.Render(strings.Repeat(s.glyphs.Line, total)))
	group := ""
	for n, r := range s.comparison.Rows {
		if r.Group != group {
			lines = append(lines, s.heading(n)...)
			group = r.Group
		}
		shown := r.Title
		if s.continues(n) {
			shown = ""
		}
		lines = append(lines, s.row(shown, texts[n], func(i int) func(...string) string { return s.look(r, i) })...)
	}
	return lines
}

// heading is the group of the n-th row, apart from what is before.
func (s *sheet) heading(n int) []string {
	lines := []string{s.styles.Accent.Render(s.comparison.Rows[n].Group)}
	if n > 0 {
		return slices.Insert(lines, 0, "")
	}
	return lines
}

// look is the style of a cell.
func (s *sheet) look(r distros.Row, i int) func(...string) string {
	switch cell := r.Cells[i]; {
	case r.Key == "standing":
		_, look := Standing(cell.Class, s.glyphs, s.styles)
		return look.Render
	case cell.Value == "" || cell.Unconfirmed:
		return s.styles.FgMuted.Render
	default:
		return s.styles.Fg.Render
	}
}

func (s *sheet) row(title string, texts []string, look func(int) func(...string) string) []string {
	var columns [][]string
	height := 1
	for i, t := range texts {
		columns = append(columns, prose.Fold(t, s.columns[i]))
		height = max(height, len(columns[i]))
	}
	var lines []string
	for n := range height {
		shown := ""
		if n == 0 {
			shown = title
		}
		line := s.styles.FgMuted.Render(prose.Pad(shown, s.label))
		for i, c := range columns {
			text := ""
			if n < len(c) {
				text = c[n]
			}
			line += "  " + look(i)(text) + strings.Repeat(" ", max(0, s.columns[i]-ansi.StringWidth(text)))
		}
		lines = append(lines, line)
	}
	return lines
}

func (s *sheet) paragraphs(texts [][]string) []string {
	name := 0
	for _, n := range s.comparison.Distros {
		name = max(name, len(n))
	}
	var lines []string
	group := ""
	for n, r := range s.comparison.Rows {
		if r.Group != group {
			lines = append(lines, s.heading(n)...)
			group = r.Group
		}
		if !s.continues(n) {
			lines = append(lines, s.styles.Title.Render(r.Title))
		}
		for i, text := range texts[n] {
			if text == "" {
				continue
			}
			for j, part := range prose.Fold(text, s.width-name-4) {
				who := []string{s.comparison.Distros[i], ""}[min(j, 1)]
				lines = append(lines, "  "+s.styles.FgMuted.Render(prose.Pad(who, name))+"  "+s.look(r, i)(part))
			}
		}
	}
	return lines
}
