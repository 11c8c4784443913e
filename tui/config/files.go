package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/provision"
	"distrolab/tui/screen"
)

// prompt asks for a path.
type prompt struct {
	title string // what for
	yes   string // the word for enter
	input *editor
	do    func(path string) tea.Cmd
}

func (m *Model) askFor(title, yes, path string, do func(string) tea.Cmd) tea.Cmd {
	m.ask = &prompt{title, yes, newEditor(path, false), do}
	return nil
}

func (m *Model) promptActions() []screen.Action {
	p := m.ask
	return []screen.Action{
		{ID: "config.path", Keys: []string{"enter"}, Title: p.yes, Help: "Takes the path.", Group: groupFiles, Run: func() tea.Cmd {
			path := strings.TrimSpace(p.input.value())
			if path == "" {
				return nil
			}
			m.ask = nil
			return p.do(path)
		}},
		{ID: "config.nopath", Keys: []string{"esc"}, Title: "cancel", Help: "Forgets the question.", Group: groupFiles, Run: func() tea.Cmd { m.ask = nil; return nil }},
	}
}

// The messages of this file come back from commands.
type (
	// parsedMsg is an intent from a file or an editor.
	parsedMsg struct {
		from   string // file, or "" for the editor
		doing  string
		intent provision.Intent
		err    error
		again  string // what was edited, to edit again
	}
	// insertedMsg is a file for a field.
	insertedMsg struct {
		into    *field
		path    string
		content string
		err     error
	}
	// savedMsg is a file that was written.
	savedMsg struct{ path string }
	// readyMsg is a file that waits for an editor.
	readyMsg struct {
		command *exec.Cmd
		done    func() (string, error)
	}
	// editedMsg says that the editor has ended.
	editedMsg struct {
		done func() (string, error)
		err  error
	}
)

// fileMessage takes what commands bring.
func (m *Model) fileMessage(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case parsedMsg:
		if msg.err != nil {
			var retry tea.Cmd
			if msg.again != "" {
				retry = m.edit(msg.again)
			}
			return screen.Fail(msg.doing, msg.err, retry)
		}
		cmd := m.setForm(formOf(msg.intent))
		if msg.from != "" {
			m.file, m.unsaved = msg.from, false
		}
		return tea.Batch(cmd, screen.Tell(either(msg.from != "", "opened "+msg.from, "took the edited intent")+"; u goes back"))
	case insertedMsg:
		return m.inserted(msg)
	case savedMsg:
		m.file, m.unsaved = msg.path, false
		return screen.Tell("saved the intent as " + msg.path)
	case readyMsg:
		return screen.Send(screen.Suspend{Command: msg.command, After: func(err error) tea.Msg { return editedMsg{msg.done, err} }})
	case editedMsg:
		return func() tea.Msg { return parseEdited(msg) }
	}
	return nil
}

// askOpen asks for an intent file.
func (m *Model) askOpen() tea.Cmd {
	return m.askFor("Open intent file", "open", either(m.file != "", m.file, "node.yaml"), func(path string) tea.Cmd {
		return func() tea.Msg {
			msg := parsedMsg{from: path, doing: "opening " + path}
			data, err := m.backend.Read(context.Background(), path)
			if err == nil {
				msg.intent, err = provision.ParseIntent(path, data)
			}
			msg.err = err
			return msg
		}
	})
}

// askSave asks where to save the intent.
func (m *Model) askSave() tea.Cmd {
	return m.askFor("Save the intent as", "save", either(m.file != "", m.file, "node.yaml"), func(path string) tea.Cmd {
		intent, _ := intentOf(m.form)
		return m.save(intent, path, false)
	})
}

func (m *Model) save(intent provision.Intent, path string, replace bool) tea.Cmd {
	return func() tea.Msg {
		data, err := intent.YAML()
		if err == nil {
			err = m.backend.Save(context.Background(), path, string(data), replace)
		}
		switch {
		case !replace && errors.Is(err, fs.ErrExist):
			return screen.Question{Text: "Replace " + path + "?", More: []string{err.Error()}, Yes: "replace", Do: m.save(intent, path, true)}
		case err != nil:
			return screen.Failure{Doing: "saving the intent as " + path, Err: err}
		}
		return savedMsg{path}
	}
}

