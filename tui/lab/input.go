package lab

import (
	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// key takes a key that was no action: for the guest, the form, or the pane with
// the focus.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	switch {
	case m.attached:
		c := m.console()
		if c == nil || c.ended.Load() {
			m.attached = false
			return screen.Tell("the console has ended")
		}
		return c.send(c.term.Bytes(msg.Key()))
	case m.form != nil:
		m.form.key(msg.Key())
		return nil
	}
	name := msg.String()
	if name == "enter" {
		m.turn(1)
		return nil
	}
	if name == "esc" && m.focus != paneList {
		m.focus, m.zoom = paneList, false
		return nil
	}
	switch m.focus {
	case paneTimeline:
		m.scroll = max(m.scroll+lines(name, m.frame.timeline.height), 0)
	case paneConsole:
		m.scrollBack(-lines(name, m.frame.console.height))
	default:
		return m.moveTo(func() bool { return m.list.Key(name) })
	}
	return nil
}

// lines is by how many lines a key scrolls; down is positive.
func lines(name string, height int) int {
	page := max(height-2, 1)
	switch name {
	case "up", "k":
		return -1
	case "down", "j":
		return 1
	case "pgup", "ctrl+u":
		return -page
	case "pgdown", "ctrl+d", "space":
		return page
	case "home", "g":
		return -1 << 20
	case "end", "G":
		return 1 << 20
	}
	return 0
}

// moveTo moves the selection and shows what belongs to it.
func (m *Model) moveTo(move func() bool) tea.Cmd {
	before := m.selected()
	if !move() || m.selected() == before {
		return nil
	}
	m.moved()
	return m.look()
}

func (m *Model) scrollBack(by int) {
	history := 0
	if c := m.console(); c != nil {
		history = c.cache.frame.History
	}
	m.back = min(max(m.back+by, 0), history)
}

// turn gives the focus to the next pane.
func (m *Model) turn(by int) {
	m.focus = pane((int(m.focus) + by + 3) % 3)
	if m.focus != paneList {
		m.lower = m.focus
	}
	if m.focus == paneList {
		m.zoom = false
	}
}

// paste is typed into what has the keys.
func (m *Model) paste(text string) tea.Cmd {
	switch c := m.console(); {
	case !m.shown:
	case m.attached && c != nil:
		return c.send(c.term.Paste(text))
	case m.form != nil && !m.form.fields[m.form.at].choice:
		m.form.fields[m.form.at].line.Update(tea.PasteMsg{Content: text})
	}
	return nil
}

// mouse selects, focuses and scrolls.
func (m *Model) mouse(msg tea.MouseMsg) tea.Cmd {
	if m.form != nil || m.attached {
		return nil
	}
	at, by := msg.Mouse(), 0
	switch at.Button {
	case tea.MouseWheelUp:
		by = -3
	case tea.MouseWheelDown:
		by = 3
	case tea.MouseLeft:
		if _, click := msg.(tea.MouseClickMsg); !click {
			return nil
		}
	default:
		return nil
	}
	switch f := m.frame; {
	case f.list.has(at.X, at.Y) && by != 0:
		return m.moveTo(func() bool { m.list.Wheel(by / 3); return true })
	case f.list.has(at.X, at.Y):
		m.focus, m.zoom = paneList, false
		return m.moveTo(func() bool { return m.list.Click(at.Y - f.list.y) })
	case f.timeline.has(at.X, at.Y) && by != 0:
		m.scroll = max(m.scroll+by, 0)
	case f.timeline.has(at.X, at.Y):
		m.focus, m.lower = paneTimeline, paneTimeline
	case f.console.has(at.X, at.Y) && by != 0:
		m.scrollBack(-by)
	case f.console.has(at.X, at.Y):
		m.focus, m.lower = paneConsole, paneConsole
	}
	return nil
}
