package catalog

import (
	"fmt"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// Actions are what can be done now.
func (m *Model) Actions() []screen.Action {
	if m.typing {
		return append(m.whileTyping(), m.moves(true)...)
	}
	none := ""
	if m.selected() == nil {
		none = "no system is selected"
	}
	all := []screen.Action{
		{ID: "catalog.filter", Keys: []string{"/"}, Title: "filter", Group: "List", Run: m.startTyping,
			Help: "Show only systems that fit: a part of a name, or a criterion with a text, such as shell:none update:image."},
		{ID: "catalog.mark", Keys: []string{"space"}, Title: "mark", Group: "List", Disabled: none, Run: m.mark,
			Help: "Mark the system for what comes next, or take the mark away."},
		m.focusAction(none),
	}
	all = append(all, m.onwards(none)...)
	all = append(all,
		screen.Action{ID: "catalog.order", Keys: []string{"o"}, Title: "order", Group: "List", Run: m.nextOrder,
			Help: "Sort by name, nature, support, release or score, in turn."},
		screen.Action{ID: "catalog.sources", Keys: []string{"s"}, Title: "sources", Group: "Details", Run: m.toggleSources,
			Help: "Show or hide where each fact comes from and when it was checked."},
		screen.Action{ID: "catalog.newest", Keys: []string{"u"}, Title: "newest release", Group: "Details", Disabled: none, Run: m.ask,
			Help: "Ask the vendor's index for the newest release. It needs the network."},
		screen.Action{ID: "catalog.copy", Keys: []string{"y"}, Title: "copy name", Group: "List", Disabled: none, Hidden: true, Run: m.copyName,
			Help: "Put the name of the system on the clipboard."},
		screen.Action{ID: "catalog.unmark", Keys: []string{"x"}, Title: "unmark all", Group: "List", Disabled: m.unmarked(), Hidden: true, Run: m.unmarkAll,
			Help: "Take all marks away."},
	)
	if back, is := m.escape(); is {
		all = append(all, back)
	}
	return append(all, m.moves(false)...)
}

// onwards lead to the other screens, with the marked systems.
func (m *Model) onwards(none string) []screen.Action {
	with := func(id screen.ID, argument string) func() tea.Cmd {
		return func() tea.Cmd { return m.takeAlong(id, argument) }
	}
	if len(m.shared.Marks) > 0 {
		none = ""
	}
	return []screen.Action{
		{ID: "catalog.compare", Keys: []string{"c"}, Title: "compare", Group: "With the marked", Run: func() tea.Cmd { return screen.Send(screen.Go{Screen: screen.Compare}) },
			Help: "Set the marked systems side by side; without marks, all."},
		{ID: "catalog.render", Keys: []string{"r"}, Title: "render", Group: "With the marked", Disabled: none, Run: with(screen.Config, ""),
			Help: "Write an intent and see the first-boot config of the marked systems; without marks, of the selected one."},
		{ID: "catalog.lab", Keys: []string{"l"}, Title: "lab", Group: "With the marked", Disabled: none, Run: with(screen.Labs, screen.NewLab),
			Help: "Start a lab with the marked systems; without marks, with the selected one."},
		{ID: "catalog.bench", Keys: []string{"b"}, Title: "bench", Group: "With the marked", Disabled: none, Run: with(screen.Bench, ""),
			Help: "Measure the boot of the marked systems; without marks, of the selected one."},
	}
}

// takeAlong goes on with the marked systems, or with the selected one.
func (m *Model) takeAlong(id screen.ID, argument string) tea.Cmd {
	step := screen.Send(screen.Go{Screen: id, Argument: argument})
	e := m.selected()
	if len(m.shared.Marks) > 0 || e == nil {
		return step
	}
	m.shared.Toggle(e.Name)
	return tea.Sequence(screen.Send(screen.Marked{}), step)
}

func (m *Model) focusAction(none string) screen.Action {
	a := screen.Action{ID: "catalog.details", Keys: []string{"enter", "tab"}, Title: "details", Group: "Details", Disabled: none,
		Help: "Move between the list and the details of the system.", Run: func() tea.Cmd { m.details = !m.details; return nil }}
	if m.details {
		a.Title = "list"
	}
	return a
}

// escape is what esc does here; without it, esc is the frame's.
func (m *Model) escape() (screen.Action, bool) {
	a := screen.Action{ID: "catalog.back", Keys: []string{"esc"}, Group: "List", Hidden: true}
	switch {
	case len(m.asking) > 0:
		a.Title, a.Help, a.Run, a.Hidden = "stop asking", "Give up waiting for the vendor's index.", m.stopAsking, false
	case m.details:
		a.Title, a.Help = "list", "Back to the list."
		a.Run = func() tea.Cmd { m.details = false; return nil }
	case m.input.Value() != "":
		a.Title, a.Help = "show all", "Take the filter away."
		a.Run = func() tea.Cmd { m.clearFilter(); return nil }
	default:
		return a, false
	}
	return a, true
}

// whileTyping are the keys of the filter.
func (m *Model) whileTyping() []screen.Action {
	return []screen.Action{
		{ID: "catalog.filter.keep", Keys: []string{"enter"}, Title: "keep filter", Group: "Filter", Help: "Back to the list, with the filter.",
			Run: func() tea.Cmd { m.stopTyping(); return nil }},
		{ID: "catalog.filter.clear", Keys: []string{"esc"}, Title: "show all", Group: "Filter", Help: "Take the filter away.",
			Run: func() tea.Cmd { m.clearFilter(); return nil }},
		{ID: "catalog.filter.complete", Keys: []string{"tab"}, Title: "complete", Group: "Filter", Help: "Complete a criterion or its class.",
			Run: m.complete},
	}
}

// moves are the keys that move the selection, or the details when they have
// the focus. While typing, letters are text.
func (m *Model) moves(typing bool) []screen.Action {
	var all []screen.Action
	for _, k := range []struct {
		id, title, help string
		keys            []string
	}{
		{"up", "up", "Goes up by a line, in the list or in the details, whichever has the focus.", []string{"up", "k"}},
		{"down", "down", "Goes down by a line, in the list or in the details.", []string{"down", "j"}},
		{"pageup", "page up", "Goes up by a page.", []string{"pgup", "ctrl+u"}},
		{"pagedown", "page down", "Goes down by a page.", []string{"pgdown", "ctrl+d"}},
		{"first", "first", "Goes to the first line.", []string{"home", "g"}},
		{"last", "last", "Goes to the last line.", []string{"end", "G"}},
	} {
		if typing && (k.id == "first" || k.id == "last") {
			continue // they move in the text
		}
		if typing {
			k.keys = k.keys[:1]
		}
		all = append(all, screen.Action{ID: "catalog.move." + k.id, Keys: k.keys, Title: k.title, Group: "Move", Hidden: true, Help: k.help,
			Run: func() tea.Cmd { m.move(k.keys[0]); return nil }})
	}
	return all
}

func (m *Model) move(key string) {
	if !m.details || m.typing {
		m.anchor = -1
		m.list.Key(key)
		m.scroll = 0
		return
	}
	switch by := max(m.detailRoom-1, 1); key {
	case "up":
		m.scrollBy(-1)
	case "down":
		m.scrollBy(1)
	case "pgup":
		m.scrollBy(-by)
	case "pgdown":
		m.scrollBy(by)
	case "home":
		m.scroll = 0
	case "end":
		m.scrollBy(len(m.page.lines))
	}
}

func (m *Model) scrollBy(by int) {
	m.scroll = max(min(m.scroll+by, len(m.page.lines)-m.detailRoom), 0)
}

func (m *Model) startTyping() tea.Cmd {
	m.typing, m.details, m.anchor = true, false, -1
	if m.selected() != nil {
		m.anchor = m.shown[m.list.Selected()]
	}
	m.input.CursorEnd()
	return m.input.Focus()
}

func (m *Model) complete() tea.Cmd {
	m.input.SetValue(complete(m.input.Value()))
	m.input.CursorEnd()
	m.apply()
	return nil
}

func (m *Model) mark() tea.Cmd {
	m.shared.Toggle(m.selected().Name)
	if !m.details {
		m.move("down")
	}
	return screen.Send(screen.Marked{})
}

func (m *Model) unmarked() string {
	if len(m.shared.Marks) == 0 {
		return "no system is marked"
	}
	return ""
}

func (m *Model) unmarkAll() tea.Cmd {
	n := len(m.shared.Marks)
	m.shared.Marks = nil
	return tea.Batch(screen.Send(screen.Marked{}), screen.Tell(fmt.Sprintf("%d marks taken away", n)))
}

func (m *Model) nextOrder() tea.Cmd {
	m.order = (m.order + 1) % orders
	m.apply()
	m.list.Select(0)
	m.scroll = 0
	return nil
}

func (m *Model) toggleSources() tea.Cmd {
	m.sources = !m.sources
	return nil
}

func (m *Model) copyName() tea.Cmd { return screen.Send(screen.Copy{Text: m.selected().Name}) }
