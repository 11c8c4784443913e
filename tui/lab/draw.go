package lab

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/labs"
	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/tui/chart"
	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// wrap sets text in lines of a width.
func wrap(text string, width int) []string {
	if width < 1 {
		return nil
	}
	return strings.Split(ansi.Wrap(text, width, " "), "\n")
}

// viewList draws the labs and their machines.
func (m *Model) viewList(at rectangle, look screen.Look) []string {
	width, height := max(at.width-2, 0), max(at.height-2, 0)
	m.frame.list = rectangle{at.x + 1, at.y + 1, width, height}
	from, to := m.list.Window(height)
	var lines []string
	for i := from; i < to; i++ {
		lines = append(lines, m.row(i, width, look))
	}
	return layout.Pane(m.listTitle(), lines, at.width, at.height, m.focus == paneList, look)
}

func (m *Model) listTitle() string {
	machines, running := 0, 0
	for _, s := range m.all {
		machines += len(s.Machines)
		for _, x := range s.Machines {
			if s.Running && runs(x.State) {
				running++
			}
		}
	}
	if machines == 0 {
		return "Labs"
	}
	return fmt.Sprintf("Labs  %d of %s running", running, count(machines, "machine"))
}

// row is one line of the list: a lab, or a machine of it.
func (m *Model) row(i, width int, look screen.Look) string {
	k, selected := m.rows[i], i == m.list.Selected()
	s := m.lab(k.lab)
	var left, right string
	var leftStyle, rightStyle lipgloss.Style
	if k.machine == "" {
		left, leftStyle = " "+look.Glyphs.Clean(k.lab), look.Styles.Title
		right, rightStyle = m.labNote(s, k.lab, look)
	} else {
		left, leftStyle, right, rightStyle = m.machineRow(s, k.machine, look)
	}
	room := max(width-1-ansi.StringWidth(right)-2, 0)
	if selected {
		style := look.Styles.Sel
		leftStyle, rightStyle = style, onSelection(rightStyle, look)
		if k.machine == "" && look.Styles.Profile > colorprofile.NoTTY {
			leftStyle = style.Bold(true)
		}
		return layout.Fit(layout.Pointer(true, look)+leftStyle.Render(layout.Fit(left, room, look.Glyphs.Ellipsis)+" ")+
			rightStyle.Render(right)+style.Render(" "), width, "")
	}
	return layout.Fit(" "+leftStyle.Render(layout.Fit(left, room, look.Glyphs.Ellipsis))+" "+rightStyle.Render(right)+" ", width, "")
}

// onSelection is a style on the selected row: its own colour where there are
// enough of them to be told from the background.
func onSelection(st lipgloss.Style, look screen.Look) lipgloss.Style {
	if look.Styles.Profile < colorprofile.ANSI256 {
		return look.Styles.Sel
	}
	return st.Background(look.Styles.Sel.GetBackground())
}

func (m *Model) machineRow(s *labs.Status, name string, look screen.Look) (left string, leftStyle lipgloss.Style, right string, rightStyle lipgloss.Style) {
	for _, x := range s.Machines {
		if x.Name != name {
			continue
		}
		glyph, word, st := stateOf(x.State, look)
		left = "   " + look.Glyphs.Clean(x.Name)
		if x.Distro != x.Name && x.Distro != "" {
			left += " " + look.Glyphs.Bullet + " " + look.Glyphs.Clean(x.Distro)
		}
		return left, look.Styles.Fg, glyph + " " + layout.Fit(word, 8, ""), st
	}
	return name, look.Styles.Fg, "", look.Styles.Fg
}

// labNote is what the heading of a lab says at its right end.
func (m *Model) labNote(s *labs.Status, name string, look screen.Look) (string, lipgloss.Style) {
	g, st := look.Glyphs, look.Styles
	switch {
	case m.busy[key{name, ""}] != "":
		return g.Dot + " ending", st.Warn
	case s == nil:
		return g.Dot + " starting", st.Info
	case !s.Running:
		return g.Warn + " lost", st.Err
	case len(s.Machines) == 0:
		return g.Dot + " measuring", st.Info
	}
	return age(m.shared.Now().Sub(s.Created)), st.FgMuted
}

