package result

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/labs/results"
	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// wide is the least width for the list and a session side by side.
const wide = 100

// questionHeight is what the question of an export or an import takes.
const questionHeight = 4

// pane is a part of the screen.
type pane int

const (
	paneList pane = iota
	paneDetail
)

// listWidth is the width of the list's pane, 0 where it is hidden.
func (m *Model) listWidth(width int) int {
	switch {
	case width >= wide:
		return min(max(width*3/10, 40), 58)
	case m.detail:
		return 0
	}
	return width
}

// listHeight is the height of the list's pane: narrow, the selected session is
// under it where there is room.
func (m *Model) listHeight(size screen.Size) int {
	if size.Width >= wide || size.Height < 18 {
		return size.Height
	}
	return min(max(len(m.visible)+3, 6), size.Height*2/5)
}

// paneAt says which pane a cell of the last picture belongs to.
func (m *Model) paneAt(x, y int) pane {
	size := m.drawn.size
	if x < m.listWidth(size.Width) && y < m.listHeight(size) {
		return paneList
	}
	return paneDetail
}

// listTop is the line of the first session in the last picture.
func (m *Model) listTop() int { return 1 }

// View implements [screen.Screen]. What has not changed is not drawn again.
func (m *Model) View(size screen.Size, look screen.Look) screen.View {
	if size.Width <= 0 || size.Height <= 0 {
		return screen.View{}
	}
	key := fmt.Sprint(look.Glyphs.Name, look.Styles.Dark, look.Styles.Profile)
	if m.drawn.view.Lines != nil && m.drawn.version == m.version && m.drawn.size == size && m.drawn.look == key {
		return m.drawn.view
	}
	lines, cursor := m.compose(size, look)
	view := screen.View{Lines: layout.Block(lines, size.Width, size.Height, look.Glyphs.Ellipsis), Cursor: cursor}
	m.drawn = drawn{m.version, size, key, view}
	return view
}

// compose is the sessions, and below them what is asked.
func (m *Model) compose(size screen.Size, look screen.Look) ([]string, *tea.Cursor) {
	title, asked := m.question()
	if asked == nil {
		return m.sessions(size, look)
	}
	h := size.Height
	if h > questionHeight {
		h -= questionHeight
	}
	lines, _ := m.sessions(screen.Size{Width: size.Width, Height: h}, look)
	ask, x, y := asked(max(size.Width-4, 1), look)
	for i := range ask {
		ask[i] = " " + ask[i]
	}
	lines = layout.Block(lines, size.Width, h, look.Glyphs.Ellipsis)
	lines = append(lines, layout.Pane(look.Glyphs.Clean(title), ask, size.Width, questionHeight, true, look)...)
	return lines, tea.NewCursor(x+2, h+y+1)
}

// question is what is asked below the sessions, if anything.
func (m *Model) question() (title string, lines func(int, screen.Look) ([]string, int, int)) {
	switch {
	case m.export != nil:
		return "Export " + m.export.of.ID, m.export.lines
	case m.take != nil:
		return "Import a session", m.take.lines
	}
	return "", nil
}

func (m *Model) sessions(size screen.Size, look screen.Look) ([]string, *tea.Cursor) {
	if m.loaded && len(m.all) == 0 {
		return m.empty(size.Width, look), nil
	}
	h := size.Height
	var lines []string
	var cursor *tea.Cursor
	left := m.listWidth(size.Width)
	switch {
	case left == 0:
		lines = m.detailPane(size.Width, h, look)
	case left == size.Width:
		top := m.listHeight(screen.Size{Width: size.Width, Height: h})
		lines, cursor = m.listPane(left, top, look)
		if top < h {
			lines = append(lines, m.detailPane(left, h-top, look)...)
		}
	default:
		lines, cursor = m.listPane(left, h, look)
		lines = layout.Beside(lines, m.detailPane(size.Width-left, h, look))
	}
	return lines, cursor
}

// empty says how the first session comes about.
func (m *Model) empty(width int, look screen.Look) []string {
	s := look.Styles
	lines := []string{"", "  " + s.Title.Render("No session yet."), ""}
	for _, text := range []string{
		"A session measures boots or joins of some systems, run by run, and keeps every run.",
		"On the screen Bench (5), choose systems and press s. Or from a shell: distrolab bench boot NAME...",
		"A session of another machine comes in with i: the directory or archive of distrolab results export.",
		"Two blocks show a timeline; six give each median an interval; ten are a benchmark.",
	} {
		for _, l := range prose.Fold(text, max(min(width-4, 90), 1)) {
			lines = append(lines, "  "+s.FgMuted.Render(l))
		}
	}
	return lines
}

