package lab

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/labs"
	"distrolab/tui/screen"
)

// leaveKey leaves an attached console, as in telnet and virsh.
const leaveKey = "ctrl+]"

// The headings of the help.
const (
	groupMachine = "Machine"
	groupLab     = "Lab"
	groupView    = "View"
)

// Typing says that a form or the console has the keys.
func (m *Model) Typing() bool { return m.form != nil || m.attached }

// TakesKeys says that every key is the guest's.
func (m *Model) TakesKeys() bool { return m.attached }

// Actions are what can be done now.
func (m *Model) Actions() []screen.Action {
	switch {
	case m.attached:
		return []screen.Action{{ID: "labs.leave", Keys: []string{leaveKey}, Title: "leave the console", Group: groupMachine,
			Help: "Gives the keys back to the app.", Run: func() tea.Cmd { m.attached = false; return nil }}}
	case m.form != nil:
		return m.formActions()
	}
	return append(append(m.labActions(), m.machineActions()...), m.viewActions()...)
}

func (m *Model) formActions() []screen.Action {
	f := m.form
	return []screen.Action{
		{ID: "labs.form.do", Keys: []string{"enter"}, Title: f.does, Help: "Does what the form says.", Run: func() tea.Cmd { return f.submit(f) }},
		{ID: "labs.form.next", Keys: []string{"tab", "down"}, Title: "next", Help: "Goes to the next field.", Run: func() tea.Cmd { f.move(1); return nil }},
		{ID: "labs.form.previous", Keys: []string{"shift+tab", "up"}, Title: "previous", Help: "Goes to the field before.", Hidden: true, Run: func() tea.Cmd { f.move(-1); return nil }},
		{ID: "labs.form.cancel", Keys: []string{"esc"}, Title: "cancel", Help: "Closes the form.", Run: func() tea.Cmd { m.form = nil; return nil }},
	}
}

func (m *Model) labActions() []screen.Action {
	s, _ := m.machine()
	bringing := m.starting(m.selected().lab)
	noLab, noStart, noGC := "", "", "nothing was left by a crash"
	switch {
	case bringing != nil:
		noLab = "it is being started; x cancels that"
	case s == nil:
		noLab = "there is no lab"
	case !s.Running:
		noLab = "its process is gone; c takes back what it left"
	case len(s.Machines) == 0:
		noLab = "it is a session of bench; stop it on the Bench screen"
	case m.busy[key{s.Lab, ""}] != "":
		noLab = m.busy[key{s.Lab, ""}]
	}
	if bringing == nil {
		noStart = "no lab is being started"
	}
	for _, l := range m.all {
		if !l.Running {
			noGC = ""
		}
	}
	return []screen.Action{
		{ID: "labs.new", Keys: []string{"n"}, Title: "new lab", Group: groupLab, Run: m.newLab,
			Help: "Starts a lab of the marked systems: n, then enter."},
		{ID: "labs.cancel", Keys: []string{"x"}, Title: "cancel", Group: groupLab, Disabled: noStart, Run: func() tea.Cmd { return m.cancel(bringing) },
			Help: "Ends the start of a lab and takes back what was made."},
		{ID: "labs.destroy", Keys: []string{"d"}, Title: "destroy", Group: groupLab, Disabled: noLab, Run: m.destroy,
			Help: "Ends the lab of the selected machine and removes everything of it."},
		{ID: "labs.gc", Keys: []string{"c"}, Title: "clean up", Group: groupLab, Disabled: noGC, Hidden: noGC != "", Run: m.reclaim,
			Help: "Takes back what labs left whose process was killed."},
	}
}

