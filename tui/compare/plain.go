package compare

import (
	"slices"

	"distrolab/distros"
	"distrolab/tui/chart"
	"distrolab/tui/factsheet"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// Plain is the comparison, a paragraph for each criterion, and the score below.
func (m *Model) Plain(width int, look screen.Look) []string {
	if !m.ready || len(m.columns) == 0 {
		return m.empty(width, look)
	}
	c := m.seen()
	lines := prose.Fold("Comparing "+names(c), width)
	lines = append(lines, "")
	lines = append(lines, factsheet.Paragraphs(c, false, width, look.Glyphs, look.Styles)...)
	if r, column, found := m.cell(); found && m.why {
		lines = append(lines, "", "Why "+m.comparison.Distros[column]+", "+r.Title+":")
		lines = append(lines, m.reasons(r, column, width, look)...)
	}
	if m.panel && m.scored {
		lines = append(lines, "")
		lines = append(lines, chart.Score(m.result, width, look.Glyphs, look.Styles)...)
	}
	return lines
}

// seen is the comparison as it is shown: its rows and the order of its columns.
func (m *Model) seen() distros.Comparison {
	c := distros.Comparison{}
	for _, i := range m.columns {
		c.Distros = append(c.Distros, m.comparison.Distros[i])
		c.Titles = append(c.Titles, m.comparison.Titles[i])
	}
	for _, n := range m.visible {
		r := m.comparison.Rows[n]
		cells := r.Cells
		r.Cells = nil
		for _, i := range m.columns {
			r.Cells = append(r.Cells, cells[i])
		}
		c.Rows = append(c.Rows, r)
	}
	return c
}

func names(c distros.Comparison) string {
	text := ""
	for i, name := range slices.Clone(c.Distros) {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}
