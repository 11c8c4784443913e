package tui

import (
	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/colorprofile"

	"distrolab/tui/screen"
	"distrolab/tui/style"
)

// noColours is the profile of a terminal that shows none.
const noColours = colorprofile.ASCII

// Update takes a message: the frame's own are handled here, keys and mouse go
// to what has the focus, all others to every screen.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, is := msg.(becameQuiet); is {
		return m, m.pace.quiet()
	}
	return m, tea.Batch(m.pace.message(), m.route(msg))
}

func (m *Model) route(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.toFocus(msg)
	case tea.MouseMsg:
		return m.pointed(msg)
	case tea.KeyReleaseMsg:
		return nil
	}
	cmd, private := m.own(msg)
	if private {
		return cmd
	}
	return tea.Batch(cmd, m.broadcast(msg))
}

// own handles what is meant for the frame; private says that the screens have
// no part in it.
func (m *Model) own(msg tea.Msg) (cmd tea.Cmd, private bool) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.size = screen.Size{Width: msg.Width, Height: msg.Height}
		return nil, false
	case tea.BackgroundColorMsg:
		if m.options.Theme == Auto {
			m.look.Styles = style.NewStyles(msg.IsDark(), m.look.Styles.Profile)
		}
		return nil, true
	case screen.Marked, screen.Changed:
		return m.store(), false
	case screen.News:
		return tea.Batch(m.tell(msg.Text), m.askFacts()), true
	case screen.Failure:
		return tea.Batch(m.push(m.failure(msg)), m.askFacts()), true
	case screen.Question:
		return m.push(m.question(msg)), true
	case screen.Go:
		m.layers = nil
		return m.open(msg.Screen, msg.Argument), true
	case screen.Suspend:
		return tea.ExecProcess(msg.Command, m.resumed(msg)), true
	case screen.Copy:
		return tea.Batch(tea.SetClipboard(msg.Text), m.tell(copied(msg.Text))), true
	case factsKnown:
		m.asking, m.facts = false, msg.facts
		if m.leaving {
			return m.leave(), true
		}
		return nil, true
	case newsOld:
		m.news.forget(msg.number)
		return nil, true
	case armed:
		msg.layer.arm()
		return nil, true
	case stored:
		return m.storeAgain(msg), true
	}
	return nil, false
}

// resumed gives the screen what it makes of the program's end, and asks the
// host anew: much can have happened meanwhile.
func (m *Model) resumed(s screen.Suspend) tea.ExecCallback {
	return func(err error) tea.Msg {
		if s.After != nil {
			return s.After(err)
		}
		if err != nil {
			return screen.Failure{Doing: "running " + s.Command.Path, Err: err}
		}
		return nil
	}
}

func (m *Model) broadcast(msg tea.Msg) tea.Cmd {
	cmds := make([]tea.Cmd, 0, len(m.screens))
	for _, s := range m.screens {
		cmds = append(cmds, s.Update(msg))
	}
	return tea.Batch(cmds...)
}

// toFocus gives a message to the layer on top, or to the shown screen.
func (m *Model) toFocus(msg tea.Msg) tea.Cmd {
	if top := m.top(); top != nil {
		return m.toLayer(top, msg)
	}
	if s := m.current(); s != nil {
		return s.Update(msg)
	}
	return nil
}
