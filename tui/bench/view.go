package bench

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// wide is the least width for panes side by side.
const wide = 96

// View implements [screen.Screen]. What has not changed is not drawn again.
func (m *Model) View(size screen.Size, look screen.Look) screen.View {
	if size.Width <= 0 || size.Height <= 0 {
		return screen.View{}
	}
	key := fmt.Sprint(look.Glyphs.Name, look.Styles.Dark, look.Styles.Profile)
	if m.drawn.version == m.version && m.drawn.size == size && m.drawn.look == key && m.drawn.view.Lines != nil {
		return m.drawn.view
	}
	var lines []string
	var cursor *tea.Cursor
	if m.live != nil {
		lines = m.live.view(size, look, m.log)
	} else {
		lines, cursor = m.designView(size, look)
	}
	view := screen.View{Lines: layout.Block(lines, size.Width, size.Height, look.Glyphs.Ellipsis), Cursor: cursor}
	m.drawn = drawn{m.version, size, key, view}
	return view
}

// designView is the form, and what it would run.
func (m *Model) designView(size screen.Size, look screen.Look) ([]string, *tea.Cursor) {
	if size.Width < 4 || size.Height < 4 {
		lines, _ := m.formLines(size.Width, size.Height, look)
		return lines, nil
	}
	w, h := size.Width, size.Height
	below := 0
	switch {
	case size.Width >= wide:
		w = max(min(size.Width*45/100, 76), 56)
	case size.Height >= leastForm+leastPlan:
		below = max(leastPlan, size.Height-m.form.list.Count()-helpRoom-3)
		h = size.Height - below
	}
	left, cursor := m.leftPane(w, h, look)
	if below > 0 {
		return append(left, layout.Pane("What will run", m.planLines(w-4, below-2, look), w, below, false, look)...), cursor
	}
	if w == size.Width {
		return left, cursor
	}
	rest := size.Width - w
	return layout.Beside(left, layout.Pane("What will run", m.planLines(rest-4, h-2, look), rest, h, false, look)), cursor
}

// Of a narrow screen the form and the plan below it have at least so many lines
// with their frames; the form scrolls.
const (
	leastForm = 12
	leastPlan = 8
	helpRoom  = 3 // lines for what the selected field means
)

// leftPane is the form, or the list of systems to choose from.
func (m *Model) leftPane(w, h int, look screen.Look) ([]string, *tea.Cursor) {
	if p := m.form.picking; p != nil {
		return layout.Pane(p.title(), p.lines(w-2, h-2, look), w, h, true, look), nil
	}
	lines, cursor := m.formLines(w-2, h-2, look)
	if cursor != nil {
		cursor.X, cursor.Y = cursor.X+1, cursor.Y+1
	}
	title := "Experiment"
	if above, below := m.form.list.Above(), m.form.list.Below(); above+below > 0 {
		title += fmt.Sprintf(": line %d of %d", m.form.list.Selected()+1, m.form.list.Count())
	}
	return layout.Pane(title, lines, w, h, true, look), cursor
}

// valueColumn is where the values of the form begin.
const valueColumn = 15

// formLines are the lines of the form that are in the window, and below them
// what the selected one means.
func (m *Model) formLines(width, height int, look screen.Look) ([]string, *tea.Cursor) {
	s := look.Styles
	var lines []string
	var cursor *tea.Cursor
	from, to := m.form.list.Window(max(height-helpRoom-1, 1))
	for _, f := range m.form.design.fields()[from:to] {
		selected := f == m.form.focus()
		label := layout.Fit(f.label(), valueColumn-2, look.Glyphs.Ellipsis)
		style := s.FgMuted
		if selected {
			style = s.Accent
		}
		line := layout.Pointer(selected, look) + style.Render(label) + " "
		if e := m.form.editing; e != nil && e.field == f {
			text, x := e.View(max(width-valueColumn-1, 1), look)
			line += text
			cursor = tea.NewCursor(valueColumn+x, len(lines))
		} else {
			line += m.value(f, selected, width-valueColumn-1, look)
		}
		lines = append(lines, line)
	}
	lines = append(lines, "")
	if m.form.problem != "" {
		for _, l := range prose.Fold(look.Glyphs.Cross+" "+m.form.problem, max(width-2, 1)) {
			lines = append(lines, " "+s.Err.Render(l))
		}
		return lines, cursor
	}
	for _, l := range prose.Fold(m.form.focus().words().help, max(width-2, 1)) {
		lines = append(lines, " "+s.FgMuted.Render(l))
	}
	return lines, cursor
}

