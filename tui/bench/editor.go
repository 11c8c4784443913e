package bench

import "distrolab/tui/input"

// longestInput bounds what is typed into one field, in characters.
const longestInput = 512

// editor is the input of one field.
type editor struct {
	field field
	input.Line
}

func newEditor(at field, text string) *editor {
	e := &editor{at, input.New(longestInput)}
	e.Set(text)
	return e
}
