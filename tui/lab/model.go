package lab

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/labs"
	"distrolab/tui/rows"
	"distrolab/tui/screen"
)

// pane is a part of the screen that can have the focus.
type pane int

const (
	paneList pane = iota
	paneTimeline
	paneConsole
)

// key names a machine; machine "" is the lab itself.
type key struct{ lab, machine string }

// Model is the screen.
type Model struct {
	shared  *screen.Shared
	backend Backend

	context context.Context // of what outlives the sight of the screen
	shown   bool
	eye     context.Context // of what is only to be seen; ends with Leave
	unseen  context.CancelFunc

	news     chan []labs.Status // the last news of the watch
	watching bool
	hearing  bool
	unknown  bool // nothing was heard yet
	trouble  error
	all      []labs.Status
	starts   []*start
	rows     []key
	list     rows.List
	seek     key // to be selected as soon as it is there

	focus    pane
	lower    pane // which of timeline and console a small screen shows
	zoom     bool
	whole    bool // the timeline with what was not seen
	scroll   int  // of the timeline
	back     int  // of the console, rows
	attached bool
	form     *form

	consoles consoles
	usage    usage
	nodes    map[string]nodes
	busy     map[key]string // what is being done to it
	ticking  bool           // the clock of ages runs
	frame    drawn          // the last frame's places, for the mouse
}

// New makes the screen. It asks for nothing before it is opened, or before the
// terminal says its size.
func New(shared *screen.Shared, backend Backend) *Model {
	m := &Model{shared: shared, backend: backend, context: context.Background(), unknown: true, lower: paneTimeline,
		news: make(chan []labs.Status, 1), nodes: map[string]nodes{}, busy: map[key]string{}}
	m.eye, m.unseen = m.context, func() {}
	m.consoles.changed = make(chan struct{}, 1)
	m.usage.of = map[key]taken{}
	return m
}

// ID names the screen.
func (m *Model) ID() screen.ID { return screen.Labs }

// Title is the trail in the header.
func (m *Model) Title() []string {
	trail := []string{"Labs"}
	if m.form != nil {
		return append(trail, m.form.title)
	}
	at := m.selected()
	for _, part := range []string{at.lab, at.machine} {
		if part != "" {
			trail = append(trail, part)
		}
	}
	if m.attached {
		trail = append(trail, "console")
	}
	return trail
}

// Open shows the screen; the argument is LAB or LAB/MACHINE.
func (m *Model) Open(argument string) tea.Cmd {
	if argument != "" && argument != screen.NewLab {
		m.seek = keyOf(argument)
		m.selectKey(m.seek)
	}
	if !m.shown {
		m.shown = true
		m.eye, m.unseen = context.WithCancel(m.context)
	}
	if argument == screen.NewLab {
		return tea.Batch(m.watch(), m.look(), m.newLab())
	}
	return tea.Batch(m.watch(), m.look())
}

// Leave ends what is only for the eye: consoles, samples, the clock. Labs, and
// what brings them up, go on.
func (m *Model) Leave() {
	m.shown, m.attached = false, false
	m.unseen()
	m.consoles.closeAll()
	m.usage.asking, m.usage.begun = false, false
}

// look begins what is only for the eye and does not run yet.
func (m *Model) look() tea.Cmd {
	if !m.shown {
		return nil
	}
	return tea.Batch(m.openConsole(), m.consoles.await(m.eye), m.askUsage(), m.askNodes(), m.tick())
}

// changed are all labs as they are now; gone, that the watch has ended.
type changed struct{ all []labs.Status }
type gone struct{ err error }

// watch follows the labs from the first need on.
func (m *Model) watch() tea.Cmd {
	if m.watching {
		return nil
	}
	m.watching = true
	ctx, backend, news := m.context, m.backend, m.news
	follow := func() tea.Msg {
		return gone{backend.Watch(ctx, func(all []labs.Status) {
			select {
			case <-news: // nobody has read the last; this one has more
			default:
			}
			news <- all
		})}
	}
	if m.hearing {
		return follow
	}
	return tea.Batch(follow, m.hear())
}

// frameTime is the least time between two pictures of what streams in.
const frameTime = 50 * time.Millisecond

// hear waits for news of the labs.
func (m *Model) hear() tea.Cmd {
	m.hearing = true
	news := m.news
	return func() tea.Msg { return changed{<-news} }
}

// Update takes a message.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		return m.watch()
	case changed:
		m.apply(msg.all)
		return tea.Batch(m.hear(), m.look())
	case gone:
		m.watching, m.trouble = false, msg.err
		return screen.Fail("watching the labs", msg.err, m.watch())
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.paste(msg.Content)
	case tea.MouseMsg:
		return m.mouse(msg)
	}
	if cmd, mine := m.progress(msg); mine {
		return cmd
	}
	return m.sample(msg)
}

