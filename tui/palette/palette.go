// Package palette is a list that is found in by a few letters: the command
// palette and the help are made of it. It is drawn by the frame (package tui)
// over the screen, has no effects, and stays quick with many thousands of
// entries.
package palette

import (
	"charm.land/bubbles/v2/textinput" // github.com/charmbracelet/bubbles
	tea "charm.land/bubbletea/v2"     // github.com/charmbracelet/bubbletea

	"distrolab/tui/dialog"
	"distrolab/tui/rows"
	"distrolab/tui/screen"
)

// Entry is something that can be chosen.
type Entry struct {
	ID       string
	Group    string // heading; entries of one group lie together
	Title    string
	Note     string // beside the title, and found in too
	Key      string // its key, as shown
	Disabled string // why it cannot be chosen now
	Run      func() tea.Cmd
}

// List is an open palette.
type List struct {
	title   string
	entries []Entry
	notes   []string // group and note of each entry, folded; see folded
	grouped bool
	input   textinput.Model
	rows    rows.List
	hits    []hit
	query   string // that hits are of
	closed  bool
	chosen  func(Entry) tea.Cmd
	columns columns
}

// New opens a palette. grouped keeps the order and shows the headings; else the
// best match comes first. chosen is called with the entry that the person
// takes, after the palette has closed.
func New(title, hint string, entries []Entry, grouped bool, chosen func(Entry) tea.Cmd) *List {
	in := textinput.New()
	in.Prompt = ""
	in.Placeholder = hint
	in.CharLimit = 100
	in.SetVirtualCursor(false)
	in.KeyMap.Paste.SetEnabled(false) // the terminal pastes by itself
	in.Focus()
	l := &List{title: title, entries: entries, grouped: grouped, input: in, chosen: chosen}
	for _, e := range entries[:min(len(entries), 300)] {
		l.columns.measure(e)
	}
	l.match()
	return l
}

// Closed says that the palette is done.
func (l *List) Closed() bool { return l.closed }

// Actions are the keys of the palette; all others are text.
func (l *List) Actions() []screen.Action {
	const group = "Palette"
	return []screen.Action{
		{ID: "palette.do", Keys: []string{"enter"}, Title: "do it", Group: group, Help: "Does what is selected.", Run: l.take},
		{ID: "palette.down", Keys: []string{"down", "ctrl+n", "tab"}, Title: "next", Group: group, Help: "Selects the next.", Run: l.mover("down")},
		{ID: "palette.up", Keys: []string{"up", "shift+tab"}, Title: "before", Group: group, Help: "Selects the one before.", Run: l.mover("up")},
		{ID: "palette.pagedown", Keys: []string{"pgdown"}, Title: "page down", Group: group, Hidden: true, Help: "Moves down by a page.", Run: l.mover("pgdown")},
		{ID: "palette.pageup", Keys: []string{"pgup"}, Title: "page up", Group: group, Hidden: true, Help: "Moves up by a page.", Run: l.mover("pgup")},
		{ID: "palette.close", Keys: []string{"esc"}, Title: "close", Group: group, Hidden: true, Help: "Clears what was typed, then closes.", Run: l.escape},
	}
}

func (l *List) mover(key string) func() tea.Cmd {
	return func() tea.Cmd {
		l.rows.Key(key)
		return nil
	}
}

// escape clears the text first: a second one closes.
func (l *List) escape() tea.Cmd {
	if l.input.Value() != "" && !l.grouped {
		l.closed = true
		return nil
	}
	if l.input.Value() != "" {
		l.input.SetValue("")
		l.match()
		return nil
	}
	l.closed = true
	return nil
}

// take chooses the selected entry. One that cannot be chosen leaves the
// palette open: its row says why.
func (l *List) take() tea.Cmd {
	i := l.rows.Selected()
	if i < 0 {
		return nil
	}
	e := l.entries[l.hits[i].entry]
	if e.Disabled != "" {
		return screen.Tell(e.Title + ": " + e.Disabled)
	}
	l.closed = true
	return l.chosen(e)
}

// Update takes text and the mouse, in positions of the lines of the box.
func (l *List) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.MouseWheelMsg:
		switch msg.Button {
		case tea.MouseWheelUp:
			l.rows.Wheel(-3)
		case tea.MouseWheelDown:
			l.rows.Wheel(3)
		}
		return nil
	case tea.MouseClickMsg:
		if msg.Button == tea.MouseLeft && l.rows.Click(msg.Y-above) {
			return l.take()
		}
		return nil
	}
	var cmd tea.Cmd
	l.input, cmd = l.input.Update(msg)
	l.match()
	return cmd
}

var _ interface {
	View(screen.Size, screen.Look) dialog.Box
} = (*List)(nil)
