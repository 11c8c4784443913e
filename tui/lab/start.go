package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/labs"
	"distrolab/tui/screen"
)

// maxSteps is how many lines of a start are kept.
const maxSteps = 200

// start is a lab that is being brought up by this app.
type start struct {
	plan   Plan
	steps  []string
	lines  chan string
	cancel context.CancelFunc
	ending bool // it was cancelled
	ended  bool
}

// stepped brings lines of a start; upped, its end.
type stepped struct {
	start *start
	lines []string
}
type upped struct {
	start *start
	err   error
}

// starting is the start of a lab, nil when there is none.
func (m *Model) starting(lab string) *start {
	for _, s := range m.starts {
		if s.plan.Lab == lab && !s.ended {
			return s
		}
	}
	return nil
}

// newLab asks what to start. With marks, enter is all that is needed.
func (m *Model) newLab() tea.Cmd {
	f := &form{title: "New lab", does: "start", submit: m.submitLab, fields: []field{
		typed("name", "", m.freeName()), typed("systems", "names of the catalog, with spaces between", strings.Join(m.shared.Marks, " ")),
		typed("vcpus", "2", ""), typed("memory, MiB", "2048, more where a system needs it", ""),
		{label: "cluster", choice: true},
	}}
	f.notes = []string{"One machine of each system, in a network of their own. The lab stays when the app ends."}
	if len(m.shared.Marks) == 0 {
		f.at = 1
		f.notes = append(f.notes, "Systems that are marked in the catalog stand here by themselves.")
	}
	if m.shared.Intent != nil {
		f.notes = append(f.notes, "Each gets what the Config screen has written down for a machine.")
	}
	m.form = f
	return nil
}

// freeName is a name that no lab has.
func (m *Model) freeName() string {
	for i := 1; ; i++ {
		name := "lab"
		if i > 1 {
			name = fmt.Sprintf("lab-%d", i)
		}
		if m.lab(name) == nil && m.starting(name) == nil {
			return name
		}
	}
}

func (m *Model) submitLab(f *form) tea.Cmd {
	p, err := m.planOf(f)
	if err != nil {
		f.wrong = err.Error()
		return nil
	}
	m.form = nil
	return m.up(p)
}

// planOf reads the form. What is wrong is said beside it.
func (m *Model) planOf(f *form) (Plan, error) {
	p := Plan{Lab: f.value(0), Cluster: f.fields[4].yes, Intent: m.shared.Intent}
	p.Systems = strings.FieldsFunc(f.value(1), func(r rune) bool { return r == ' ' || r == ',' })
	if err := labs.CheckName("lab", p.Lab); err != nil {
		return p, err
	}
	if m.lab(p.Lab) != nil || m.starting(p.Lab) != nil {
		return p, fmt.Errorf("there is a lab %s already", p.Lab)
	}
	if len(p.Systems) == 0 {
		return p, errors.New("name a system, or mark some in the catalog")
	}
	for _, name := range p.Systems {
		if _, err := m.shared.Catalog.Find(name); err != nil {
			return p, err
		}
	}
	var err1, err2 error
	p.VCPUs, err1 = number(f.value(2), "vcpus", 64)
	p.MemoryMiB, err2 = number(f.value(3), "memory", 1<<20)
	return p, errors.Join(err1, err2)
}

func number(text, what string, most int) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s: give a number from 1 to %d, or nothing", what, most)
	}
	return n, nil
}

// up starts a lab in the background.
func (m *Model) up(p Plan) tea.Cmd {
	ctx, cancel := context.WithCancel(m.context)
	s := &start{plan: p, cancel: cancel, lines: make(chan string, maxSteps)}
	m.starts = append(m.starts, s)
	m.arrange(m.selected())
	m.seek = key{p.Lab, labs.MachineNames(p.Systems)[0]}
	m.selectKey(key{p.Lab, ""})
	m.focus, m.lower, m.zoom = paneList, paneTimeline, false
	backend := m.backend
	work := func() tea.Msg {
		defer cancel()
		err := backend.Up(ctx, p, func(line string) {
			select {
			case s.lines <- line:
			default: // nobody reads that fast; the machines' own events tell
			}
		})
		close(s.lines)
		return upped{s, err}
	}
	return tea.Batch(work, s.hear(), screen.Send(screen.Changed{}))
}

