package palette

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/dialog"
	"distrolab/tui/input"
	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// above are the lines over the list: the input and the rule.
const above = 2

// noTerminal is the profile in which no escape sequence is written.
const noTerminal = colorprofile.NoTTY

// widest is how wide the palette grows, in cells.
const widest = 104

// below are the lines under the list: the rule, and the whole note of what is
// selected.
const below = 3

// View draws the input, the list, and all that is said of the selected entry.
func (l *List) View(room screen.Size, look screen.Look) dialog.Box {
	inside := dialog.Inside(room)
	width := min(inside.Width, widest)
	height := min(inside.Height, max(room.Height*4/5, 14), len(l.entries)+above+below)
	rule := look.Styles.Border.Render(strings.Repeat(look.Glyphs.Line, width))
	lines := append(l.head(width, look), rule)
	under := below
	if height < above+below+4 { // so low that the list needs all
		under = 0
	}
	visible := max(height-above-under, 0)
	from, to := l.rows.Window(visible)
	for i := from; i < to; i++ {
		lines = append(lines, l.row(i, i == from, width, look))
	}
	if len(l.hits) == 0 && visible > 0 {
		lines = append(lines, look.Styles.FgMuted.Render("nothing matches; esc closes"))
	}
	for len(lines) < height-under {
		lines = append(lines, "")
	}
	if under > 0 {
		lines = append(append(lines, rule), l.told(width, look)...)
	}
	box := dialog.Box{Title: l.title, Lines: cutTo(lines, inside.Height), Width: width}
	if c := l.input.Cursor(); c != nil {
		moved := *c
		moved.X += 2
		box.Cursor = &moved
	}
	return box
}

// head is the input, with the number of entries at its right.
func (l *List) head(width int, look screen.Look) []string {
	count := l.count()
	l.input.SetWidth(max(width-5-ansi.StringWidth(count), 1))
	l.input.SetStyles(input.Styles(look))
	line := layout.Fit(look.Styles.Accent.Render(">")+" "+l.input.View(), width-ansi.StringWidth(count)-1, look.Glyphs.Ellipsis)
	return []string{line + " " + look.Styles.FgMuted.Render(count)}
}

// told is the whole note of the selected entry, in two lines.
func (l *List) told(width int, look screen.Look) []string {
	text := ""
	if i := l.rows.Selected(); i >= 0 {
		e := l.entries[l.hits[i].entry]
		text = e.Note
		if e.Disabled != "" {
			text = "Not now: " + e.Disabled + ". " + text
		}
	}
	folded := append(strings.Split(ansi.Wrap(look.Glyphs.Clean(text), width, ""), "\n"), "")
	return []string{look.Styles.FgMuted.Render(folded[0]), look.Styles.FgMuted.Render(folded[1])}
}

func cutTo(lines []string, height int) []string { return lines[:min(len(lines), max(height, 0))] }

func (l *List) count() string {
	if l.query == "" {
		return fmt.Sprint(len(l.entries))
	}
	return fmt.Sprintf("%d of %d", len(l.hits), len(l.entries))
}

// columns are the widths of the columns, in cells.
type columns struct{ group, title, key int }

// Bounds of the columns, so that one long name does not take the room.
const (
	widestGroup = 16
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
