package config

import (
	"strings"

	"distrolab/provision"
	"distrolab/tui/difference"
	"distrolab/tui/highlight"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// Plain is the same from top to bottom: the intent with its problems, then each
// system with what it cannot do and its config.
func (m *Model) Plain(width int, look screen.Look) []string {
	width = max(width, 20)
	g := look.Glyphs
	lines := []string{"Intent"}
	if m.form != nil {
		lines = append(lines, m.plainGroup(m.form, "", "  ", look)...)
	}
	if m.choose != nil {
		lines = append(lines, "", g.Clean(m.choose.title)+" (find: "+g.Clean(m.choose.filter.value())+")")
		for i, d := range m.choose.found {
			mark := "  "
			if i == m.choose.list.Selected() {
				mark = "> "
			}
			lines = append(lines, mark+g.Clean(d.Name)+" "+g.Clean(d.Config.Format))
		}
	}
	if m.ask != nil {
		lines = append(lines, "", g.Clean(m.ask.title+": "+m.ask.input.value()))
	}
	if len(m.systems) == 0 {
		return append(lines, "", "No system is marked: t chooses some.")
	}
	if a, d := m.current(), m.against; d != nil && a.rendered && d.other.rendered {
		lines = append(lines, "", g.Clean("Difference between "+a.name()+" and "+d.other.name()))
		side := func(s *system) difference.Side {
			return difference.Side{Name: s.name(), Format: s.result.Format, Config: m.shownConfig(s)}
		}
		return append(lines, difference.Lines(m.intent.Fields(), side(a), side(d.other), min(width, difference.Beside-1), g, look.Styles)...)
	}
	for _, s := range m.systems {
		lines = append(lines, m.plainSystem(s, width, look)...)
	}
	return lines
}

func (m *Model) plainGroup(of *group, base, edge string, look screen.Look) []string {
	var lines []string
	for _, f := range of.visible() {
		at := joined(base, f.path)
		if f.kind != list {
			if f.value == "" && problemAt(m.problems, at, true) == "" {
				continue
			}
			value := f.value
			switch {
			case f.kind == secret && !m.reveal:
				value = "(secret)"
			case f.kind == text:
				value = amount(f.value)
			}
			lines = append(lines, edge+f.label+": "+look.Glyphs.Clean(value))
			if wrong := problemAt(m.problems, at, f.exact); wrong != "" {
				lines = append(lines, edge+"  error: "+look.Glyphs.Clean(wrong))
			}
			continue
		}
		for i, item := range f.items {
			name, note := item.title(item)
			lines = append(lines, edge+f.thing+" "+look.Glyphs.Clean(strings.TrimSpace(name+" "+note)))
			if !f.inline() {
				lines = append(lines, m.plainGroup(item, f.itemPath(base, i), edge+"  ", look)...)
			} else if wrong := problemAt(m.problems, f.itemPath(base, i), false); wrong != "" {
				lines = append(lines, edge+"  error: "+look.Glyphs.Clean(wrong))
			}
		}
	}
	return lines
}

func (m *Model) plainSystem(s *system, width int, look screen.Look) []string {
	g := look.Glyphs
	mark, word, _ := m.state(s, look)
	lines := []string{"", g.Clean(s.name()) + ": " + mark + " " + word}
	if s.failed != nil {
		return append(lines, failedLines(s, width, look)[1:]...)
	}
	if !s.rendered {
		return lines
	}
	cfg := m.shownConfig(s)
	lines = append(lines, prose.Fold(g.Clean(s.result.Format+", by "+cfg.Delivery.Sentence()), width)...)
	for _, gap := range cfg.Gaps {
		lines = append(lines, prose.Fold("cannot do "+g.Clean(gap.Field)+": "+g.Clean(gap.Reason), width)...)
	}
	for _, f := range s.result.Findings {
		lines = append(lines, prose.Fold(f.Severity+" in "+g.Clean(f.Document)+": "+g.Clean(f.Message), width)...)
	}
	if m.steps {
		return append(append(lines, ""), stepLines(cfg.Steps, width, look)...)
	}
	return append(lines, plainDocuments(cfg, look)...)
}

// plainDocuments keeps lines whole: they are to be read and copied as they are.
func plainDocuments(cfg provision.Config, look screen.Look) []string {
	var lines []string
	for i, doc := range shownDocuments(cfg) {
		title := "the guest reads "
		if i < len(cfg.Sources) {
			title = "written by hand "
		}
		lines = append(lines, "", title+look.Glyphs.Clean(doc.Name)+":")
		for _, l := range highlight.Lines(doc.Content) {
			lines = append(lines, difference.Whole(l, look.Glyphs))
		}
	}
	return lines
}