// hear waits for the next lines.
func (s *start) hear() tea.Cmd {
	return func() tea.Msg {
		line, more := <-s.lines
		if !more {
			return nil
		}
		lines := []string{line}
		for len(s.lines) > 0 {
			if line, more := <-s.lines; more {
				lines = append(lines, line)
			}
		}
		return stepped{s, lines}
	}
}

// progress takes what work in the background says; false: it is nothing of that.
func (m *Model) progress(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case stepped:
		msg.start.steps = append(msg.start.steps, msg.lines...)
		msg.start.steps = msg.start.steps[max(len(msg.start.steps)-maxSteps, 0):]
		return msg.start.hear(), true
	case upped:
		return m.uppedIs(msg), true
	case done:
		return m.doneIs(msg), true
	case retrying:
		return msg.do(), true
	}
	return nil, false
}

// uppedIs says how a start ended. What failed stays to be looked at when the lab
// runs, and is told with the last lines of its console.
func (m *Model) uppedIs(msg upped) tea.Cmd {
	s := msg.start
	s.ended = true
	at := m.selected()
	m.starts = slices.DeleteFunc(m.starts, func(x *start) bool { return x == s })
	m.arrange(at)
	switch {
	case msg.err == nil:
		return screen.Tell("lab " + s.plan.Lab + " is ready")
	case s.ending:
		return screen.Tell("lab " + s.plan.Lab + " was taken back")
	}
	retry := func() tea.Msg { return retrying{func() tea.Cmd { return m.up(s.plan) }} }
	if m.lab(s.plan.Lab) != nil {
		retry = nil // it is there, to be looked at
	}
	return screen.Fail("starting lab "+s.plan.Lab, msg.err, retry)
}

// cancel ends a start; Up takes back what it made.
func (m *Model) cancel(s *start) tea.Cmd {
	s.ending = true
	s.cancel()
	return screen.Tell("lab " + s.plan.Lab + " is being taken back")
}

// forward asks for a port.
func (m *Model) forward() tea.Cmd {
	at := m.selected()
	m.form = &form{title: "Port of " + at.machine, does: "open", fields: []field{typed("its port", "such as 80", ""), typed("local port", "a free one", "")},
		notes: []string{"A port of this computer's loopback that leads to a port of the machine, until the lab ends."},
		submit: func(f *form) tea.Cmd {
			guest, err := number(f.value(0), "port", 65535)
			if err == nil && guest == 0 {
				err = errors.New("port: give a number from 1 to 65535")
			}
			local, err2 := number(f.value(1), "local port", 65535)
			if err = errors.Join(err, err2); err != nil {
				f.wrong = err.Error()
				return nil
			}
			m.form = nil
			return m.openPort(at, labs.Forward{Local: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(local)), Port: uint16(guest)})
		}}
	return nil
}

func (m *Model) openPort(at key, asked labs.Forward) tea.Cmd {
	ctx, backend := m.context, m.backend
	return func() tea.Msg {
		opened, err := backend.Forward(ctx, at.lab, at.machine, asked)
		return done{of: key{at.lab, at.machine + " port"}, doing: fmt.Sprintf("opening a port to %s", at.machine), err: err,
			news: fmt.Sprintf("%s leads to port %d of %s", opened.Local, asked.Port, at.machine)}
	}
}

// save asks where to.
func (m *Model) save() tea.Cmd {
	at := m.selected()
	m.form = &form{title: "Save the log of " + at.machine, does: "save", fields: []field{typed("file", "", at.lab+"-"+at.machine+".log")},
		notes: []string{"All that the console has said since the machine was made, as it was said."},
		submit: func(f *form) tea.Cmd {
			path := f.value(0)
			if path == "" {
				f.wrong = "name a file"
				return nil
			}
			m.form = nil
			ctx, backend := m.context, m.backend
			return func() tea.Msg {
				n, err := backend.SaveLog(ctx, at.lab, at.machine, path)
				return done{of: key{at.lab, at.machine + " log"}, doing: "saving the log of " + at.machine, err: err, news: fmt.Sprintf("%s has %d bytes", path, n)}
			}
		}}
	return nil
}
