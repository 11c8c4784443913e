package config

import (
	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// Actions are what can be done now.
func (m *Model) Actions() []screen.Action {
	all := m.possible()
	for i := range all {
		run := all[i].Run
		all[i].Run = func() tea.Cmd {
			m.version++
			return run()
		}
	}
	return all
}

func (m *Model) possible() []screen.Action {
	switch {
	case m.ask != nil:
		return m.promptActions()
	case m.choose != nil:
		return m.pickerActions()
	case m.typing != nil:
		return m.typingActions()
	}
	var all []screen.Action
	switch {
	case m.against != nil:
		all = m.differenceActions()
	case m.focus == configSide:
		all = m.configActions()
	default:
		all = m.formActions()
	}
	return append(append(all, m.systemActions()...), m.fileActions()...)
}

// The headings of the help.
const groupIntent, groupConfig, groupFiles = "Intent", "Configs", "Files and labs"

func (m *Model) formActions() []screen.Action {
	r, _ := m.row()
	title, noList, noItem, noFile, noUndo := "edit", "select a list, such as users", "select an item of a list", "this field takes no file", ""
	if r.field != nil {
		switch {
		case r.add:
			title = "add"
		case r.field.kind == choice:
			title = "next"
		case r.field.kind == list && !r.field.inline():
			title = "open"
		}
		if r.field.kind == list {
			noList = ""
		}
		if r.item >= 0 {
			noItem = ""
		}
		if r.field.fromFile {
			noFile = ""
		}
	}
	if len(m.undo) == 0 {
		noUndo = "nothing was removed or replaced"
	}
	all := []screen.Action{
		{ID: "config.enter", Keys: []string{"enter", "space"}, Title: title, Help: "Edits the field, opens the item, adds one, or takes the next word of a choice.", Group: groupIntent, Run: m.enter},
		{ID: "config.configs", Keys: []string{"v"}, Title: "configs", Help: "Gives the keys to the configs, for reading and scrolling.", Group: groupIntent, Run: m.look(configSide)},
		{ID: "config.add", Keys: []string{"a"}, Title: "add", Help: "Adds an item to the list: a user, a key, a file, a unit.", Group: groupIntent, Disabled: noList, Hidden: true, Run: m.addItem},
		{ID: "config.remove", Keys: []string{"x", "delete"}, Title: "remove", Help: "Takes the item out of its list.", Group: groupIntent, Disabled: noItem, Hidden: noItem != "", Run: m.removeItem},
		{ID: "config.insert", Keys: []string{"i"}, Title: "from file", Help: "Brings keys, a certificate or content from a file.", Group: groupIntent, Disabled: noFile, Hidden: noFile != "", Run: m.askInsert},
		{ID: "config.undo", Keys: []string{"u"}, Title: "undo", Help: "Brings back what was removed or replaced.", Group: groupIntent, Disabled: noUndo, Hidden: true, Run: m.undone},
		{ID: "config.next", Keys: []string{"tab"}, Title: "next field", Help: "Goes to the next field.", Group: groupIntent, Hidden: true, Run: func() tea.Cmd { return m.step(1) }},
		{ID: "config.last", Keys: []string{"shift+tab"}, Title: "field before", Help: "Goes to the field before.", Group: groupIntent, Hidden: true, Run: func() tea.Cmd { return m.step(-1) }},
	}
	if len(m.trail) > 0 {
		back := screen.Action{ID: "config.close", Keys: []string{"esc"}, Title: "done", Help: "Goes back to the form above.", Group: groupIntent, Run: m.leave}
		all = append(all[:1], append([]screen.Action{back}, all[1:]...)...)
	}
	return all
}

func (m *Model) typingActions() []screen.Action {
	all := []screen.Action{
		{ID: "config.end", Keys: []string{"esc"}, Title: "done", Help: "Leaves the field; what was typed stays.", Group: groupIntent, Run: m.end},
		{ID: "config.next", Keys: []string{"tab"}, Title: "next field", Help: "Goes on typing in the next field.", Group: groupIntent, Run: func() tea.Cmd { return m.step(1) }},
		{ID: "config.last", Keys: []string{"shift+tab"}, Title: "field before", Help: "Goes on typing in the field before.", Group: groupIntent, Run: func() tea.Cmd { return m.step(-1) }},
	}
	if m.typing.kind != text {
		all[0].Keys = []string{"enter", "esc"}
	}
	return all
}

// look gives the keys to one side.
func (m *Model) look(to side) func() tea.Cmd {
	return func() tea.Cmd { m.focus = to; return nil }
}

func (m *Model) configActions() []screen.Action {
	noCopy := ""
	if s := m.current(); s == nil || !s.rendered || len(s.result.Config.Documents) == 0 {
		noCopy = "there is no config"
	}
	return []screen.Action{
		{ID: "config.form", Keys: []string{"v", "esc"}, Title: "intent", Help: "Gives the keys back to the intent.", Group: groupConfig, Run: m.look(formSide)},
		{ID: "config.nextsystem", Keys: []string{"tab"}, Title: "next system", Help: "Shows the config of the next system.", Group: groupConfig, Hidden: true, Run: m.turnSystem(1)},
		{ID: "config.lastsystem", Keys: []string{"shift+tab"}, Title: "system before", Help: "Shows the config of the system before.", Group: groupConfig, Hidden: true, Run: m.turnSystem(-1)},
		{ID: "config.copy", Keys: []string{"y"}, Title: "copy", Help: "Copies the config that a person would write, as it is shown.", Group: groupConfig, Disabled: noCopy, Run: m.copyShown},
	}
}

func (m *Model) differenceActions() []screen.Action {
	return []screen.Action{
		{ID: "config.nodiff", Keys: []string{"esc", "v"}, Title: "end difference", Help: "Goes back to the intent and its configs.", Group: groupConfig, Run: func() tea.Cmd { m.against = nil; return nil }},
	}
}

func (m *Model) systemActions() []screen.Action {
	noSystem, noFormat, shows, instead := "", "", "reveal", "first boot"
	if m.steps {
		instead = "documents"
	}
	s := m.current()
	if s == nil {
		noSystem = "no system is marked; t chooses some"
	}
	if s == nil || len(s.distro.Configs()) < 2 {
		noFormat = "the system has one format"
	}
	if m.reveal {
		shows = "hide"
	}
	return []screen.Action{
		{ID: "config.right", Keys: []string{"right"}, Title: "next system", Help: "Shows the config of the next system.", Group: groupConfig, Disabled: noSystem, Hidden: len(m.systems) < 2, Run: m.turnSystem(1)},
		{ID: "config.left", Keys: []string{"left"}, Title: "system before", Help: "Shows the config of the system before.", Group: groupConfig, Disabled: noSystem, Hidden: true, Run: m.turnSystem(-1)},
		{ID: "config.systems", Keys: []string{"t"}, Title: "systems", Help: "Chooses the systems to render for: those that are marked.", Group: groupConfig, Run: m.pickSystems},
		{ID: "config.diff", Keys: []string{"d"}, Title: "difference", Help: "Shows this system and another one part by part, then both configs beside each other.", Group: groupConfig, Disabled: noSystem, Run: m.pickOpposite},
		{ID: "config.format", Keys: []string{"f"}, Title: "format", Help: "Renders in the system's next format.", Group: groupConfig, Disabled: noFormat, Hidden: noFormat != "", Run: m.turnFormat},
		{ID: "config.steps", Keys: []string{"p"}, Title: instead, Help: "Shows what happens at first boot, step by step, in place of the documents; and back.", Group: groupConfig, Disabled: noSystem, Run: func() tea.Cmd {
			m.steps = !m.steps
			m.redraw()
			return nil
		}},
		{ID: "config.reveal", Keys: []string{"r"}, Title: shows + " secrets", Help: "Shows or hides tokens and other secrets.", Group: groupConfig, Hidden: true, Run: func() tea.Cmd {
			m.reveal = !m.reveal
			m.redraw()
			return nil
		}},
	}
}

func (m *Model) fileActions() []screen.Action {
	why := m.unready()
	noIntent := ""
	if len(m.problems) > 0 {
		noIntent = "the intent has " + plural(len(m.problems), "problem")
	}
	return []screen.Action{
		{ID: "config.write", Keys: []string{"w"}, Title: "write", Help: "Writes the config that is shown into a directory, as render --out does, with its secrets.", Group: groupFiles, Disabled: why, Run: m.askWrite(false)},
		{ID: "config.writeall", Keys: []string{"W"}, Title: "write all", Help: "Writes the configs of all marked systems, each into a directory of its name.", Group: groupFiles, Disabled: why, Hidden: true, Run: m.askWrite(true)},
		{ID: "config.lab", Keys: []string{"l"}, Title: "start a lab", Help: "Goes to the labs and starts one with the marked systems and this intent.", Group: groupFiles, Disabled: noIntent, Run: m.startLab},
		{ID: "config.edit", Keys: []string{"e"}, Title: "as YAML", Help: "Opens the whole intent as YAML in $VISUAL or $EDITOR, with its secrets, in a file that only you can read.", Group: groupFiles, Run: func() tea.Cmd { return m.edit("") }},
		{ID: "config.open", Keys: []string{"o"}, Title: "open", Help: "Opens an intent file.", Group: groupFiles, Hidden: true, Run: m.askOpen},
		{ID: "config.save", Keys: []string{"s"}, Title: "save intent", Help: "Saves the intent as YAML, with its secrets, in a file that only you can read.", Group: groupFiles, Disabled: noIntent, Hidden: true, Run: m.askSave},
	}
}

// redraw forgets the lines of all systems.
func (m *Model) redraw() {
	for _, s := range m.everySystem() {
		s.sheet = sheet{}
	}
}

// turnSystem shows the config of another system.
func (m *Model) turnSystem(by int) func() tea.Cmd {
	return func() tea.Cmd {
		if n := len(m.systems); n > 0 {
			m.active = (m.active + by + n) % n
		}
		return nil
	}
}

// turnFormat renders in the next format of the system.
func (m *Model) turnFormat() tea.Cmd {
	s := m.current()
	profiles := s.distro.Configs()
	at := 0
	for i, p := range profiles {
		if p.Format == s.format {
			at = i
		}
	}
	s.format, s.rendered, s.top = profiles[(at+1)%len(profiles)].Format, false, 0
	return m.changed()
}

// startLab hands the intent to the labs.
func (m *Model) startLab() tea.Cmd {
	intent, wrong := intentOf(m.form)
	if err := intent.Validate(); err != nil || len(wrong) > 0 {
		return screen.Tell("the intent has problems; they stand beside its fields")
	}
	m.shared.Intent = &intent
	return screen.Send(screen.Go{Screen: screen.Labs, Argument: screen.NewLab})
}
