package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// The room that the panels want, in cells.
const (
	besides   = 104 // from this width on, the score stands beside the table
	beneath   = 18  // from this height on, the reason stands under it
	leastWhy  = 7
	mostWhy   = 12
	panelLess = 42
	panelMost = 64
)

// kept is the frame that was drawn last, with all that it depends on: most
// messages change nothing here.
type kept struct {
	of    frameKey
	lines []string
}

type frameKey struct {
	size                             screen.Size
	glyphs                           string
	dark                             bool
	colours                          colorprofile.Profile
	compared, ranked, row, col       int
	ready, scored, everything        bool
	onlyDifferent, whole, why        bool
	panel, inPanel, byScore          bool
	weight                           int
	marks, profile, unread, selected string
}

func (m *Model) key(size screen.Size, look screen.Look) frameKey {
	k := frameKey{size: size, glyphs: look.Glyphs.Name, dark: look.Styles.Dark, colours: look.Styles.Profile,
		compared: m.compared, ranked: m.rankings, row: m.row, col: m.col, ready: m.ready, scored: m.scored, everything: m.everything,
		onlyDifferent: m.onlyDifferent, whole: m.whole, why: m.why, panel: m.panel, inPanel: m.inPanel, byScore: m.byScore,
		weight: m.weight, marks: strings.Join(m.shared.Marks, " "), profile: m.shared.Profile, selected: m.system()}
	if m.unread != nil {
		k.unread = m.unread.Error()
	}
	return k
}

// View draws the table with the panels that are open.
func (m *Model) View(size screen.Size, look screen.Look) screen.View {
	m.drawn = size
	if size.Width <= 0 || size.Height <= 0 {
		return screen.View{}
	}
	if key := m.key(size, look); m.kept.lines == nil || m.kept.of != key {
		m.kept = kept{key, m.frame(size, look)}
	}
	return screen.View{Lines: m.kept.lines}
}

func (m *Model) frame(size screen.Size, look screen.Look) []string {
	if !m.ready || len(m.comparison.Distros) == 0 {
		return m.empty(size.Width, look)
	}
	width, height := size.Width, size.Height-1
	panel, why := m.rooms(width, height)
	if panel > 0 && panel < width {
		width -= panel
	}
	var left []string
	if panel < size.Width {
		if why < height {
			left = m.table(width, height-why, look)
		}
		if why > 0 {
			left = append(left, m.reason(width, why, look)...)
		}
	}
	blocks := [][]string{}
	if left != nil {
		blocks = append(blocks, left)
	}
	if panel > 0 {
		blocks = append(blocks, m.scorePanel(panel, height, look))
	}
	// The bar says which columns the table has drawn.
	return append([]string{m.bar(size.Width, left != nil && why < height, look)}, layout.Beside(blocks...)...)
}

// rooms are the width of the score and the height of the reason; 0: not shown.
// Where they do not fit beside the table, the one with the focus has it all.
func (m *Model) rooms(width, height int) (panel, why int) {
	if m.panel {
		switch {
		case width >= besides:
			panel = max(min(width*2/5, panelMost), panelLess)
		case m.inPanel:
			panel = width
		}
	}
	if m.why {
		why = height
		if height >= beneath {
			why = max(min(height/4, mostWhy), leastWhy)
		}
	}
	return panel, why
}

// bar says what is compared and, when the table is drawn, how much of it is
// seen.
func (m *Model) bar(width int, table bool, look screen.Look) string {
	s, g := look.Styles, look.Glyphs
	differ := 0
	for i := range m.comparison.Rows {
		if m.differs(i) {
			differ++
		}
	}
	text := fmt.Sprintf(" %d systems, %d criteria, %d differ", len(m.columns), len(m.comparison.Rows), differ)
	if m.everything {
		text = " all" + text
	}
	if len(m.columns) == 1 {
		text = " 1 system: mark others in the catalog to compare it"
	}
	if m.onlyDifferent {
		text += "; only those are shown"
	}
	right := ""
	if n := m.layout.columns; table && n > 0 && n < len(m.columns) {
		right = fmt.Sprintf("columns %d%s%d of %d ", m.first+1, g.Dash, min(m.first+n, len(m.columns)), len(m.columns))
		if n == 1 {
			right = fmt.Sprintf("column %d of %d ", m.first+1, len(m.columns))
		}
	}
	room := width - ansi.StringWidth(right) - 1
	if room < 20 {
		right, room = "", width
	}
	line := s.Title.Render(prose.Shorten(text, room, g.Ellipsis))
	line += s.FgFaint.Render(m.legend(room-ansi.StringWidth(text), look))
	return layout.Fit(layout.Fit(line, room, "")+" "+s.FgMuted.Render(right), width, g.Ellipsis)
}

// legend explains the marks, as many as have room.
func (m *Model) legend(room int, look screen.Look) string {
	g := look.Glyphs
	marks := []string{differs(look) + " they differ", "? not confirmed", g.Dash + " not known"}
	if m.panel && m.scored {
		marks = slices.Insert(marks, 1, g.Star+" what the profile prefers")
	}
	text := ""
	for _, mark := range marks {
		if ansi.StringWidth(text)+3+ansi.StringWidth(mark) > room {
			break
		}
		text += "   " + mark
	}
	return text
}

// empty is what stands here before there is a table.
func (m *Model) empty(width int, look screen.Look) []string {
	text := "Comparing " + fmt.Sprint(len(m.systems())) + " systems" + look.Glyphs.Ellipsis
	if m.ready {
		text = "There is nothing to compare: the catalog is empty."
	}
	return []string{"", layout.Fit("  "+look.Styles.FgMuted.Render(text), width, look.Glyphs.Ellipsis)}
}