// askWrite asks for the directory of the config that is shown, or of all.
func (m *Model) askWrite(all bool) func() tea.Cmd {
	return func() tea.Cmd {
		s := m.current()
		if s == nil {
			return nil
		}
		title, dir := "Write the config of "+s.name()+" into", filepath.Join("config", s.distro.Name)
		batch := []Rendering{s.result}
		if all {
			title, dir, batch = "Write the configs of all marked systems below", "config", nil
			for _, s := range m.systems {
				if s.rendered && s.failed == nil && len(s.result.Config.Documents) > 0 {
					batch = append(batch, s.result)
				}
			}
		}
		return m.askFor(title, "write", dir, func(dir string) tea.Cmd { return m.write(batch, dir, all, false) })
	}
}

// write writes; where something is there already, it asks first.
func (m *Model) write(batch []Rendering, dir string, each, replace bool) tea.Cmd {
	return func() tea.Msg {
		var paths []string
		for _, r := range batch {
			at := dir
			if each {
				at = filepath.Join(dir, r.Distro.Name)
			}
			written, err := m.backend.Write(context.Background(), at, r, replace)
			if !replace && errors.Is(err, fs.ErrExist) {
				return screen.Question{Text: "Replace what is in " + dir + "?", More: []string{err.Error()}, Yes: "replace", Do: m.write(batch, dir, each, true)}
			}
			if err != nil {
				return screen.Failure{Doing: "writing the config of " + r.Distro.Name, Err: err, Retry: m.write(batch, dir, each, replace)}
			}
			paths = append(paths, written...)
		}
		return screen.News{Text: "wrote " + plural(len(paths), "file") + " into " + dir + ", readable by you alone"}
	}
}

// askInsert asks for a file with keys or content for the selected field.
func (m *Model) askInsert() tea.Cmd {
	r, ok := m.row()
	if !ok || !r.field.fromFile {
		return nil
	}
	title, path := "Bring "+r.field.label+" from file", ""
	if r.field.inline() {
		title, path = "Bring keys from file", "~/.ssh/id_ed25519.pub"
	}
	return m.askFor(title, "bring", path, func(path string) tea.Cmd {
		return func() tea.Msg {
			data, err := m.backend.Read(context.Background(), path)
			return insertedMsg{r.field, path, string(data), err}
		}
	})
}

func (m *Model) inserted(msg insertedMsg) tea.Cmd {
	if msg.err != nil {
		return screen.Fail("reading "+msg.path, msg.err, nil)
	}
	if msg.into.kind == list {
		return m.addItems(msg.into, nonEmptyLines(msg.content))
	}
	m.keep()
	msg.into.value = msg.content
	return tea.Batch(m.changed(), screen.Tell(fmt.Sprintf("%s is %d bytes from %s; u brings back what was there", msg.into.label, len(msg.content), msg.path)))
}

// edit gives the intent, or what could not be read of it, to the editor.
func (m *Model) edit(again string) tea.Cmd {
	intent, _ := intentOf(m.form)
	return func() tea.Msg {
		body := again
		if body == "" {
			data, err := intent.YAML()
			if err != nil {
				return screen.Failure{Doing: "writing the intent as YAML", Err: err}
			}
			body = string(data)
		}
		command, done, err := m.backend.Edit(context.Background(), body)
		if err != nil {
			return screen.Failure{Doing: "editing the intent", Err: err}
		}
		return readyMsg{command, done}
	}
}

// parseEdited reads what the editor left.
func parseEdited(msg editedMsg) tea.Msg {
	body, err := msg.done()
	out := parsedMsg{doing: "editing the intent", err: errors.Join(msg.err, err)}
	if out.err == nil {
		out.intent, out.err = provision.ParseIntent("intent.yaml", []byte(body))
		out.again = body
	}
	return out
}
