package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// footer shows the keys that work now, as many as fit; the last is always the
// one that shows all. News lies over the keys while it is new.
func (m *Model) footer(width int) (string, []zone) {
	s := &strip{}
	s.gap(1)
	end := m.footerEnd()
	room := width - ansi.StringWidth(strings.Join(end, " ")) - 2
	if m.news.shown != "" {
		text := m.look.Glyphs.Bullet + " " + m.look.Glyphs.Clean(m.news.shown)
		s.add(m.look.Styles.Info, ansi.Truncate(text, max(room-s.cells-1, 0), m.look.Glyphs.Ellipsis))
	} else {
		m.footerKeys(s, room)
	}
	s.gap(room - s.cells + 1)
	s.zone(end[0], func() { m.hint(s, end[0], end[1]) })
	return layout.Fit(s.b.String(), width, m.look.Glyphs.Ellipsis), s.zones
}

// footerEnd is the key and the word at the right end.
func (m *Model) footerEnd() []string {
	if top := m.top(); top != nil {
		if a, found := screen.ForKey(top.Actions(), "esc"); found {
			return []string{"esc", a.Title}
		}
	}
	switch s := m.current(); {
	case takesKeys(s):
		return []string{"", ""} // no key is ours now
	case s != nil && s.Typing():
		return []string{"ctrl+k", "commands"} // ? is text now
	}
	return []string{"?", "more"}
}

func (m *Model) footerKeys(s *strip, room int) {
	for _, a := range m.usable() {
		if a.Hidden || a.Disabled != "" || len(a.Keys) == 0 || a.ID == "app.help" || m.top() != nil && a.Keys[0] == "esc" {
			continue
		}
		key, title := keyName(a.Keys[0], m.look.Glyphs.Name), m.look.Glyphs.Clean(a.Title)
		need := ansi.StringWidth(key) + 1 + ansi.StringWidth(title)
		if s.cells+need+2 > room {
			break
		}
		s.zone(a.Keys[0], func() { m.hint(s, key, title) })
		s.gap(2)
	}
}

func (m *Model) hint(s *strip, key, title string) {
	s.add(m.look.Styles.Accent, key)
	s.gap(1)
	s.add(m.look.Styles.FgMuted, title)
}

// usable are the actions that keys mean now, in the order of the footer.
func (m *Model) usable() []screen.Action {
	if top := m.top(); top != nil {
		return top.Actions()
	}
	all := m.everywhere()
	s := m.current()
	if s == nil {
		return all
	}
	if takesKeys(s) {
		return s.Actions()
	}
	if !s.Typing() {
		return append(append([]screen.Action(nil), s.Actions()...), all...)
	}
	var reachable []screen.Action
	for _, a := range s.Actions() {
		if len(a.Keys) > 0 && !isPrintable(a.Keys[0]) {
			reachable = append(reachable, a)
		}
	}
	return reachable
}

// isPrintable says whether a key is text in an input.
func isPrintable(key string) bool { return key == "space" || ansi.StringWidth(key) == 1 }

// keyName is how a key is shown: arrows as arrows where the glyphs have them.
func keyName(key, glyphs string) string {
	if glyphs == "ascii" {
		return key
	}
	switch key {
	case "up":
		return "↑"
	case "down":
		return "↓"
	case "left":
		return "←"
	case "right":
		return "→"
	}
	return key
}