// value is how a field is shown.
func (m *Model) value(f field, selected bool, width int, look screen.Look) string {
	s, g := look.Styles, look.Glyphs
	strong := s.Fg
	if selected {
		strong = s.Title
	}
	if f == fieldSystems {
		return m.systems(width, look)
	}
	if all := m.options(f); all != nil {
		return choices(all, m.taken(f), width, look)
	}
	if text := m.form.text(f); text != "" {
		return strong.Render(g.Clean(text))
	}
	return s.FgMuted.Render(prose.Shorten(m.empty(f), max(width, 1), g.Ellipsis))
}

// empty is what an empty field means.
func (m *Model) empty(f field) string {
	switch f {
	case fieldBlocks:
		return "as the mode says"
	case fieldDeadline:
		return m.defaultDeadline()
	case fieldBaseline:
		return "the first system"
	case fieldTarget:
		if _, rule, err := m.form.design.plan(); err == nil && rule.Target > 0 {
			return percentOr(rule.Target, "") + ", of the mode"
		}
	case fieldVCPUs:
		return "2"
	case fieldMemory:
		return "2048, or what a system needs"
	case fieldIntent:
		return "none: a login and no more"
	}
	return "none"
}

// choices shows all that can be taken, with brackets around what is; where there
// is no room for all, that one alone.
func choices(all []option, taken option, width int, look screen.Look) string {
	var parts []string
	used := 0
	for _, o := range all {
		word := look.Glyphs.Clean(o.word)
		used += ansi.StringWidth(word) + 2
		if o == taken {
			parts = append(parts, look.Styles.Title.Render("["+word+"]"))
		} else {
			parts = append(parts, look.Styles.FgMuted.Render(" "+word+" "))
		}
	}
	if used > width {
		more := fmt.Sprintf("  of %d", len(all))
		return look.Styles.Title.Render("["+look.Glyphs.Clean(taken.word)+"]") + look.Styles.FgMuted.Render(more)
	}
	return strings.Join(parts, "")
}

func (m *Model) defaultDeadline() string {
	d := m.known.BootDeadline
	if m.form.design.Scenario.Joins() {
		d = m.known.JoinDeadline
	}
	if d == 0 {
		return "the default"
	}
	return words(d) + ", the default"
}

// systems names what was chosen, each in the colour of its plots.
func (m *Model) systems(width int, look screen.Look) string {
	s, names := look.Styles, m.form.design.Systems
	if len(names) == 0 {
		return s.Warn.Render(look.Glyphs.Warn + " none yet: enter chooses")
	}
	whole := 2 * (len(names) - 1)
	for _, name := range names {
		whole += ansi.StringWidth(look.Glyphs.Clean(name))
	}
	line, used := "", 0
	for i, name := range names {
		name = look.Glyphs.Clean(name)
		more := fmt.Sprintf("and %d more", len(names)-i)
		if whole > width && i > 0 && used+ansi.StringWidth(name)+2+len(more) > width {
			return line + s.FgMuted.Render(more)
		}
		line += s.Of(i + 1).Render(name)
		used += ansi.StringWidth(name) + 2
		if i < len(names)-1 {
			line += "  "
		}
	}
	return line
}

