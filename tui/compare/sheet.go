package compare

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// The widths of the sheet, in cells.
const (
	gutter      = 3  // pointer, mark of a difference, space
	labelWidth  = 22 // titles of criteria have at most 24
	gap         = 2  // between columns
	leastColumn = 15
	leastWhole  = 24 // for sentences
	mostColumn  = 52
	mostWhole   = 68
	headLines   = 2 // titles of the columns and a rule
)

// sheet is how the table is laid out: where its lines and columns are.
type sheet struct {
	label, column, columns int   // widths of the titles and of a column; number of columns that have room
	starts                 []int // first line of each visible row
	heights                []int
	parts                  [][][]string // whole sentences: the lines of each cell, by visible row and drawn column
	total                  int          // lines in all
	lines                  []line       // what each line is
	height                 int          // lines that have room
}

// line is one line of the sheet: a heading, or a part of a row.
type line struct {
	heading string
	row     int // in visible; -1: none
	part    int
}

// lay out the sheet in a room.
func (m *Model) lay(width, height int, look screen.Look) sheet {
	sh := sheet{label: max(min(labelWidth, width/3-gutter), 0), height: max(height-headLines, 0)}
	room := max(width-gutter-sh.label, 0)
	least, most := leastColumn, mostColumn
	if m.whole {
		least, most = leastWhole, mostWhole
	}
	sh.columns = max(min(room/(least+gap), len(m.columns)), 1)
	sh.column = max(min(room/sh.columns-gap, most), 1)
	group := ""
	for i, index := range m.visible {
		r := m.comparison.Rows[index]
		if r.Group != group {
			if group != "" {
				sh.lines = append(sh.lines, line{row: -1})
			}
			sh.lines = append(sh.lines, line{heading: r.Group, row: -1})
			group = r.Group
		}
		n := 1
		if m.whole {
			var cells [][]string
			for _, c := range m.drawnColumns(sh) {
				cells = append(cells, prose.Fold(m.text(r, c, look), sh.column))
				n = max(n, len(cells[len(cells)-1]))
			}
			sh.parts = append(sh.parts, cells)
		}
		sh.starts, sh.heights = append(sh.starts, len(sh.lines)), append(sh.heights, n)
		for part := range n {
			sh.lines = append(sh.lines, line{row: i, part: part})
		}
	}
	sh.total = len(sh.lines)
	return sh
}

// drawnColumns are those that have room, the selected one among them.
func (m *Model) drawnColumns(sh sheet) []int {
	m.first = max(min(m.first, m.col), m.col-sh.columns+1)
	m.first = max(min(m.first, len(m.columns)-sh.columns), 0)
	return m.columns[m.first:min(m.first+sh.columns, len(m.columns))]
}

// follow scrolls so that the selected row is drawn, with the heading over it.
func (m *Model) follow(sh sheet) {
	if m.row < len(sh.starts) && sh.height > 0 {
		from, to := sh.starts[m.row], sh.starts[m.row]+sh.heights[m.row]
		if from > 0 && sh.lines[from-1].heading != "" {
			from--
		}
		m.top = max(m.top, to-sh.height)
		m.top = min(m.top, from)
	}
	m.top = max(min(m.top, sh.total-sh.height), 0)
}

// table draws the sheet.
func (m *Model) table(width, height int, look screen.Look) []string {
	sh := m.lay(width, height, look)
	m.follow(sh)
	m.layout = sh
	shown := m.drawnColumns(sh)
	lines := []string{m.head(sh, shown, look), look.Styles.Border.Render(strings.Repeat(look.Glyphs.Line, max(width, 0)))}
	for _, l := range sh.lines[m.top:min(m.top+sh.height, sh.total)] {
		switch {
		case l.row < 0:
			lines = append(lines, strings.Repeat(" ", gutter-1)+look.Styles.Accent.Render(l.heading))
		default:
			lines = append(lines, m.drawRow(l, sh, shown, look))
		}
	}
	return layout.Block(lines, width, height, look.Glyphs.Ellipsis)
}

// head are the names over the columns; the place in the score stands before
// them when the score is shown.
func (m *Model) head(sh sheet, shown []int, look screen.Look) string {
	s, g := look.Styles, look.Glyphs
	text := strings.Repeat(" ", gutter+sh.label)
	for n, index := range shown {
		name := m.comparison.Distros[index]
		title := g.Clean(m.comparison.Titles[index])
		mark := m.badge(name, look)
		if m.everything && m.shared.Marked(name) {
			mark += g.Dot + " "
		}
		title = prose.Shorten(mark+title, sh.column, g.Ellipsis)
		style := s.Title
		if m.first+n == m.col && !m.inPanel {
			style = s.Accent
		}
		text += style.Render(title) + strings.Repeat(" ", max(sh.column-ansi.StringWidth(title), 0)+gap)
	}
	return text
}

// differs is the mark before rows in which the systems differ: where the glyphs
// are few, the bullet means already that nothing is known.
func differs(look screen.Look) string {
	if look.Glyphs.Bullet == look.Glyphs.Dash {
		return "#"
	}
	return look.Glyphs.Bullet
}

// badge is the place of a system in the score, when that is shown.
func (m *Model) badge(name string, look screen.Look) string {
	if !m.panel || !m.scored {
		return ""
	}
	switch p := m.places[name]; {
	case p.Rank == 1:
		return look.Glyphs.Star + " "
	case p.Rank > 1:
		return fmt.Sprintf("%d ", p.Rank)
	case p.Distro != "":
		return look.Glyphs.Cross + " "
	}
	return look.Glyphs.Dash + " "
}

// drawRow draws one line of a row.
func (m *Model) drawRow(l line, sh sheet, shown []int, look screen.Look) string {
	index := m.visible[l.row]
	r, s := m.comparison.Rows[index], look.Styles
	selected := l.row == m.row && !m.inPanel
	label, mark, labels := "", " ", s.FgMuted
	if l.part == 0 {
		if label = r.Title; index > 0 && m.comparison.Rows[index-1].Key == r.Key {
			label = ""
		}
		if m.differs(index) {
			mark, labels = s.Accent.Render(differs(look)), s.Fg
		}
	}
	if selected {
		labels = s.Accent
	}
	text := layout.Pointer(selected, look) + mark + " " + labels.Render(layout.Fit(label, sh.label-1, look.Glyphs.Ellipsis)) + " "
	styles := m.styles(index, look)
	for n, c := range shown {
		here := selected && m.first+n == m.col
		cell := ""
		switch {
		case !m.whole:
			cell = m.text(r, c, look)
		case l.part < len(sh.parts[l.row][n]):
			cell = sh.parts[l.row][n][l.part]
		}
		text += drawCell(cell, sh.column, styles(c), here, look) + " "
	}
	return text
}

// drawCell draws a cell, one cell of the terminal wider than its column: the
// selected one has a background around it.
func drawCell(text string, width int, style lipgloss.Style, selected bool, look screen.Look) string {
	text = prose.Pad(prose.Shorten(text, width, look.Glyphs.Ellipsis), width+gap-1)
	if selected {
		return look.Styles.Sel.Render(text)
	}
	return style.Render(text)
}

// at finds the row and the column that are drawn at a place of the sheet.
func (sh sheet) at(x, y, top int) (row, column int, found bool) {
	i := top + y - headLines
	if y < headLines || y >= headLines+sh.height || i < 0 || i >= sh.total || sh.lines[i].row < 0 {
		return 0, 0, false
	}
	column = (x - gutter - sh.label) / (sh.column + gap)
	if x < gutter+sh.label {
		column = -1
	}
	return sh.lines[i].row, column, column < sh.columns
}
