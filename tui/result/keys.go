package result

import (
	"context"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// The headings of the actions in the help.
const (
	groupList   = "Sessions"
	groupDetail = "Session"
)

// Actions implements [screen.Screen].
func (m *Model) Actions() []screen.Action {
	switch {
	case m.export != nil:
		return m.exportActions()
	case m.take != nil:
		return m.takeActions()
	case m.filter.open:
		return []screen.Action{
			{ID: "results.sift", Keys: []string{"enter", "tab"}, Title: "take", Group: groupList, Help: "Keeps the filter.", Run: m.do(func() { m.filter.open = false })},
			{ID: "results.unsift", Keys: []string{"esc"}, Title: "clear", Group: groupList, Help: "Shows all sessions again.",
				Run: func() tea.Cmd { m.version++; m.clearFilter(); return m.moved() }},
		}
	}
	return append(m.lookActions(), m.sessionActions()...)
}

// do is a change of the screen that needs no command.
func (m *Model) do(change func()) func() tea.Cmd {
	return func() tea.Cmd {
		m.version++
		change()
		return nil
	}
}

// lookActions are about what is shown.
func (m *Model) lookActions() []screen.Action {
	none := m.nothing()
	list := []screen.Action{}
	if m.detail {
		list = append(list, screen.Action{ID: "results.back", Keys: []string{"esc", "tab"}, Title: "list", Group: groupDetail,
			Help: "Goes back to the list of sessions.", Run: m.do(func() { m.detail = false })})
	} else {
		list = append(list, screen.Action{ID: "results.open", Keys: []string{"enter", "tab"}, Title: "look", Group: groupList, Disabled: none,
			Help: "Looks at the selected session: its lines scroll, its runs can be chosen.", Run: m.do(func() { m.detail = true })})
	}
	return append(list,
		screen.Action{ID: "results.next", Keys: []string{"right", "l"}, Title: "view", Group: groupDetail, Disabled: none,
			Help: "Shows the next view: summary, phases, runs, boxes, curves, timeline of one run, conditions.", Run: m.do(func() { m.turn(1) })},
		screen.Action{ID: "results.previous", Keys: []string{"left", "h"}, Title: "view before", Group: groupDetail, Disabled: none, Hidden: true,
			Help: "Shows the view before.", Run: m.do(func() { m.turn(-1) })},
		screen.Action{ID: "results.mark", Keys: []string{"space"}, Title: "compare", Group: groupList, Disabled: none,
			Help: "Marks the session; two marked ones, A and B, are set against each other.", Run: m.mark},
	)
}

// nothing says why there is nothing to act on.
func (m *Model) nothing() string {
	if _, ok := m.selected(); !ok {
		return "there is no session"
	}
	return ""
}

// sessionActions are about the selected session.
func (m *Model) sessionActions() []screen.Action {
	none := m.nothing()
	return []screen.Action{
		{ID: "results.export", Keys: []string{"e"}, Title: "export", Group: groupDetail, Disabled: none,
			Help: "Writes the session as HTML report, Markdown, CSV, JSON, JSON Lines, or for CI, benchstat and Prometheus.", Run: m.do(func() {
				if l, ok := m.selected(); ok {
					m.export = newExport(l)
				}
			})},
		{ID: "results.import", Keys: []string{"i"}, Title: "import", Group: groupList, Hidden: none == "",
			Help: "Takes in a session that was exported, on this machine or another.", Run: m.do(m.askTake)},
		{ID: "results.report", Keys: []string{"y"}, Title: "copy report's path", Group: groupDetail, Disabled: none, Hidden: true,
			Help: "Copies the path of the HTML report, to open it in a browser.", Run: m.report},
		{ID: "results.delete", Keys: []string{"d"}, Title: "delete", Group: groupDetail, Disabled: none, Hidden: true,
			Help: "Deletes the session with its logs, after a question.", Run: m.askDelete},
		{ID: "results.filter", Keys: []string{"/"}, Title: "filter", Group: groupList,
			Help: "Shows only sessions that have all words in their name, day, scenario or systems.", Run: m.do(func() { m.filter.open, m.detail = true, false })},
		{ID: "results.reload", Keys: []string{"r"}, Title: "read again", Group: groupList, Hidden: true,
			Help: "Reads the list of sessions anew.", Run: func() tea.Cmd { clear(m.failed); return m.reload() }},
	}
}

// mark marks the selected session as A or B; a third mark takes the place of B.
func (m *Model) mark() tea.Cmd {
	m.version++
	l, ok := m.selected()
	if !ok {
		return nil
	}
	if i := slices.Index(m.marks, l.ID); i >= 0 {
		m.marks = slices.Delete(m.marks, i, i+1)
	} else {
		m.marks = append(m.marks[:min(len(m.marks), 1)], l.ID)
	}
	switch {
	case m.pair():
		m.tab, m.offset = tabAgainst, 0
	case m.tab == tabAgainst:
		m.tab = tabSummary
	}
	return m.load()
}

func (m *Model) report() tea.Cmd {
	l, ok := m.selected()
	if !ok {
		return nil
	}
	backend := m.backend
	return func() tea.Msg {
		path, err := backend.Report(context.Background(), l.ID)
		if err != nil {
			return screen.Failure{Doing: "writing the report of session " + l.ID, Err: err}
		}
		return screen.Copy{Text: path}
	}
}

func (m *Model) askDelete() tea.Cmd {
	l, ok := m.selected()
	if !ok {
		return nil
	}
	more := []string{
		fmt.Sprintf("%s of %s, %d runs.", kind(l.Scenario), systems(l), l.Runs.All()),
		"Its runs, logs and report are gone for good.",
	}
	return screen.Send(screen.Question{Text: "Delete session " + l.ID + "?", More: more, Yes: "delete", Do: screen.Send(remove{l.ID})})
}

func (m *Model) remove(msg remove) tea.Cmd {
	m.version++
	backend := m.backend
	return func() tea.Msg { return deleted{msg.id, backend.Delete(context.Background(), msg.id)} }
}

func (m *Model) exportActions() []screen.Action {
	return []screen.Action{
		{ID: "results.write", Keys: []string{"enter"}, Title: "write", Group: groupDetail, Help: "Writes the file; asks before it replaces one.",
			Run: func() tea.Cmd {
				m.version++
				e := *m.export
				m.export = nil
				return m.write(e, false)
			}},
		{ID: "results.format", Keys: []string{"tab", "down"}, Title: "next format", Group: groupDetail, Help: "Takes the next format.", Run: m.do(func() { m.export.turn(1) })},
		{ID: "results.unformat", Keys: []string{"shift+tab", "up"}, Title: "format before", Group: groupDetail, Hidden: true, Help: "Takes the format before.", Run: m.do(func() { m.export.turn(-1) })},
		{ID: "results.cancel", Keys: []string{"esc"}, Title: "cancel", Group: groupDetail, Help: "Writes nothing.", Run: m.do(func() { m.export = nil })},
	}
}

// input is what no action took: text, moving, the mouse.
func (m *Model) input(msg tea.Msg) tea.Cmd {
	if m.take != nil {
		if _, mouse := msg.(tea.MouseMsg); !mouse {
			m.take.path.Update(msg)
		}
		return nil
	}
	if m.export != nil {
		if _, mouse := msg.(tea.MouseMsg); !mouse {
			m.export.path.Update(msg)
			m.export.own = true
		}
		return nil
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if m.filter.open && (msg.Text != "" || msg.Code == tea.KeyBackspace) {
			m.filter.Update(msg)
			m.sift()
			return m.moved()
		}
		return m.moveBy(msg.String())
	case tea.PasteMsg:
		if m.filter.open {
			m.filter.Update(msg)
			m.sift()
			return m.moved()
		}
	case tea.MouseWheelMsg:
		return m.wheel(msg)
	case tea.MouseClickMsg:
		return m.click(msg)
	}
	return nil
}

// moveBy moves in what has the focus: the list, the runs, or the lines.
func (m *Model) moveBy(key string) tea.Cmd {
	if !m.detail {
		before := m.list.Selected()
		if m.list.Key(key) && m.list.Selected() != before {
			return m.moved()
		}
		return nil
	}
	if m.tab == tabTimeline && key != "pgup" && key != "pgdown" {
		m.runs.Key(key)
		return nil
	}
	m.scrollBy(key)
	return nil
}

func (m *Model) scrollBy(key string) {
	page := max(m.room-1, 1)
	switch key {
	case "up", "k":
		m.offset--
	case "down", "j":
		m.offset++
	case "pgup", "ctrl+u":
		m.offset -= page
	case "pgdown", "ctrl+d":
		m.offset += page
	case "home", "g":
		m.offset = 0
	case "end", "G":
		m.offset = m.lines
	}
	m.offset = max(min(m.offset, m.lines-m.room), 0)
}

func (m *Model) wheel(msg tea.MouseWheelMsg) tea.Cmd {
	by, key := 1, "down"
	if msg.Button == tea.MouseWheelUp {
		by, key = -1, "up"
	}
	switch in := m.paneAt(msg.X, msg.Y); {
	case in == paneList:
		m.list.Wheel(by)
		return m.moved()
	case m.tab == tabTimeline:
		m.runs.Wheel(by)
	default:
		m.scrollBy(key)
	}
	return nil
}

func (m *Model) click(msg tea.MouseClickMsg) tea.Cmd {
	if m.paneAt(msg.X, msg.Y) != paneList {
		m.detail = true
		return nil
	}
	m.detail = false
	if m.list.Click(msg.Y - m.listTop()) {
		return m.moved()
	}
	return nil
}
