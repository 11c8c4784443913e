package config

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/provision"
	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// state says what became of a system: mark, word and colour.
func (m *Model) state(s *system, look screen.Look) (mark, word string, st lipgloss.Style) {
	g, styles := look.Glyphs, look.Styles
	found := len(s.result.Findings)
	bad := slices.ContainsFunc(s.result.Findings, func(f Finding) bool { return f.Severity == provision.SeverityError })
	switch {
	case s.failed != nil:
		return g.Cross, "failed", styles.Err
	case !s.rendered:
		return g.Hollow, "no config yet", styles.FgMuted
	case bad:
		return g.Cross, plural(found, "finding"), styles.Err
	case found > 0:
		return g.Warn, plural(found, "finding"), styles.Warn
	case len(s.result.Config.Gaps) > 0:
		return g.Warn, plural(len(s.result.Config.Gaps), "gap"), styles.Warn
	}
	return g.Check, "all of it", styles.OK
}

// configPane draws the tabs and as many configs beside each other as fit.
func (m *Model) configPane(b box, look screen.Look) []string {
	width, height := max(b.width-2, 0), max(b.height-2, 0)
	focused := m.focus == configSide && m.ask == nil && m.choose == nil
	title := "Configs"
	if len(m.systems) == 1 {
		title = "Config"
	}
	if len(m.systems) == 0 {
		return layout.Pane(title, m.emptyLines(width, look), b.width, b.height, focused, look)
	}
	lines := []string{m.tabLine(b.x+1, width, look)}
	if wrong := m.staleLine(width-2, look); wrong != "" {
		lines = append(lines, " "+wrong)
	}
	count := min(len(m.systems), max(width/columnWide, 1))
	first := min(m.active, len(m.systems)-count)
	column := (width - (count-1)*1) / count
	room := max(height-len(lines), 1)
	bar := layout.Block(nil, 1, room, "")
	for i := range bar {
		bar[i] = look.Styles.Border.Render(look.Glyphs.Vertical)
	}
	var blocks [][]string
	for i := first; i < first+count; i++ {
		w := column
		if i == first+count-1 {
			w = width - (count-1)*(column+1)
		}
		if i > first {
			blocks = append(blocks, bar)
		}
		blocks = append(blocks, layout.Block(m.column(m.systems[i], w, room, count > 1, i == m.active && focused, look), w, room, look.Glyphs.Ellipsis))
	}
	if focused {
		title += m.current().shown
	}
	return layout.Pane(title, append(lines, layout.Beside(blocks...)...), b.width, b.height, focused, look)
}

func (m *Model) emptyLines(width int, look screen.Look) []string {
	lines := []string{""}
	for i, p := range []string{"No system is marked.", "t chooses the systems to render for; marks of the catalog (1) and of the comparison (2) count too."} {
		for _, part := range prose.Fold(p, max(width-4, 1)) {
			st := look.Styles.FgMuted
			if i == 0 {
				st = look.Styles.Title
			}
			lines = append(lines, "  "+st.Render(part))
		}
		lines = append(lines, "")
	}
	return lines
}

// staleLine says why the configs are not those of the form.
func (m *Model) staleLine(width int, look screen.Look) string {
	if len(m.problems) == 0 {
		return ""
	}
	p := m.problems[0]
	text := look.Glyphs.Cross + " " + p.Path + " " + p.Message
	if len(m.problems) > 1 {
		text = look.Glyphs.Cross + " " + plural(len(m.problems), "problem") + ", first " + p.Path + ": " + p.Message
	}
	rendered := false
	for _, s := range m.systems {
		rendered = rendered || s.rendered
	}
	if rendered {
		text = look.Glyphs.Cross + " " + plural(len(m.problems), "problem") + " in the intent: below is the config of before"
	}
	return look.Styles.Err.Render(prose.Shorten(look.Glyphs.Clean(text), width, look.Glyphs.Ellipsis))
}

