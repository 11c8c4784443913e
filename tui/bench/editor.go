package bench

import (
	"charm.land/bubbles/v2/textinput" // github.com/charmbracelet/bubbles
	tea "charm.land/bubbletea/v2"     // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// longestInput bounds what is typed into one field, in characters.
const longestInput = 512

// editor is the input of one field.
type editor struct {
	field field
	input textinput.Model
}

func newEditor(at field, text string) (*editor, tea.Cmd) {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = longestInput
	in.SetVirtualCursor(false)
	in.SetValue(text)
	in.CursorEnd()
	return &editor{at, in}, nil
}

func (e *editor) update(msg tea.Msg) {
	e.input.Focus()
	e.input, _ = e.input.Update(msg)
}

// view is the input in a width, and where its cursor is.
func (e *editor) view(width int, look screen.Look) (string, int) {
	state := textinput.StyleState{Text: look.Styles.Fg, Placeholder: look.Styles.FgMuted, Suggestion: look.Styles.FgMuted, Prompt: look.Styles.Accent}
	e.input.SetStyles(textinput.Styles{Focused: state, Blurred: state})
	e.input.SetWidth(max(width-1, 1))
	e.input.Focus()
	x := 0
	if c := e.input.Cursor(); c != nil {
		x = c.X
	}
	return e.input.View(), min(x, max(width-1, 0))
}
