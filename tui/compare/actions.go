package compare

import (
	"math"
	"slices"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/distros/score"
	"distrolab/tui/screen"
)

// Actions are what can be done now.
func (m *Model) Actions() []screen.Action {
	var all []screen.Action
	if m.panel && m.inPanel {
		all = m.weighing()
	} else {
		all = m.reading()
	}
	if back, is := m.escape(); is {
		all = append(all, back)
	}
	return append(all, m.moves()...)
}

// reading are the actions on the table.
func (m *Model) reading() []screen.Action {
	none := ""
	if m.system() == "" {
		none = "there is no system here"
	}
	why := "why"
	if m.why {
		why = "close why"
	}
	differences := "differences"
	if m.onlyDifferent {
		differences = "all rows"
	}
	whole := "sentences"
	if m.whole {
		whole = "short"
	}
	return []screen.Action{
		{ID: "compare.why", Keys: []string{"enter"}, Title: why, Group: "Table", Disabled: none, Run: m.toggle(&m.why),
			Help: "Show the whole fact behind the cell, its source with the day it was read, and what the score makes of it."},
		{ID: "compare.differences", Keys: []string{"d"}, Title: differences, Group: "Table", Run: m.toggle(&m.onlyDifferent),
			Help: "Show only the rows in which the systems differ, or all."},
		{ID: "compare.sentences", Keys: []string{"f"}, Title: whole, Group: "Table", Run: m.toggle(&m.whole),
			Help: "Show full sentences in place of short answers."},
		{ID: "compare.score", Keys: []string{"w"}, Title: "score", Group: "Score", Run: m.togglePanel,
			Help: "Show the ranking with its weights, or hide it."},
		m.focusAction(),
		{ID: "compare.order", Keys: []string{"o"}, Title: "order", Group: "Table", Run: m.nextOrder,
			Help: "Order the columns by the score, or as they were marked."},
		{ID: "compare.mark", Keys: []string{"space"}, Title: "mark", Group: "Table", Disabled: none, Run: m.mark,
			Help: "Mark the system, or take the mark away; what is compared are the marked ones."},
		{ID: "compare.all", Keys: []string{"a"}, Title: "all systems", Group: "Table", Hidden: true, Disabled: m.noMarks(), Run: m.toggleEverything,
			Help: "Compare all systems, or only the marked ones."},
		m.profileAction(),
		{ID: "compare.copy", Keys: []string{"y"}, Title: "copy table", Group: "Table", Hidden: true, Disabled: none, Run: m.copyTable,
			Help: "Put the table on the clipboard, as Markdown."},
		{ID: "compare.export", Keys: []string{"e"}, Title: "export", Group: "Table", Disabled: none, Run: m.export,
			Help: "Write the table into files in the current directory: as Markdown, and as CSV with the sources."},
		{ID: "compare.catalog", Keys: []string{"s"}, Title: "show system", Group: "Table", Hidden: true, Disabled: none, Run: m.showSystem,
			Help: "Show all that the catalog knows of the system."},
	}
}

func (m *Model) focusAction() screen.Action {
	a := screen.Action{ID: "compare.focus", Keys: []string{"tab"}, Title: "weights", Group: "Score", Hidden: !m.panel,
		Help: "Move between the table and the weights of the score.", Run: m.switchFocus}
	if m.inPanel {
		a.Title = "table"
	}
	return a
}

func (m *Model) profileAction() screen.Action {
	return screen.Action{ID: "compare.profile", Keys: []string{"p"}, Title: "profile", Group: "Score", Hidden: !m.panel,
		Disabled: m.noProfiles(), Run: m.nextProfile,
		Help: "Decide by the next profile, with its own weights."}
}

