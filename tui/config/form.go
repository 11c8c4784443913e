package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// most is how many steps back u goes.
const most = 50

// row is what can be selected in a form: a field, an item of a list, or the
// place where an item is added.
type row struct {
	field *field
	item  int // -1 for the field itself
	add   bool
	path  string // in the intent
}

// shown is the form or the item that is open, and its path in the intent.
func (m *Model) shown() (*group, string) {
	g, base := m.form, ""
	for _, c := range m.trail {
		base = c.list.itemPath(base, c.item)
		g = c.list.items[c.item]
	}
	return g, base
}

// rows are those of the shown form.
func (m *Model) rows() []row {
	if m.form == nil {
		return nil
	}
	g, base := m.shown()
	var rows []row
	for _, f := range g.visible() {
		at := joined(base, f.path)
		if f.kind != list {
			rows = append(rows, row{field: f, item: -1, path: at})
			continue
		}
		for i := range f.items {
			rows = append(rows, row{field: f, item: i, path: f.itemPath(base, i)})
		}
		rows = append(rows, row{field: f, item: -1, add: true, path: at})
	}
	return rows
}

// row is the selected one.
func (m *Model) row() (row, bool) {
	rows := m.rows()
	if len(rows) == 0 {
		return row{}, false
	}
	m.selected = max(min(m.selected, len(rows)-1), 0)
	return rows[m.selected], true
}

// target is the field that is typed in a row; nil when the row is none.
func (r row) target() *field {
	switch {
	case r.field.inline() && r.item >= 0:
		return r.field.items[r.item].fields[0]
	case r.field.kind == list || r.field.kind == choice:
		return nil
	}
	return r.field
}

func (m *Model) moveKey(key string) {
	n := len(m.rows())
	switch key {
	case "up", "k":
		m.selected--
	case "down", "j":
		m.selected++
	case "pgup", "ctrl+u":
		m.selected -= 8
	case "pgdown", "ctrl+d":
		m.selected += 8
	case "home", "g":
		m.selected = 0
	case "end", "G":
		m.selected = n - 1
	}
	m.selected = max(min(m.selected, n-1), 0)
}

// enter does what a row is for.
func (m *Model) enter() tea.Cmd {
	r, ok := m.row()
	switch {
	case !ok:
		return nil
	case r.add:
		return m.addItem()
	case r.field.kind == choice:
		return m.turn(r.field)
	case r.target() != nil:
		return m.begin(r.target())
	}
	m.trail = append(m.trail, crumb{r.field, r.item, m.selected, m.top})
	m.selected, m.top = 0, 0
	return nil
}

// turn takes the next word of a choice.
func (m *Model) turn(f *field) tea.Cmd {
	i := slices.Index(f.options, f.value)
	f.value = f.options[(i+1)%len(f.options)]
	m.touched()
	return m.changed()
}

// begin gives a field the keys.
func (m *Model) begin(f *field) tea.Cmd {
	if f.kind == text && !utf8.ValidString(f.value) {
		return screen.Tell("the content is no text; i brings another from a file")
	}
	m.typing, m.input = f, newEditor(f.value, f.kind == text)
	return nil
}

// end takes the keys from the field. An item of one line that stayed empty goes.
func (m *Model) end() tea.Cmd {
	f := m.typing
	m.typing, m.input = nil, nil
	if r, ok := m.row(); ok && r.item >= 0 && r.field.inline() && r.target() == f && strings.TrimSpace(f.value) == "" {
		r.field.items = slices.Delete(r.field.items, r.item, r.item+1)
		return m.changed()
	}
	return nil
}

// step goes to the next or the last row, and goes on typing where one types.
func (m *Model) step(by int) tea.Cmd {
	typed := m.typing != nil
	var cmd tea.Cmd
	if typed {
		before := len(m.rows())
		cmd = m.end()
		if by > 0 && len(m.rows()) < before {
			by-- // an empty item went from under the selection
		}
	}
	n := max(len(m.rows()), 1)
	m.selected = (m.selected + by + n) % n
	if r, ok := m.row(); typed && ok && r.target() != nil {
		return tea.Batch(cmd, m.begin(r.target()))
	}
	return cmd
}

// leave closes the sub-form.
func (m *Model) leave() tea.Cmd {
	last := m.trail[len(m.trail)-1]
	m.trail = m.trail[:len(m.trail)-1]
	m.selected, m.top = last.selected, last.top
	return nil
}

// keep remembers the form for u.
func (m *Model) keep() {
	m.touched()
	m.undo = append(m.undo, m.form.clone())
	m.undo = m.undo[max(len(m.undo)-most, 0):]
}

// addItem adds an item to the list of the selected row and begins to type it.
func (m *Model) addItem() tea.Cmd {
	r, ok := m.row()
	if !ok || r.field.kind != list {
		return nil
	}
	m.keep()
	r.field.items = append(r.field.items, r.field.new())
	last := len(r.field.items) - 1
	m.selected = slices.IndexFunc(m.rows(), func(o row) bool { return o.field == r.field && o.item == last })
	if r.field.inline() {
		return tea.Batch(m.begin(r.field.items[last].fields[0]), m.changed())
	}
	m.trail = append(m.trail, crumb{r.field, last, m.selected, m.top})
	m.selected, m.top = 0, 0
	g, _ := m.shown()
	return tea.Batch(m.begin(g.fields[0]), m.changed())
}

// addItems adds lines to a list of lines.
func (m *Model) addItems(f *field, lines []string) tea.Cmd {
	if len(lines) == 0 {
		return nil
	}
	m.keep()
	for _, text := range lines {
		item := f.new()
		item.fields[0].value = text
		f.items = append(f.items, item)
	}
	return tea.Batch(m.changed(), screen.Tell("added "+plural(len(lines), f.thing)))
}

// replaceItem puts several lines in the place of one that is typed.
func (m *Model) replaceItem(r row, lines []string) tea.Cmd {
	m.typing, m.input = nil, nil
	r.field.items = slices.Delete(r.field.items, r.item, r.item+1)
	return m.addItems(r.field, lines)
}

// removeItem takes an item out of its list; u brings it back.
func (m *Model) removeItem() tea.Cmd {
	r, ok := m.row()
	if !ok || r.item < 0 {
		return nil
	}
	m.keep()
	name, _ := r.field.items[r.item].title(r.field.items[r.item])
	r.field.items = slices.Delete(r.field.items, r.item, r.item+1)
	return tea.Batch(m.changed(), screen.Tell(strings.TrimSpace(fmt.Sprintf("removed %s %.40s", r.field.thing, name))+"; u brings it back"))
}

// undone goes back to the form before.
func (m *Model) undone() tea.Cmd {
	last := len(m.undo) - 1
	m.form, m.undo = m.undo[last], m.undo[:last]
	m.trail, m.typing, m.input = nil, nil, nil
	return m.changed()
}

// setForm replaces the form, as u can undo.
func (m *Model) setForm(g *group) tea.Cmd {
	if m.form != nil {
		m.keep()
	}
	m.form, m.trail, m.typing, m.input, m.selected, m.top = g, nil, nil, nil, 0, 0
	return m.changed()
}
