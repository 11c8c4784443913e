package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// key does what a key means here: ctrl+c always ends, then comes what lies on
// top, then the actions of the screen and of the frame, and what is left is the
// screen's own. A screen that needs every key shares them with its own actions
// only.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	key, s := msg.String(), m.current()
	switch {
	case m.isTooSmall():
		if key == "q" || key == "ctrl+c" {
			return tea.Quit
		}
		return nil // nobody sees what it would do
	case key == "ctrl+c" && !takesKeys(s):
		return tea.Quit
	}
	if top := m.top(); top != nil {
		return m.toLayer(top, msg)
	}
	if s == nil {
		cmd, _ := m.choose(m.everywhere(), key)
		return cmd
	}
	if s.Typing() && isText(msg) && !takesKeys(s) {
		return s.Update(msg)
	}
	if cmd, taken := m.choose(s.Actions(), key); taken {
		return cmd
	}
	if takesKeys(s) {
		return s.Update(msg)
	}
	if cmd, taken := m.choose(m.everywhere(), key); taken && (!s.Typing() || key == "ctrl+k") {
		return cmd
	}
	return s.Update(msg)
}

// takesKeys says that a screen needs every key for something else than the app.
func takesKeys(s screen.Screen) bool {
	k, can := s.(screen.Keyboard)
	return can && k.TakesKeys()
}

// isText says whether a key is text for an input that has the focus.
func isText(msg tea.KeyPressMsg) bool { return msg.Text != "" || msg.Code == tea.KeyBackspace }

// choose does the action of a key. One that cannot be done says why.
func (m *Model) choose(actions []screen.Action, key string) (cmd tea.Cmd, taken bool) {
	a, found := screen.ForKey(actions, key)
	if !found {
		return nil, false
	}
	return m.do(a), true
}

func (m *Model) do(a screen.Action) tea.Cmd {
	switch {
	case a.Disabled != "":
		return m.tell(a.Title + ": " + a.Disabled)
	case a.Run == nil:
		return nil
	}
	return a.Run()
}

// groupEverywhere heads the frame's own keys in the help.
const groupEverywhere = "Everywhere"

// everywhere are the actions of the frame itself.
func (m *Model) everywhere() []screen.Action {
	all := make([]screen.Action, 0, len(m.screens)+7)
	for i, s := range m.screens {
		id := s.ID()
		all = append(all, screen.Action{ID: "screen." + string(id), Keys: []string{strconv.Itoa(number(id, i))}, Title: screenTitle(id),
			Help: "Shows the screen " + screenTitle(id) + ".", Group: groupEverywhere, Hidden: true,
			Run: func() tea.Cmd { return m.open(id, "") }})
	}
	noWay := ""
	if len(m.visited) == 0 {
		noWay = "there is no screen before this one"
	}
	mouse := "on"
	if m.mouse {
		mouse = "off"
	}
	return append(all,
		screen.Action{ID: "app.palette", Keys: []string{":", "ctrl+k"}, Title: "commands", Group: groupEverywhere,
			Help: "Finds every action, screen, distro, lab and result by a few letters.", Run: m.openPalette},
		screen.Action{ID: "app.back", Keys: []string{"esc"}, Title: "back", Group: groupEverywhere, Hidden: true, Disabled: noWay,
			Help: "Goes back to the screen before this one.", Run: m.back},
		screen.Action{ID: "app.mouse", Keys: []string{"m"}, Title: "mouse " + mouse, Group: groupEverywhere, Hidden: true,
			Help: "Gives the mouse to the app, or back to the terminal for selecting text.", Run: m.toggleMouse},
		screen.Action{ID: "app.news", Title: "news", Group: groupEverywhere, Hidden: true,
			Help: "Shows the news and failures since the start.", Run: m.openNews},
		screen.Action{ID: "app.quit", Keys: []string{"q"}, Title: "quit", Group: groupEverywhere,
			Help: "Ends the app. Labs go on running.", Run: m.quit},
		screen.Action{ID: "app.now", Keys: []string{"ctrl+c"}, Title: "quit at once", Group: groupEverywhere, Hidden: true,
			Help: "Ends the app without asking.", Run: func() tea.Cmd { return tea.Quit }},
		screen.Action{ID: "app.suspend", Keys: []string{"ctrl+z"}, Title: "to the shell", Group: groupEverywhere, Hidden: true,
			Help: "Stops the app until fg in the shell brings it back.", Run: func() tea.Cmd { return tea.Suspend }},
		screen.Action{ID: "app.help", Keys: []string{"?"}, Title: "more", Group: groupEverywhere,
			Help: "Shows every key of this screen; each can be chosen there.", Run: m.openHelp},
	)
}

// screenTitle is the name of a screen for people.
func screenTitle(id screen.ID) string {
	if id == "" {
		return ""
	}
	return strings.ToUpper(string(id[:1])) + string(id[1:])
}

func (m *Model) toggleMouse() tea.Cmd {
	m.mouse = !m.mouse
	text := "the mouse is the terminal's: select text as usual; m gives it back"
	if m.mouse {
		text = "the mouse works in the app; m gives it back to the terminal"
	}
	return tea.Batch(m.tell(text), m.store())
}

// quit asks where something would be lost or forgotten, and ends the app.
func (m *Model) quit() tea.Cmd {
	for _, s := range m.screens {
		if w, works := s.(screen.Worker); works {
			if q, would := w.Ending(); would {
				return m.push(m.question(q))
			}
		}
	}
	if m.options.Facts == nil || m.leaving {
		return tea.Quit // or q a second time, while the host is slow to answer
	}
	m.leaving = true
	if m.asking {
		return nil // they are on their way
	}
	return m.askFacts()
}

// leave ends the app, or says first that labs go on running.
func (m *Model) leave() tea.Cmd {
	m.leaving = false
	if len(m.facts.Running) == 0 {
		return tea.Quit
	}
	return m.push(m.farewell())
}
