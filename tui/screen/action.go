package screen

import (
	"slices"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
)

// Action is something that can be done on a screen. The footer, the help, the
// palette and the documentation of keys are all made of actions, and pressing a
// key is nothing else than choosing one.
type Action struct {
	ID       string         // stable, such as "labs.destroy"
	Keys     []string       // as Bubble Tea names them: "d", "space", "ctrl+s"; the first is shown
	Title    string         // one or two words, for the footer: "destroy"
	Help     string         // one sentence
	Group    string         // heading in the help
	Disabled string         // why it cannot be done now; "" means it can
	Hidden   bool           // not in the footer: known to everybody, or seldom used
	Run      func() tea.Cmd // does it; called from the loop, so it must not wait
}

// ForKey finds the action of a key.
func ForKey(actions []Action, key string) (Action, bool) {
	i := slices.IndexFunc(actions, func(a Action) bool { return slices.Contains(a.Keys, key) })
	if i < 0 {
		return Action{}, false
	}
	return actions[i], true
}
