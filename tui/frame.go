package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// The smallest terminal that the app can be used in, in cells.
const (
	leastWidth  = 40
	leastHeight = 8
)

// header and footer take a line each.
const chrome = 2

// View draws the app.
func (m *Model) View() tea.View {
	lines, cursor := m.lines()
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	v.Cursor = cursor
	v.WindowTitle = m.windowTitle()
	if m.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

// lines are the whole screen, none wider than the terminal.
func (m *Model) lines() ([]string, *tea.Cursor) {
	if m.size.Width <= 0 || m.size.Height <= 0 {
		return nil, nil
	}
	if m.isTooSmall() {
		return m.tooSmall(), nil
	}
	room := m.body()
	body, cursor := m.bodyLines(room)
	if top := m.top(); top != nil {
		body, cursor = m.overlay(body, room, top)
	}
	header, _ := m.header(m.size.Width)
	footer, _ := m.footer(m.size.Width)
	if cursor != nil {
		moved := *cursor
		moved.Y++
		cursor = &moved
	}
	lines := make([]string, 0, m.size.Height)
	lines = append(lines, header)
	lines = append(lines, body...)
	return append(lines, footer), cursor
}

// body is the room of the screen.
func (m *Model) body() screen.Size {
	return screen.Size{Width: max(m.size.Width, 0), Height: max(m.size.Height-chrome, 0)}
}

func (m *Model) bodyLines(room screen.Size) ([]string, *tea.Cursor) {
	s := m.current()
	if s == nil {
		return layout.Block([]string{"", "  This program was built without screens."}, room.Width, room.Height, m.look.Glyphs.Ellipsis), nil
	}
	v := s.View(room, m.look)
	return layout.Block(v.Lines, room.Width, room.Height, m.look.Glyphs.Ellipsis), inside(v.Cursor, room)
}

// inside drops a cursor that lies outside, where it would land on other lines.
func inside(c *tea.Cursor, room screen.Size) *tea.Cursor {
	if c == nil || c.X < 0 || c.Y < 0 || c.X >= room.Width || c.Y >= room.Height {
		return nil
	}
	return c
}

// overlay draws a box in the middle of the body, which fades behind it.
func (m *Model) overlay(body []string, room screen.Size, top over) ([]string, *tea.Cursor) {
	box := top.View(screen.Size{Width: room.Width - 2, Height: room.Height}, m.look)
	drawn := box.Draw(m.look)
	x, y := place(drawn, room)
	out := make([]string, len(body))
	for i, l := range body {
		l = ansi.Strip(l)
		if i < y || i >= y+len(drawn) {
			out[i] = m.look.Styles.FgFaint.Render(l)
			continue
		}
		out[i] = m.behind(l, drawn[i-y], x)
	}
	if box.Cursor == nil {
		return out, nil
	}
	c := *box.Cursor
	c.X, c.Y = c.X+x+2, c.Y+y+1
	return out, inside(&c, room)
}

// behind puts a piece of a box over a line.
func (m *Model) behind(line, piece string, x int) string {
	wide := ansi.StringWidth(piece)
	left := layout.Fit(ansi.Truncate(line, x, ""), x, "")
	rest := max(ansi.StringWidth(line)-x-wide, 0)
	right := ansi.TruncateLeft(line, x+wide, "")
	if ansi.StringWidth(right) > rest { // a wide character lies half below the box
		right = ansi.TruncateLeft(line, x+wide+1, "")
	}
	right = strings.Repeat(" ", max(rest-ansi.StringWidth(right), 0)) + right
	faint := m.look.Styles.FgFaint.Render
	return faint(left) + piece + faint(right)
}

// place is where a box begins: in the middle, a little above it.
func place(drawn []string, room screen.Size) (x, y int) {
	width := 0
	if len(drawn) > 0 {
		width = ansi.StringWidth(drawn[0])
	}
	return max((room.Width-width)/2, 0), max((room.Height-len(drawn))/3, 0)
}

// isTooSmall is false until the terminal has told its size.
func (m *Model) isTooSmall() bool {
	return m.size.Width > 0 && (m.size.Width < leastWidth || m.size.Height < leastHeight)
}

// tooSmall says what size is needed.
func (m *Model) tooSmall() []string {
	text := []string{
		m.look.Styles.Title.Render("distrolab"),
		fmt.Sprintf("needs %d%s%d cells,", leastWidth, m.look.Glyphs.Times, leastHeight),
		fmt.Sprintf("has %d%s%d.", m.size.Width, m.look.Glyphs.Times, m.size.Height),
		"q quits",
	}
	return layout.Block(text, m.size.Width, m.size.Height, m.look.Glyphs.Ellipsis)
}

// trail is the title of the shown screen, cleaned.
func (m *Model) trail() []string {
	s := m.current()
	if s == nil {
		return nil
	}
	var parts []string
	for _, t := range s.Title() {
		parts = append(parts, m.look.Glyphs.Clean(t))
	}
	return parts
}

func (m *Model) windowTitle() string {
	return ansi.Truncate(strings.Join(append([]string{"distrolab"}, m.trail()...), " - "), 120, "...")
}
