package result

import (
	"charm.land/bubbles/v2/textinput" // github.com/charmbracelet/bubbles
	tea "charm.land/bubbletea/v2"     // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// longestInput bounds what is typed, in characters: as long as a path.
const longestInput = 4096

// prompt is one line of input.
type prompt struct {
	open  bool
	input textinput.Model
}

func newPrompt() prompt {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = longestInput
	in.SetVirtualCursor(false)
	return prompt{input: in}
}

func (p *prompt) text() string { return p.input.Value() }

func (p *prompt) set(text string) {
	p.input.SetValue(text)
	p.input.CursorEnd()
}

func (p *prompt) clear() {
	p.open = false
	p.input.SetValue("")
}

func (p *prompt) update(msg tea.Msg) {
	p.input.Focus()
	p.input, _ = p.input.Update(msg)
}

// view is the input in a width, and the place of its cursor in it.
func (p *prompt) view(width int, look screen.Look) (string, int) {
	s := look.Styles
	state := textinput.StyleState{Text: s.Fg, Placeholder: s.FgMuted, Suggestion: s.FgMuted, Prompt: s.Accent}
	p.input.SetStyles(textinput.Styles{Focused: state, Blurred: state})
	p.input.SetWidth(max(width-1, 1))
	p.input.Focus()
	x := 0
	if c := p.input.Cursor(); c != nil {
		x = c.X
	}
	return p.input.View(), min(x, max(width-1, 0))
}