// weighing are the actions on the weights.
func (m *Model) weighing() []screen.Action {
	by := func(step float64) func() tea.Cmd { return func() tea.Cmd { return m.weigh(step) } }
	none := m.noProfiles()
	unmoved := ""
	if m.moved() == 0 {
		unmoved = "all weights are the profile's own"
	}
	return []screen.Action{
		{ID: "compare.more", Keys: []string{"+", "=", "right"}, Title: "more", Group: "Score", Disabled: none, Run: by(1),
			Help: "Let the criterion count more."},
		{ID: "compare.less", Keys: []string{"-", "_", "left"}, Title: "less", Group: "Score", Disabled: none, Run: by(-1),
			Help: "Let the criterion count less."},
		{ID: "compare.much-more", Keys: []string{">", "."}, Title: "much more", Group: "Score", Hidden: true, Disabled: none, Run: by(5),
			Help: "Let the criterion count more, in steps of 5."},
		{ID: "compare.much-less", Keys: []string{"<", ","}, Title: "much less", Group: "Score", Hidden: true, Disabled: none, Run: by(-5),
			Help: "Let the criterion count less, in steps of 5."},
		m.profileAction(),
		{ID: "compare.reset", Keys: []string{"x"}, Title: "reset", Group: "Score", Disabled: unmoved, Run: m.reset,
			Help: "Give all criteria the profile's own weights again."},
		m.focusAction(),
		{ID: "compare.score", Keys: []string{"w"}, Title: "close", Group: "Score", Run: m.togglePanel, Help: "Hide the score."},
		{ID: "compare.order", Keys: []string{"o"}, Title: "order", Group: "Table", Hidden: true, Run: m.nextOrder,
			Help: "Order the columns by the score, or as they were marked."},
	}
}

// escape closes what is open, the last thing first.
func (m *Model) escape() (screen.Action, bool) {
	a := screen.Action{ID: "compare.back", Keys: []string{"esc"}, Title: "close", Group: "Table", Hidden: true, Help: "Close what is open."}
	switch {
	case m.why:
		a.Run = m.toggle(&m.why)
	case m.inPanel:
		a.Run = m.switchFocus
		if m.drawn.Width < besides {
			a.Run = m.togglePanel
		}
	case m.panel:
		a.Run = m.togglePanel
	default:
		return a, false
	}
	return a, true
}

// toggle changes a way of showing.
func (m *Model) toggle(what *bool) func() tea.Cmd {
	return func() tea.Cmd {
		*what = !*what
		m.show()
		return nil
	}
}

func (m *Model) togglePanel() tea.Cmd {
	m.panel = !m.panel
	m.inPanel = m.panel && m.drawn.Width < besides
	return nil
}

func (m *Model) switchFocus() tea.Cmd {
	m.inPanel = !m.inPanel
	m.panel = true
	return nil
}

func (m *Model) nextOrder() tea.Cmd {
	was := m.system()
	m.byScore = !m.byScore
	m.arrange()
	m.selectSystem(was)
	if m.byScore {
		return screen.Tell("columns by the score of profile " + m.shared.Profile)
	}
	return screen.Tell("columns as they were marked")
}

func (m *Model) mark() tea.Cmd {
	m.shared.Toggle(m.system())
	return screen.Send(screen.Marked{})
}

func (m *Model) noMarks() string {
	if len(m.shared.Marks) == 0 {
		return "no system is marked: all are compared"
	}
	return ""
}

func (m *Model) noProfiles() string {
	if len(m.profiles) == 0 {
		return "the profiles are not read"
	}
	return ""
}

func (m *Model) toggleEverything() tea.Cmd {
	m.everything = !m.everything
	return tea.Batch(m.compare(), m.rank())
}

func (m *Model) showSystem() tea.Cmd {
	return screen.Send(screen.Go{Screen: screen.Catalog, Argument: m.system()})
}

func (m *Model) nextProfile() tea.Cmd {
	p, _ := m.profile()
	i := slices.IndexFunc(m.profiles, func(q score.Profile) bool { return q.Name == p.Name })
	m.shared.Profile = m.profiles[(i+1)%len(m.profiles)].Name
	clear(m.shared.Weights)
	m.weight = 0
	return screen.Send(screen.Changed{})
}

func (m *Model) reset() tea.Cmd {
	clear(m.shared.Weights)
	return screen.Send(screen.Changed{})
}

// heaviest bounds a weight; only proportions count.
const heaviest = 200

// weigh moves the selected weight.
func (m *Model) weigh(step float64) tea.Cmd {
	own, known := m.profile()
	if !known || m.weight >= len(own.Criteria) {
		return nil
	}
	c := own.Reweighted(m.shared.Weights).Criteria[m.weight]
	to := math.Max(0, math.Min(heaviest, c.Weight+step))
	if _, err := own.Reweighted(m.shared.Weights).WithWeight(c.Name, to); err != nil {
		return screen.Tell("at least one criterion has to count")
	}
	if m.shared.Weights == nil {
		m.shared.Weights = map[string]float64{}
	}
	if m.shared.Weights[c.Name] = to; to == own.Criteria[m.weight].Weight {
		delete(m.shared.Weights, c.Name)
	}
	return screen.Send(screen.Changed{})
}
