package result

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/labs/results"
	"distrolab/tui/rows"
	"distrolab/tui/screen"
)

// kept is how many sessions with their runs stay in memory, and how many runs
// they may have together.
const (
	kept     = 4
	keptRuns = 3_000
)

// rest is how long a session must stay selected before it is read: while the
// list scrolls, nothing is.
const rest = 120 * time.Millisecond

// Model is the screen. It is driven from the app's loop.
type Model struct {
	shared  *screen.Shared
	backend Backend

	all     []results.Listed
	visible []int // of all, by the filter
	list    rows.List
	loaded  bool // the list has been read once
	listing bool
	err     error
	want    string // id to select when the list is there
	filter  prompt

	marks   []string // ids of at most two sessions, A and B
	held    []held   // sessions in memory, the last used at the end
	reading string   // id
	stop    context.CancelFunc
	failed  map[string]error
	away    bool // another screen is shown

	detail  bool // the detail has the focus
	tab     tab
	offset  int // first line of the detail
	lines   int // that the detail had when drawn
	room    int // lines of the detail that were visible
	runs    rows.List
	export  *export
	take    *take
	version int
	drawn   drawn
	sheet   sheet
}

// held is one session in memory, and as of when.
type held struct {
	id       string
	changed  time.Time
	bytes    int64
	contents Contents
}

// drawn is what was drawn last, and from what.
type drawn struct {
	version int
	size    screen.Size
	look    string
	view    screen.View
}

// New makes the screen. It asks the backend for nothing yet.
func New(shared *screen.Shared, backend Backend) *Model {
	return &Model{shared: shared, backend: backend, failed: map[string]error{}, filter: newPrompt()}
}

// ID implements [screen.Screen].
func (m *Model) ID() screen.ID { return screen.Results }

// Title implements [screen.Screen].
func (m *Model) Title() []string {
	trail := []string{"Results"}
	if l, ok := m.selected(); ok && m.detail {
		trail = append(trail, l.ID, m.tab.title())
	}
	return trail
}

// Open reads the list anew; argument is a session's id.
func (m *Model) Open(argument string) tea.Cmd {
	m.version++
	m.away = false
	clear(m.failed)
	if argument != "" {
		m.want, m.detail = argument, true
		m.clearFilter()
		if m.tab == tabAgainst {
			m.tab = tabSummary
		}
	}
	return m.reload()
}

// Leave forgets what was being read.
func (m *Model) Leave() {
	m.away = true
	if m.stop != nil {
		m.stop()
	}
}

func (m *Model) reload() tea.Cmd {
	if m.listing {
		return nil
	}
	m.listing = true
	backend := m.backend
	return func() tea.Msg {
		list, err := backend.List(context.Background())
		return listed{list, err}
	}
}

// Messages of the screen's own commands.
type (
	listed struct {
		list []results.Listed
		err  error
	}
	read struct {
		of       results.Listed
		contents Contents
		err      error
	}
	deleted struct {
		id  string
		err error
	}
	remove struct{ id string }
	again  struct{} // reads the list
)

// Update implements [screen.Screen].
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case listed:
		return m.listed(msg)
	case read:
		return m.read(msg)
	case deleted:
		m.version++
		if msg.err != nil {
			return tea.Batch(screen.Fail("deleting session "+msg.id, msg.err, nil), m.reload())
		}
		m.detail = false
		return tea.Batch(screen.Tell("deleted session "+msg.id), m.reload())
	case again:
		return m.reload()
	case remove:
		return m.remove(msg)
	case taken:
		return m.taken(msg)
	case exported:
		return m.exported(msg)
	case tea.KeyPressMsg, tea.PasteMsg, tea.MouseMsg:
		m.version++
		return m.input(msg)
	}
	return nil
}

func (m *Model) listed(msg listed) tea.Cmd {
	m.version++
	m.listing = false
	before, had := m.selected()
	m.err = msg.err
	if msg.err == nil {
		m.all, m.loaded = msg.list, true
	}
	m.marks = slices.DeleteFunc(m.marks, func(id string) bool {
		return !slices.ContainsFunc(m.all, func(l results.Listed) bool { return l.ID == id })
	})
	if !m.pair() && m.tab == tabAgainst {
		m.tab = tabSummary
	}
	m.sift()
	switch {
	case m.want != "":
		m.selectNamed(m.want)
		m.want = ""
	case had:
		m.selectNamed(before.ID)
	}
	return tea.Batch(screen.Fail("reading the list of sessions", msg.err, screen.Send(again{})), m.load())
}

