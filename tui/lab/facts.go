package lab

import (
	"fmt"
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/labs"
	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/tui/screen"
)

// facts are the lines over the panes: what the selected machine is and takes.
func (m *Model) facts(width int, look screen.Look) []string {
	s, x := m.machine()
	g, st := look.Glyphs, look.Styles
	if x == nil {
		return m.labFacts(s, look)
	}
	glyph, word, style := stateOf(x.State, look)
	if doing := m.busy[key{s.Lab, x.Name}]; doing != "" {
		glyph, word, style = g.Dot, g.Clean(doing), st.Warn
	}
	head := style.Render(glyph+" "+word) + "  " + st.Title.Render(g.Clean(x.Name)) + "  " + st.FgMuted.Render(g.Clean(m.title(*x)))
	lines := []string{head, m.places(*x, look), m.takes(s.Lab, *x, look)}
	if x.Error != "" {
		for i, l := range wrap(g.Clean(x.Error), width) {
			if i == 3 {
				break // the panel and the console have the rest
			}
			lines = append(lines, st.Err.Render(l))
		}
	}
	return lines
}

// title is what the machine runs, for people.
func (m *Model) title(x labs.MachineStatus) string {
	name := x.Distro
	if d, err := m.shared.Catalog.Find(x.Distro); err == nil {
		name = d.Title
	}
	words := strings.TrimSpace(name + " " + x.Version)
	if x.Role == labs.RoleControlPlane {
		words += ", control plane"
	}
	if x.Boots > 1 {
		words += fmt.Sprintf(", boot %d", x.Boots)
	}
	return words
}

// places are the address and the ports.
func (m *Model) places(x labs.MachineStatus, look screen.Look) string {
	g, st := look.Glyphs, look.Styles
	arrow := "→"
	if g.Name != "unicode" {
		arrow = "->"
	}
	text := st.FgMuted.Render("address ") + st.Fg.Render(x.Address.String())
	if x.User != "" {
		text += st.FgMuted.Render("  user ") + st.Fg.Render(g.Clean(x.User))
	}
	for i, f := range x.Forwards {
		label := "  port "
		if i > 0 {
			label = ", "
		}
		text += st.FgMuted.Render(label) + st.Fg.Render(fmt.Sprintf("%s %s %d", f.Local, arrow, f.Port))
	}
	return text
}

// barCells is how long the bar of a processor's load is.
const barCells = 10

// takes are processor and memory.
func (m *Model) takes(lab string, x labs.MachineStatus, look screen.Look) string {
	g, st := look.Glyphs, look.Styles
	processors, of := count(x.VCPUs, "vcpu"), memory(int64(x.Memory)<<20)
	used, known := m.usage.of[key{lab, x.Name}]
	if !known || !runs(x.State) {
		return st.FgMuted.Render("cpu ") + st.Fg.Render(processors) + st.FgMuted.Render("  memory ") + st.Fg.Render(of)
	}
	text := st.FgMuted.Render("cpu ")
	if used.known {
		full := used.share / float64(max(x.VCPUs, 1))
		done := min(max(int(math.Round(full*barCells)), 0), barCells)
		text += st.Accent.Render(strings.Repeat(g.Fill[2], done)) + st.Track.Render(strings.Repeat(g.Line, barCells-done)) +
			st.Fg.Render(fmt.Sprintf(" %3.0f %%", full*100)) + st.FgMuted.Render(" of "+processors)
	} else {
		text += st.Fg.Render(processors)
	}
	text += st.FgMuted.Render("  memory ")
	if used.last.Resident > 0 {
		return text + st.Fg.Render(memory(used.last.Resident)) + st.FgMuted.Render(" of "+of)
	}
	return text + st.Fg.Render(of)
}

