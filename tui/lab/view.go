package lab

import (
	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// rectangle is the inside of a pane, in cells of the body.
type rectangle struct{ x, y, width, height int }

func (r rectangle) has(x, y int) bool {
	return x >= r.x && x < r.x+r.width && y >= r.y && y < r.y+r.height
}

// drawn are the places of the panes in the last frame.
type drawn struct{ list, timeline, console rectangle }

// The widths and heights at which the screen changes.
const (
	wideFrom  = 100 // list and detail side by side
	listLeast = 30
	listMost  = 46
	bothFrom  = 17 // rows for a timeline above a console
)

// View draws the body.
func (m *Model) View(size screen.Size, look screen.Look) screen.View {
	m.frame = drawn{}
	w, h := size.Width, size.Height
	if w < 1 || h < 1 {
		return screen.View{}
	}
	switch {
	case m.form != nil:
		return m.viewForm(w, h, look)
	case len(m.rows) == 0:
		return screen.View{Lines: layout.Block(m.empty(w, look), w, h, look.Glyphs.Ellipsis)}
	case m.zoom && m.focus != paneList:
		lines, cursor := m.viewPane(m.focus, rectangle{0, 0, w, h}, look)
		return screen.View{Lines: lines, Cursor: cursor}
	case w >= wideFrom:
		return m.viewWide(w, h, look)
	}
	return m.viewNarrow(w, h, look)
}

func (m *Model) viewForm(w, h int, look screen.Look) screen.View {
	width := min(w, 76)
	inside, cursor := m.form.draw(width-2, h-2, look)
	height := min(h, len(inside)+3)
	left, top := (w-width)/2, max((h-height)/3, 0)
	var lines []string
	for range top {
		lines = append(lines, "")
	}
	for _, l := range layout.Pane(m.form.title, inside, width, height, true, look) {
		lines = append(lines, layout.Fit("", left, "")+l)
	}
	if cursor != nil {
		cursor.X, cursor.Y = cursor.X+left+1, cursor.Y+top+1
	}
	if cursor != nil && cursor.Y >= h {
		cursor = nil
	}
	return screen.View{Lines: layout.Block(lines, w, h, look.Glyphs.Ellipsis), Cursor: cursor}
}

// viewWide has the machines on the left and the selected one on the right.
func (m *Model) viewWide(w, h int, look screen.Look) screen.View {
	left := min(max(w-82, listLeast), listMost) // a guest that thinks of 80 columns gets them
	list := m.viewList(rectangle{0, 0, left, h}, look)
	head := m.facts(w-left-3, look)
	head = head[:min(len(head), max(h-6, 0))]
	var right []string
	for _, l := range head {
		right = append(right, "  "+layout.Fit(l, w-left-3, look.Glyphs.Ellipsis)+" ")
	}
	place := rectangle{left, len(head), w - left, h - len(head)}
	lines, cursor := m.viewDetail(place, look)
	right = append(right, lines...)
	return screen.View{Lines: layout.Beside(list, layout.Block(right, w-left, h, "")), Cursor: cursor}
}

// viewDetail is the timeline above the console, or the one of them that fits.
func (m *Model) viewDetail(at rectangle, look screen.Look) ([]string, *tea.Cursor) {
	if _, x := m.machine(); x == nil {
		return m.viewPane(paneTimeline, at, look)
	}
	if at.height < bothFrom {
		return m.viewPane(m.lower, at, look)
	}
	want := len(m.timeline(at.width-2, look)) + 2
	upper := min(max(want, 5), at.height*45/100)
	if m.attached {
		upper = min(upper, max(at.height-26, 5)) // a guest thinks that it has 24 rows
	}
	above, _ := m.viewPane(paneTimeline, rectangle{at.x, at.y, at.width, upper}, look)
	below, cursor := m.viewPane(paneConsole, rectangle{at.x, at.y + upper, at.width, at.height - upper}, look)
	return append(above, below...), cursor
}

// viewNarrow has the machines above and the selected one below.
func (m *Model) viewNarrow(w, h int, look screen.Look) screen.View {
	upper := min(len(m.rows)+2, max(h/3, 4), h)
	if h < 8 {
		lines, cursor := m.viewPane(m.focusOr(m.focus), rectangle{0, 0, w, h}, look)
		if m.focus == paneList {
			lines = m.viewList(rectangle{0, 0, w, h}, look)
		}
		return screen.View{Lines: layout.Block(lines, w, h, ""), Cursor: cursor}
	}
	lines := m.viewList(rectangle{0, 0, w, upper}, look)
	if head := m.facts(w-2, look); h-upper > 12 && !m.attached {
		for _, l := range head[:min(len(head), 4)] {
			lines = append(lines, " "+layout.Fit(l, w-2, look.Glyphs.Ellipsis)+" ")
		}
	}
	place := rectangle{0, len(lines), w, h - len(lines)}
	below, cursor := m.viewDetail(place, look)
	return screen.View{Lines: layout.Block(append(lines, below...), w, h, look.Glyphs.Ellipsis), Cursor: cursor}
}

func (m *Model) focusOr(p pane) pane {
	if p == paneList {
		return m.lower
	}
	return p
}

// viewPane draws the timeline or the console in its frame.
func (m *Model) viewPane(p pane, at rectangle, look screen.Look) ([]string, *tea.Cursor) {
	inside := rectangle{at.x + 1, at.y + 1, max(at.width-2, 0), max(at.height-2, 0)}
	if p == paneConsole {
		m.frame.console = inside
		return m.viewConsole(at, inside, look)
	}
	m.frame.timeline = inside
	lines := m.timeline(inside.width, look)
	m.scroll = min(m.scroll, max(len(lines)-inside.height, 0))
	return layout.Pane(m.timelineTitle(look), lines[m.scroll:], at.width, at.height, m.focus == paneTimeline, look), nil
}

func (m *Model) viewConsole(at, inside rectangle, look screen.Look) ([]string, *tea.Cursor) {
	c := m.console()
	title := m.consoleTitle(c, look)
	focused := m.focus == paneConsole
	if c == nil || c.broken.Load() || inside.width < 1 || inside.height < 1 {
		note := look.Styles.FgMuted.Render("  The console begins with the machine.")
		return layout.Pane(title, []string{"", note}, at.width, at.height, focused, look), nil
	}
	f := c.draw(inside.width, inside.height, m.back, look)
	m.back = f.Back
	lines := layout.Pane(m.consoleTitle(c, look), f.Lines, at.width, at.height, focused, look)
	if !m.attached || !f.Cursor {
		return lines, nil
	}
	return lines, tea.NewCursor(inside.x+f.X, inside.y+f.Y)
}
