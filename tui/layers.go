package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/dialog"
	"distrolab/tui/screen"
)

// over is something that lies over the screen and has the keys: a dialog, the
// palette, the help.
type over interface {
	Actions() []screen.Action
	Update(tea.Msg) tea.Cmd
	View(room screen.Size, look screen.Look) dialog.Box
	Closed() bool
}

// layer is an over with its place in the stack.
type layer struct {
	over
	asleep *bool // takes no keys yet, since it came by itself; nil never was
}

func (l layer) arm() { *l.asleep = false }

func (l layer) sleeps() bool { return l.asleep != nil && *l.asleep }

// grace is how long a dialog that came by itself takes no keys: those that were
// meant for the screen must not answer it.
const grace = 300 * time.Millisecond

// armed says that a layer takes keys from now on.
type armed struct{ layer layer }

// late makes the layer of a dialog that the person did not open.
func late(o over) layer {
	asleep := true
	return layer{over: o, asleep: &asleep}
}

// push lays something over the screen.
func (m *Model) push(l layer) tea.Cmd {
	m.layers = append(m.layers, l)
	if l.asleep == nil {
		return nil
	}
	return tea.Tick(grace, func(time.Time) tea.Msg { return armed{l} })
}

// top is what has the keys; nil: the screen has them.
func (m *Model) top() over {
	if len(m.layers) == 0 {
		return nil
	}
	return m.layers[len(m.layers)-1]
}

// toLayer gives a message to the layer on top. While it sleeps, text goes on to
// an input below it and other keys are lost, which is the lesser harm.
func (m *Model) toLayer(top over, msg tea.Msg) tea.Cmd {
	key, isKey := msg.(tea.KeyPressMsg)
	l := m.layers[len(m.layers)-1]
	if l.sleeps() {
		if s := m.current(); isKey && s != nil && len(m.layers) == 1 && (s.Typing() && isText(key) || takesKeys(s)) {
			return s.Update(msg)
		}
		return nil
	}
	var cmd tea.Cmd
	taken := false
	if isKey {
		cmd, taken = m.choose(top.Actions(), key.String())
	}
	if !taken {
		cmd = top.Update(msg)
	}
	m.sweep()
	return cmd
}

// sweep takes away what is done.
func (m *Model) sweep() {
	kept := m.layers[:0]
	for _, l := range m.layers {
		if !l.Closed() {
			kept = append(kept, l)
		}
	}
	clear(m.layers[len(kept):])
	m.layers = kept
}

func (m *Model) failure(f screen.Failure) layer {
	page := dialog.Failed(f)
	m.news.add(past{at: m.now(), text: page.Text(), failed: true})
	return late(page)
}

func (m *Model) question(q screen.Question) layer { return late(dialog.Ask(q, "no")) }

// farewell says that labs go on running. It is asked because of q, so a second
// q means it.
func (m *Model) farewell() layer {
	names := m.facts.Running
	text, verb := fmt.Sprintf("%d labs run.", len(names)), "They go"
	if len(names) == 1 {
		text, verb = fmt.Sprintf("Lab %.60s runs.", names[0]), "It goes"
	}
	more := []string{verb + " on running when you leave: distrolab ps lists, and distrolab down LAB ends."}
	if len(names) > 1 {
		more = append([]string{strings.Join(names[:min(len(names), 12)], ", ")}, more...)
	}
	q := screen.Question{Text: text + " Leave?", More: more, Yes: "leave", Do: tea.Quit}
	return layer{over: dialog.Ask(q, "stay", "q")}
}

func (m *Model) openNews() tea.Cmd {
	if len(m.news.past) == 0 {
		return m.tell("there is no news yet")
	}
	lines := make([]string, 0, len(m.news.past))
	for i := len(m.news.past) - 1; i >= 0; i-- {
		p := m.news.past[i]
		mark := " "
		if p.failed {
			mark = m.look.Glyphs.Cross
		}
		for j, l := range strings.Split(p.text, "\n") {
			if j == 0 {
				l = p.at.Format("15:04:05") + " " + mark + " " + l
			} else {
				l = strings.Repeat(" ", 11) + l
			}
			lines = append(lines, l)
		}
	}
	return m.push(layer{over: dialog.Read("News, the latest first", lines)})
}
