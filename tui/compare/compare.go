// Package compare is the second screen of the app: criteria as rows, systems as
// columns, with what differs standing out; the reason behind any cell; and a
// score whose weights can be moved while the ranking follows.
//
// What is compared and ranked comes from distros and distros/score, computed in
// commands: the newest result wins.
package compare

import (
	"slices"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/distros"
	"distrolab/distros/score"
	"distrolab/tui/screen"
)

// Backend is what the screen needs besides the catalog. Its methods may wait;
// they are called in commands.
type Backend interface {
	// Save writes a new file of a name where the person is, and says what it is
	// called; it never writes over another.
	Save(name, text string) (string, error)
	// Profiles reads the profiles of the score, the default one first.
	Profiles() ([]score.Profile, error)
}

// Model is the screen.
type Model struct {
	shared  *screen.Shared
	backend Backend

	everything bool // all systems are compared, not the marked ones
	comparison distros.Comparison
	columns    []int // the columns in the order shown, as indexes in the comparison
	byScore    bool  // they are ordered by the score
	differ     differing
	visible    []int // the rows shown, as indexes in the comparison
	row, col   int   // the selected cell, in visible and in columns
	first      int   // leftmost column that is drawn
	top        int   // first line of the sheet that is drawn

	onlyDifferent bool
	whole         bool // whole sentences in place of short answers
	why           bool // the reason of the selected cell is shown
	panel         bool // the score is shown
	inPanel       bool // the focus is on its weights
	weight        int  // the selected weight

	profiles []score.Profile
	unread   error // why there are none
	result   score.Result
	scored   bool
	places   map[string]score.Place
	shifts   []string                   // which places the moved weights changed
	best     map[string]map[string]bool // by key of a fact and name of a system: the profile prefers it

	comparing, ranking int // numbers of the newest work asked for
	compared, rankings int // grow with each result taken
	kept               kept
	ready              bool
	opened             bool
	layout             sheet // as last drawn, for the mouse
	drawn              screen.Size
}

// New makes the screen; it computes nothing before it is opened.
func New(shared *screen.Shared, backend Backend) *Model {
	return &Model{shared: shared, backend: backend}
}

// ID names the screen.
func (m *Model) ID() screen.ID { return screen.Compare }

// Title is the trail: the score belongs to it when it has the focus.
func (m *Model) Title() []string {
	if m.panel && m.inPanel {
		return []string{"Compare", "Score"}
	}
	return []string{"Compare"}
}

// Open compares the marked systems, or all when none is marked.
func (m *Model) Open(string) tea.Cmd {
	m.opened = true
	m.everything = len(m.shared.Marks) == 0
	cmds := []tea.Cmd{m.compare()}
	if m.profiles == nil {
		cmds = append(cmds, m.readProfiles())
	} else {
		cmds = append(cmds, m.rank())
	}
	return tea.Batch(cmds...)
}

// Leave has nothing to end: no work of this screen goes on.
func (m *Model) Leave() {}

// Update takes the results of commands, what other screens changed, and the
// mouse.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case compared:
		m.takeComparison(msg)
	case profilesRead:
		m.profiles, m.unread = msg.profiles, msg.err
		if p, known := m.profile(); known {
			m.shared.Profile = p.Name // the one that was kept may be gone
		}
		return tea.Batch(m.rank(), screen.Fail("reading the profiles of the score", msg.err, m.readProfiles()))
	case ranked:
		m.takeRanking(msg)
	case screen.Changed:
		if m.opened {
			return m.rank()
		}
	case screen.Marked:
		return m.marked()
	case tea.MouseMsg:
		m.mouse(msg)
	}
	return nil
}

// marked follows the marks, as far as they are what is compared.
func (m *Model) marked() tea.Cmd {
	if !m.opened || m.everything {
		return nil
	}
	m.everything = len(m.shared.Marks) == 0
	return tea.Batch(m.compare(), m.rank())
}

// Typing is never: there is no input.
func (m *Model) Typing() bool { return false }

// Finds are none; systems are found by the catalog.
func (m *Model) Finds() []screen.Find { return nil }

// systems are those to compare.
func (m *Model) systems() []distros.Distro {
	if m.everything {
		return m.shared.Catalog.All()
	}
	var found []distros.Distro
	for _, name := range m.shared.Marks {
		if d, err := m.shared.Catalog.Find(name); err == nil {
			found = append(found, d)
		}
	}
	return found
}

// profile is the one to rank by; false before the profiles are read.
func (m *Model) profile() (score.Profile, bool) {
	if len(m.profiles) == 0 {
		return score.Profile{}, false
	}
	i := slices.IndexFunc(m.profiles, func(p score.Profile) bool { return p.Name == m.shared.Profile })
	return m.profiles[max(i, 0)], true
}

// cell is the selected cell with its row and system; false when there is none.
func (m *Model) cell() (distros.Row, int, bool) {
	if m.row >= len(m.visible) || m.col >= len(m.columns) {
		return distros.Row{}, 0, false
	}
	return m.comparison.Rows[m.visible[m.row]], m.columns[m.col], true
}

// system is the name of the selected column; empty when there is none.
func (m *Model) system() string {
	if m.col >= len(m.columns) {
		return ""
	}
	return m.comparison.Distros[m.columns[m.col]]
}

// show chooses the visible rows, and keeps the selection on its row.
func (m *Model) show() {
	was := -1
	if m.row < len(m.visible) {
		was = m.visible[m.row]
	}
	m.visible = m.visible[:0]
	for i := range m.comparison.Rows {
		if !m.onlyDifferent || m.differs(i) {
			m.visible = append(m.visible, i)
		}
	}
	if at := slices.IndexFunc(m.visible, func(i int) bool { return i >= was }); at >= 0 {
		m.row = at
	}
	m.row = max(min(m.row, len(m.visible)-1), 0)
	m.col = max(min(m.col, len(m.columns)-1), 0)
}

// differs says whether the systems differ in a row, as it is shown now.
func (m *Model) differs(row int) bool {
	if m.whole {
		return m.differ.sentences[row]
	}
	return m.differ.answers[row]
}
