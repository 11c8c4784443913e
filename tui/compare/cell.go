package compare

import (
	"slices"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss

	"distrolab/distros"
	"distrolab/tui/factsheet"
	"distrolab/tui/screen"
)

// answer is the short form of a cell: its class where the criterion has
// classes, else its sentence.
func answer(r distros.Row, c distros.Cell) string {
	if r.Classed() && c.Class != "" {
		return c.Class
	}
	return c.Value
}

// text is a cell as it is shown. With the score beside it, a star marks the
// answers that the profile prefers.
func (m *Model) text(r distros.Row, column int, look screen.Look) string {
	text := m.plain(r, r.Cells[column], look)
	if m.panel && m.best[r.Key][m.comparison.Distros[column]] {
		text = look.Glyphs.Star + " " + text
	}
	return text
}

func (m *Model) plain(r distros.Row, c distros.Cell, look screen.Look) string {
	g := look.Glyphs
	text := c.Value
	if !m.whole {
		text = answer(r, c)
	}
	text = g.Clean(text)
	switch {
	case text == "":
		return g.Dash
	case r.Key == "standing":
		mark, _ := factsheet.Standing(c.Class, g, look.Styles)
		return mark + " " + text
	case c.Unconfirmed:
		return "? " + text
	}
	return text
}

// styles are the looks of the cells of a row. Where all say the same, they
// recede. Where short answers differ, the one that most systems give is plain
// and each other has a colour of its own; the words say the same.
func (m *Model) styles(row int, look screen.Look) func(int) lipgloss.Style {
	r, s := m.comparison.Rows[row], look.Styles
	others := []string{}
	if r.Classed() && m.differ.answers[row] {
		others = m.differ.others[row]
	}
	return func(column int) lipgloss.Style {
		c := r.Cells[column]
		switch {
		case r.Key == "standing":
			_, st := factsheet.Standing(c.Class, look.Glyphs, s)
			return st
		case c.Value == "" || c.Unconfirmed:
			return s.FgFaint
		case !m.differs(row):
			return s.FgMuted
		}
		if i := slices.Index(others, answer(r, c)); i >= 0 {
			return s.Of(i)
		}
		return s.Fg
	}
}

// minorities are the confirmed answers of a row but the most common one, in the
// order of the columns.
func minorities(r distros.Row) []string {
	counts := map[string]int{}
	var order []string
	for _, c := range r.Cells {
		a := answer(r, c)
		if c.Unconfirmed || a == "" {
			continue
		}
		if counts[a] == 0 {
			order = append(order, a)
		}
		counts[a]++
	}
	if len(order) == 0 {
		return nil
	}
	most := order[0]
	for _, a := range order {
		if counts[a] > counts[most] {
			most = a
		}
	}
	return slices.DeleteFunc(order, func(a string) bool { return a == most })
}
