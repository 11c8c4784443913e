package palette

import (
	"fmt"
	"strings"

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
	height := min(inside.Height, max(room.Height*3/4, 12))
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
		return fmt.Sprintf("%d", len(l.entries))
	}
	return fmt.Sprintf("%d of %d", len(l.hits), len(l.entries))
}

// row is the group, the title and note, and at the right the key or why not.
// The group is told once, at its first entry and at the top of the window.
func (l *List) row(i int, first bool, width int, look screen.Look) string {
	h := l.hits[i]
	e := l.entries[h.entry]
	selected := i == l.rows.Selected()
	group := ""
	if first || l.entries[l.hits[i-1].entry].Group != e.Group {
		group = e.Group
	}
	column := min(l.groupWidth(), width/4)
	right, rightStyle := look.Glyphs.Clean(e.Key), look.Styles.Accent
	if e.Disabled != "" {
		right, rightStyle = look.Glyphs.Clean(e.Disabled), look.Styles.FgFaint
		right = ansi.Truncate(right, max(width/2, 0), look.Glyphs.Ellipsis)
	}
	room := max(width-1-column-1-ansi.StringWidth(right)-1, 0)
	left := l.named(e, h.at, room, selected, look)
	pad := strings.Repeat(" ", max(room-ansi.StringWidth(left), 0)+1)
	groupText := layout.Fit(look.Glyphs.Clean(group), column, look.Glyphs.Ellipsis) + " "
	if selected {
		sel := look.Styles.Sel
		return layout.Pointer(true, look) + sel.Render(groupText) + left + sel.Render(pad) + sel.Render(right)
	}
	return " " + look.Styles.FgFaint.Render(groupText) + left + pad + rightStyle.Render(right)
}

// groupWidth is the column of headings.
func (l *List) groupWidth() int {
	w := 0
	for _, e := range l.entries[:min(len(l.entries), 200)] {
		w = max(w, ansi.StringWidth(e.Group))
	}
	return min(w, 16)
}

// named is title and note, cleaned and cut to the room, with what was found
// standing out.
func (l *List) named(e Entry, at []int, room int, selected bool, look screen.Look) string {
	title, note, match := look.Styles.Fg, look.Styles.FgMuted, look.Styles.Accent
	switch {
	case selected:
		title, note, match = look.Styles.Sel, look.Styles.Sel, look.Styles.Sel.Bold(look.Styles.Profile > noTerminal).Underline(look.Styles.Profile > noTerminal)
	case e.Disabled != "":
		title, note = look.Styles.FgFaint, look.Styles.FgFaint
	}
	hits := make(map[int]bool, len(at))
	for _, i := range at {
		hits[i] = true
	}
	var b strings.Builder
	var run strings.Builder
	current := title
	flush := func() {
		if run.Len() > 0 {
			b.WriteString(current.Render(run.String()))
			run.Reset()
		}
	}
	kind := -1
	for i, r := range e.Title + "  " + e.Note {
		source := i // positions were found with one space between title and note
		if i > len(e.Title) {
			source--
		}
		next, st := 0, title
		if i >= len(e.Title) {
			next, st = 1, note
		}
		if hits[source] && i != len(e.Title) && i != len(e.Title)+1 {
			next, st = 2, match
		}
		if next != kind {
			flush()
			kind, current = next, st
		}
		run.WriteString(look.Glyphs.Clean(string(r)))
	}
	flush()
	return ansi.Truncate(strings.TrimRight(b.String(), " "), room, look.Glyphs.Ellipsis)
}
