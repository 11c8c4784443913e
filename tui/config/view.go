package config

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/difference"
	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// Widths at which more is shown side by side.
const (
	twoPanes   = 96 // form and configs
	columnWide = 58 // one config
)

// drawn is what the last View put where, for the mouse.
type drawn struct {
	form, configs box
	formRows      []int // row of each line of the form, -1 for none
	tabs          []tab
	pickTop       int // line of the first system of the picker
}

// box is a place in the body; its inside is one cell smaller on each side.
type box struct{ x, y, width, height int }

func (b box) has(x, y int) bool {
	return x >= b.x && x < b.x+b.width && y >= b.y && y < b.y+b.height
}

type tab struct{ from, to, system int }

// places divides the body: the two halves, or the one that has the keys.
func places(size screen.Size, focus side) (form, configs box) {
	whole := box{0, 0, size.Width, size.Height}
	if size.Width < twoPanes {
		if focus == configSide {
			return box{}, whole
		}
		return whole, box{}
	}
	left := min(max(size.Width*2/5, 46), 64)
	return box{0, 0, left, size.Height}, box{left, 0, size.Width - left, size.Height}
}

// View draws the screen, or gives what was drawn last where nothing has changed
// since: it is asked for after every message, those of other screens too.
func (m *Model) View(size screen.Size, look screen.Look) screen.View {
	key := drawnWith(size.Width, look)
	key.edits = [2]int{m.version, size.Height}
	if m.picture.Lines == nil || m.pictured != key {
		m.picture, m.pictured = m.draw(size, look), key
	}
	return m.picture
}

func (m *Model) draw(size screen.Size, look screen.Look) screen.View {
	m.last = drawn{formRows: m.last.formRows[:0], tabs: m.last.tabs[:0]}
	if size.Width < 1 || size.Height < 1 {
		return screen.View{}
	}
	body := size
	if m.ask != nil && size.Height > 6 {
		body.Height -= 3
	}
	view := m.body(body, look)
	if m.ask != nil {
		return m.withPrompt(view, size, body, look)
	}
	return view
}

func (m *Model) body(size screen.Size, look screen.Look) screen.View {
	if m.against != nil && m.choose == nil {
		return screen.View{Lines: m.differencePane(size, look)}
	}
	focus := m.focus
	if m.choose != nil {
		focus = formSide // the picker lies there
	}
	form, configs := places(size, focus)
	m.last.form, m.last.configs = form, configs
	var left, right []string
	var cursor *tea.Cursor
	if form.width > 0 {
		left, cursor = m.leftPane(form, configs.width == 0, look)
	}
	if configs.width > 0 {
		right = m.configPane(configs, look)
	}
	switch {
	case right == nil:
		return screen.View{Lines: left, Cursor: cursor}
	case left == nil:
		return screen.View{Lines: right}
	}
	return screen.View{Lines: layout.Beside(left, right), Cursor: cursor}
}

// leftPane is the form, or the list of systems over it. alone says that the
// configs are not beside it, so that it says itself what became of them.
func (m *Model) leftPane(b box, alone bool, look screen.Look) ([]string, *tea.Cursor) {
	width, height := max(b.width-2, 0), max(b.height-2, 0)
	var lines []string
	var cursor *tea.Cursor
	title := m.formTitle(look)
	if m.choose != nil {
		title = look.Glyphs.Clean(m.choose.title)
		lines, cursor = m.pickerLines(width, height, look)
	} else {
		foot := 0
		if alone && height > 10 {
			foot = 1
		}
		lines, cursor = m.formBody(width, height-foot, look)
		if foot > 0 {
			lines = append(lines[:min(len(lines), height-1)], " "+m.statusLine(width-2, look))
		}
	}
	if cursor != nil {
		cursor.X, cursor.Y = cursor.X+b.x+1, cursor.Y+b.y+1
		if cursor.X >= b.x+b.width || cursor.Y >= b.y+b.height {
			cursor = nil
		}
	}
	focused := m.ask == nil && (m.choose != nil || m.focus == formSide)
	return layout.Pane(title, lines, b.width, b.height, focused, look), cursor
}

// statusLine says in one line what became of every system.
func (m *Model) statusLine(width int, look screen.Look) string {
	if len(m.systems) == 0 {
		return look.Styles.FgMuted.Render(prose.Shorten("no system is marked: t chooses some", width, look.Glyphs.Ellipsis))
	}
	var parts []string
	for _, s := range m.systems {
		mark, word, st := m.state(s, look)
		parts = append(parts, look.Glyphs.Clean(s.name())+" "+st.Render(mark+" "+word))
	}
	return ansi.Truncate(strings.Join(parts, "   "), max(width, 0), look.Glyphs.Ellipsis)
}

