// Package input is one line that is typed into, in the look of the app: Bubbles'
// text input with our colours and the terminal's own cursor. It has no effects.
package input

import (
	"strings"
	"unicode"

	"charm.land/bubbles/v2/textinput" // github.com/charmbracelet/bubbles
	tea "charm.land/bubbletea/v2"     // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// Line is a line of input. Make one with [New].
type Line struct{ model textinput.Model }

// New makes an empty line that takes so many characters at most.
func New(limit int) Line {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = limit
	in.SetVirtualCursor(false)
	return Line{in}
}

// Text is what has been typed.
func (l *Line) Text() string { return l.model.Value() }

// Set replaces the text and puts the cursor behind it.
func (l *Line) Set(text string) {
	l.model.SetValue(text)
	l.model.CursorEnd()
}

// Update takes a key or what was pasted, of which it leaves out what cannot be
// seen: such characters would put the cursor beside its place, or turn the line
// around.
func (l *Line) Update(msg tea.Msg) {
	if paste, is := msg.(tea.PasteMsg); is {
		paste.Content = strings.Map(visible, paste.Content)
		msg = paste
	}
	l.model.Focus()
	l.model, _ = l.model.Update(msg)
}

func visible(r rune) rune {
	switch {
	case unicode.IsPrint(r):
		return r
	case unicode.IsSpace(r):
		return ' '
	}
	return -1
}

// View is the line in a width, and the place of its cursor in it.
func (l *Line) View(width int, look screen.Look) (text string, cursor int) {
	l.model.SetStyles(Styles(look))
	l.model.SetWidth(max(width-1, 1))
	l.model.Focus()
	if c := l.model.Cursor(); c != nil {
		cursor = c.X
	}
	return l.model.View(), min(cursor, max(width-1, 0))
}

// Styles gives Bubbles' text input our colours instead of its own greys.
func Styles(look screen.Look) textinput.Styles {
	state := textinput.StyleState{Text: look.Styles.Fg, Placeholder: look.Styles.FgMuted, Suggestion: look.Styles.FgMuted, Prompt: look.Styles.Accent}
	return textinput.Styles{Focused: state, Blurred: state}
}