// labFacts say of a lab how it is.
func (m *Model) labFacts(s *labs.Status, look screen.Look) []string {
	g, st := look.Glyphs, look.Styles
	at := m.selected()
	head := st.Title.Render("lab " + g.Clean(at.lab))
	if s == nil {
		return []string{head + "  " + st.Info.Render(g.Dot+" starting")}
	}
	note, style := m.labNote(s, s.Lab, look)
	if s.Running {
		if len(s.Machines) > 0 && m.busy[key{s.Lab, ""}] == "" {
			note = ""
		}
		head += "  " + st.FgMuted.Render(count(len(s.Machines), "machine")+"  "+string(s.Accelerator)+"  since "+s.Created.In(m.shared.Now().Location()).Format("15:04")+", "+age(m.shared.Now().Sub(s.Created)))
	}
	return []string{head + "  " + style.Render(note)}
}

// timelineTitle heads the timeline with what it came to.
func (m *Model) timelineTitle(look screen.Look) string {
	s, x := m.machine()
	switch {
	case x == nil && s == nil:
		return "Start"
	case x == nil:
		return "Lab"
	}
	title := "Timeline"
	if d, ok := x.Timeline.Between(observe.VCPUStart, observe.BootComplete); ok {
		title += "  booted in " + results.Seconds(d.Seconds())
	} else if x.State == labs.StateBooting {
		title += "  booting"
	}
	if d, ok := x.Timeline.JoinSince(observe.NodeReady); ok {
		title += ", joined in " + results.Seconds(d.Seconds())
	}
	return look.Glyphs.Clean(title)
}

// consoleTitle heads the console with who has the keys.
func (m *Model) consoleTitle(c *console, look screen.Look) string {
	g := look.Glyphs
	switch {
	case c == nil || c.broken.Load():
		return "Console"
	case m.attached:
		return "Console  " + g.Dot + " YOUR KEYS GO TO THE GUEST  ctrl+] leaves"
	case m.back > 0:
		return fmt.Sprintf("Console  %d of %d rows back", m.back, c.cache.frame.History)
	case c.ended.Load() && !c.live.Load():
		return "Console  from its log"
	case c.ended.Load():
		return "Console  has ended"
	case !c.live.Load():
		return "Console  opening"
	}
	return "Console  live"
}

// Plain is the screen as lines to read.
func (m *Model) Plain(width int, look screen.Look) []string {
	g, st := look.Glyphs, look.Styles
	if m.form != nil {
		lines, _ := m.form.draw(width, 100, look)
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ") // of the inputs
		}
		return append([]string{st.Title.Render(m.form.title)}, lines...)
	}
	if len(m.rows) == 0 {
		return m.empty(width, look)
	}
	var lines []string
	for _, s := range m.all {
		lines = append(lines, st.Title.Render("lab "+g.Clean(s.Lab))+", "+labWord(s)+", since "+s.Created.In(m.shared.Now().Location()).Format("2006-01-02 15:04"))
		for _, x := range s.Machines {
			_, word, _ := stateOf(x.State, look)
			lines = append(lines, ansi.Wrap(fmt.Sprintf("  %s: %s, %s, address %s", g.Clean(x.Name), word, g.Clean(m.title(x)), x.Address), width, " "))
			lines = append(lines, "    "+m.takes(s.Lab, x, look))
			for _, f := range x.Forwards {
				lines = append(lines, fmt.Sprintf("    %s leads to port %d", f.Local, f.Port))
			}
			if x.Error != "" {
				lines = append(lines, ansi.Wrap("    "+g.Clean(x.Error), width, " "))
			}
		}
	}
	return append(lines, m.plainDetail(width, look)...)
}

// plainDetail is the selected machine with its timeline and the end of its
// console.
func (m *Model) plainDetail(width int, look screen.Look) []string {
	at := m.selected()
	title := at.lab
	if at.machine != "" {
		title += "/" + at.machine
	}
	lines := []string{"", look.Styles.Title.Render("Selected: " + look.Glyphs.Clean(title))}
	lines = append(lines, m.timeline(width, look)...)
	if c := m.console(); c != nil {
		lines = append(lines, "", look.Styles.Title.Render("Console, its last lines"))
		for _, l := range c.term.Tail(12, look) {
			lines = append(lines, ansi.Truncate(l, width, look.Glyphs.Ellipsis))
		}
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}
