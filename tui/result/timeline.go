package result

import (
	"fmt"

	"distrolab/labs/results"
	"distrolab/tui/chart"
	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// timeline is the list of runs, and of the selected one, milestone by milestone,
// what fits under it.
func (m *Model) timeline(c *Contents, room screen.Size, look screen.Look) []string {
	g, s := look.Glyphs, look.Styles
	m.runs.SetCount(len(c.Runs))
	if len(c.Runs) == 0 {
		return []string{s.FgMuted.Render("No run was recorded.")}
	}
	height := min(len(c.Runs), max(room.Height/4, 3))
	from, to := m.runs.Window(height)
	p := &page{width: room.Width, look: look}
	for i := from; i < to; i++ {
		p.add(runLine(c.Runs[i], i, len(c.Runs), i == m.runs.Selected(), room.Width, look))
	}
	p.gap()
	head := p.lines
	p = &page{width: room.Width, look: look}
	r := c.Runs[m.runs.Selected()]
	p.para(s.Title.Render, "", runTitle(r))
	if r.Outcome != results.OutcomeOK && r.Cause != "" {
		p.para(s.Err.Render, g.Cross, r.Cause)
	}
	for _, t := range r.Taints {
		p.para(s.Warn.Render, g.Warn, t)
	}
	if r.Scenario.Joins() {
		p.add(chart.Join(r.Timeline(), room.Width, g, s)...)
		p.gap()
	}
	p.add(chart.Timeline(r.Timeline(), room.Width, g, s)...)
	return append(head, m.window(p.lines, max(room.Height-len(head), 0))...)
}

func runTitle(r results.Run) string {
	where := "warm-up"
	if r.Phase == results.PhaseMeasure {
		where = fmt.Sprintf("block %d, place %d", r.Block, r.Pos)
	}
	text := fmt.Sprintf("%s %s, %s: %s", r.Subject.OS, r.Subject.Version, where, r.Outcome)
	if d, ok := r.Headline(); ok {
		text += " after " + results.Seconds(d.Seconds())
	}
	if r.Held > 0 {
		text += ", after a pause of " + r.Held.String()
	}
	return text
}

func runLine(r results.Run, i, all int, selected bool, width int, look screen.Look) string {
	line := layout.Pointer(selected, look) + chart.RunLine(r, i+1, all, max(width-1, 1), look.Glyphs, look.Styles)
	return layout.Fit(line, width, look.Glyphs.Ellipsis)
}

// against sets the two marked sessions against each other.
func (m *Model) against(room screen.Size, look screen.Look) []string {
	s, g := look.Styles, look.Glyphs
	p := &page{width: room.Width, look: look}
	var of [2]results.Listed
	var contents [2]*Contents
	for i, id := range m.marks {
		l, ok := m.named(id)
		if !ok {
			continue
		}
		of[i] = l
		p.para(s.Title.Render, []string{"A", "B"}[i], fmt.Sprintf("%s, %s of %s, %d blocks", l.Started.UTC().Format("2006-01-02 15:04"), kind(l.Scenario), systems(l), l.Blocks))
		c, lines := m.ready(l, room.Width, look)
		if c == nil {
			p.add(lines...)
		}
		contents[i] = c
	}
	a, b := contents[0], contents[1]
	if a == nil || b == nil {
		return p.lines
	}
	key := fmt.Sprint("against", of[0].ID, of[0].Changed, of[1].ID, of[1].Changed, room, g.Name, s.Dark, s.Profile)
	if m.sheet.key != key {
		p.gap()
		p.add(chart.Versus(results.Against(a.Session, b.Session, a.Comparison, b.Comparison), p.width, g, s)...)
		m.sheet = sheet{key, p.lines}
	}
	return m.sheet.lines
}
