// Package dialog holds what lies over a screen and waits for the person: a
// question before something that cannot be undone, a failure that stays until
// it has been read, pages of lines. Dialogs draw themselves as boxes, say their
// keys as actions, and have no effects; the frame (package tui) places them.
package dialog

import (
	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// Box is what a dialog shows: lines without a frame around them.
type Box struct {
	Title  string
	Lines  []string
	Width  int         // of the lines
	Cursor *tea.Cursor // of an input, relative to the first line; nil hides it
}

// Draw puts a box in its frame: two cells wider than its lines, and two lines
// higher, with a cell of air on both sides.
func (b Box) Draw(look screen.Look) []string {
	lines := make([]string, len(b.Lines))
	for i, l := range b.Lines {
		lines[i] = " " + layout.Fit(l, b.Width, look.Glyphs.Ellipsis)
	}
	return layout.Pane(b.Title, lines, b.Width+frameWidth, len(lines)+frameHeight, true, look)
}

// What the frame takes around the lines, in cells: border and air, border.
const (
	frameWidth  = 4
	frameHeight = 2
)

// Inside is the room for lines in a room for the whole box.
func Inside(room screen.Size) screen.Size {
	return screen.Size{Width: max(room.Width-frameWidth, 1), Height: max(room.Height-frameHeight, 1)}
}

// closer is the end of a dialog, shared by all of them.
type closer struct{ closed bool }

// Closed says that the dialog is done.
func (c *closer) Closed() bool { return c.closed }

func (c *closer) close() tea.Cmd {
	c.closed = true
	return nil
}

// groupDialog heads the keys of dialogs in the help.
const groupDialog = "Dialog"

func (c *closer) closing(title string, keys ...string) screen.Action {
	return screen.Action{ID: "dialog.close", Keys: keys, Title: title, Group: groupDialog,
		Help: "Closes what lies over the screen.", Run: c.close}
}
