package bench

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/labs/session"
	"distrolab/tui/screen"
)

// The headings of the actions in the help.
const (
	groupDesign  = "Experiment"
	groupSession = "Session"
)

// Actions implements [screen.Screen].
func (m *Model) Actions() []screen.Action {
	switch {
	case m.live != nil:
		return m.sessionActions()
	case m.form.picking != nil:
		return m.pickerActions()
	case m.form.editing != nil:
		return m.editorActions()
	}
	return m.designActions()
}

func (m *Model) designActions() []screen.Action {
	why := ""
	if problems := m.form.problems(); len(problems) > 0 {
		why = problems[0]
	}
	number := m.form.focus().counted() || m.options(m.form.focus()) != nil
	fixed := ""
	if !number {
		fixed = m.form.focus().label() + ": enter changes it"
	}
	return []screen.Action{
		{ID: "bench.start", Keys: []string{"s"}, Title: "start", Group: groupDesign, Disabled: why,
			Help: "Runs the experiment. Every finished run is on disk at once; it goes on while you look at other screens.", Run: m.start},
		{ID: "bench.edit", Keys: []string{"enter"}, Title: "change", Group: groupDesign,
			Help: "Changes the selected line: types a value, chooses systems, or takes the next choice.", Run: m.edit},
		{ID: "bench.less", Keys: []string{"left", "h", "-"}, Title: "less", Group: groupDesign, Disabled: fixed, Hidden: !number,
			Help: "One less, or the choice before.", Run: m.do(func() { m.step(-1) })},
		{ID: "bench.more", Keys: []string{"right", "l", "+"}, Title: "more", Group: groupDesign, Disabled: fixed, Hidden: !number,
			Help: "One more, or the next choice.", Run: m.do(func() { m.step(1) })},
		{ID: "bench.up", Keys: []string{"up", "k"}, Title: "up", Group: groupDesign, Hidden: true,
			Help: "Selects the line above.", Run: m.do(func() { m.move(-1) })},
		{ID: "bench.down", Keys: []string{"down", "j"}, Title: "down", Group: groupDesign, Hidden: true,
			Help: "Selects the line below.", Run: m.do(func() { m.move(1) })},
		{ID: "bench.next", Keys: []string{"tab"}, Title: "next", Group: groupDesign, Hidden: true,
			Help: "Selects the next line; after the last the first.", Run: m.do(m.next)},
		{ID: "bench.marks", Keys: []string{"u"}, Title: "use marks", Group: groupDesign, Disabled: m.noMarks(), Hidden: !m.form.own,
			Help: "Takes the marked systems of the other screens.", Run: m.do(m.useMarks)},
		{ID: "bench.reseed", Keys: []string{"r"}, Title: "new seed", Group: groupDesign,
			Help: "Draws another seed, and with it another order.", Run: m.do(func() { m.form.design.Seed = session.NewSeed() })},
	}
}

// do is a change of the screen that needs no command.
func (m *Model) do(change func()) func() tea.Cmd {
	return func() tea.Cmd {
		m.version++
		change()
		return nil
	}
}

func (m *Model) move(by int) {
	m.form.problem = ""
	m.form.list.Wheel(by)
}

func (m *Model) next() {
	m.form.problem = ""
	m.form.list.Select((m.form.list.Selected() + 1) % m.form.list.Count())
}

func (m *Model) noMarks() string {
	if len(m.shared.Marks) == 0 {
		return "nothing is marked"
	}
	return ""
}

func (m *Model) useMarks() {
	m.form.own = false
	m.form.design.Systems = slices.Clone(m.shared.Marks)
}

// edit changes the selected line in the way that suits it.
func (m *Model) edit() tea.Cmd {
	m.version++
	m.form.problem = ""
	at := m.form.focus()
	switch {
	case at == fieldSystems:
		m.form.picking = newPicker(m.shared.Catalog, m.form.design.Systems)
		return nil
	case m.options(at) != nil:
		m.step(1)
		return nil
	case at == fieldBaseline: // of no systems
		return nil
	}
	m.form.editing = newEditor(at, m.form.text(at))
	return nil
}

func (m *Model) editorActions() []screen.Action {
	return []screen.Action{
		{ID: "bench.take", Keys: []string{"enter", "tab"}, Title: "take", Group: groupDesign, Help: "Takes what was typed.", Run: m.do(m.take)},
		{ID: "bench.leave", Keys: []string{"esc"}, Title: "leave as it was", Group: groupDesign, Help: "Forgets what was typed.",
			Run: m.do(func() { m.form.editing, m.form.problem = nil, "" })},
	}
}

func (m *Model) take() {
	e := m.form.editing
	if err := m.form.set(e.field, e.Text()); err != nil {
		m.form.problem = err.Error()
		return
	}
	m.form.editing, m.form.problem = nil, ""
}