// listPane is the list of sessions.
func (m *Model) listPane(w, h int, look screen.Look) ([]string, *tea.Cursor) {
	title := "Sessions"
	switch {
	case !m.loaded:
		title = "Sessions: being read"
	case len(m.visible) < len(m.all):
		title = fmt.Sprintf("Sessions: %d of %d", len(m.visible), len(m.all))
	case len(m.all) == results.MaxListed:
		title = fmt.Sprintf("Sessions: the newest %d", len(m.all))
	case len(m.all) > 1:
		title = fmt.Sprintf("Sessions: %d", len(m.all))
	}
	inner := max(h-2, 0)
	var foot []string
	var cursor *tea.Cursor
	if m.filter.open || m.filter.Text() != "" {
		inner = max(inner-1, 0)
		text, x := m.filter.View(max(w-6, 1), look)
		foot = []string{" " + look.Styles.Accent.Render("/") + " " + text}
		if m.filter.open {
			cursor = tea.NewCursor(4+x, h-2)
		}
	}
	from, to := m.list.Window(inner)
	lines := make([]string, 0, inner+1)
	for row := from; row < to; row++ {
		lines = append(lines, m.listLine(m.all[m.visible[row]], row == m.list.Selected(), w-2, look))
	}
	if m.loaded && len(m.visible) == 0 {
		lines = append(lines, " "+look.Styles.FgMuted.Render("none has these words"))
	}
	for len(lines) < inner {
		lines = append(lines, "")
	}
	return layout.Pane(title, append(lines, foot...), w, h, !m.detail && m.export == nil && m.take == nil, look), cursor
}

// listLine is one session of the list.
func (m *Model) listLine(l results.Listed, selected bool, w int, look screen.Look) string {
	g, s := look.Glyphs, look.Styles
	mark := " "
	if i := slices.Index(m.marks, l.ID); i >= 0 {
		mark = s.Accent.Render([]string{"A", "B"}[i])
	}
	head := layout.Pointer(selected, look) + mark + " "
	date := l.Started.UTC().Format("2006-01-02 15:04")
	if w < 50 && l.Started.UTC().Year() == m.shared.Now().UTC().Year() {
		date = date[len("2006-"):]
	}
	text := fmt.Sprintf("%-9s  %s", kind(l.Scenario), g.Clean(systems(l)))
	if selected {
		return layout.Fit(head+s.Sel.Render(layout.Fit(date+"  "+text, max(w-3, 0), g.Ellipsis)), w, g.Ellipsis)
	}
	return layout.Fit(head+s.Fg.Render(date)+"  "+s.FgMuted.Render(text), w, g.Ellipsis)
}

// sheet is the detail as it was drawn last, and of what.
type sheet struct {
	key   string
	lines []string
}

// detailPane is the selected session in the chosen view.
func (m *Model) detailPane(w, h int, look screen.Look) []string {
	title := "Session"
	l, ok := m.selected()
	if ok {
		title = look.Glyphs.Clean(l.ID)
	}
	if m.tab == tabAgainst {
		title = "Two sessions"
	}
	inner := screen.Size{Width: max(w-4, 1), Height: max(h-2, 0)}
	lines := []string{}
	if inner.Height > 0 {
		lines = append(lines, " "+m.tabLine(inner.Width, look))
	}
	if inner.Height > 6 {
		lines = append(lines, "")
	}
	room := screen.Size{Width: inner.Width, Height: max(inner.Height-len(lines), 0)}
	detail := m.detailLines(room, look)
	if !m.isTimeline() {
		detail = m.window(detail, room.Height)
	}
	for _, line := range detail {
		lines = append(lines, " "+line)
	}
	return layout.Pane(title+m.more(), lines, w, h, m.detail && m.export == nil && m.take == nil, look)
}

// isTimeline says that runs can be chosen, over lines that scroll by themselves.
func (m *Model) isTimeline() bool {
	l, ok := m.selected()
	return m.tab == tabTimeline && ok && m.contents(l) != nil
}