func (m *Model) machineActions() []screen.Action {
	s, x := m.machine()
	c := m.console()
	noMachine := m.noMachine(s, x)
	no := map[string]string{}
	for _, name := range []string{"attach", "full", "ssh", "forward", "stop", "start", "save"} {
		no[name] = noMachine
	}
	if noMachine == "" {
		m.refuse(no, s, x, c)
	}
	if x != nil && no["save"] == "its process is gone" {
		no["save"] = ""
	}
	act := func(id, k, title, help string, hidden bool, run func() tea.Cmd) screen.Action {
		return screen.Action{ID: "labs." + id, Keys: []string{k}, Title: title, Help: help, Group: groupMachine, Disabled: no[id], Hidden: hidden, Run: run}
	}
	return []screen.Action{
		act("attach", "a", "type", "Gives your keys to the console of the machine; ctrl+] takes them back.", false, m.attach),
		act("ssh", "s", "ssh", "Logs in to the machine; the app waits.", false, m.ssh),
		act("stop", "o", "stop", "Shuts the machine down; its disk stays.", false, m.stop),
		act("start", "b", "boot", "Boots a machine that is off from its disk.", false, m.boot),
		act("forward", "p", "port", "Opens a port of this computer that leads to one of the machine.", true, m.forward),
		act("save", "w", "save log", "Writes all that the console has said into a file.", true, m.save),
		{ID: "labs.copy", Keys: []string{"y"}, Title: "copy command", Help: "Copies the command that logs in to the machine, or reaches the lab's cluster.", Group: groupMachine,
			Disabled: m.noCommand(s, x), Hidden: true, Run: func() tea.Cmd { return screen.Send(screen.Copy{Text: m.command()}) }},
		act("full", "A", "console", "Gives the whole terminal to the console of the machine, unfiltered.", true, m.attachFull),
	}
}

// noCommand is why there is no command to copy.
func (m *Model) noCommand(s *labs.Status, x *labs.MachineStatus) string {
	switch {
	case x == nil && s != nil && s.Cluster != nil && s.Cluster.Kubeconfig != "":
		return ""
	case x == nil:
		return "select a machine"
	case x.User == "":
		return "it has no login over SSH"
	}
	return ""
}

// command reaches what is selected, from a shell.
func (m *Model) command() string {
	s, x := m.machine()
	if x == nil {
		return kubectl(s)
	}
	return "distrolab ssh " + s.Lab + "/" + x.Name
}

// noMachine is why nothing can be done to a machine.
func (m *Model) noMachine(s *labs.Status, x *labs.MachineStatus) string {
	switch {
	case x == nil && s != nil && len(s.Machines) > 0:
		return "select a machine"
	case x == nil:
		return "there is no machine"
	case !s.Running:
		return "its process is gone"
	}
	return m.busy[key{s.Lab, x.Name}]
}

// refuse says what cannot be done to a machine in its state.
func (m *Model) refuse(no map[string]string, s *labs.Status, x *labs.MachineStatus, c *console) {
	live := runs(x.State)
	if c == nil || !c.live.Load() || c.ended.Load() {
		no["attach"] = "its console says nothing any more"
	}
	if !live {
		no["full"], no["forward"], no["ssh"], no["stop"] = "it does not run", "it does not run", "it does not run", "it does not run"
	}
	if x.User == "" {
		no["ssh"] = "it has no login over SSH"
	}
	switch {
	case x.Role == labs.RoleControlPlane:
		no["stop"], no["start"] = "the control plane goes with its lab", "the control plane goes with its lab"
	case live && x.State != labs.StateFailed:
		no["start"] = "it runs"
	case x.State == labs.StatePlanned:
		no["start"] = "its first boot is on its way"
	}
}

func (m *Model) viewActions() []screen.Action {
	noTimeline, noPanes := "", ""
	of, x := m.machine()
	if x == nil {
		noTimeline = "there is no machine"
	}
	if of == nil {
		noPanes = "there is no lab"
	}
	return []screen.Action{
		{ID: "labs.focus", Keys: []string{"tab"}, Title: "next pane", Group: groupView, Disabled: noPanes, Run: func() tea.Cmd { m.turn(1); return nil },
			Help: "Moves the focus: machines, timeline, console."},
		{ID: "labs.focus.back", Keys: []string{"shift+tab"}, Title: "pane before", Group: groupView, Hidden: true, Run: func() tea.Cmd { m.turn(-1); return nil },
			Help: "Moves the focus the other way."},
		{ID: "labs.zoom", Keys: []string{"z"}, Title: "zoom", Group: groupView, Hidden: true, Run: func() tea.Cmd { m.zoom = !m.zoom; return nil },
			Help: "Gives the whole screen to the pane with the focus, and takes it back."},
		{ID: "labs.whole", Keys: []string{"t"}, Title: "whole timeline", Group: groupView, Hidden: true, Disabled: noTimeline, Run: func() tea.Cmd { m.whole, m.scroll = !m.whole, 0; return nil },
			Help: "Shows every milestone with its error and why one was not seen, or only what was."},
	}
}

