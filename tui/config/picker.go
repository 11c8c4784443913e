package config

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/distros"
	"distrolab/tui/rows"
	"distrolab/tui/screen"
)

// picker chooses systems of the catalog: several to mark, or one to compare with.
type picker struct {
	title  string
	marks  func(string) bool // nil: one is chosen, with enter
	filter *editor
	all    []distros.Distro
	found  []distros.Distro
	list   rows.List
}

// opposite is the second system of a difference, with the lines of both.
type opposite struct {
	other *system
	lines []string
	drawn drawnFor
	top   int
}

func (m *Model) pickSystems() tea.Cmd {
	return m.pick("Systems to render for", m.shared.Marked)
}

func (m *Model) pickOpposite() tea.Cmd {
	return m.pick("Difference between "+m.current().name()+" and", nil)
}

// pick opens the picker; marked systems come first.
func (m *Model) pick(title string, marks func(string) bool) tea.Cmd {
	p := &picker{title: title, marks: marks, filter: newEditor("", false), all: m.shared.Catalog.All()}
	slices.SortStableFunc(p.all, func(a, b distros.Distro) int { return rank(m.shared, a) - rank(m.shared, b) })
	if marks == nil {
		shown := m.current().distro.Name
		i := slices.IndexFunc(p.all, func(d distros.Distro) bool { return d.Name == shown })
		self := p.all[i]
		p.all = slices.Delete(p.all, i, i+1)
		if len(self.Configs()) > 1 { // its other format, after the marked ones
			p.all = slices.Insert(p.all, min(max(len(m.systems)-1, 0), len(p.all)), self)
		}
	}
	m.choose = p
	p.search()
	return nil
}

func rank(shared *screen.Shared, d distros.Distro) int {
	if i := slices.Index(shared.Marks, d.Name); i >= 0 {
		return i
	}
	return len(shared.Marks)
}

// search lists what has every word that was typed.
func (p *picker) search() {
	p.found = p.found[:0]
	for _, d := range p.all {
		name := strings.ToLower(d.Name + " " + d.Title + " " + d.Config.Format)
		if !slices.ContainsFunc(strings.Fields(strings.ToLower(p.filter.value())), func(w string) bool { return !strings.Contains(name, w) }) {
			p.found = append(p.found, d)
		}
	}
	p.list.SetCount(len(p.found))
}

func (p *picker) key(msg tea.KeyPressMsg) {
	switch msg.String() {
	case "up", "down", "pgup", "pgdown":
		p.list.Key(msg.String())
	case "space": // marks, see toggle
	default:
		if p.filter.key(msg) {
			p.search()
		}
	}
}

func (p *picker) insert(text string) {
	p.filter.insert(text)
	p.search()
}

// selected is the distro under the mark.
func (p *picker) selected() (distros.Distro, bool) {
	i := p.list.Selected()
	if i < 0 || i >= len(p.found) {
		return distros.Distro{}, false
	}
	return p.found[i], true
}

func (m *Model) pickerActions() []screen.Action {
	p := m.choose
	end := screen.Action{ID: "config.nopick", Keys: []string{"esc"}, Title: "done", Help: "Closes the list.", Group: groupConfig, Run: func() tea.Cmd { m.choose = nil; return nil }}
	none := ""
	if _, ok := p.selected(); !ok {
		none = "no system has these letters"
	}
	if p.marks != nil {
		return []screen.Action{{ID: "config.mark", Keys: []string{"enter"}, Title: "mark", Help: "Marks the system, or takes the mark away.", Group: groupConfig, Disabled: none, Run: m.toggle}, end}
	}
	end.Title = "cancel"
	return []screen.Action{{ID: "config.pick", Keys: []string{"enter"}, Title: "show", Help: "Shows the difference to the selected system.", Group: groupConfig, Disabled: none, Run: m.setAgainst}, end}
}

func (m *Model) toggle() tea.Cmd {
	d, ok := m.choose.selected()
	if !ok {
		return nil
	}
	m.shared.Toggle(d.Name)
	return screen.Send(screen.Marked{})
}

// setAgainst shows the difference to the selected system. The system itself
// means its other format.
func (m *Model) setAgainst() tea.Cmd {
	d, ok := m.choose.selected()
	if !ok {
		return nil
	}
	m.choose = nil
	s := &system{distro: d}
	if shown := m.current(); shown.distro.Name == d.Name {
		for _, p := range d.Configs() {
			if p.Format != shown.format && (shown.format != "" || p.Format != d.Config.Format) {
				s.format = p.Format
				break
			}
		}
	}
	m.against = &opposite{other: s}
	return m.changed()
}
