package config

import (
	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
)

// scrollKey moves the window over a config or a difference; drawing keeps it in
// its bounds.
func (m *Model) scrollKey(key string) {
	page := max(m.last.configs.height-6, 1)
	by := map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -page, "pgdown": page, "space": page,
		"ctrl+u": -page / 2, "ctrl+d": page / 2, "home": -1 << 30, "g": -1 << 30, "end": 1 << 30, "G": 1 << 30}[key]
	m.scroll(by)
}

func (m *Model) scroll(by int) {
	switch s := m.current(); {
	case m.against != nil:
		m.against.top = max(m.against.top+by, 0)
	case s != nil:
		s.top = max(s.top+by, 0)
	}
}

// wheel scrolls what is under the mouse.
func (m *Model) wheel(mouse tea.Mouse) {
	by := 3
	if mouse.Button == tea.MouseWheelUp {
		by = -3
	} else if mouse.Button != tea.MouseWheelDown {
		return
	}
	switch {
	case m.choose != nil:
		m.choose.list.Wheel(by)
	case m.last.configs.has(mouse.X, mouse.Y):
		m.scroll(by)
	case m.typing != nil && m.typing.kind == text:
		m.input.move(by)
	case m.typing == nil && m.last.form.has(mouse.X, mouse.Y):
		m.selected = max(min(m.selected+by, len(m.rows())-1), 0)
	}
}

// click selects what is under the mouse; a click on what is selected does it.
func (m *Model) click(mouse tea.Mouse) tea.Cmd {
	switch {
	case mouse.Button != tea.MouseLeft || m.ask != nil:
		return nil
	case m.choose != nil:
		return m.clickPicker(mouse)
	case m.last.configs.has(mouse.X, mouse.Y):
		var cmd tea.Cmd
		if m.typing != nil {
			cmd = m.end()
		}
		m.focus = configSide
		for _, t := range m.last.tabs {
			if mouse.Y == m.last.configs.y+1 && mouse.X >= t.from && mouse.X < t.to {
				m.active = t.system
			}
		}
		return cmd
	case m.last.form.has(mouse.X, mouse.Y):
		return m.clickForm(mouse)
	}
	return nil
}

func (m *Model) clickForm(mouse tea.Mouse) tea.Cmd {
	y := mouse.Y - m.last.form.y - 1
	m.focus = formSide
	if y < 0 || y >= len(m.last.formRows) || m.last.formRows[y] < 0 {
		return nil
	}
	to := m.last.formRows[y]
	if m.typing != nil {
		if to == m.selected {
			return nil
		}
		cmd := m.end()
		m.selected = min(to, len(m.rows())-1)
		return cmd
	}
	if to == m.selected {
		return m.enter()
	}
	m.selected = to
	return nil
}

func (m *Model) clickPicker(mouse tea.Mouse) tea.Cmd {
	p := m.choose
	before := p.list.Selected()
	if !p.list.Click(mouse.Y - m.last.form.y - m.last.pickTop) {
		return nil
	}
	switch {
	case p.marks != nil:
		return m.toggle()
	case p.list.Selected() == before:
		return m.setAgainst()
	}
	return nil
}
