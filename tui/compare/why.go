package compare

import (
	"fmt"
	"strings"

	"distrolab/distros"
	"distrolab/tui/factsheet"
	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// reason is the panel behind the selected cell: the whole fact, where it comes
// from, and what the score makes of it.
func (m *Model) reason(width, height int, look screen.Look) []string {
	r, column, found := m.cell()
	if !found {
		return layout.Pane("Why", nil, width, height, false, look)
	}
	title := look.Glyphs.Clean(m.comparison.Titles[column]) + ": " + r.Title
	var inside []string
	for _, l := range m.reasons(r, column, width-4, look) {
		inside = append(inside, " "+l)
	}
	return layout.Pane(title, inside, width, height, false, look)
}

func (m *Model) reasons(r distros.Row, column, width int, look screen.Look) []string {
	s, g := look.Styles, look.Glyphs
	c := r.Cells[column]
	var lines []string
	add := func(text string, render func(...string) string) {
		lines = append(lines, styled(prose.Fold(g.Clean(text), width), render)...)
	}
	if c.Value == "" {
		add("The catalog says nothing of this.", s.FgMuted.Render)
		return lines
	}
	switch {
	case r.Key == "standing":
		mark, st := factsheet.Standing(c.Class, g, s)
		add(mark+" "+c.Value, st.Render)
	case c.Class != "" && c.Class != c.Value:
		lines = append(lines, s.Accent.Render(prose.Shorten(g.Clean(c.Class), width, g.Ellipsis)))
		add(c.Value, s.Fg.Render)
	default:
		add(c.Value, s.Fg.Render)
	}
	if c.Unconfirmed {
		add("? Not confirmed: no source that could be read says so.", s.Warn.Render)
	}
	add(source(c), s.FgMuted.Render)
	lines = append(lines, m.inScore(r.Key, m.comparison.Distros[column], width, look)...)
	return lines
}

// source says where a fact comes from and when that was read.
func source(c distros.Cell) string {
	switch {
	case c.Source == "catalog":
		return "From this entry of the catalog itself."
	case c.Source == "":
		return "No source is named."
	case c.Checked == "":
		return "Source: " + c.Source
	}
	return "Source: " + c.Source + ", read " + c.Checked
}

// inScore says what the profile makes of the fact; nothing where it does not
// ask for it.
func (m *Model) inScore(key, name string, width int, look screen.Look) []string {
	if key == "standing" {
		key = "support"
	}
	var lines []string
	p := m.places[name]
	for i, c := range p.Criteria {
		for _, a := range c.Answers {
			if a.Key != key || i >= len(m.result.Criteria) {
				continue
			}
			text := fmt.Sprintf("%s: grade %s, %.1f of %.1f points for %s", m.result.Profile.Name,
				strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", a.Grade), "0"), "."), a.Points, a.Max, m.result.Criteria[i].Title)
			if a.Unknown {
				text += ", as not known"
			}
			lines = append(lines, styled(prose.Fold(look.Glyphs.Clean(text), width), look.Styles.Info.Render)...)
		}
	}
	for _, d := range p.Reasons {
		if d.Key == key {
			lines = append(lines, styled(prose.Fold(look.Glyphs.Cross+" ruled out: "+look.Glyphs.Clean(d.Reason), width), look.Styles.Err.Render)...)
		}
	}
	return lines
}