// planLines say what the design means before it runs.
func (m *Model) planLines(width, height int, look screen.Look) []string {
	if width < 1 || height < 1 {
		return nil
	}
	s, d := look.Styles, m.form.design
	var lines []string
	para := func(mark string, text string, st func(...string) string) {
		for i, l := range prose.Fold(text, max(width-2, 1)) {
			lead := "  "
			if i == 0 {
				lead = st(mark) + " "
			}
			lines = append(lines, lead+st(l))
		}
	}
	if len(d.Systems) == 0 {
		para(look.Glyphs.Bullet, "Mark systems on the screen Catalog with space, or choose them here with enter.", s.Fg.Render)
		para(look.Glyphs.Bullet, "Two or more are compared block by block; one alone gives its own times.", s.FgMuted.Render)
		return indent(lines)
	}
	rule, ends := m.ruleWords()
	para(look.Glyphs.Bullet, rule, s.Title.Render)
	para(look.Glyphs.Bullet, m.estimateWords(), s.Fg.Render)
	para(look.Glyphs.Bullet, ends, s.Fg.Render)
	if m.known.Why != "" {
		para(look.Glyphs.Warn, "Without KVM: "+look.Glyphs.Clean(m.known.Why)+". The times compare only with each other.", s.Warn.Render)
	}
	if height-len(lines) > 4 {
		lines = append(lines, "")
	}
	return indent(append(lines, plannedMap(d, width, height-len(lines), look)...))
}

// indent sets lines one cell off the frame.
func indent(lines []string) []string {
	for i, l := range lines {
		lines[i] = " " + l
	}
	return lines
}

// ruleWords say how much will run, and when that is enough.
func (m *Model) ruleWords() (what, ends string) {
	d := m.form.design
	_, rule, err := d.plan()
	if err != nil {
		return "It cannot run: " + err.Error() + ".", "Change the blocks, the mode or the target."
	}
	first := ", and " + count(d.Warmups, "warm-up") + " of each first."
	if rule.Least < rule.Most {
		return fmt.Sprintf("%s: %s in %d to %d blocks", count(d.Runs(), "run"), count(len(d.Systems), "system"), rule.Least, rule.Most) + first,
			"It ends " + rule.Words() + "."
	}
	return fmt.Sprintf("%s: %s in %s", count(d.Runs(), "run"), count(len(d.Systems), "system"), count(rule.Most, "block")) + first, trust(rule.Most)
}

// estimateWords say how long it will take, as far as earlier sessions tell.
func (m *Model) estimateWords() string {
	_, rule, _ := m.form.design.plan()
	whole, unknown := m.form.estimate(m.known, rule.Least)
	about := "About " + words(whole)
	if rule.Least < rule.Most {
		longest, _ := m.form.estimate(m.known, rule.Most)
		about = "Between " + words(whole) + " and " + words(longest)
	}
	switch {
	case m.asking && m.known.Pace == nil:
		return "How long it takes: looking at earlier sessions."
	case len(unknown) == 0:
		return about + ", by what earlier sessions took here."
	case whole > 0:
		return fmt.Sprintf("%s for the others; no earlier session here had %s.", about, strings.Join(unknown, ", "))
	}
	return "How long it takes is known after the first run: no earlier session here measured this."
}

// trust says what that many blocks are good for.
func trust(blocks int) string {
	switch {
	case blocks < 6:
		return fmt.Sprintf("%s: timelines to look at, no interval and no ranking. That takes 6.", count(blocks, "block"))
	case blocks < 10:
		return fmt.Sprintf("%d blocks give an interval for each median. A benchmark has 10.", blocks)
	}
	return fmt.Sprintf("%d blocks: a benchmark, with an interval for each median and ratio.", blocks)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// words writes a duration for people, as exact as an estimate deserves.
func words(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(int(d.Round(time.Second).Seconds()), 1))
	case d < 10*time.Minute && d.Round(time.Second)%time.Minute != 0:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}