// more says that there are lines that are not seen.
func (m *Model) more() string {
	if m.lines <= m.room {
		return ""
	}
	return fmt.Sprintf("  lines %d-%d of %d", m.offset+1, min(m.offset+m.room, m.lines), m.lines)
}

// window is what of the detail is seen.
func (m *Model) window(lines []string, room int) []string {
	m.lines, m.room = len(lines), room
	m.offset = max(min(m.offset, len(lines)-room), 0)
	return lines[m.offset:min(m.offset+room, len(lines))]
}

// detailLines are all lines of the shown view; what is drawn from a session in
// memory is kept.
func (m *Model) detailLines(room screen.Size, look screen.Look) []string {
	if m.tab == tabAgainst {
		return m.against(room, look)
	}
	l, ok := m.selected()
	if !ok {
		return []string{look.Styles.FgMuted.Render("no session is selected")}
	}
	c, lines := m.ready(l, room.Width, look)
	if c == nil {
		return lines
	}
	if m.tab == tabTimeline {
		return m.timeline(c, room, look)
	}
	key := fmt.Sprint(l.ID, l.Changed, l.Bytes, m.tab, room, look.Glyphs.Name, look.Styles.Dark, look.Styles.Profile)
	if m.sheet.key != key {
		m.sheet = sheet{key, sheetOf(c, l, m.tab, room, look)}
	}
	return m.sheet.lines
}

// ready gives the contents of a session, or says why they are not there.
func (m *Model) ready(l results.Listed, width int, look screen.Look) (*Contents, []string) {
	s, g := look.Styles, look.Glyphs
	fold := func(st func(...string) string, text string) []string {
		var lines []string
		for _, t := range prose.Fold(g.Clean(text), max(width, 1)) {
			lines = append(lines, st(t))
		}
		return lines
	}
	if err := m.failed[l.ID]; err != nil {
		return nil, append(append(fold(s.Err.Render, g.Cross+" This session cannot be read."), fold(s.Fg.Render, err.Error())...),
			fold(s.FgMuted.Render, "r reads it again; d deletes a session with its logs.")...)
	}
	if c := m.contents(l); c != nil {
		return c, nil
	}
	lines := fold(s.Title.Render, kind(l.Scenario)+" of "+systems(l))
	lines = append(lines, fold(s.FgMuted.Render, fmt.Sprintf("%d blocks planned, begun %s", l.Blocks, l.Started.UTC().Format("2006-01-02 15:04 UTC")))...)
	return nil, append(lines, fold(s.FgMuted.Render, "its runs are being read ("+size(l.Bytes)+")")...)
}

func size(bytes int64) string {
	switch {
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	case bytes >= 1<<10:
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// plainHeight is the room of pictures and timelines where lines have no end.
const plainHeight = 60

// Plain implements [screen.Screen].
func (m *Model) Plain(width int, look screen.Look) []string {
	width = max(width, 20)
	switch {
	case m.export != nil:
		return m.export.plain()
	case m.take != nil:
		return []string{"Import a session", "From: " + m.take.path.Text()}
	case m.loaded && len(m.all) == 0:
		return trimmed(m.empty(width, look))
	}
	var lines []string
	if !m.detail {
		lines = append(lines, fmt.Sprintf("Sessions: %d of %d", len(m.visible), len(m.all)))
		for row, i := range m.visible {
			lines = append(lines, prose.Fold(look.Glyphs.Clean(m.plainLine(m.all[i], row == m.list.Selected())), width)...)
		}
		lines = append(lines, "")
	}
	if l, ok := m.selected(); ok {
		lines = append(lines, look.Glyphs.Clean(l.ID)+": "+m.tab.title())
	}
	return trimmed(append(lines, m.detailLines(screen.Size{Width: width, Height: plainHeight}, look)...))
}

func (m *Model) plainLine(l results.Listed, selected bool) string {
	text := fmt.Sprintf("%s: %s, %s of %s, %d blocks", l.ID, l.Started.UTC().Format("2006-01-02 15:04"), kind(l.Scenario), systems(l), l.Blocks)
	if i := slices.Index(m.marks, l.ID); i >= 0 {
		text += []string{" (A)", " (B)"}[i]
	}
	if selected {
		text += " (selected)"
	}
	return text
}

func trimmed(lines []string) []string {
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return lines
}