// sample takes what is measured while the screen is seen.
func (m *Model) sample(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case consoleOpened:
		return m.consoleIs(msg)
	case consoleChanged:
		m.consoles.waiting = false
		if !m.shown {
			return nil
		}
		return m.consoles.await(m.eye)
	case usageKnown:
		return m.usageIs(msg)
	case nodesKnown:
		m.nodes[msg.lab] = nodes{list: msg.list, err: msg.err, at: msg.count}
		return nil
	case minute:
		m.ticking = false
		return m.tick()
	}
	return nil
}

// apply takes the labs as they are now.
func (m *Model) apply(all []labs.Status) {
	at := m.selected()
	m.all, m.unknown, m.trouble = all, false, nil
	m.usage.forget(m.machines())
	m.starts = slices.DeleteFunc(m.starts, func(s *start) bool { return s.ended })
	m.arrange(at)
}

// arrange makes the rows anew and keeps the selection.
func (m *Model) arrange(at key) {
	m.rows = m.rows[:0]
	for _, s := range m.all {
		m.rows = append(m.rows, key{s.Lab, ""})
		for _, x := range s.Machines {
			m.rows = append(m.rows, key{s.Lab, x.Name})
		}
	}
	for _, s := range m.starts {
		if m.lab(s.plan.Lab) == nil && !s.ended {
			m.rows = append(m.rows, key{s.plan.Lab, ""})
		}
	}
	m.list.SetCount(len(m.rows))
	if m.seek != (key{}) && m.selectKey(m.seek) {
		m.seek = key{}
		return
	}
	if !m.selectKey(at) && at.machine != "" {
		m.selectKey(key{at.lab, ""})
	}
	m.skipHeading(at)
}

// skipHeading prefers a machine to the heading of its lab when nothing was
// selected yet: that is what one has come for.
func (m *Model) skipHeading(at key) {
	if at == (key{}) && len(m.rows) > 1 && m.rows[1].machine != "" {
		m.list.Select(1)
	}
}

func (m *Model) selectKey(k key) bool {
	i := slices.Index(m.rows, k)
	if i < 0 || k == (key{}) {
		return false
	}
	if i != m.list.Selected() {
		m.list.Select(i)
		m.moved()
	}
	return true
}

// moved forgets what belongs to the machine that was selected before.
func (m *Model) moved() { m.scroll, m.back, m.attached = 0, 0, false }

// selected is the selected machine or lab; zero when there is none.
func (m *Model) selected() key {
	if i := m.list.Selected(); i >= 0 && i < len(m.rows) {
		return m.rows[i]
	}
	return key{}
}

func (m *Model) lab(name string) *labs.Status {
	for i := range m.all {
		if m.all[i].Lab == name {
			return &m.all[i]
		}
	}
	return nil
}

// machine is the selected machine with its lab.
func (m *Model) machine() (*labs.Status, *labs.MachineStatus) {
	at := m.selected()
	s := m.lab(at.lab)
	if s == nil || at.machine == "" {
		return s, nil
	}
	for i := range s.Machines {
		if s.Machines[i].Name == at.machine {
			return s, &s.Machines[i]
		}
	}
	return s, nil
}

func (m *Model) machines() map[key]bool {
	all := map[key]bool{}
	for _, s := range m.all {
		for _, x := range s.Machines {
			all[key{s.Lab, x.Name}] = true
		}
	}
	return all
}

// minute moves the ages on.
type minute struct{}

// tick runs while ages are seen, once a minute.
func (m *Model) tick() tea.Cmd {
	if m.ticking || !m.shown || len(m.all) == 0 {
		return nil
	}
	m.ticking = true
	return tea.Tick(time.Minute, func(time.Time) tea.Msg { return minute{} })
}

// Finds are the labs and machines that the palette can open.
func (m *Model) Finds() []screen.Find {
	var finds []screen.Find
	for _, s := range m.all {
		finds = append(finds, screen.Find{Kind: "lab", Name: s.Lab, Note: labWord(s), Screen: screen.Labs, Argument: s.Lab})
		for _, x := range s.Machines {
			finds = append(finds, screen.Find{Kind: "machine", Name: s.Lab + "/" + x.Name, Note: x.Distro + ", " + string(x.State),
				Screen: screen.Labs, Argument: s.Lab + "/" + x.Name})
		}
	}
	return finds
}

// keyOf reads LAB or LAB/MACHINE.
func keyOf(argument string) key {
	lab, machine, _ := strings.Cut(argument, "/")
	return key{lab, machine}
}