// tabLine names the systems, each with what became of it; the shown one is
// marked. Where not all fit, those around it are shown.
func (m *Model) tabLine(x, width int, look screen.Look) string {
	type piece struct {
		text  string
		cells int
	}
	var pieces []piece
	for i, s := range m.systems {
		mark, word, st := m.state(s, look)
		name := look.Glyphs.Clean(s.name())
		text := layout.Pointer(i == m.active, look) + look.Styles.FgMuted.Render(name) + " " + st.Render(mark+" "+word) + "  "
		if i == m.active {
			text = layout.Pointer(true, look) + look.Styles.Title.Render(name) + " " + st.Render(mark+" "+word) + "  "
		}
		pieces = append(pieces, piece{text, ansi.StringWidth(text)})
	}
	from, total := 0, 0
	for i := range pieces[:m.active+1] {
		total += pieces[i].cells
	}
	for from < m.active && total > width-2 {
		total -= pieces[from].cells
		from++
	}
	line, at := "", 0
	if from > 0 {
		line, at = look.Styles.FgMuted.Render(look.Glyphs.Ellipsis)+" ", 2
	}
	for i := from; i < len(pieces); i++ {
		m.last.tabs = append(m.last.tabs, tab{x + at, x + at + pieces[i].cells, i})
		line += pieces[i].text
		at += pieces[i].cells
	}
	if strings.TrimRight(ansi.Strip(line), " ") != "" && at-2 > width {
		line = ansi.Truncate(line, max(width-1, 0), look.Glyphs.Ellipsis)
	}
	return line
}

// column is one config: how it is delivered, the documents, and at the foot what
// the system cannot do.
func (m *Model) column(s *system, width, height int, named, focused bool, look screen.Look) []string {
	st := look.Styles
	inside := max(width-2, 1)
	var lines []string
	put := func(text string) { lines = append(lines, " "+text) }
	if named {
		heading := st.Title
		if focused {
			heading = st.Accent
		}
		put(heading.Render(prose.Shorten(look.Glyphs.Clean(s.name()), inside, look.Glyphs.Ellipsis)))
	}
	if s.failed != nil {
		for _, l := range failedLines(s, inside, look) {
			put(l)
		}
		return lines
	}
	if !s.rendered {
		text := "rendering" + look.Glyphs.Ellipsis
		if len(m.problems) > 0 {
			text = "The config is shown as soon as the intent has no problems."
		}
		for _, part := range prose.Fold(text, inside) {
			put(st.FgMuted.Render(part))
		}
		return lines
	}
	put(st.FgMuted.Render(ansi.Truncate(look.Glyphs.Clean(s.result.Format+", by "+s.result.Config.Delivery.Sentence()), inside, look.Glyphs.Ellipsis)))
	lines = append(lines, "")
	foot := m.gapFoot(s, inside, max(height/3, 0), look)
	if height < 12 {
		foot = nil
	}
	room := max(height-len(lines)-len(foot), 1)
	all := m.sheetOf(s, inside, look)
	s.top = max(min(s.top, len(all)-room), 0)
	s.shown = where(s.top, room, len(all))
	for _, l := range all[s.top:min(s.top+room, len(all))] {
		put(l.draw(look))
	}
	if len(foot) > 0 {
		for len(lines) < height-len(foot) {
			lines = append(lines, "")
		}
		for _, l := range foot {
			put(l)
		}
	}
	return lines
}

// gapFoot are the gaps in at most so many lines, below a rule.
func (m *Model) gapFoot(s *system, width, height int, look screen.Look) []string {
	gaps := s.result.Config.Gaps
	if len(gaps) == 0 || height < 3 {
		return nil
	}
	lines := append([]string{look.Styles.Border.Render(strings.Repeat(look.Glyphs.Line, width))}, gapLines(gaps, width, look)...)
	if len(lines) > height {
		lines = append(lines[:height-1], "  "+look.Styles.FgMuted.Render(prose.Shorten(look.Glyphs.Ellipsis+" all of them stand below the config", width-2, look.Glyphs.Ellipsis)))
	}
	return lines
}

// failedLines say why there is no config.
func failedLines(s *system, width int, look screen.Look) []string {
	if s.failed == nil {
		return nil
	}
	lines := []string{look.Styles.Err.Render(prose.Shorten(look.Glyphs.Cross+" "+look.Glyphs.Clean(s.name())+" could not be rendered", width, look.Glyphs.Ellipsis))}
	for text := range strings.Lines(s.failed.Error()) {
		lines = append(lines, prose.Fold(look.Glyphs.Clean(strings.TrimSuffix(text, "\n")), width)...)
	}
	return lines
}