// withPrompt draws the question for a path below the body.
func (m *Model) withPrompt(view screen.View, size, body screen.Size, look screen.Look) screen.View {
	lines, x, _ := m.ask.input.view(max(size.Width-4, 1), 1, false, look.Glyphs)
	pane := layout.Pane(look.Glyphs.Clean(m.ask.title), []string{" " + lines[0]}, size.Width, size.Height-body.Height, true, look)
	if body.Height == size.Height { // no room for both
		pane = layout.Block([]string{look.Styles.Accent.Render(look.Glyphs.Clean(m.ask.title)), lines[0]}, size.Width, size.Height, look.Glyphs.Ellipsis)
		return screen.View{Lines: pane}
	}
	return screen.View{Lines: append(layout.Block(view.Lines, size.Width, body.Height, look.Glyphs.Ellipsis), pane...), Cursor: tea.NewCursor(min(x+2, size.Width-1), body.Height+1)}
}

// pickerLines are the filter and the systems.
func (m *Model) pickerLines(width, height int, look screen.Look) ([]string, *tea.Cursor) {
	p, s, g := m.choose, look.Styles, look.Glyphs
	typed, x, _ := p.filter.view(max(width-12, 1), 1, false, g)
	lines := []string{" " + s.FgMuted.Render("find ") + typed[0] + s.FgMuted.Render(fmt.Sprintf("%2d/%d", len(p.found), len(p.all))), ""}
	m.last.pickTop = len(lines) + 1
	from, to := p.list.Window(max(height-len(lines), 1))
	name := 0
	for _, d := range p.all {
		name = max(name, min(ansi.StringWidth(d.Name), 22))
	}
	for i := from; i < to; i++ {
		d := p.found[i]
		mark := "  "
		if p.marks != nil && p.marks(d.Name) {
			mark = s.OK.Render(g.Check) + " "
		}
		lines = append(lines, layout.Pointer(i == p.list.Selected(), look)+mark+prose.Pad(ansi.Truncate(g.Clean(d.Name), name, g.Ellipsis), name)+"  "+s.FgMuted.Render(g.Clean(d.Config.Format)))
	}
	if len(p.found) == 0 {
		lines = append(lines, " "+s.FgMuted.Render("no system has these letters"))
	}
	return lines, tea.NewCursor(6+x, 0)
}

// differencePane is the difference of two systems in the whole body.
func (m *Model) differencePane(size screen.Size, look screen.Look) []string {
	a, b := m.current(), m.against.other
	width, height := max(size.Width-4, 1), max(size.Height-2, 1)
	m.last.configs = box{0, 0, size.Width, size.Height}
	var lines []string
	switch {
	case a == nil:
		lines = []string{look.Styles.FgMuted.Render("no system is marked")}
	case a.failed != nil || b.failed != nil:
		for _, s := range []*system{a, b} {
			lines = append(lines, failedLines(s, width, look)...)
		}
	case !a.rendered || !b.rendered:
		text := "rendering" + look.Glyphs.Ellipsis
		if len(m.problems) > 0 {
			text = look.Glyphs.Cross + " " + plural(len(m.problems), "problem") + " in the intent; esc goes back to its fields"
		}
		lines = []string{look.Styles.FgMuted.Render(text)}
	default:
		lines = m.differenceLines(a, b, width, look)
	}
	d := m.against
	d.top = max(min(d.top, len(lines)-height), 0)
	var inside []string
	for _, l := range lines[d.top:min(d.top+height, len(lines))] {
		inside = append(inside, " "+l)
	}
	title := b.name()
	if a != nil {
		title = a.name() + " and " + title
	}
	return layout.Pane(look.Glyphs.Clean(title)+where(d.top, height, len(lines)), inside, size.Width, size.Height, true, look)
}

// where says which part of the lines is shown, when not all are.
func where(top, height, count int) string {
	if count <= height {
		return ""
	}
	return fmt.Sprintf(" %d%%", min((top+height)*100/count, 100))
}

func (m *Model) differenceLines(a, b *system, width int, look screen.Look) []string {
	d := m.against
	key := drawnWith(width, look)
	key.edits, key.reveal = [2]int{a.edits, b.edits}, m.reveal
	if d.lines == nil || d.drawn != key {
		left := difference.Side{Name: a.name(), Format: a.result.Format, Config: m.shownConfig(a)}
		right := difference.Side{Name: b.name(), Format: b.result.Format, Config: m.shownConfig(b)}
		d.lines, d.drawn = nil, key
		for _, l := range difference.Lines(m.intent.Fields(), left, right, width, look.Glyphs, look.Styles) {
			l = ansi.Hardwrap(strings.ReplaceAll(l, "\t", "    "), width, true) // documents are whole
			d.lines = append(d.lines, strings.Split(l, "\n")...)
		}
	}
	return d.lines
}