func (m *Model) pickerActions() []screen.Action {
	return []screen.Action{
		{ID: "bench.pick", Keys: []string{"space", "x"}, Title: "choose", Group: groupDesign, Help: "Chooses the system, or takes it out.",
			Run: m.do(func() { m.form.picking.toggle() })},
		{ID: "bench.picked", Keys: []string{"enter"}, Title: "take", Group: groupDesign, Help: "Takes the chosen systems.", Run: m.do(m.picked)},
		{ID: "bench.unpick", Keys: []string{"esc"}, Title: "leave as it was", Group: groupDesign, Help: "Forgets the choice.",
			Run: m.do(func() { m.form.picking = nil })},
	}
}

func (m *Model) picked() {
	m.form.design.Systems, m.form.own = m.form.picking.chosen, true
	m.form.picking = nil
}

func (m *Model) sessionActions() []screen.Action {
	l := m.live
	log := screen.Action{ID: "bench.log", Keys: []string{"tab"}, Title: "log", Group: groupSession,
		Help: "Gives the room to what the session said, or back to the plot.", Run: m.do(func() { m.log = !m.log })}
	if l.stage == over {
		nothing := ""
		if l.id == "" {
			nothing = "nothing was measured"
		}
		return []screen.Action{
			{ID: "bench.result", Keys: []string{"enter"}, Title: "result", Group: groupSession, Disabled: nothing,
				Help: "Shows the session on the screen Results.", Run: func() tea.Cmd { return screen.Send(screen.Go{Screen: screen.Results, Argument: l.id}) }},
			{ID: "bench.new", Keys: []string{"n"}, Title: "new experiment", Group: groupSession,
				Help: "Designs the next experiment, with the same choices.", Run: m.do(func() { m.live = nil })},
			log,
		}
	}
	pause := screen.Action{ID: "bench.pause", Keys: []string{"p"}, Title: "pause", Group: groupSession,
		Help: "Holds the session after the run under way. No run is lost; the pause is told in the result.", Run: m.do(m.pause)}
	if l.gate.Paused() {
		pause.Title, pause.Help = "go on", "Goes on measuring."
	}
	if l.stage == stopping {
		pause.Disabled = "it is stopping"
	}
	stop := screen.Action{ID: "bench.stop", Keys: []string{"x"}, Title: "stop", Group: groupSession,
		Help: "Ends the session and keeps every run that has finished.", Run: m.askStop}
	if l.stage == stopping {
		stop.Disabled = "it is stopping: its machine is taken back"
	}
	return []screen.Action{pause, stop, log}
}

func (m *Model) pause() {
	l := m.live
	switch {
	case l.gate.Paused():
		l.gate.Resume()
		if l.stage == pausing {
			l.stage = running
		}
	case l.stage == preparing || l.stage == running:
		l.gate.Pause()
		if l.stage == running {
			l.stage = pausing
		}
	}
}

// askStop asks before what was not finished is lost.
func (m *Model) askStop() tea.Cmd {
	l := m.live
	return screen.Send(screen.Question{Text: "Stop the session?", More: m.loss(), Yes: "stop", Do: func() tea.Msg { return halt{l} }})
}

// halt stops a session, in the loop.
type halt struct{ of *live }

func (m *Model) loss() []string {
	l := m.live
	more := []string{fmt.Sprintf("%d of %d runs are done and kept.", l.done, l.total)}
	if l.now != nil {
		more = append(more, "The run under way is lost, and its machine is taken back.")
	}
	return more
}

// Ending implements [screen.Worker]: the session ends with the app.
func (m *Model) Ending() (screen.Question, bool) {
	l := m.live
	if l == nil || l.stage == over {
		return screen.Question{}, false
	}
	return screen.Question{Text: "A session runs. Stop it and end the app?", More: m.loss(), Yes: "stop and end",
		Do: func() tea.Msg {
			l.stop(errStopped)
			<-l.queue.ended
			return tea.Quit()
		}}, true
}

// input is what no action took: text for the input, the wheel and clicks.
func (m *Model) input(msg tea.Msg) {
	f := &m.form
	if m.live != nil {
		return
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch {
		case f.picking != nil:
			f.picking.list.Key(msg.String())
		case f.editing != nil:
			f.editing.Update(msg)
		default:
			f.list.Key(msg.String())
		}
	case tea.PasteMsg:
		if f.editing != nil {
			f.editing.Update(msg)
		}
	case tea.MouseWheelMsg:
		by := 1
		if msg.Button == tea.MouseWheelUp {
			by = -1
		}
		if f.picking != nil {
			f.picking.list.Wheel(by)
		} else if f.editing == nil {
			m.move(by)
		}
	case tea.MouseClickMsg:
		m.click(msg.X, msg.Y)
	}
}

// click selects the line of the form or of the picker; both begin under the
// frame of their pane.
func (m *Model) click(_, y int) {
	f := &m.form
	switch {
	case f.picking != nil:
		if f.picking.list.Click(y - 1) {
			f.picking.toggle()
		}
	case f.editing == nil:
		f.list.Click(y - 1)
	}
}
