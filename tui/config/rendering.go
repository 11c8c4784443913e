package config

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/provision"
	"distrolab/tui/screen"
)

// checkedMsg says what one state of the form is as an intent.
type checkedMsg struct {
	edits    int
	intent   provision.Intent
	problems []provision.Problem
}

// renderedMsg brings what came of rendering for one system.
type renderedMsg struct {
	of     *system
	format string
	edits  int // the state of the form
	result Rendering
	err    error
}

// changed renders anew. What runs already is not joined by more: when it returns
// to something newer, the newest is taken next. A slow system keeps no other
// from being shown.
func (m *Model) changed() tea.Cmd {
	m.edits++
	return m.check()
}

// check validates the form.
func (m *Model) check() tea.Cmd {
	if m.checking || m.form == nil {
		return nil
	}
	m.checking = true
	intent, wrong := intentOf(m.form)
	edits := m.edits
	return func() tea.Msg {
		msg := checkedMsg{edits: edits, intent: intent, problems: wrong}
		var invalid *provision.InvalidIntentError
		if err := intent.Validate(); errors.As(err, &invalid) {
			msg.problems = append(msg.problems, invalid.Problems...)
		}
		return msg
	}
}

// takeChecked shows the problems of the form, or renders it for every system.
func (m *Model) takeChecked(msg checkedMsg) tea.Cmd {
	m.checking = false
	m.checked, m.problems = msg.edits, msg.problems
	if msg.edits == m.edits {
		return m.renderAll(msg)
	}
	return tea.Batch(m.check(), m.renderAll(msg))
}

// renderAll renders an intent without problems. With some, the configs of before
// stay, and a system that is new shows that of before too.
func (m *Model) renderAll(msg checkedMsg) tea.Cmd {
	wrong := len(msg.problems) > 0
	if !wrong {
		m.intent, m.valid = msg.intent, msg.edits
	}
	if m.valid == 0 {
		return nil
	}
	var cmds []tea.Cmd
	for _, s := range m.everySystem() {
		if !wrong || !s.rendered {
			cmds = append(cmds, m.render(s))
		}
	}
	return tea.Batch(cmds...)
}

func (m *Model) render(s *system) tea.Cmd {
	if s.running || m.context == nil {
		return nil
	}
	s.running = true
	msg := renderedMsg{of: s, format: s.format, edits: m.valid}
	ctx, backend, intent, d := m.context, m.backend, m.intent, s.distro
	return func() tea.Msg {
		if msg.err = ctx.Err(); msg.err == nil {
			msg.result, msg.err = backend.Render(ctx, intent, d, msg.format)
		}
		return msg
	}
}

// take shows what was rendered, and renders again what has changed since.
func (m *Model) take(msg renderedMsg) tea.Cmd {
	s := msg.of
	s.running = false
	switch {
	case errors.Is(msg.err, context.Canceled):
		if m.context.Err() == nil {
			return m.render(s) // the screen was left, and is there again
		}
		return nil
	case msg.format == s.format:
		s.failed, s.edits = msg.err, msg.edits
		if msg.err == nil {
			s.result, s.rendered = msg.result, true
			s.sheet = sheet{}
		}
	}
	if msg.edits != m.valid || msg.format != s.format {
		return m.render(s)
	}
	return nil
}

// everySystem are the marked ones and the second of a difference.
func (m *Model) everySystem() []*system {
	if m.against == nil {
		return m.systems
	}
	return append(append([]*system{}, m.systems...), m.against.other)
}

// unready says why there is nothing to write, or "".
func (m *Model) unready() string {
	s := m.current()
	switch {
	case s == nil:
		return "mark a system first"
	case len(m.problems) > 0:
		return "the intent has " + plural(len(m.problems), "problem")
	case s.failed != nil:
		return "it could not be rendered"
	case !s.rendered || s.running || m.edits != m.checked:
		return "it is being rendered"
	case len(s.result.Config.Documents) == 0:
		return s.distro.Name + " takes no config"
	}
	return ""
}

// copyShown puts the first document on the clipboard, as it is shown.
func (m *Model) copyShown() tea.Cmd {
	docs := shownDocuments(m.shownConfig(m.current()))
	if len(docs) == 0 {
		return nil
	}
	return tea.Batch(screen.Send(screen.Copy{Text: docs[0].Content}), screen.Tell("copied "+docs[0].Name))
}

// shownConfig is the config with its secrets hidden, unless they are revealed.
func (m *Model) shownConfig(s *system) provision.Config {
	if m.reveal {
		return s.result.Config
	}
	return s.result.Config.Redacted()
}

// shownDocuments are what a person would write, then what the guest reads where
// that is something else.
func shownDocuments(cfg provision.Config) []provision.Document {
	docs := append([]provision.Document{}, cfg.Sources...)
	for _, d := range cfg.Documents {
		same := false
		for _, s := range cfg.Sources {
			same = same || s == d
		}
		if !same {
			docs = append(docs, d)
		}
	}
	return docs
}
