package catalog

import (
	"strings"

	"distrolab/tui/factsheet"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// Plain is the list, a line for each system, and the page of the selected one.
func (m *Model) Plain(width int, look screen.Look) []string {
	m.prepare()
	g := look.Glyphs
	head := counted(len(m.shown), len(m.entries), m.input.Value() != "") + ", by " + m.order.String()
	if filter := m.input.Value(); filter != "" {
		head += ", that fit " + filter
	}
	lines := prose.Fold(g.Clean(head), width)
	if m.query.problem != nil {
		lines = append(lines, prose.Fold("wrong in the filter: "+g.Clean(m.query.problem.Error()), width)...)
	}
	for _, i := range m.shown {
		for n, part := range prose.Fold(g.Clean(m.inWords(&m.entries[i])), width-2) {
			lines = append(lines, []string{"", "  "}[min(n, 1)]+part)
		}
	}
	if e := m.selected(); e != nil {
		lines = append(lines, "", "Selected:")
		lines = append(lines, factsheet.Page(m.about(e), m.sources, width, g, look.Styles)...)
	}
	return lines
}

// inWords says an entry in one sentence.
func (m *Model) inWords(e *entry) string {
	parts := []string{e.Name + ": " + e.Title, e.nature, e.standing.String()}
	if e.latest != nil {
		release := "release " + e.latest.Version
		if age := factsheet.Age(e.latest, m.shared.Now()); age != "" {
			release += " of " + age + " ago"
		}
		parts = append(parts, release)
	}
	if m.shared.Marked(e.Name) {
		parts = append(parts, "marked")
	}
	return strings.Join(parts, ", ")
}