// labWord says in a few words how a lab is.
func labWord(s labs.Status) string {
	switch {
	case !s.Running:
		return "left by a crash"
	case len(s.Machines) == 0:
		return "measuring"
	}
	return count(len(s.Machines), "machine")
}

// empty is the screen without a lab.
func (m *Model) empty(width int, look screen.Look) []string {
	s, g := look.Styles, look.Glyphs
	if m.unknown && m.trouble == nil {
		return []string{"", "  " + s.FgMuted.Render("Looking for labs"+g.Ellipsis)}
	}
	if m.trouble != nil {
		lines := []string{""}
		for _, l := range wrap(g.Cross+" "+g.Clean(m.trouble.Error()), width-4) {
			lines = append(lines, "  "+s.Err.Render(l))
		}
		return lines
	}
	lines := []string{"", "  " + s.Title.Render("No labs yet"), ""}
	text := "A lab boots one machine of each system that you choose, in a network of its own. You watch it boot, use its console, log in, break it, and throw it away. It stays when the app ends."
	for _, l := range wrap(text, min(width-4, 72)) {
		lines = append(lines, "  "+s.FgMuted.Render(l))
	}
	step := func(k, text string) string { return "  " + s.Accent.Render(layout.Fit(k, 7, "")) + s.Fg.Render(text) }
	marks := "n, enter"
	if len(m.shared.Marks) == 0 {
		return append(lines, "", step("1", "mark systems in the catalog with space"), step("4 n", "start a lab of them"))
	}
	return append(lines, "", "  "+s.Accent.Render(marks)+"  "+s.Fg.Render("start a lab of "+g.Clean(strings.Join(m.shared.Marks, ", "))))
}

// timeline are the lines of the selected machine's timeline, or of its lab.
func (m *Model) timeline(width int, look screen.Look) []string {
	s, x := m.machine()
	switch {
	case x == nil:
		return m.labLines(s, width, look)
	case len(x.Timeline.Events) == 0:
		return m.steps(x, width, look)
	}
	g, st := look.Glyphs, look.Styles
	lines := chart.Seen(x.Timeline, width-1, g, st)
	if m.whole {
		lines = chart.Timeline(x.Timeline, width-1, g, st)
	}
	if _, joined := x.Timeline.JoinSince(observe.NodeReady); joined && (m.whole || m.zoom) {
		lines = append(append(lines, ""), chart.Join(x.Timeline, width-1, g, st)...)
	}
	if step := m.clusterStep(s, x); step != "" {
		lines = append(lines, st.Info.Render(ansi.Truncate(" "+g.Dot+" "+g.Clean(step), width, g.Ellipsis)))
	}
	return lines
}

// clusterStep is what is done to the control plane now.
func (m *Model) clusterStep(s *labs.Status, x *labs.MachineStatus) string {
	if x.Role == labs.RoleControlPlane && s.Cluster != nil && s.Cluster.State == labs.ClusterRaising {
		return s.Cluster.Step
	}
	return ""
}

// steps are shown before the first milestone.
func (m *Model) steps(x *labs.MachineStatus, width int, look screen.Look) []string {
	s, g := look.Styles, look.Glyphs
	text := "Nothing was seen of it yet."
	switch {
	case x.State == labs.StatePlanned:
		text = "Its turn has not come."
	case x.State == labs.StateLost:
		text = "The process that watched it is gone, and its timeline with it."
	}
	if lab, _ := m.machine(); lab != nil {
		if step := m.clusterStep(lab, x); step != "" {
			return []string{"", s.Info.Render(ansi.Truncate(" "+g.Dot+" "+g.Clean(step), width, g.Ellipsis))}
		}
	}
	return []string{"", " " + s.FgMuted.Render(text)}
}

