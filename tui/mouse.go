package tui

import (
	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/screen"
)

// pointed takes the mouse: tabs and keys can be clicked, what lies over the
// screen has the rest, then the screen, in positions of its body.
func (m *Model) pointed(msg tea.MouseMsg) tea.Cmd {
	at := msg.Mouse()
	_, click := msg.(tea.MouseClickMsg)
	if m.isTooSmall() {
		return nil
	}
	if at.Y == 0 || at.Y == m.size.Height-1 {
		if click && at.Button == tea.MouseLeft {
			return m.pressed(at.X, at.Y == 0)
		}
		return nil
	}
	x, y := 0, 1
	if top := m.top(); top != nil {
		room := m.body()
		drawn := top.View(screen.Size{Width: room.Width - 2, Height: room.Height}, m.look).Draw(m.look)
		left, upper := place(drawn, room)
		if click && outside(at.X-left, at.Y-1-upper, drawn) {
			return nil
		}
		x, y = left+2, upper+2
	}
	return m.toFocus(moved(msg, x, y))
}

func outside(x, y int, drawn []string) bool {
	return y < 0 || y >= len(drawn) || x < 0 || x >= ansi.StringWidth(drawn[0])
}

// pressed does what is drawn at a place of the header or footer.
func (m *Model) pressed(x int, header bool) tea.Cmd {
	_, zones := m.footer(m.size.Width)
	if header {
		if m.top() != nil {
			return nil
		}
		_, zones = m.header(m.size.Width)
	}
	for _, z := range zones {
		if x < z.from || x >= z.to {
			continue
		}
		if top := m.top(); top != nil {
			cmd, _ := m.choose(top.Actions(), z.key)
			m.sweep()
			return cmd
		}
		cmd, _ := m.choose(append(m.usable(), m.everywhere()...), z.key)
		return cmd
	}
	return nil
}

// moved makes the positions of a mouse message relative to a place.
func moved(msg tea.MouseMsg, x, y int) tea.Msg {
	switch msg := msg.(type) {
	case tea.MouseClickMsg:
		msg.X, msg.Y = msg.X-x, msg.Y-y
		return msg
	case tea.MouseReleaseMsg:
		msg.X, msg.Y = msg.X-x, msg.Y-y
		return msg
	case tea.MouseMotionMsg:
		msg.X, msg.Y = msg.X-x, msg.Y-y
		return msg
	case tea.MouseWheelMsg:
		msg.X, msg.Y = msg.X-x, msg.Y-y
		return msg
	}
	return msg
}
