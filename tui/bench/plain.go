package bench

import (
	"fmt"
	"strings"

	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// Plain implements [screen.Screen].
func (m *Model) Plain(width int, look screen.Look) []string {
	var lines []string
	add := func(text string) { lines = append(lines, prose.Fold(look.Glyphs.Clean(text), max(width, 20))...) }
	if m.live != nil {
		return m.live.plain(width, look)
	}
	if p := m.form.picking; p != nil {
		add(p.title())
		for i, d := range p.all {
			state := ""
			if i == p.list.Selected() {
				state = " (selected)"
			}
			for _, name := range p.chosen {
				if name == d.Name {
					state += " (chosen)"
				}
			}
			add(d.Name + ", " + d.Title + state)
		}
		return lines
	}
	d := m.form.design
	add("Experiment")
	for _, f := range d.fields() {
		value := m.form.text(f)
		switch {
		case f != fieldSystems && m.options(f) != nil:
			value = m.taken(f).word
		case value == "":
			value = m.empty(f)
		}
		selected := ""
		if f == m.form.focus() {
			selected = " (selected)"
		}
		add(f.label() + ": " + value + selected)
	}
	add(m.form.focus().words().help)
	if m.form.problem != "" {
		add("Not taken: " + m.form.problem)
	}
	if len(d.Systems) > 0 {
		rule, ends := m.ruleWords()
		add("What will run: " + rule + " " + m.estimateWords() + " " + ends)
	}
	if m.known.Why != "" {
		add("Without KVM: " + m.known.Why)
	}
	return lines
}

// plain is a session as lines.
func (l *live) plain(width int, look screen.Look) []string {
	var lines []string
	add := func(text string) { lines = append(lines, prose.Fold(look.Glyphs.Clean(text), max(width, 20))...) }
	state := fmt.Sprintf("Session %s: %s, %d of %s", l.id, l.stage.word(), l.done, count(l.total, "run"))
	if l.stage == over {
		state = "Session " + l.id + ": " + l.summary()
	}
	add(state)
	add(fmt.Sprintf("%s of %s, seed %d", scenarioWord(l.design.Scenario), strings.Join(l.design.Systems, ", "), l.design.Seed))
	if l.left != nil && l.stage != over {
		add("about " + words(*l.left) + " to go")
	}
	if l.now != nil {
		text := "now: " + l.now.system + ", " + l.now.where()
		if last, ok := l.now.last(); ok {
			text += ", " + titleOf(last.M) + " after " + clock(l.now.since(last)) + " s"
		}
		add(text)
	} else {
		add(l.idle())
	}
	if n := len(l.comparison.Tables); n > 0 {
		_, rows := l.rowsOf(l.comparison.Tables[n-1], look)
		for _, r := range rows {
			text := r[0].Text + ": " + r[1].Text
			if len(r) > 3 {
				text += ", 95 % interval " + r[2].Text + ", " + r[3].Text + " runs ok"
			}
			add(text)
		}
	}
	for _, s := range l.log {
		add("- " + s.text)
	}
	return lines
}
