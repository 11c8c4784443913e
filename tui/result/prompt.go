package result

import "distrolab/tui/input"

// longestInput bounds what is typed, in characters: as long as a path.
const longestInput = 4096

// prompt is one line of input.
type prompt struct {
	open bool
	input.Line
}

func newPrompt() prompt { return prompt{Line: input.New(longestInput)} }

func (p *prompt) clear() {
	p.open = false
	p.Set("")
}
