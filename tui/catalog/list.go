package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/factsheet"
	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// column is one of the list's; those with the highest drop go first when there
// is no room.
type column struct {
	title        string
	width, least int // what it wants, and what it can do with
	right        bool
	drop         int
	text         func(*entry) (string, lipgloss.Style)
}

// widths are how wide the columns that depend on the entries want to be. They
// are the same while scrolling.
type widths struct {
	version, entries     int
	glyphs               string
	name, title, release int
}

func (m *Model) measure(look screen.Look) {
	w := widths{version: m.version, entries: len(m.entries), glyphs: look.Glyphs.Name}
	if old := m.widths; old.version == w.version && old.entries == w.entries && old.glyphs == w.glyphs {
		return
	}
	for i := range m.entries {
		e := &m.entries[i]
		w.name = max(w.name, ansi.StringWidth(e.Name))
		w.title = max(w.title, ansi.StringWidth(look.Glyphs.Clean(e.Title)))
		if e.latest != nil {
			w.release = max(w.release, ansi.StringWidth(look.Glyphs.Clean(e.latest.Version)))
		}
	}
	m.widths = w
}

// columns are those that have room beside the pointer and the mark.
func (m *Model) columns(width int, look screen.Look) []column {
	m.measure(look)
	s, g := look.Styles, look.Glyphs
	now := m.shared.Now()
	name := max(min(m.widths.name, 20), 6)
	all := []column{
		{"system", name, name, false, 0, func(e *entry) (string, lipgloss.Style) { return e.Name, s.Title }},
		{"", min(m.widths.title, 30), 14, false, 6, func(e *entry) (string, lipgloss.Style) { return e.Title, s.Fg }},
		{"nature", 13, 13, false, 4, func(e *entry) (string, lipgloss.Style) { return e.nature, s.FgMuted }},
		{"support", 13, 13, false, 1, func(e *entry) (string, lipgloss.Style) {
			mark, look := factsheet.Standing(e.standing.State, g, s)
			return mark + " " + e.standing.State, look
		}},
		{"until", 17, 17, false, 7, func(e *entry) (string, lipgloss.Style) { return until(e), s.FgMuted }},
		{"release", max(min(m.widths.release, 18), 7), 9, false, 3, func(e *entry) (string, lipgloss.Style) { return version(e), s.Fg }},
		{"age", 9, 9, true, 2, func(e *entry) (string, lipgloss.Style) { return factsheet.Age(e.latest, now), s.FgMuted }},
	}
	if m.ranked {
		all = append(all, column{"score", 5, 5, true, 5, func(e *entry) (string, lipgloss.Style) { return m.points(e, look) }})
		if m.order == byScore {
			all[len(all)-1].drop = 0
		}
	}
	return fitting(all, width-5)
}

// fitting drops columns until the rest have the least that they can do with,
// with gaps of two between them, and shares out what is left. The last column
// there is is cut.
func fitting(all []column, room int) []column {
	for {
		least, worst := -2, 0
		for _, c := range all {
			least += c.least + 2
			worst = max(worst, c.drop)
		}
		switch {
		case least <= room:
			return shared(all, room-least)
		case worst > 0:
			all = slices.DeleteFunc(all, func(c column) bool { return c.drop == worst })
		case len(all) > 1:
			all = all[:len(all)-1]
		default:
			all[0].width = max(min(all[0].width, room), 0)
			return all
		}
	}
}

// shared gives what is left to the columns that would be dropped last first.
func shared(all []column, left int) []column {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[a].drop, all[b].drop) })
	for _, i := range order {
		c := all[i]
		more := max(min(c.width-c.least, left), 0)
		all[i].width = c.least + more
		left -= more
	}
	return all
}

func until(e *entry) string {
	if e.standing.State == "ended" {
		return strings.TrimPrefix(e.standing.Words, "ended ")
	}
	return e.standing.Words
}

func version(e *entry) string {
	if e.latest == nil {
		return ""
	}
	return e.latest.Version
}

// points are the score of an entry: a number, or why it has none.
func (m *Model) points(e *entry, look screen.Look) (string, lipgloss.Style) {
	switch p := e.place; {
	case p.rank == 1:
		return fmt.Sprintf("%s%.1f", look.Glyphs.Star, p.total), look.Styles.Accent
	case p.rank > 0:
		return fmt.Sprintf("%.1f", p.total), look.Styles.Fg
	case p.ruledOut:
		return look.Glyphs.Cross + " out", look.Styles.Err
	}
	return look.Glyphs.Dash, look.Styles.FgFaint
}

// listLines are the titles of the columns and the rows that are visible.
func (m *Model) listLines(width, height int, look screen.Look) []string {
	from, to := m.list.Window(height - 1)
	if len(m.shown) == 0 {
		return m.empty(width, look)
	}
	columns := m.columns(width, look)
	lines := make([]string, 0, to-from+1)
	lines = append(lines, m.titles(columns, look))
	for row := from; row < to; row++ {
		lines = append(lines, m.row(row, columns, width, look))
	}
	return lines
}

func (m *Model) titles(columns []column, look screen.Look) string {
	line := spaces(4)
	for i, c := range columns {
		if i > 0 {
			line += spaces(2)
		}
		line += aligned(c.title, c, look)
	}
	return look.Styles.FgFaint.Render(line)
}

func aligned(text string, c column, look screen.Look) string {
	text = ansi.Truncate(text, c.width, look.Glyphs.Ellipsis)
	if c.right {
		return spaces(c.width-ansi.StringWidth(text)) + text
	}
	return prose.Pad(text, c.width)
}

// row is one system. The selected one is drawn in one style, so that its
// background has no holes.
func (m *Model) row(row int, columns []column, width int, look screen.Look) string {
	index := m.shown[row]
	e := &m.entries[index]
	selected := row == m.list.Selected()
	mark, marked := " ", m.shared.Marked(e.Name)
	if marked {
		mark = look.Glyphs.Dot
	}
	if selected && !m.details {
		line := mark + " "
		for i, c := range columns {
			if i > 0 {
				line += spaces(2)
			}
			text, _ := c.text(e)
			line += aligned(look.Glyphs.Clean(text), c, look)
		}
		return layout.Pointer(true, look) + look.Styles.Sel.Render(layout.Fit(" "+line, width-1, look.Glyphs.Ellipsis))
	}
	line := layout.Pointer(selected, look) + " " + look.Styles.Accent.Render(mark) + " "
	for i, c := range columns {
		if i > 0 {
			line += spaces(2)
		}
		text, style := c.text(e)
		text = aligned(look.Glyphs.Clean(text), c, look)
		if hit, found := m.matches[index]; found && i == 0 && len(hit.letters) > 0 {
			line += highlighted(text, hit.letters, style, look)
			continue
		}
		line += style.Render(text)
	}
	return line
}

// highlighted shows which letters of a name the filter fits; names are ASCII.
func highlighted(text string, letters []int, style lipgloss.Style, look screen.Look) string {
	var b strings.Builder
	for i, r := range text {
		if slices.Contains(letters, i) {
			b.WriteString(look.Styles.Accent.Render(string(r)))
		} else {
			b.WriteString(style.Render(string(r)))
		}
	}
	return b.String()
}
