package palette

import (
	"charm.land/bubbles/v2/textinput" // github.com/charmbracelet/bubbles
	"github.com/charmbracelet/colorprofile"

	"distrolab/tui/screen"
)

// noTerminal is the profile in which no escape sequence is written.
const noTerminal = colorprofile.NoTTY

// inputStyles gives the input our tokens instead of its own greys.
func inputStyles(look screen.Look) textinput.Styles {
	state := textinput.StyleState{Text: look.Styles.Fg, Placeholder: look.Styles.FgMuted, Suggestion: look.Styles.FgMuted, Prompt: look.Styles.Accent}
	return textinput.Styles{Focused: state, Blurred: state}
}