// selectNamed selects a session by its id, if it is there.
func (m *Model) selectNamed(id string) {
	for row, i := range m.visible {
		if l := m.all[i]; l.ID == id {
			m.list.Select(row)
			return
		}
	}
}

// sift applies the filter: every word must be found.
func (m *Model) sift() {
	words := strings.Fields(strings.ToLower(m.filter.Text()))
	m.visible = m.visible[:0]
	for i, l := range m.all {
		text := ""
		if len(words) > 0 {
			text = strings.ToLower(l.ID + " " + kind(l.Scenario) + " " + systems(l) + " " + l.Started.Format("2006-01-02"))
		}
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			m.visible = append(m.visible, i)
		}
	}
	m.list.SetCount(len(m.visible))
}

func (m *Model) clearFilter() {
	m.filter.clear()
	m.sift()
}

// selected is the selected session.
func (m *Model) selected() (results.Listed, bool) {
	row := m.list.Selected()
	if row < 0 || row >= len(m.visible) {
		return results.Listed{}, false
	}
	return m.all[m.visible[row]], true
}

func (m *Model) named(id string) (results.Listed, bool) {
	i := slices.IndexFunc(m.all, func(l results.Listed) bool { return l.ID == id })
	if i < 0 {
		return results.Listed{}, false
	}
	return m.all[i], true
}

// pair says whether two sessions are marked.
func (m *Model) pair() bool { return len(m.marks) == 2 }

// contents is a session in memory; nil when it is not, or has changed.
func (m *Model) contents(l results.Listed) *Contents {
	for i := range m.held {
		h := &m.held[i]
		if h.id == l.ID && h.changed.Equal(l.Changed) && h.bytes == l.Bytes {
			return &h.contents
		}
	}
	return nil
}

// load reads the next session that is looked at and not in memory. What was
// being read for another is given up.
func (m *Model) load() tea.Cmd {
	if m.away {
		return nil
	}
	var wanted []results.Listed
	if l, ok := m.selected(); ok {
		wanted = append(wanted, l)
	}
	if m.pair() {
		for _, id := range m.marks {
			if l, ok := m.named(id); ok {
				wanted = append(wanted, l)
			}
		}
	}
	for _, l := range wanted {
		if m.contents(l) != nil || m.failed[l.ID] != nil {
			continue
		}
		if m.reading == l.ID {
			return nil
		}
		return m.fetch(l)
	}
	return nil
}

func (m *Model) fetch(l results.Listed) tea.Cmd {
	if m.stop != nil {
		m.stop()
	}
	ctx, stop := context.WithCancel(context.Background())
	m.stop, m.reading = stop, l.ID
	backend := m.backend
	return func() tea.Msg {
		defer stop()
		timer := time.NewTimer(rest)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return read{of: l, err: ctx.Err()}
		case <-timer.C:
		}
		c, err := backend.Read(ctx, l.ID)
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return read{l, c, err}
	}
}

func (m *Model) read(msg read) tea.Cmd {
	m.version++
	if m.reading == msg.of.ID {
		m.reading = ""
	}
	switch {
	case msg.err == context.Canceled:
	case msg.err != nil:
		m.failed[msg.of.ID] = msg.err
	default:
		m.keep(held{msg.of.ID, msg.of.Changed, msg.of.Bytes, msg.contents})
	}
	if m.reading != "" {
		return nil
	}
	return m.load()
}

// keep puts a session into memory and drops those not used for longest.
func (m *Model) keep(h held) {
	m.held = slices.DeleteFunc(m.held, func(x held) bool { return x.id == h.id })
	m.held = append(m.held, h)
	runs := func() int {
		n := 0
		for _, x := range m.held {
			n += len(x.contents.Runs)
		}
		return n
	}
	for i := 0; i < len(m.held)-1 && (len(m.held) > kept || runs() > keptRuns); {
		if slices.Contains(m.marks, m.held[i].id) && m.pair() {
			i++
			continue
		}
		m.held = slices.Delete(m.held, i, i+1)
	}
	m.runs.SetCount(len(h.contents.Runs))
}

// moved is told that another session is selected.
func (m *Model) moved() tea.Cmd {
	m.offset = 0
	m.runs = rows.List{}
	return m.load()
}

// Typing implements [screen.Screen].
func (m *Model) Typing() bool { return m.export != nil || m.take != nil || m.filter.open }

// Finds implements [screen.Screen].
func (m *Model) Finds() []screen.Find {
	var list []screen.Find
	for _, l := range m.all {
		list = append(list, screen.Find{Kind: "result", Name: l.ID, Note: kind(l.Scenario) + ": " + systems(l), Screen: screen.Results, Argument: l.ID})
	}
	return list
}
