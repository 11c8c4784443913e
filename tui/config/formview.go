package config

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"charm.land/lipgloss/v2"      // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/provision"
	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// labelWidth is the column of the labels.
const labelWidth = 11

// formLine is one line of the form: of a row, or between rows.
type formLine struct {
	row    int // -1: cannot be selected
	text   string
	cursor *tea.Cursor // in the line, Y 0
}

// formTitle is the trail of the pane.
func (m *Model) formTitle(look screen.Look) string {
	parts := []string{"Intent"}
	if m.file != "" && len(m.trail) == 0 {
		parts = append(parts, m.file)
	}
	for _, c := range m.trail {
		name, _ := c.list.items[c.item].title(c.list.items[c.item])
		if name == "" {
			name = "new " + c.list.thing
		}
		parts = append(parts, c.list.label, name)
	}
	if m.typing != nil && m.typing.kind == text {
		parts = append(parts, m.typing.label)
	}
	return look.Glyphs.Clean(strings.Join(parts, " / "))
}

// formBody draws the form in a pane's inside.
func (m *Model) formBody(width, height int, look screen.Look) (lines []string, cursor *tea.Cursor) {
	if m.form == nil {
		return nil, nil
	}
	if m.typing != nil && m.typing.kind == text {
		return m.textBody(width, height, look)
	}
	about := m.aboutLines(width, min(max(height/4, 3), 7), look)
	if height < 8 {
		about = nil
	}
	room := max(height-len(about), 1)
	all := m.formLines(width, look)
	m.followSelection(all, room)
	for i := m.top; i < min(m.top+room, len(all)); i++ {
		if all[i].cursor != nil {
			cursor = tea.NewCursor(all[i].cursor.X, i-m.top)
		}
		lines = append(lines, all[i].text)
	}
	for len(lines) < room {
		lines = append(lines, "")
	}
	m.last.formRows = m.last.formRows[:0]
	for i := m.top; i < min(m.top+room, len(all)); i++ {
		m.last.formRows = append(m.last.formRows, all[i].row)
	}
	return append(lines, about...), cursor
}

// textBody is the field of several lines that is typed, in the whole pane.
func (m *Model) textBody(width, height int, look screen.Look) ([]string, *tea.Cursor) {
	m.last.formRows = nil
	r, _ := m.row()
	foot := m.typing.about()
	st := look.Styles.FgMuted
	if wrong := problemAt(m.problems, r.path, false); wrong != "" {
		foot, st = look.Glyphs.Cross+" "+wrong, look.Styles.Err
	}
	lines, x, y := m.input.view(width-2, max(height-2, 1), false, look.Glyphs)
	for i := range lines {
		lines[i] = " " + lines[i] + " "
	}
	lines = append(lines, "", " "+st.Render(prose.Shorten(look.Glyphs.Clean(foot), width-2, look.Glyphs.Ellipsis)))
	return lines[:min(len(lines), height)], tea.NewCursor(x+1, y)
}

// followSelection moves the window so that the selected row and its notes are in
// it.
func (m *Model) followSelection(all []formLine, room int) {
	first := slices.IndexFunc(all, func(l formLine) bool { return l.row == m.selected })
	if first < 0 {
		m.top = 0
		return
	}
	last := first
	for last+1 < len(all) && all[last+1].row == -1 && all[last+1].text != "" && last+1-first < 3 {
		last++
	}
	if m.selected == 0 {
		first = 0
	}
	m.top = max(min(m.top, first), last-room+1)
	m.top = max(min(m.top, len(all)-room), 0)
}

// formLines are all lines of the shown form.
func (m *Model) formLines(width int, look screen.Look) []formLine {
	var lines []formLine
	for i, r := range m.rows() {
		if r.field.heading != "" && r.item <= 0 && (r.item == 0 || !r.add || len(r.field.items) == 0) {
			if i > 0 {
				lines = append(lines, formLine{row: -1})
			}
			lines = append(lines, formLine{row: -1, text: " " + look.Styles.Title.Render(prose.Shorten(r.field.heading, width-1, look.Glyphs.Ellipsis))})
		}
		lines = append(lines, m.rowLine(i, r, width, look))
		exact := r.field.exact || r.add
		if wrong := problemAt(m.problems, r.path, exact); wrong != "" {
			lines = append(lines, problemLines(wrong, width, look)...)
		}
	}
	return lines
}

// problemLines say below a field what is wrong with it; typing goes on.
func problemLines(wrong string, width int, look screen.Look) []formLine {
	edge := min(labelWidth+2, width/4)
	parts := marked(look.Glyphs.Cross, wrong, width-edge-1, look)
	if len(parts) > 2 {
		parts = append(parts[:1], layout.Fit(parts[1], max(width-edge-3, 0), "")+" "+look.Glyphs.Ellipsis)
	}
	var lines []formLine
	for _, part := range parts {
		lines = append(lines, formLine{row: -1, text: strings.Repeat(" ", edge) + look.Styles.Err.Render(part)})
	}
	return lines
}

// marked folds a text behind a mark, at which no line ends.
func marked(mark, text string, width int, look screen.Look) []string {
	parts := prose.Fold(look.Glyphs.Clean(text), max(width-2, 1))
	for i := range parts {
		parts[i] = either(i == 0, mark+" ", "  ") + parts[i]
	}
	return parts
}

