package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/colorprofile"

	"distrolab/tui/layout"
	"distrolab/tui/rows"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

// room is a small screen: a list, an input, and an action for each thing that a
// screen can say to its frame.
type room struct {
	id       screen.ID
	trail    []string
	items    []string
	list     rows.List
	typing   bool
	text     string
	opened   []string
	left     int
	got      []string
	finds    int
	disabled string
	ending   *screen.Question
	extra    []screen.Action
}

func newRoom(id screen.ID, items ...string) *room {
	r := &room{id: id, trail: []string{screenTitle(id)}, items: items}
	r.list.SetCount(len(items))
	return r
}

func (r *room) ID() screen.ID           { return r.id }
func (r *room) Title() []string         { return r.trail }
func (r *room) Leave()                  { r.left++ }
func (r *room) Typing() bool            { return r.typing }
func (r *room) Open(arg string) tea.Cmd { r.opened = append(r.opened, arg); return nil }

func (r *room) Ending() (screen.Question, bool) {
	if r.ending == nil {
		return screen.Question{}, false
	}
	return *r.ending, true
}

func (r *room) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		r.got = append(r.got, msg.String())
		if r.typing {
			r.text += msg.Text
			return nil
		}
		r.list.Key(msg.String())
	case tea.PasteMsg:
		r.text += msg.Content
	case tea.MouseClickMsg:
		r.got = append(r.got, fmt.Sprintf("click %d,%d", msg.X, msg.Y))
		r.list.Click(msg.Y)
	case tea.MouseWheelMsg:
		r.got = append(r.got, "wheel")
	case note:
		r.got = append(r.got, string(msg))
	}
	return nil
}

// note is a message that only screens know.
type note string

func (r *room) View(size screen.Size, look screen.Look) screen.View {
	from, to := r.list.Window(size.Height)
	var lines []string
	for i := from; i < to; i++ {
		line := layout.Pointer(i == r.list.Selected(), look) + " " + layout.Fit(look.Glyphs.Clean(r.items[i]), max(size.Width-2, 0), look.Glyphs.Ellipsis)
		lines = append(lines, line)
	}
	v := screen.View{Lines: lines}
	if r.typing {
		v.Cursor = tea.NewCursor(len(r.text), 0)
	}
	return v
}

func (r *room) Plain(_ int, look screen.Look) []string {
	var lines []string
	for _, i := range r.items {
		lines = append(lines, "- "+look.Glyphs.Clean(i))
	}
	if r.text != "" {
		lines = append(lines, "text: "+r.text)
	}
	return lines
}

func (r *room) Actions() []screen.Action {
	do := func(msg tea.Msg) func() tea.Cmd { return func() tea.Cmd { return screen.Send(msg) } }
	all := []screen.Action{
		{ID: "room.open", Keys: []string{"enter"}, Title: "open", Help: "Opens the selected one.", Group: "List", Run: do(screen.News{Text: "opened"})},
		{ID: "room.mark", Keys: []string{"space"}, Title: "mark", Help: "Marks the selected one.", Group: "List", Run: do(screen.Marked{})},
		{ID: "room.destroy", Keys: []string{"d"}, Title: "destroy", Help: "Destroys the selected one.", Group: "List", Disabled: r.disabled,
			Run: do(screen.Question{Text: "Destroy lab trial with 3 machines?", More: []string{"Their disks are lost."}, Yes: "destroy", Do: screen.Tell("destroyed")})},
		{ID: "room.break", Keys: []string{"b"}, Title: "break", Help: "Fails.", Group: "Trouble",
			Run: do(screen.Failure{Doing: "starting lab trial", Err: fmt.Errorf("no room on /var\x1b[2J\nfree 3 GiB"), Retry: screen.Tell("tried again")})},
		{ID: "room.copy", Keys: []string{"y"}, Title: "copy", Help: "Copies the name.", Group: "List", Run: do(screen.Copy{Text: "trial"})},
		{ID: "room.filter", Keys: []string{"/"}, Title: "filter", Help: "Filters the list.", Group: "List", Run: func() tea.Cmd { r.typing = true; return nil }},
	}
	if r.typing {
		all = []screen.Action{{ID: "room.done", Keys: []string{"esc", "enter"}, Title: "done", Help: "Ends the filter.", Run: func() tea.Cmd { r.typing = false; return nil }}}
	}
	return append(all, r.extra...)
}

func (r *room) Finds() []screen.Find {
	finds := make([]screen.Find, r.finds)
	for i := range finds {
		finds[i] = screen.Find{Kind: "distro", Name: fmt.Sprintf("distro-%05d", i), Note: "one of many", Screen: r.id, Argument: fmt.Sprint(i)}
	}
	return finds
}

func looks() map[string]screen.Look {
	return map[string]screen.Look{
		"colour": {Glyphs: style.Unicode(), Styles: style.NewStyles(true, colorprofile.TrueColor)},
		"16":     {Glyphs: style.Unicode(), Styles: style.NewStyles(true, colorprofile.ANSI)},
		"none":   {Glyphs: style.Unicode(), Styles: style.NewStyles(true, colorprofile.ASCII)},
		"ascii":  {Glyphs: style.ASCII(), Styles: style.NewStyles(true, colorprofile.NoTTY)},
	}
}

// app makes a frame around rooms, 100 by 30.
func app(look string, rooms ...*room) *Model {
	screens := make([]screen.Screen, len(rooms))
	for i, r := range rooms {
		screens[i] = r
	}
	shared := &screen.Shared{Now: func() time.Time { return time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC) }}
	m := New(context.Background(), shared, screens, Options{Look: looks()[look]})
	m.Update(tea.WindowSizeMsg{Width: 100, Height: 30})
	return m
}

func two() (*Model, *room, *room) {
	a, b := newRoom(screen.Catalog, "Flatcar", "Talos", "Fedora CoreOS"), newRoom(screen.Labs, "trial", "class")
	return app("none", a, b), a, b
}

// press gives keys to the frame and does what its commands bring, without
// waiting: timers are left out.
func press(m *Model, keys ...string) {
	for _, k := range keys {
		_, cmd := m.Update(keyNamed2(k))
		drain(m, cmd)
	}
}

func keyNamed2(k string) tea.KeyPressMsg {
	switch k {
	case "space":
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	case "ctrl+k":
		return tea.KeyPressMsg{Code: 'k', Mod: tea.ModCtrl}
	case "ctrl+c":
		return tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}
	}
	return keyNamed(k)
}

// drain runs a command and gives what it brings back to the frame. It stands in
// for the loop, so it must not meet a timer: those are known by being slow.
func drain(m *Model, cmd tea.Cmd) (quit bool) {
	if cmd == nil {
		return false
	}
	brought := make(chan tea.Msg, 1)
	go func() { brought <- cmd() }()
	var msg tea.Msg
	select {
	case msg = <-brought:
	case <-time.After(20 * time.Millisecond):
		return false
	}
	if cmds, several := commandsOf(msg); several {
		for _, c := range cmds {
			quit = drain(m, c) || quit
		}
		return quit
	}
	if _, is := msg.(tea.QuitMsg); is {
		return true
	}
	if msg == nil {
		return false
	}
	_, next := m.Update(msg)
	return drain(m, next)
}

// wake arms what came by itself, as its timer does.
func wake(m *Model) {
	for _, l := range m.layers {
		if l.asleep != nil {
			m.Update(armed{l})
		}
	}
}

func screenText(m *Model) string {
	lines, _ := m.lines()
	return strings.Join(lines, "\n")
}
