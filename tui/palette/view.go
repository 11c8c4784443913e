package palette

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/dialog"
	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// above are the lines over the list: the input and the rule.
const above = 2

// widest is how wide the palette grows, in cells.
const widest = 88

// View draws the input, the list and the number of entries.
func (l *List) View(room screen.Size, look screen.Look) dialog.Box {
	inside := dialog.Inside(room)
	width := min(inside.Width, widest)
	height := min(inside.Height, max(room.Height*3/4, 12), len(l.entries)+above+1)
	l.input.SetWidth(max(width-3, 1))
	l.input.SetStyles(inputStyles(look))
	lines := []string{look.Styles.Accent.Render(">") + " " + l.input.View()}
	lines = append(lines, look.Styles.Border.Render(strings.Repeat(look.Glyphs.Line, width)))
	visible := max(height-above-1, 0)
	from, to := l.rows.Window(visible)
	for i := from; i < to; i++ {
		lines = append(lines, l.row(i, i == from, width, look))
	}
	if len(l.hits) == 0 && visible > 0 {
		lines = append(lines, look.Styles.FgMuted.Render("nothing matches; esc closes"))
	}
	for len(lines) < height-1 {
		lines = append(lines, "")
	}
	lines = append(lines, look.Styles.FgMuted.Render(l.count()))
	box := dialog.Box{Title: l.title, Lines: cutTo(lines, inside.Height), Width: width}
	if c := l.input.Cursor(); c != nil {
		moved := *c
		moved.X += 2
		box.Cursor = &moved
	}
	return box
}

func cutTo(lines []string, height int) []string { return lines[:min(len(lines), max(height, 0))] }

func (l *List) count() string {
	if l.query == "" {
		return fmt.Sprintf("%d in all", len(l.entries))
	}
	return fmt.Sprintf("%d of %d", len(l.hits), len(l.entries))
}

// columns are the widths of the columns, in cells.
type columns struct{ group, title, key int }

// Bounds of the columns, so that one long name does not take the room.
const (
	widestGroup = 12
	widestTitle = 26
	widestKey   = 9
)

func (c *columns) measure(e Entry) {
	c.group = min(max(c.group, ansi.StringWidth(e.Group)), widestGroup)
	c.title = min(max(c.title, ansi.StringWidth(e.Title)), widestTitle)
	c.key = min(max(c.key, ansi.StringWidth(e.Key)), widestKey)
}

// row is the group, the title, the note or why not, and the key. The group is
// told once, at its first entry and at the top of the window.
func (l *List) row(i int, first bool, width int, look screen.Look) string {
	h := l.hits[i]
	e := l.entries[h.entry]
	selected := i == l.rows.Selected()
	group := ""
	if first || l.entries[l.hits[i-1].entry].Group != e.Group {
		group = e.Group
	}
	st := styles(e, selected, look)
	c := l.columns
	fit := func(text string, cells int) string {
		return layout.Fit(look.Glyphs.Clean(text), cells, look.Glyphs.Ellipsis)
	}
	note := e.Note
	if e.Disabled != "" {
		note = "not now: " + e.Disabled
	}
	room := width - 1 - c.group - 1 - c.title - 2 - c.key - 1
	if room < 12 { // too narrow for notes: the title has their room
		c.title, room = max(c.title+room+2, 4), -2
	}
	pad := strings.Repeat(" ", max(c.key-ansi.StringWidth(e.Key), 0))
	key := st.key.Render(fit(e.Key, c.key-len(pad)))
	line := layout.Pointer(selected, look) + st.group.Render(fit(group, c.group)+" ")
	if l.grouped { // people look for keys here: they stand first
		line += key + st.note.Render(pad+" ")
	}
	line += l.named(e, h.at, c.title, st, look)
	if room > 0 {
		line += st.note.Render("  " + fit(note, room))
	}
	if !l.grouped {
		line += st.note.Render(" "+pad) + key
	}
	return line
}

// rowStyles are the styles of the parts of a row.
type rowStyles struct{ group, title, match, note, key lipgloss.Style }

func styles(e Entry, selected bool, look screen.Look) rowStyles {
	s := look.Styles
	switch {
	case selected:
		match := s.Sel
		if s.Profile > noTerminal {
			match = match.Bold(true).Underline(true)
		}
		return rowStyles{s.Sel, s.Sel, match, s.Sel, s.Sel}
	case e.Disabled != "":
		return rowStyles{s.FgFaint, s.FgFaint, s.FgFaint, s.FgFaint, s.FgFaint}
	}
	return rowStyles{s.FgFaint, s.Fg, s.Accent, s.FgMuted, s.Accent}
}

// named is the title, cleaned and cut or padded to the room, with what was
// found standing out.
func (l *List) named(e Entry, at []int, room int, st rowStyles, look screen.Look) string {
	hits := make(map[int]bool, len(at))
	for _, i := range at {
		hits[i] = true
	}
	var b, run strings.Builder
	found := false
	flush := func() {
		if found {
			b.WriteString(st.match.Render(run.String()))
		} else if run.Len() > 0 {
			b.WriteString(st.title.Render(run.String()))
		}
		run.Reset()
	}
	for i, r := range e.Title {
		if hits[i] != found {
			flush()
			found = hits[i]
		}
		run.WriteString(look.Glyphs.Clean(string(r)))
	}
	flush()
	text := ansi.Truncate(b.String(), room, look.Glyphs.Ellipsis)
	return text + st.title.Render(strings.Repeat(" ", max(room-ansi.StringWidth(text), 0)))
}
