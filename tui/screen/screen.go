package screen

import (
	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/style"
)

// ID names a screen.
type ID string

// The screens, in the order of their number keys.
const (
	Catalog ID = "catalog"
	Compare ID = "compare"
	Config  ID = "config"
	Labs    ID = "labs"
	Bench   ID = "bench"
	Results ID = "results"
)

// NewLab, as the argument of the screen of labs, begins a new one. No lab has
// this name.
const NewLab = "+new"

// Look is how things are drawn. It changes when the terminal answers what its
// background is.
type Look struct {
	Styles style.Styles
	Glyphs style.Glyphs
}

// Size is the room of a screen's body, in cells.
type Size struct{ Width, Height int }

// View is what a screen shows.
type View struct {
	Lines  []string    // at most the height of them, none wider than the width
	Cursor *tea.Cursor // of an input, relative to the body; nil hides it
}

// Screen is one room of the app. The frame calls its methods from the Bubble
// Tea loop only, so they need no locks and must not wait: whatever takes time
// is a command.
type Screen interface {
	ID() ID
	// Title is the trail shown in the header, such as "Catalog", "Flatcar".
	Title() []string
	// Open is called each time the screen is shown. argument names what to show:
	// a distro, a lab, a session; or "".
	Open(argument string) tea.Cmd
	// Leave is called when another screen is shown. What runs for the eye only
	// (a console, a timer) ends here; what works goes on.
	Leave()
	// Update takes a message. Keys and mouse reach only the shown screen, and
	// keys only where no action took them; all other messages reach every
	// screen. Mouse positions are relative to the body.
	Update(msg tea.Msg) tea.Cmd
	// View draws the body. It is called after every message, so it does no work
	// that could be kept from the last time.
	View(size Size, look Look) View
	// Plain is the same content as lines to read from top to bottom: without
	// frames, columns side by side, or a selection. width is for wrapping.
	Plain(width int, look Look) []string
	// Actions are what can be done now, in the order of the footer.
	Actions() []Action
	// Typing says that an input has the focus: then only keys with a modifier,
	// enter, esc, tab and the arrows can be actions, all others are text.
	Typing() bool
	// Finds are the things that the command palette can go to: distros, labs,
	// sessions. There may be many; they are asked for when the palette opens.
	Finds() []Find
}

// Find is a thing that the palette can open.
type Find struct {
	Kind     string // "distro", "lab", "machine", "result"
	Name     string
	Note     string // a few words beside it
	Screen   ID
	Argument string // for the screen's Open
}