// labLines say of a lab what concerns no single machine.
func (m *Model) labLines(s *labs.Status, width int, look screen.Look) []string {
	g, st := look.Glyphs, look.Styles
	if s == nil {
		return m.startLines(width, look)
	}
	lines := []string{""}
	say := func(style lipgloss.Style, text string) {
		for _, l := range wrap(g.Clean(text), width-2) {
			lines = append(lines, " "+style.Render(l))
		}
	}
	switch {
	case !s.Running:
		say(st.Err, g.Warn+" The process of this lab is gone: it was killed, or this computer was restarted.")
		say(st.FgMuted, "c takes back what it left: machines, disks, sockets.")
	case len(s.Machines) == 0:
		say(st.FgMuted, "A session of bench measures here. Its machines come and go with each run; the Bench and Results screens have them.")
	}
	for _, x := range s.Machines {
		glyph, word, style := stateOf(x.State, look)
		name := layout.Fit(" "+style.Render(glyph+" "+layout.Fit(word, 8, ""))+"  "+st.Fg.Render(g.Clean(x.Name)), min(width, 44), g.Ellipsis)
		lines = append(lines, layout.Fit(name+" "+st.FgMuted.Render(g.Clean(m.bootWords(x))), width, g.Ellipsis))
	}
	return append(lines, m.clusterLines(s, width, look)...)
}

// bootWords say how long a machine took.
func (m *Model) bootWords(x labs.MachineStatus) string {
	var words []string
	if d, ok := x.Timeline.Between(observe.VCPUStart, observe.BootComplete); ok {
		words = append(words, "booted in "+results.Seconds(d.Seconds()))
	}
	if d, ok := x.Timeline.JoinSince(observe.NodeReady); ok {
		words = append(words, "joined in "+results.Seconds(d.Seconds()))
	}
	return strings.Join(words, ", ")
}

// kubectl reaches a lab's cluster.
func kubectl(s *labs.Status) string {
	return "kubectl --kubeconfig $(distrolab cluster kubeconfig " + s.Lab + ") get nodes"
}

func (m *Model) clusterLines(s *labs.Status, width int, look screen.Look) []string {
	if s.Cluster == nil {
		return nil
	}
	g, st := look.Glyphs, look.Styles
	text, style := clusterState(s.Cluster, look)
	lines := []string{"", " " + style.Render(text) + " " + st.FgMuted.Render(g.Clean(s.Cluster.Step))}
	if s.Cluster.Error != "" {
		for _, l := range wrap(g.Clean(s.Cluster.Error), width-4) {
			lines = append(lines, "   "+st.Err.Render(l))
		}
	}
	if s.Cluster.Kubeconfig != "" {
		lines = append(lines, " "+st.FgMuted.Render(ansi.Truncate(g.Clean(kubectl(s)), width-2, g.Ellipsis)))
	}
	for _, n := range m.nodes[s.Lab].list {
		mark, word, style := g.Check, "ready", st.OK
		if !n.Ready {
			mark, word, style = g.Dot, "not ready", st.Warn
		}
		lines = append(lines, " "+style.Render(mark+" "+layout.Fit(word, 9, ""))+"  "+st.Fg.Render(g.Clean(n.Name))+"  "+
			st.FgMuted.Render(g.Clean(n.Version+"  "+n.Address+"  "+n.Reason)))
	}
	if err := m.nodes[s.Lab].err; err != nil {
		for _, l := range wrap(g.Cross+" "+g.Clean(err.Error()), width-2) {
			lines = append(lines, " "+st.Err.Render(l))
		}
	}
	return lines
}

// startLines are the steps of a lab that is being started.
func (m *Model) startLines(width int, look screen.Look) []string {
	start := m.starting(m.selected().lab)
	if start == nil {
		return nil
	}
	g, st := look.Glyphs, look.Styles
	lines := []string{"", " " + st.Info.Render(g.Dot+" starting ") + st.Fg.Render(g.Clean(strings.Join(start.plan.Systems, ", "))), ""}
	for _, step := range start.steps {
		lines = append(lines, " "+st.FgMuted.Render(ansi.Truncate(g.Clean(step), max(width-2, 0), g.Ellipsis)))
	}
	return append(lines, "", " "+st.Accent.Render("x")+" "+st.FgMuted.Render("takes it back"))
}