// done says how something ended that was done to a machine or lab.
type done struct {
	of    key
	doing string
	news  string
	err   error
	again func() tea.Cmd
}

// act does something in the background and says what came of it.
func (m *Model) act(of key, doing, news string, do func(context.Context) error, again func() tea.Cmd) tea.Cmd {
	m.busy[of] = doing
	ctx := m.context
	return func() tea.Msg { return done{of, doing, news, do(ctx), again} }
}

func (m *Model) doneIs(msg done) tea.Cmd {
	delete(m.busy, msg.of)
	if msg.err != nil {
		var retry tea.Cmd
		if msg.again != nil {
			retry = func() tea.Msg { return retrying{msg.again} }
		}
		return screen.Fail(msg.doing, msg.err, retry)
	}
	return screen.Tell(msg.news)
}

// retrying brings a second try back into the loop.
type retrying struct{ do func() tea.Cmd }

func (m *Model) attach() tea.Cmd {
	m.attached, m.focus, m.lower, m.back = true, paneConsole, paneConsole, 0
	return nil
}

func (m *Model) attachFull() tea.Cmd {
	at := m.selected()
	return screen.Send(screen.Suspend{Command: m.backend.Attach(at.lab, at.machine), After: func(error) tea.Msg { return nil }})
}

func (m *Model) ssh() tea.Cmd {
	at := m.selected()
	_, x := m.machine()
	return screen.Send(screen.Suspend{Command: m.backend.SSH(at.lab, *x), After: func(err error) tea.Msg {
		if err != nil && !strings.HasPrefix(err.Error(), "exit status") {
			return screen.Failure{Doing: "logging in to " + at.machine, Err: err}
		}
		return nil // what the last command of the session answered is its own affair
	}})
}

func (m *Model) stop() tea.Cmd {
	at := m.selected()
	work := func() tea.Cmd {
		return m.act(at, "stopping "+at.machine, at.machine+" is off", func(ctx context.Context) error {
			return m.backend.Stop(ctx, at.lab, at.machine, false)
		}, nil)
	}
	return screen.Send(screen.Question{Text: "Shut down " + at.machine + "?", Yes: "shut down",
		More: []string{"Its power button is pressed, and its power cut when it does not obey in time.", "The disk stays; b boots it again."},
		Do:   func() tea.Msg { return retrying{work} }})
}

func (m *Model) boot() tea.Cmd {
	at := m.selected()
	return m.act(at, "booting "+at.machine, at.machine+" boots", func(ctx context.Context) error { return m.backend.Boot(ctx, at.lab, at.machine) }, nil)
}

func (m *Model) destroy() tea.Cmd {
	s, _ := m.machine()
	lab := s.Lab
	work := func() tea.Cmd {
		return m.act(key{lab, ""}, "destroying lab "+lab, "lab "+lab+" is gone", func(ctx context.Context) error { return m.backend.Down(ctx, lab) }, nil)
	}
	return screen.Send(screen.Question{Text: fmt.Sprintf("Destroy lab %s with %s?", lab, count(len(s.Machines), "machine")), Yes: "destroy",
		More: []string{"Its machines, their disks and its network are removed. Images and results stay."},
		Do:   func() tea.Msg { return retrying{work} }})
}

func (m *Model) reclaim() tea.Cmd {
	ctx, backend := m.context, m.backend
	m.busy[key{}] = "cleaning up"
	return func() tea.Msg {
		said, err := backend.Reclaim(ctx)
		return done{key{}, "cleaning up", said, err, m.reclaim}
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
