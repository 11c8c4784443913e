package lab

import (
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/input"
	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// field is one question of a form.
type field struct {
	label, hint string
	line        input.Line
	choice      bool // yes or no instead of text
	yes         bool
}

// form asks for a few things in place of the detail.
type form struct {
	title, does string // what it is about; the word for enter
	fields      []field
	at          int // field with the focus
	notes       []string
	wrong       string // why it cannot be done
	submit      func(*form) tea.Cmd
}

// longestText bounds what can be typed into one field, in characters.
const longestText = 500

// typed is a field that text is typed into; it begins with a value.
func typed(label, hint, value string) field {
	c := field{label: label, hint: hint, line: input.New(longestText)}
	c.line.Set(value)
	return c
}

func (f *form) value(i int) string { return strings.TrimSpace(f.fields[i].line.Text()) }

// key edits the field with the focus.
func (f *form) key(key tea.Key) {
	f.wrong = ""
	c := &f.fields[f.at]
	switch {
	case c.choice && (key.Code == tea.KeySpace || key.Code == tea.KeyLeft || key.Code == tea.KeyRight):
		c.yes = !c.yes
	case c.choice && (key.Text == "y" || key.Text == "n"):
		c.yes = key.Text == "y"
	case !c.choice:
		c.line.Update(tea.KeyPressMsg(key))
	}
}

func (f *form) move(by int) { f.at = (f.at + by + len(f.fields)) % len(f.fields) }

// draw draws the form, and where its cursor is.
func (f *form) draw(width, height int, look screen.Look) ([]string, *tea.Cursor) {
	g, s := look.Glyphs, look.Styles
	label := 0
	for _, c := range f.fields {
		label = max(label, len(c.label))
	}
	lines := []string{""}
	var cursor *tea.Cursor
	for i := range f.fields {
		c := &f.fields[i]
		style := s.FgMuted
		if i == f.at {
			style = s.Accent
		}
		head := " " + layout.Pointer(i == f.at, look) + " " + style.Render(layout.Fit(c.label, label, "")) + "  "
		room := max(width-label-7, 1)
		var value string
		if c.choice {
			value = choice(c.yes, look)
		} else {
			text, x := c.line.View(room, look)
			value = text
			if c.line.Text() == "" && c.hint != "" {
				value = s.FgFaint.Render(layout.Fit(c.hint, min(room, len(c.hint)+1), g.Ellipsis))
			}
			if i == f.at {
				cursor = tea.NewCursor(label+5+x, len(lines))
			}
		}
		lines = append(lines, head+value)
	}
	lines = append(lines, "")
	for _, n := range f.notes {
		for _, l := range wrap(g.Clean(n), width-4) {
			lines = append(lines, "   "+s.FgMuted.Render(l))
		}
	}
	if f.wrong != "" {
		for _, l := range wrap(g.Cross+" "+g.Clean(f.wrong), width-4) {
			lines = append(lines, "   "+s.Err.Render(l))
		}
	}
	lines = append(lines, "", "   "+s.Accent.Render("enter")+" "+s.FgMuted.Render(f.does)+"   "+
		s.Accent.Render("tab")+" "+s.FgMuted.Render("next")+"   "+s.Accent.Render("esc")+" "+s.FgMuted.Render("cancel"))
	if cursor != nil && (cursor.Y >= height || cursor.X >= width) {
		cursor = nil
	}
	return lines, cursor
}

func choice(yes bool, look screen.Look) string {
	s := look.Styles
	on, off := s.OnAccent.Render(" yes "), s.FgMuted.Render(" no ")
	if !yes {
		on, off = s.FgMuted.Render(" yes "), s.OnAccent.Render(" no ")
	}
	if s.OnAccent.Render("x") == "x" { // no styles at all: brackets tell
		on, off = "[yes]", " no "
		if !yes {
			on, off = " yes ", "[no]"
		}
	}
	return on + " " + off
}
