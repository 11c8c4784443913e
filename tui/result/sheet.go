package result

import (
	"fmt"
	"strings"

	"distrolab/labs/results"
	"distrolab/tui/chart"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// page gathers the lines of a view.
type page struct {
	width int
	look  screen.Look
	lines []string
}

func (p *page) add(lines ...string) { p.lines = append(p.lines, lines...) }

// para adds folded text after a mark.
func (p *page) para(st func(...string) string, mark, text string) {
	room := p.width
	if mark != "" {
		room -= 2
	}
	for i, l := range prose.Fold(p.look.Glyphs.Clean(text), max(room, 1)) {
		switch {
		case mark == "":
			p.add(st(l))
		case i == 0:
			p.add(st(mark + " " + l))
		default:
			p.add(st("  " + l))
		}
	}
}

func (p *page) gap() {
	if n := len(p.lines); n > 0 && p.lines[n-1] != "" {
		p.add("")
	}
}

// sheetOf draws one view of a session.
func sheetOf(c *Contents, l results.Listed, t tab, room screen.Size, look screen.Look) []string {
	p := &page{width: room.Width, look: look}
	if t == tabConditions {
		p.conditions(c, l)
		return p.lines
	}
	s := look.Styles
	if len(c.Comparison.Tables) == 0 {
		p.para(s.Title.Render, "", "No measured run was recorded.")
		p.para(s.FgMuted.Render, "", "The session ended before its first measured run. Its timelines may still tell why.")
		p.warnings(c)
		return p.lines
	}
	if t == tabSummary {
		p.summary(c, room.Height)
		return p.lines
	}
	for _, table := range c.Comparison.Tables {
		p.gap()
		p.picture(t, table, room.Height)
	}
	return p.lines
}

// summary is the answer, its limits and the table; the pictures follow.
func (p *page) summary(c *Contents, height int) {
	s, g := p.look.Styles, p.look.Glyphs
	p.para(s.Title.Render, "", c.Comparison.Answer)
	for _, b := range c.Comparison.Banners {
		p.para(s.Warn.Render, g.Warn, b)
	}
	for _, t := range c.Comparison.Tables {
		p.gap()
		p.para(s.FgMuted.Render, "", chart.Conditions(t))
		p.add(chart.ComparisonTable(t, p.width, g, s)...)
		p.add(chart.Verdicts(t, p.width, g, s)...)
	}
	p.warnings(c)
	for _, n := range c.Comparison.Notes {
		p.para(s.FgMuted.Render, g.Bullet, n)
	}
	for _, t := range c.Comparison.Tables {
		p.gap()
		p.picture(tabPhases, t, height)
		p.gap()
		p.picture(tabRuns, t, height)
	}
}

func (p *page) warnings(c *Contents) {
	s, g := p.look.Styles, p.look.Glyphs
	if len(c.Comparison.Warnings)+len(c.Warnings)+len(c.Comparison.Notes) > 0 {
		p.gap()
	}
	for _, w := range c.Comparison.Warnings {
		p.para(s.Warn.Render, g.Warn, w)
	}
	for i, w := range c.Warnings {
		if i == 5 {
			p.para(s.Warn.Render, g.Warn, fmt.Sprintf("%d more lines of the record cannot be read.", len(c.Warnings)-i))
			break
		}
		p.para(s.Warn.Render, g.Warn, "the record: "+w)
	}
}

// picture is one drawing of a table, under a sentence that says what it shows.
func (p *page) picture(t tab, table results.Table, height int) {
	s, g, w := p.look.Styles, p.look.Glyphs, table.Words()
	switch t {
	case tabPhases:
		p.para(s.Title.Render, "", "Where the time goes: median of each phase, from "+w.Origin+w.Until)
		p.add(chart.PhaseBars(table, p.width, g, s)...)
	case tabRuns:
		p.para(s.Title.Render, "", "Every run: "+w.Headline)
		p.add(chart.RunStrip(table, p.width, g, s)...)
		p.taints(table)
	case tabBox:
		p.para(s.Title.Render, "", "Spread of the runs: "+w.Headline)
		p.add(chart.BoxPlot(table, p.width, g, s)...)
		p.gap()
		p.add(chart.SpreadTable(table, min(p.width, 90), g, s)...)
	case tabCurve:
		p.para(s.Title.Render, "", "Share of the runs that took at most so long: "+w.Headline)
		used := len(p.lines) + 3 + (len(table.Rows)+1)/2
		p.add(chart.ECDFPlot(table, p.width, min(max(height-used, 9), 33), g, s)...)
	}
}

// taints say in words why runs are doubtful.
func (p *page) taints(t results.Table) {
	s, g := p.look.Styles, p.look.Glyphs
	first := true
	for _, r := range t.Rows {
		for _, taint := range r.Taints {
			if first {
				p.gap()
				first = false
			}
			p.para(s.Warn.Render, g.Warn, fmt.Sprintf("%s, %d of %d runs: %s", r.Label, taint.Runs, r.Total, taint.Taint))
		}
	}
}

// conditions list what the numbers depend on.
func (p *page) conditions(c *Contents, l results.Listed) {
	s, e := c.Session, c.Session.Env
	p.head("Design")
	p.fact("measures", kind(s.Scenario))
	p.fact("begun", s.Started.UTC().Format("2006-01-02 15:04:05 UTC"))
	p.fact("blocks", fmt.Sprintf("%d planned; unmeasured runs of each before them: %d", s.Blocks, s.Warmups))
	p.fact("runs", fmt.Sprintf("%d recorded", len(c.Runs)))
	p.fact("seed", fmt.Sprint(s.Seed))
	p.fact("deadline", s.Deadline.String())
	p.fact("stop rule", s.StopRule)
	for _, x := range s.Subjects {
		what := string(x.Kind)
		if x.StandsFor != "" {
			what += " for " + x.StandsFor
		}
		p.fact(x.OS, strings.TrimSpace(x.Version+", "+what+", image "+x.ImageSHA256[:min(12, len(x.ImageSHA256))]))
	}
	p.gap()
	p.head("Host")
	for _, f := range [][2]string{{"CPU", e.CPUModel}, {"CPUs", known(e.Cores)}, {"memory in GiB", known(e.MemGiB)}, {"kernel", e.Kernel}, {"QEMU", e.QEMU},
		{"libvirt", e.Libvirt}, {"governor", e.Governor}, {"turbo", known(e.Turbo)}, {"sibling threads", known(e.SMT)}, {"power", e.Power}, {"storage", e.Storage},
		{"virtual level", known(e.NestedLevel)}, {"load at start", known(e.Volatile.Load1)}, {"fingerprint", e.Fingerprint[:min(16, len(e.Fingerprint))]}} {
		p.fact(f[0], f[1])
	}
	p.gap()
	p.head("Record")
	p.fact("session", l.ID)
	p.fact("state", string(l.State))
	p.fact("size", size(l.Bytes))
	p.fact("distrolab", s.Tool.Version)
}

func (p *page) head(text string) { p.para(p.look.Styles.Title.Render, "", text) }

// factColumn is where the values of facts begin.
const factColumn = 18

func (p *page) fact(name, value string) {
	s, g := p.look.Styles, p.look.Glyphs
	if strings.TrimSpace(value) == "" {
		value = "unknown"
	}
	name = prose.Shorten(g.Clean(name), factColumn-2, g.Ellipsis)
	for i, l := range prose.Fold(g.Clean(value), max(p.width-factColumn, 1)) {
		label := strings.Repeat(" ", factColumn)
		if i == 0 {
			label = s.FgMuted.Render(fmt.Sprintf("%-*s", factColumn, name))
		}
		p.add(label + s.Fg.Render(l))
	}
}

func known[T any](v *T) string {
	if v == nil {
		return "unknown"
	}
	switch text := fmt.Sprint(*v); text {
	case "true":
		return "yes"
	case "false":
		return "no"
	default:
		return text
	}
}