// rowLine is one row: mark, label, value, and how many systems cannot do it.
func (m *Model) rowLine(i int, r row, width int, look screen.Look) formLine {
	s, g := look.Styles, look.Glyphs
	selected := i == m.selected
	label := r.field.label
	if r.item > 0 || r.add && len(r.field.items) > 0 {
		label = ""
	}
	lab := s.FgMuted
	if selected && m.focus == formSide {
		lab = s.Accent
	}
	head := layout.Pointer(selected && m.focus == formSide, look) + lab.Render(prose.Pad(prose.Shorten(label, labelWidth, g.Ellipsis), labelWidth)) + " "
	note := ""
	if n := m.unable(r.path); n > 0 && !(r.add && len(r.field.items) > 0) {
		note = g.Warn + " " + plural(n, "gap")
	}
	room := max(width-labelWidth-2-ansi.StringWidth(note)-1, 1)
	if r.target() != nil && r.target() == m.typing {
		hide := m.typing.kind == secret && !m.reveal
		lines, x, _ := m.input.view(room-1, 1, hide, g)
		return formLine{i, head + s.Sel.Render(lines[0]+" ") + " " + s.Warn.Render(note), tea.NewCursor(labelWidth+2+x, 0)}
	}
	value := layout.Fit(m.valueText(r, room, look), room, g.Ellipsis)
	return formLine{row: i, text: head + value + " " + s.Warn.Render(note)}
}

// unable is how many of the systems cannot do a part of the intent.
func (m *Model) unable(path string) int {
	n := 0
	for _, s := range m.systems {
		if s.rendered && slices.ContainsFunc(s.result.Config.Gaps, func(g provision.Gap) bool { return g.Field == path || provision.Below(g.Field, path) }) {
			n++
		}
	}
	return n
}

// valueText is the value of a row.
func (m *Model) valueText(r row, width int, look screen.Look) string {
	s, g := look.Styles, look.Glyphs
	switch {
	case r.add:
		return s.FgFaint.Render(prose.Shorten("+ "+r.field.thing, width, g.Ellipsis))
	case r.item >= 0:
		name, note := r.field.items[r.item].title(r.field.items[r.item])
		if name == "" {
			name = "(no name)"
		}
		name = ansi.Truncate(g.Clean(name), max(width, 1), g.Ellipsis)
		if left := width - ansi.StringWidth(name) - 2; left >= 4 {
			note = prose.Shorten(g.Clean(note), left, g.Ellipsis)
		} else {
			note = ""
		}
		return s.Fg.Render(name) + "  " + s.FgMuted.Render(note)
	case r.field.kind == choice:
		return choiceText(r.field, width, look)
	case r.field.value == "":
		return s.FgFaint.Render(g.Dash)
	case r.field.kind == secret && !m.reveal:
		return s.Fg.Render("(secret)")
	case r.field.kind == text:
		first, _, _ := strings.Cut(r.field.value, "\n")
		size := amount(r.field.value)
		return s.Fg.Render(size) + "  " + s.FgFaint.Render(ansi.Truncate(g.Clean(first), max(width-len(size)-2, 0), g.Ellipsis))
	}
	return s.Fg.Render(ansi.Truncate(g.Clean(r.field.value), width, g.Ellipsis))
}

// choiceText shows all words of a choice where they fit, the chosen one marked.
func choiceText(f *field, width int, look screen.Look) string {
	s, g := look.Styles, look.Glyphs
	var parts []string
	need := -1 // cells, with one between the words
	for _, o := range f.options {
		need += ansi.StringWidth(o) + 3
		if o == f.value {
			parts = append(parts, s.Accent.Render(g.Dot)+" "+s.Fg.Render(o))
		} else {
			parts = append(parts, s.FgFaint.Render(g.Hollow+" "+o))
		}
	}
	switch more := len(parts) - 1; {
	case need+more <= width:
		return strings.Join(parts, "  ")
	case need <= width:
		return strings.Join(parts, " ")
	}
	return s.Accent.Render(g.Dot) + " " + s.Fg.Render(f.value) + s.FgFaint.Render(fmt.Sprintf("  %d/%d", slices.Index(f.options, f.value)+1, len(f.options)))
}

// aboutLines are the foot of the form: what is wrong, what cannot be done and by
// whom, or what the field is.
func (m *Model) aboutLines(width, height int, look screen.Look) []string {
	s, g := look.Styles, look.Glyphs
	lines := []string{s.Border.Render(strings.Repeat(g.Line, width))}
	add := func(st lipgloss.Style, parts ...string) {
		for _, part := range parts {
			lines = append(lines, " "+st.Render(part))
		}
	}
	plain := func(text string) []string { return prose.Fold(g.Clean(text), max(width-2, 1)) }
	if r, ok := m.row(); ok {
		if wrong := problemAt(m.problems, r.path, r.field.exact || r.add); wrong != "" {
			add(s.Err, marked(g.Cross, wrong, width-2, look)...)
		}
		for _, sys := range m.systems {
			for _, gap := range sys.result.Config.Gaps {
				if sys.rendered && (gap.Field == r.path || provision.Below(gap.Field, r.path)) && !(r.add && len(r.field.items) > 0) {
					add(s.Warn, marked(g.Warn, sys.name()+" cannot: "+gap.Reason, width-2, look)...)
				}
			}
		}
		if target := r.target(); target != nil {
			add(s.FgMuted, plain(target.about())...)
		} else {
			add(s.FgMuted, plain(r.field.help)...)
		}
	}
	if len(lines) > height {
		lines = lines[:height]
		lines[height-1] = layout.Fit(lines[height-1], width-2, "") + s.FgMuted.Render(g.Ellipsis)
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines
}
