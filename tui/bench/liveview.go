package bench

import (
	"fmt"
	"math"
	"strings"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/tui/chart"
	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// sideWidth is the width of the panes at the left: what runs now, and the map.
const sideWidth = 44

// view draws a session.
func (l *live) view(size screen.Size, look screen.Look, log bool) []string {
	w, h := size.Width, size.Height
	lines := []string{l.headline(w, look), l.bar(w, look)}
	if h < 6 {
		return lines
	}
	rest := h - len(lines)
	if w >= wide && rest >= 14 {
		return append(lines, l.panes(w, rest, look)...)
	}
	lines = append(lines, l.nowLine(w, look), "")
	rest -= 2
	if log {
		return append(lines, l.logLines(w, rest, look)...)
	}
	plot := l.plot(w, rest, look)
	if left := rest - len(plot) - 1; left > 1 {
		plot = append(append(plot, ""), l.logLines(w, left, look)...)
	}
	return append(lines, plot...)
}

// panes are the four parts side by side.
func (l *live) panes(w, h int, look screen.Look) []string {
	side := sideWidth
	if w >= 150 {
		side = 56
	}
	upper := h * 3 / 5
	need := len(l.plot(w-side-4, h, look)) + 2
	upper = max(min(need, h-8), min(upper, h-8), 6)
	now := layout.Pane("Now", indent(l.nowLines(side-4, upper-2, look)), side, upper, false, look)
	plot := layout.Pane("Runs so far", indent(l.plot(w-side-4, upper-2, look)), w-side, upper, true, look)
	blocks := layout.Pane("Order", indent(blockMap(l.design, l.blocks, l.block(), side-4, h-upper-2, look)), side, h-upper, false, look)
	log := layout.Pane("Log", indent(l.logLines(w-side-4, h-upper-2, look)), w-side, h-upper, false, look)
	return append(layout.Beside(now, plot), layout.Beside(blocks, log)...)
}

// block is the block under way, or the last one.
func (l *live) block() int {
	if l.now != nil {
		return l.now.block
	}
	for b := len(l.blocks) - 1; b > 0; b-- {
		if len(l.blocks[b]) > 0 {
			return b
		}
	}
	return 0
}

// headline says how far the session is.
func (l *live) headline(w int, look screen.Look) string {
	g, s := look.Glyphs, look.Styles
	mark, st := g.Dot, s.OK
	switch {
	case l.stage == over && l.err != nil:
		mark, st = g.Cross, s.Err
	case l.stage == over:
		mark, st = g.Check, s.OK
	case l.stage == held || l.stage == pausing:
		mark, st = g.Hollow, s.Warn
	case l.stage == stopping:
		mark, st = g.Warn, s.Warn
	}
	word := l.stage.word()
	if l.stage == over {
		word = l.summary()
	}
	parts := []string{st.Render(mark + " " + word)}
	if l.stage != over {
		parts = append(parts, s.Title.Render(fmt.Sprintf("%d of %s", l.done, count(l.total, "run"))))
	}
	if l.left != nil && l.stage != over {
		parts = append(parts, s.Fg.Render("about "+words(*l.left)+" to go"))
	}
	if b := l.block(); b > 0 {
		parts = append(parts, s.FgMuted.Render(fmt.Sprintf("block %d of %d", b, len(l.blocks)-1)))
	}
	parts = append(parts, s.FgMuted.Render(scenarioWord(l.design.Scenario)), s.FgMuted.Render(fmt.Sprintf("seed %d", l.design.Seed)))
	return layout.Fit(" "+strings.Join(parts, "   "), w, g.Ellipsis)
}

// bar is the share of the runs that are done.
func (l *live) bar(w int, look screen.Look) string {
	share := 0.0
	if l.total > 0 {
		share = math.Min(float64(l.done)/float64(l.total), 1)
	}
	number := fmt.Sprintf(" %3.0f %%", math.Floor(share*100))
	room := max(w-len(number)-2, 0)
	full := int(share * float64(room))
	g, s := look.Glyphs, look.Styles
	track := g.Track
	if track == " " {
		track = "."
	}
	fill := g.Fill[2]
	return layout.Fit(" "+s.Accent.Render(strings.Repeat(fill, full))+s.Track.Render(strings.Repeat(track, room-full))+s.Title.Render(number), w, g.Ellipsis)
}

// idle is what is said when no run is under way.
func (l *live) idle() string {
	switch {
	case l.stage == over && l.id == "":
		return "n goes back to the design"
	case l.stage == over:
		return "enter shows the result, n begins anew"
	case l.stage == held:
		return "held between two runs; p goes on"
	case l.stage == stopping:
		return "the machine is taken back"
	case l.step != "":
		return "control plane: " + l.step
	case l.stage == preparing:
		return "images and configs are made ready"
	}
	return "the next machine is made"
}

// nowLine is the run under way in one line.
func (l *live) nowLine(w int, look screen.Look) string {
	s := look.Styles
	if l.now == nil {
		return " " + s.FgMuted.Render(prose.Shorten(look.Glyphs.Clean(l.idle()), max(w-2, 1), look.Glyphs.Ellipsis))
	}
	head := fmt.Sprintf("%s %s", letter(l.index(l.now.system)), look.Glyphs.Clean(l.now.system))
	text := "  " + l.now.where() + "  "
	if last, ok := l.now.last(); ok {
		text += clock(l.now.since(last)) + " s  " + titleOf(last.M)
	} else {
		text += "starts"
	}
	return layout.Fit(" "+s.Of(l.index(l.now.system)+1).Render(head)+s.FgMuted.Render(text), w, look.Glyphs.Ellipsis)
}

func (c *current) where() string {
	if c.phase == results.PhaseWarmup {
		return "warm-up"
	}
	return fmt.Sprintf("block %d", c.block)
}

func (c *current) last() (observe.Event, bool) {
	if len(c.events) == 0 {
		return observe.Event{}, false
	}
	return c.events[len(c.events)-1], true
}

// nowLines are the milestones of the run under way, the newest at the end.
func (l *live) nowLines(w, h int, look screen.Look) []string {
	s, g := look.Styles, look.Glyphs
	if l.now == nil {
		var lines []string
		for _, t := range prose.Fold(g.Clean(l.idle()), max(w, 1)) {
			lines = append(lines, s.FgMuted.Render(t))
		}
		return lines
	}
	i := l.index(l.now.system)
	lines := []string{s.Of(i+1).Render(letter(i)+" "+g.Clean(l.now.system)) + s.FgMuted.Render("  "+l.now.where())}
	from := max(len(l.now.events)-max(h-2, 0), 0)
	if len(l.now.events) == 0 {
		return append(lines, "", s.FgMuted.Render("starts"))
	}
	lines = append(lines, "")
	for k, e := range l.now.events[from:] {
		mark, st := g.Check, s.Fg
		if from+k == len(l.now.events)-1 {
			mark, st = g.Dot, s.Title
		}
		lines = append(lines, s.OK.Render(mark)+" "+s.FgMuted.Render(fmt.Sprintf("%8s s", clock(l.now.since(e))))+"  "+st.Render(titleOf(e.M)))
	}
	return lines
}

// clock writes a time in seconds with the decimals that a list needs.
func clock(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

func titleOf(m observe.Milestone) string {
	for _, info := range append(observe.Milestones(), observe.JoinMilestones()...) {
		if info.Milestone == m {
			return info.Title
		}
	}
	return string(m)
}

// plot is every measured run so far, one row for each system in the order of the
// design, with the running medians and their intervals.
func (l *live) plot(w, h int, look screen.Look) []string {
	g, s := look.Glyphs, look.Styles
	if len(l.comparison.Tables) == 0 {
		text := "Each measured run appears here as a mark, and each system's median as soon as it has runs."
		if l.stage == over {
			text = "No measured run has finished."
		}
		var lines []string
		for _, t := range prose.Fold(text, max(w-1, 1)) {
			lines = append(lines, s.FgMuted.Render(t))
		}
		return lines
	}
	t := l.comparison.Tables[len(l.comparison.Tables)-1]
	rows, cells := l.rowsOf(t, look)
	strip := chart.Strip(rows, w, g, s)
	if len(strip) > h {
		strip = strip[:max(h, 0)]
	}
	columns := []chart.Column{{Title: "system"}, {Title: t.Words().Primary, Right: true}, {Title: "95 % interval", Right: true, Drop: 1},
		{Title: "ok/runs", Right: true, Drop: 2}, {Title: "not valid", Right: true, Drop: 3}}
	table := chart.Table(columns, cells, min(w, 76), g, s)
	if len(strip)+1+len(table) <= h {
		return append(append(strip, ""), table...)
	}
	return strip
}

// rowsOf are the rows of the plot and of the numbers under it.
func (l *live) rowsOf(t results.Table, look screen.Look) ([]chart.StripRow, [][]chart.Cell) {
	s := look.Styles
	var rows []chart.StripRow
	var cells [][]chart.Cell
	for i, name := range l.design.Systems {
		row := chart.StripRow{Label: letter(i) + " " + name, Median: math.NaN(), Low: math.Inf(-1), High: math.Inf(1), Value: "no run yet"}
		cell := []chart.Cell{{Text: row.Label, Style: s.Of(i + 1)}, {Text: "no run yet", Style: s.FgMuted}}
		for _, r := range t.Rows {
			if r.Subject.OS != name {
				continue
			}
			iv := r.Primary()
			row = chart.StripOf(r, row.Label)
			cell = []chart.Cell{{Text: row.Label, Style: s.Of(i + 1)}, {Text: row.Value, Style: s.Title}, {Text: chart.IntervalText(iv, look.Glyphs), Style: s.Fg},
				{Text: fmt.Sprintf("%d/%d", r.OK, r.Total), Style: s.Fg}, {Text: fmt.Sprint(r.Tainted), Style: s.FgMuted}}
		}
		if _, dropped := l.dropped[name]; dropped {
			row.Value, cell[1].Text = row.Value+" "+look.Glyphs.Cross, row.Value+", given up"
		}
		rows, cells = append(rows, row), append(cells, cell)
	}
	return rows, cells
}

// logLines are the newest lines of the log that fit, in their order.
func (l *live) logLines(w, h int, look screen.Look) []string {
	g, s := look.Glyphs, look.Styles
	var lines []string
	for i := len(l.log) - 1; i >= 0 && len(lines) < h; i-- {
		mark, st := g.Bullet, s.FgMuted
		switch l.log[i].weight {
		case doubtLine:
			mark, st = g.Warn, s.Warn
		case badLine:
			mark, st = g.Cross, s.Err
		}
		folded := prose.Fold(g.Clean(l.log[i].text), max(w-3, 1))
		for k := len(folded) - 1; k >= 0 && len(lines) < h; k-- {
			lead := "  "
			if k == 0 {
				lead = mark + " "
			}
			lines = append(lines, st.Render(lead+folded[k]))
		}
	}
	for i, j := 0, len(lines)-1; i < j; i, j = i+1, j-1 {
		lines[i], lines[j] = lines[j], lines[i]
	}
	return lines
}
