package tui

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/palette"
	"distrolab/tui/screen"
)

// do does what a line says.
func (p *plain) do(line string) {
	switch {
	case p.question != nil:
		p.decide(line)
		return
	case p.retry != nil && line == "r":
		again := p.retry
		p.retry = nil
		p.work.start(again, true)
		return
	}
	p.retry = nil
	if p.typing() {
		p.write(line)
		return
	}
	switch line {
	case "":
		p.printed = nil
	case "?", "help":
		p.printActions()
	case "q", "quit":
		p.quit()
	default:
		p.words(line)
	}
}

func (p *plain) decide(line string) {
	q := p.question
	p.question = nil
	if l := strings.ToLower(line); l == "y" || l == "yes" {
		p.work.start(q.Do, true)
		return
	}
	p.say("left as it is")
}

// quit ends the app, or asks first where work would be lost.
func (p *plain) quit() {
	for _, s := range p.m.screens {
		if w, works := s.(screen.Worker); works {
			if q, would := w.Ending(); would {
				p.ask(q)
				return
			}
		}
	}
	p.done = true
}

// write gives a line to the input that has the focus: text and enter, or one of
// the keys that act in inputs.
func (p *plain) write(line string) {
	s := p.m.current()
	if slices.Contains([]string{"enter", "esc", "tab", "shift+tab", "up", "down", "left", "right"}, line) {
		p.press(line)
		return
	}
	p.work.start(s.Update(tea.PasteMsg{Content: line}), true)
	p.press("enter")
}

// words finds what a line means: a number of the list, a key, a screen, or
// words of one thing that can be done or opened.
func (p *plain) words(line string) {
	actions := p.actions()
	if n, err := strconv.Atoi(line); err == nil {
		if n < 1 || n > len(actions) {
			p.say("there is no number " + line + "; ? lists what can be done")
			return
		}
		p.act(actions[n-1])
		return
	}
	if a, found := screen.ForKey(actions, line); found {
		p.act(a)
		return
	}
	if i := p.m.index(screen.ID(strings.ToLower(line))); i >= 0 {
		p.work.start(p.m.open(p.m.screens[i].ID(), ""), false)
		return
	}
	if isPrintable(line) || slices.Contains([]string{"up", "down", "left", "right", "enter", "esc", "tab", "pgup", "pgdown", "home", "end"}, line) {
		p.press(line)
		return
	}
	p.search(line)
}

// most are how many are named when words mean several things.
const most = 12

func (p *plain) search(line string) {
	found := palette.Search(p.m.offers(), line)
	exact := slices.IndexFunc(found, func(e palette.Entry) bool { return strings.EqualFold(e.Title, line) })
	switch {
	case exact >= 0:
		p.take(found[exact])
	case len(found) == 1:
		p.take(found[0])
	case len(found) == 0:
		p.say("nothing is called " + line + "; ? lists what can be done")
	default:
		p.say("that can be one of several; type more of it:")
		for _, e := range found[:min(len(found), most)] {
			p.printf("  %s\n", p.m.look.Glyphs.Clean(strings.TrimSpace(e.Group+" "+e.Title+"  "+e.Note)))
		}
		if len(found) > most {
			p.printf("  and %d more\n", len(found)-most)
		}
	}
}

func (p *plain) take(e palette.Entry) {
	if e.Disabled != "" {
		p.say(e.Title + ": " + e.Disabled)
		return
	}
	p.work.start(p.m.chosen(e), true)
}

func (p *plain) act(a screen.Action) {
	switch {
	case a.ID == "app.quit":
		p.quit()
	case a.Disabled != "":
		p.say(a.Title + ": " + a.Disabled)
	case a.Run != nil:
		p.work.start(a.Run(), true)
	}
}

// press gives the screen a key, by its name.
func (p *plain) press(key string) {
	s := p.m.current()
	if s == nil {
		return
	}
	if a, found := screen.ForKey(s.Actions(), key); found {
		p.act(a)
		return
	}
	p.work.start(s.Update(keyNamed(key)), true)
}

// keyNamed is the press of a key, by its name.
func keyNamed(key string) tea.KeyPressMsg {
	if code, special := specialKeys()[key]; special {
		return tea.KeyPressMsg{Code: code}
	}
	if key == "shift+tab" {
		return tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}
	}
	r := []rune(key)
	return tea.KeyPressMsg{Code: r[0], Text: key}
}

func specialKeys() map[string]rune {
	return map[string]rune{"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
		"home": tea.KeyHome, "end": tea.KeyEnd}
}
