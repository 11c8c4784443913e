package compare

import (
	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// moves are the keys that move the selected cell, or the selected weight.
func (m *Model) moves() []screen.Action {
	page := max(m.layout.height-2, 1)
	type step struct {
		id, title, help string
		keys            []string
		run             func()
	}
	down := func(by int) func() { return func() { m.down(by) } }
	steps := []step{
		{"up", "up", "Goes up by a row, in the table or in the weights, whichever has the focus.", []string{"up", "k"}, down(-1)},
		{"down", "down", "Goes down by a row, in the table or in the weights.", []string{"down", "j"}, down(1)},
		{"pageup", "page up", "Goes up by a page.", []string{"pgup", "ctrl+u"}, down(-page)},
		{"pagedown", "page down", "Goes down by a page.", []string{"pgdown", "ctrl+d"}, down(page)},
		{"top", "first row", "Goes to the first row.", []string{"g"}, down(-1 << 30)},
		{"bottom", "last row", "Goes to the last row.", []string{"G"}, down(1 << 30)},
	}
	if !m.inPanel {
		right := func(by int) func() { return func() { m.right(by) } }
		steps = append(steps,
			step{"left", "left", "Goes to the system on the left.", []string{"left", "h"}, right(-1)},
			step{"right", "right", "Goes to the system on the right.", []string{"right", "l"}, right(1)},
			step{"first", "first system", "Goes to the first system.", []string{"home"}, right(-1 << 30)},
			step{"last", "last system", "Goes to the last system.", []string{"end"}, right(1 << 30)})
	}
	var all []screen.Action
	for _, s := range steps {
		all = append(all, screen.Action{ID: "compare.move." + s.id, Keys: s.keys, Title: s.title, Group: "Move", Hidden: true,
			Help: s.help,
			Run:  func() tea.Cmd { s.run(); return nil }})
	}
	return all
}

func (m *Model) down(by int) {
	if m.inPanel {
		m.weight = max(min(m.weight+by, len(m.result.Criteria)-1), 0)
		return
	}
	m.row = max(min(m.row+by, len(m.visible)-1), 0)
}

func (m *Model) right(by int) { m.col = max(min(m.col+by, len(m.columns)-1), 0) }

// mouse selects cells by a click and moves by the wheel.
func (m *Model) mouse(msg tea.MouseMsg) {
	if !m.ready {
		return
	}
	at := msg.Mouse()
	panel, _ := m.rooms(m.drawn.Width, m.drawn.Height-1)
	over := panel > 0 && at.X >= m.drawn.Width-panel
	switch msg.(type) {
	case tea.MouseWheelMsg:
		was := m.inPanel
		m.inPanel = over
		switch at.Button {
		case tea.MouseWheelUp:
			m.down(-1)
		case tea.MouseWheelDown:
			m.down(1)
		case tea.MouseWheelLeft:
			m.right(-1)
		case tea.MouseWheelRight:
			m.right(1)
		}
		m.inPanel = was
	case tea.MouseClickMsg:
		if m.inPanel = over; over || at.Button != tea.MouseLeft {
			return
		}
		if row, column, found := m.layout.at(at.X, at.Y-1, m.top); found {
			m.row = row
			if column >= 0 {
				m.col = min(m.first+column, len(m.columns)-1)
			}
		}
	}
}
