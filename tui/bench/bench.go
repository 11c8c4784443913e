package bench

import (
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/labs/results"
	"distrolab/labs/session"
	"distrolab/tui/screen"
)

// errStopped is why a session that the person stopped has ended.
var errStopped = errors.New("stopped by hand")

// Model is the screen. It is driven from the app's loop.
type Model struct {
	shared  *screen.Shared
	backend Backend

	form   form
	known  Known
	asking bool
	live   *live // nil: a design is being made
	log    bool  // narrow: the log has the room instead of the plot

	version int // of everything that is drawn
	drawn   drawn
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
	return &Model{shared: shared, backend: backend, form: newForm(session.NewSeed())}
}

// ID implements [screen.Screen].
func (m *Model) ID() screen.ID { return screen.Bench }

// Title implements [screen.Screen].
func (m *Model) Title() []string {
	if m.live == nil {
		return []string{"Bench"}
	}
	return []string{"Bench", m.live.stage.word()}
}

// Open takes the marks as systems, or the one that is named, unless a session
// runs, which is shown.
func (m *Model) Open(argument string) tea.Cmd {
	m.version++
	if m.live != nil && m.live.stage == over && argument != "" {
		m.live = nil
	}
	if m.live == nil {
		m.takeSystems(argument)
	}
	if m.asking {
		return nil
	}
	m.asking = true
	backend := m.backend
	return func() tea.Msg {
		known, err := backend.Know(context.Background())
		return knows{known, err}
	}
}

func (m *Model) takeSystems(argument string) {
	if argument != "" {
		m.form.design.Systems, m.form.own = []string{argument}, true
		return
	}
	if !m.form.own {
		m.form.design.Systems = slices.Clone(m.shared.Marks)
	}
}

// Leave does nothing: a session goes on.
func (m *Model) Leave() {}

// knows brings what the machine says.
type knows struct {
	known Known
	err   error
}

// counted brings the comparison of the runs so far.
type counted struct {
	of         *live
	comparison results.Comparison
	runs       int
}

// Update implements [screen.Screen].
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case knows:
		m.version++
		m.asking, m.known = false, msg.known
		return screen.Fail("looking at this machine", msg.err, nil)
	case screen.Marked:
		m.version++
		if !m.form.own {
			m.form.design.Systems = slices.Clone(m.shared.Marks)
		}
	case heard:
		return m.heard(msg)
	case counted:
		return m.counted(msg)
	case halt:
		if m.live == msg.of {
			m.halt()
		}
	case tea.KeyPressMsg, tea.PasteMsg, tea.MouseMsg:
		m.version++
		m.input(msg)
	}
	return nil
}

// heard takes what the session said and waits for more.
func (m *Model) heard(msg heard) tea.Cmd {
	l := m.live
	if l == nil || l.queue != msg.of {
		return nil
	}
	m.version++
	for _, t := range msg.list {
		l.hear(t)
	}
	if msg.last {
		return m.ended(l)
	}
	return tea.Batch(l.queue.listen(), m.count())
}

// count compares the runs so far, one such command at a time.
func (m *Model) count() tea.Cmd {
	l := m.live
	if l == nil || l.counting || l.counted == len(l.runs) {
		return nil
	}
	l.counting = true
	runs := slices.Clone(l.runs)
	s := results.Session{ID: l.id, Scenario: l.design.Scenario, Blocks: len(l.blocks) - 1, Mode: results.ModeBench}
	for _, name := range l.design.Systems {
		s.Subjects = append(s.Subjects, results.Subject{OS: name})
	}
	if len(runs) > 0 {
		s.Finish = runs[0].Finish
	}
	return func() tea.Msg { return counted{l, results.Summarise(s, runs), len(runs)} }
}

func (m *Model) counted(msg counted) tea.Cmd {
	msg.of.counting = false
	if m.live != msg.of {
		return nil
	}
	m.version++
	m.live.comparison, m.live.counted = msg.comparison, msg.runs
	return m.count()
}

func (m *Model) ended(l *live) tea.Cmd {
	l.end(l.queue.id, l.queue.err)
	m.form.design.Seed, m.form.design.Directory = session.NewSeed(), ""
	say := screen.Tell("bench " + l.summary())
	if l.err != nil {
		say = screen.Fail("measuring", l.err, nil)
	}
	return tea.Batch(say, m.count())
}

// start runs the design.
func (m *Model) start() tea.Cmd {
	m.version++
	ctx, stop := context.WithCancelCause(context.Background())
	l := newLive(m.form.design, stop)
	m.live = l
	backend := m.backend
	run := func() tea.Msg {
		defer stop(nil)
		id, err := backend.Run(ctx, l.design, l.gate, Feed{
			Progress: func(p session.Progress) { l.queue.add(told{progress: p}) },
			Note:     func(text string) { l.queue.add(told{note: text}) },
		})
		l.queue.end(id, err)
		return nil
	}
	return tea.Batch(run, l.queue.listen())
}

// halt stops the session; its end is told when its machine was taken back.
func (m *Model) halt() {
	if m.live == nil || m.live.stage == over {
		return
	}
	m.version++
	m.live.asked, m.live.stage = true, stopping
	m.live.stop(errStopped)
}

// Typing implements [screen.Screen].
func (m *Model) Typing() bool { return m.live == nil && m.form.editing != nil }

// Finds implements [screen.Screen]: sessions are found as results.
func (m *Model) Finds() []screen.Find { return nil }
