package catalog

import (
	"fmt"

	"distrolab/tui/factsheet"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

// page is the drawn page of a system, kept until something of it changes.
type page struct {
	of    pageKey
	lines []string
}

type pageKey struct {
	name    string
	width   int
	sources bool
	version int
	asking  bool
	glyphs  string
	dark    bool
}

// detailLines are the visible part of the page of the selected system, and the
// title of its pane.
func (m *Model) detailLines(width, height int, look screen.Look) (string, []string) {
	m.detailRoom = max(height, 0)
	e := m.selected()
	if e == nil {
		m.page = page{}
		return "", nil
	}
	m.draw(e, width-2, look)
	m.scrollBy(0)
	to := min(m.scroll+m.detailRoom, len(m.page.lines))
	title := "Details"
	if all := len(m.page.lines); m.detailRoom > 0 && all > m.detailRoom {
		title += fmt.Sprintf(" %d%s%d of %d", m.scroll+1, look.Glyphs.Dash, to, all)
	}
	lines := make([]string, 0, m.detailRoom)
	for _, l := range m.page.lines[m.scroll:to] {
		lines = append(lines, " "+l)
	}
	return title, lines
}

// draw writes the page, if it is not the one that was drawn last.
func (m *Model) draw(e *entry, width int, look screen.Look) {
	_, asking := m.asking[e.Name]
	key := pageKey{e.Name, width, m.sources, m.version, asking, look.Glyphs.Name, look.Styles.Dark}
	if m.page.of == key && m.page.lines != nil {
		return
	}
	m.page = page{of: key, lines: m.written(e, asking, width, look.Glyphs, look.Styles)}
}

func (m *Model) written(e *entry, asking bool, width int, g style.Glyphs, s style.Styles) []string {
	var lines []string
	if asking {
		for _, l := range prose.Fold(g.Hollow+" asking the vendor's index for the newest release; esc stops it", width) {
			lines = append(lines, s.Info.Render(l))
		}
		lines = append(lines, "")
	}
	lines = append(lines, factsheet.Page(m.about(e), m.sources, width, g, s)...)
	if !m.sources {
		lines = append(lines, "")
		for _, l := range prose.Fold("s shows where each fact comes from.", width) {
			lines = append(lines, s.FgFaint.Render(l))
		}
	}
	return lines
}
