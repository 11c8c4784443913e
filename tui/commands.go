package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/palette"
	"distrolab/tui/screen"
)

// openPalette offers every action, screen and thing that the screens know.
func (m *Model) openPalette() tea.Cmd {
	return m.push(layer{over: palette.New("Commands", "what to do, or the name of a distro, lab or result", m.offers(), false, m.chosen)})
}

// offers are all that the palette can do: what was done last first, then what
// this screen can do, the frame, and what can be gone to.
func (m *Model) offers() []palette.Entry {
	var all []palette.Entry
	if s := m.current(); s != nil {
		for _, a := range s.Actions() {
			all = append(all, m.entry(screenTitle(s.ID()), a))
		}
	}
	for _, a := range m.everywhere() {
		if a.ID != "app.palette" {
			all = append(all, m.entry("App", a))
		}
	}
	slices.SortStableFunc(all, func(a, b palette.Entry) int { return disabledLast(a) - disabledLast(b) })
	for _, s := range m.screens {
		for _, f := range s.Finds() {
			all = append(all, palette.Entry{ID: "find." + f.Kind + "." + f.Name, Group: f.Kind, Title: f.Name, Note: f.Note,
				Run: func() tea.Cmd { return m.open(f.Screen, f.Argument) }})
		}
	}
	return m.recentFirst(all)
}

func disabledLast(e palette.Entry) int {
	if e.Disabled != "" {
		return 1
	}
	return 0
}

func (m *Model) entry(group string, a screen.Action) palette.Entry {
	key := ""
	if len(a.Keys) > 0 {
		key = keyName(a.Keys[0], m.look.Glyphs.Name)
	}
	return palette.Entry{ID: a.ID, Group: group, Title: a.Title, Note: a.Help, Key: key, Disabled: a.Disabled,
		Run: func() tea.Cmd { return m.do(a) }}
}

// recentFirst moves what was done last to the front.
func (m *Model) recentFirst(all []palette.Entry) []palette.Entry {
	rank := make(map[string]int, len(m.recent))
	for i, id := range m.recent {
		rank[id] = i
	}
	var first []palette.Entry
	rest := slices.DeleteFunc(all, func(e palette.Entry) bool {
		_, recent := rank[e.ID]
		if recent {
			e.Group = "Recent"
			first = append(first, e)
		}
		return recent
	})
	slices.SortStableFunc(first, func(a, b palette.Entry) int { return rank[a.ID] - rank[b.ID] })
	return append(first, rest...)
}

// chosen does what was taken from the palette and remembers it.
func (m *Model) chosen(e palette.Entry) tea.Cmd {
	m.recent = slices.Insert(slices.DeleteFunc(m.recent, func(id string) bool { return id == e.ID }), 0, e.ID)
	m.recent = m.recent[:min(len(m.recent), mostRecent)]
	m.sweep()
	return tea.Batch(e.Run(), m.store())
}

// openHelp shows every key of this screen and of the frame; what is chosen
// there is done.
func (m *Model) openHelp() tea.Cmd {
	var all []palette.Entry
	s := m.current()
	if s != nil {
		for _, a := range s.Actions() {
			group := a.Group
			if group == "" {
				group = screenTitle(s.ID())
			}
			all = append(all, m.entry(group, a))
		}
	}
	for _, a := range m.everywhere() {
		if a.ID != "app.help" {
			all = append(all, m.entry(groupEverywhere, a))
		}
	}
	title := "Keys"
	if s != nil {
		title += " of " + screenTitle(s.ID())
	}
	return m.push(layer{over: palette.New(title, "filter", grouped(all), true, func(e palette.Entry) tea.Cmd { return e.Run() })})
}

// grouped brings the entries of a group together, in the order of the groups'
// first entries.
func grouped(all []palette.Entry) []palette.Entry {
	order := map[string]int{}
	for _, e := range all {
		if _, seen := order[e.Group]; !seen {
			order[e.Group] = len(order)
		}
	}
	slices.SortStableFunc(all, func(a, b palette.Entry) int { return order[a.Group] - order[b.Group] })
	return all
}
