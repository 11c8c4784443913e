// Package catalog is the first screen of the app: the list of systems with a
// filter, an order and marks, and beside it all that the catalog knows of the
// selected one. From here the marked systems go to the other screens.
//
// It asks for nothing by itself: releases are those of the snapshot, until a
// key asks a vendor's index.
package catalog

import (
	"context"
	"fmt"
	"slices"

	"charm.land/bubbles/v2/textinput" // github.com/charmbracelet/bubbles
	tea "charm.land/bubbletea/v2"     // github.com/charmbracelet/bubbletea

	"distrolab/distros"
	"distrolab/distros/release"
	"distrolab/distros/score"
	"distrolab/tui/factsheet"
	"distrolab/tui/rows"
	"distrolab/tui/screen"
)

// Backend is what the screen needs besides the catalog. Its methods may wait;
// they are called in commands, and end soon after their context does.
type Backend interface {
	// Known returns the releases that are known without a network; of each
	// system the one to show comes first.
	Known() ([]release.Known, error)
	// Newest asks the vendor's index for the newest release of a system.
	Newest(ctx context.Context, d distros.Distro) (release.Summary, error)
	// Profile reads the profile of a score.
	Profile(name string) (score.Profile, error)
}

// entry is one system of the list with what is known of it today.
type entry struct {
	distros.Distro
	standing distros.Standing
	nature   string
	latest   *release.Known // nil: none known
	place    place
}

// place is where the score puts a system.
type place struct {
	rank     int // 1 is best; 0: not ranked
	tied     bool
	total    float64
	ruledOut bool
	reason   string // why it is ruled out
}

// Model is the screen.
type Model struct {
	shared  *screen.Shared
	backend Backend

	entries []entry         // in the order of the catalog
	byName  map[string]int  // index in entries
	list    rows.List       // rows of shown
	shown   []int           // indexes in entries that fit the filter, in the order asked for
	matches map[int]matched // by index in entries, of the words of the filter
	order   order
	input   textinput.Model
	query   query
	typing  bool
	anchor  int // entry that was selected when the typing began; -1: none

	details    bool // the focus is on the details
	sources    bool
	scroll     int // first visible line of the details
	detailRoom int // height of the details when last drawn
	page       page
	widths     widths

	asking   map[string]context.CancelFunc // indexes being asked, by name of the system
	ranking  int                           // number of the newest ranking asked for
	ranked   bool                          // the places are known
	version  int                           // grows when what is known of an entry changes
	filtered int                           // grows when the list is filtered or ordered anew
	kept     kept
	drawn    screen.Size // when last drawn
}

// New makes the screen; it reads nothing before it is opened.
func New(shared *screen.Shared, backend Backend) *Model {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = 200
	in.SetVirtualCursor(false)
	return &Model{shared: shared, backend: backend, input: in, asking: map[string]context.CancelFunc{}}
}

// ID names the screen.
func (m *Model) ID() screen.ID { return screen.Catalog }

// Title is the trail: the selected system belongs to it when its details have
// the focus.
func (m *Model) Title() []string {
	if e := m.selected(); e != nil && m.details {
		return []string{"Catalog", e.Title}
	}
	return []string{"Catalog"}
}

// Open shows the list, with the system of a name selected.
func (m *Model) Open(argument string) tea.Cmd {
	cmd := m.prepare()
	if i, found := m.byName[argument]; found {
		if !slices.Contains(m.shown, i) {
			m.clearFilter()
		}
		m.selectEntry(i)
	}
	return tea.Batch(cmd, m.rank())
}

// Leave ends the typing; what was asked goes on.
func (m *Model) Leave() { m.stopTyping() }

// prepare reads the catalog, once.
func (m *Model) prepare() tea.Cmd {
	if m.entries != nil {
		return nil
	}
	known, err := m.backend.Known()
	now := m.shared.Now()
	m.byName = map[string]int{}
	first := map[string]*release.Known{}
	for i := len(known) - 1; i >= 0; i-- {
		first[known[i].Distro] = &known[i]
	}
	all := m.shared.Catalog.All()
	m.entries = make([]entry, 0, len(all))
	for i, d := range all {
		m.byName[d.Name] = i
		m.entries = append(m.entries, entry{Distro: d, standing: d.Support.On(now), nature: d.Nature(), latest: first[d.Name]})
	}
	m.apply()
	return screen.Fail("reading the releases that are known", err, nil)
}

// selected is the entry under the pointer; nil when the list is empty.
func (m *Model) selected() *entry {
	i := m.list.Selected()
	if i < 0 || i >= len(m.shown) {
		return nil
	}
	return &m.entries[m.shown[i]]
}

func (m *Model) selectEntry(index int) {
	if row := slices.Index(m.shown, index); row >= 0 {
		m.list.Select(row)
		m.scroll = 0
	}
}

// Update takes what no action took: text for the filter, the mouse, and the
// answers of commands.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case ranked:
		m.takeRanking(msg)
	case newest:
		return m.takeNewest(msg)
	case again:
		return m.askFor(msg.distro)
	case screen.Changed:
		return m.rank()
	case tea.MouseMsg:
		m.mouse(msg)
	case tea.KeyPressMsg, tea.PasteMsg:
		if m.typing {
			return m.typed(msg)
		}
	}
	return nil
}

// typed gives a key to the filter, and filters when that changed it.
func (m *Model) typed(msg tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	was := m.input.Value()
	m.input, cmd = m.input.Update(msg)
	if m.input.Value() != was {
		m.apply()
	}
	return cmd
}

// mouse selects by a click and moves by the wheel, in what lies under it.
func (m *Model) mouse(msg tea.MouseMsg) {
	at := msg.Mouse()
	left, right := panes(m.drawn.Width, m.details)
	onDetails := right > 0 && at.X >= left
	switch msg.(type) {
	case tea.MouseWheelMsg:
		by := 3
		if at.Button == tea.MouseWheelUp {
			by = -by
		}
		if onDetails {
			m.scrollBy(by)
		} else {
			m.list.Wheel(by)
			m.scroll = 0
		}
	case tea.MouseClickMsg:
		if at.Button != tea.MouseLeft {
			return
		}
		m.stopTyping()
		if m.details = onDetails; !onDetails && m.list.Click(at.Y-listTop) {
			m.scroll = 0
		}
	}
}

// Typing says that the filter has the focus.
func (m *Model) Typing() bool { return m.typing }

// Finds are the systems.
func (m *Model) Finds() []screen.Find {
	m.prepare()
	var finds []screen.Find
	for _, e := range m.entries {
		finds = append(finds, screen.Find{Kind: "distro", Name: e.Name, Note: e.Title, Screen: screen.Catalog, Argument: e.Name})
	}
	return finds
}

// about is what the page of an entry shows.
func (m *Model) about(e *entry) factsheet.System {
	return factsheet.System{Distro: e.Distro, Day: m.shared.Now(), Latest: e.latest, Score: m.verdict(e)}
}

// verdict says what the score makes of an entry; empty when it is not asked.
func (m *Model) verdict(e *entry) string {
	switch p := e.place; {
	case p.rank > 0 && p.tied:
		return fmt.Sprintf("%.1f of 100, shares place %d (%s)", p.total, p.rank, m.shared.Profile)
	case p.rank > 0:
		return fmt.Sprintf("%.1f of 100, place %d (%s)", p.total, p.rank, m.shared.Profile)
	case p.ruledOut:
		return "ruled out: " + p.reason + " (" + m.shared.Profile + ")"
	}
	return ""
}
