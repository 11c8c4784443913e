package catalog

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// listTop is the line of the body in which the first row of the list stands:
// under the filter, the frame and the titles of the columns.
const listTop = 3

// besides is the width from which list and details stand side by side.
const besides = 100

// panes divides the width: that of the list, and that of the details beside it.
// Where only one has room, the other is 0.
func panes(width int, details bool) (left, right int) {
	switch {
	case width >= besides:
		left = max(width*52/100, 56)
		left = max(left, width-116) // a page wider than prose is no help
		return left, width - left
	case details:
		return 0, width
	}
	return width, 0
}

// kept is the frame that was drawn last, with all that it depends on: most
// messages change nothing here.
type kept struct {
	of   frameKey
	view screen.View
}

type frameKey struct {
	size                             screen.Size
	glyphs                           string
	dark                             bool
	colours                          colorprofile.Profile
	version, filtered, row, position int
	typing, details, sources, ranked bool
	scroll, asking                   int
	order                            order
	filter, marks, profile           string
}

func (m *Model) key(size screen.Size, look screen.Look) frameKey {
	return frameKey{size: size, glyphs: look.Glyphs.Name, dark: look.Styles.Dark, colours: look.Styles.Profile,
		version: m.version, filtered: m.filtered, row: m.list.Selected(), position: m.input.Position(),
		typing: m.typing, details: m.details, sources: m.sources, ranked: m.ranked, scroll: m.scroll, asking: len(m.asking),
		order: m.order, filter: m.input.Value(), marks: strings.Join(m.shared.Marks, " "), profile: m.shared.Profile}
}

// View draws the filter over the list and the details.
func (m *Model) View(size screen.Size, look screen.Look) screen.View {
	m.drawn = size
	if size.Width <= 0 || size.Height <= 0 {
		return screen.View{}
	}
	if m.kept.view.Lines == nil || m.kept.of != m.key(size, look) {
		view := m.frame(size, look)
		m.kept = kept{m.key(size, look), view} // drawing may bound the scrolling
	}
	return m.kept.view
}

func (m *Model) frame(size screen.Size, look screen.Look) screen.View {
	bar, cursor := m.bar(size.Width, look)
	lines := []string{bar}
	left, right := panes(size.Width, m.details)
	height := size.Height - 1
	var blocks [][]string
	if left > 0 && height > 0 {
		inside := m.listLines(left-2, height-2, look)
		blocks = append(blocks, layout.Pane(m.listTitle(), inside, left, height, !m.details, look))
	}
	if right > 0 && height > 0 {
		title, inside := m.detailLines(right-2, height-2, look)
		blocks = append(blocks, layout.Pane(title, inside, right, height, m.details, look))
	}
	return screen.View{Lines: append(lines, layout.Beside(blocks...)...), Cursor: cursor}
}

func (m *Model) listTitle() string {
	title := "Systems by " + m.order.String()
	if m.order == byScore {
		title += " (" + m.shared.Profile + ")"
	}
	return title
}

// bar is the line of the filter: what it says, what may follow or is wrong, how
// many fit, how many are marked.
func (m *Model) bar(width int, look screen.Look) (string, *tea.Cursor) {
	s, g := look.Styles, look.Glyphs
	count := counted(len(m.shown), len(m.entries), m.input.Value() != "")
	right := s.Title.Render(count)
	room := width - ansi.StringWidth(count) - 1
	if n := len(m.shared.Marks); n > 0 && width >= 50 {
		marks := fmt.Sprintf("%s %d marked", g.Dot, n)
		right = s.Accent.Render(marks) + "   " + right
		room -= ansi.StringWidth(marks) + 3
	}
	if room < 12 {
		right, room = "", width
	}
	text := " " + s.Accent.Render("/") + " "
	field := max(min(room-4, max(ansi.StringWidth(m.input.Value())+2, room*2/5)), 1)
	var cursor *tea.Cursor
	switch {
	case m.typing:
		m.input.SetWidth(field - 1)
		m.style(look)
		text += layout.Fit(m.input.View(), field, "")
		if cursor = m.input.Cursor(); cursor != nil {
			cursor.X += 3
		}
	case m.input.Value() != "":
		text += layout.Fit(s.Title.Render(g.Clean(m.input.Value())), field, g.Ellipsis)
	default:
		text += s.FgFaint.Render(prose.Shorten("a part of a name, or a fact: shell:none", max(room-4, 0), g.Ellipsis))
	}
	text += m.beside(room-ansi.StringWidth(text)-2, look)
	return layout.Fit(layout.Fit(text, room, "")+right, width, g.Ellipsis), cursor
}

// beside is what is said of the filter: what is wrong with it, or what may
// follow.
func (m *Model) beside(room int, look screen.Look) string {
	s, g := look.Styles, look.Glyphs
	switch {
	case room < 8:
		return ""
	case m.query.problem != nil:
		return "  " + s.Err.Render(prose.Shorten(g.Cross+" "+g.Clean(m.query.problem.Error()), room, g.Ellipsis))
	case m.typing && m.query.hint != "":
		return "  " + s.FgMuted.Render(prose.Shorten(g.Clean(m.query.hint), room, g.Ellipsis))
	}
	return ""
}

// style gives the input the look of the app.
func (m *Model) style(look screen.Look) {
	st := m.input.Styles()
	st.Focused.Text, st.Focused.Prompt, st.Focused.Placeholder = look.Styles.Fg, look.Styles.Fg, look.Styles.FgFaint
	m.input.SetStyles(st)
}

// empty is what the list says when nothing fits.
func (m *Model) empty(width int, look screen.Look) []string {
	text := "No system fits this filter. esc shows all again."
	switch {
	case len(m.entries) == 0:
		text = "The catalog is empty."
	case len(m.query.filters) > 0:
		text = "No system fits this filter; facts that are not confirmed fit none. esc shows all again."
	}
	lines := []string{""}
	for _, l := range prose.Fold(text, width-4) {
		lines = append(lines, "  "+look.Styles.FgMuted.Render(l))
	}
	return lines
}

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }
