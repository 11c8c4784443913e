package config

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/tui/screen"
)

// job is one system to render for.
type job struct {
	distro distros.Distro
	format string
}

// outcome is what came of a job.
type outcome struct {
	job
	result Rendering
	err    error
}

// renderedMsg brings the renderings of one state of the form.
type renderedMsg struct {
	edits    int
	intent   provision.Intent
	problems []provision.Problem // then there are no outcomes
	outcomes []outcome
}

// changed renders anew. While a rendering runs nothing more is started: what it
// returns to is newer by then, and is rendered next.
func (m *Model) changed() tea.Cmd {
	m.edits++
	return m.render()
}

func (m *Model) render() tea.Cmd {
	if m.running {
		return nil
	}
	m.running = true
	var ctx context.Context
	ctx, m.cancel = context.WithCancel(context.Background())
	intent, wrong := intentOf(m.form)
	jobs := make([]job, 0, len(m.systems)+1)
	for _, s := range m.systems {
		jobs = append(jobs, job{s.distro, s.format})
	}
	if m.against != nil {
		jobs = append(jobs, job{m.against.other.distro, m.against.other.format})
	}
	edits, backend := m.edits, m.backend
	return func() tea.Msg {
		msg := renderedMsg{edits: edits, intent: intent, problems: wrong}
		var invalid *provision.InvalidIntentError
		if err := intent.Validate(); errors.As(err, &invalid) {
			msg.problems = append(msg.problems, invalid.Problems...)
		}
		if len(msg.problems) > 0 {
			return msg
		}
		for _, j := range jobs {
			o := outcome{job: j}
			if o.err = ctx.Err(); o.err == nil {
				o.result, o.err = backend.Render(ctx, intent, j.distro, j.format)
			}
			msg.outcomes = append(msg.outcomes, o)
		}
		return msg
	}
}

// take shows what was rendered, and renders what was typed since. While the
// intent has problems the configs of before stay.
func (m *Model) take(msg renderedMsg) tea.Cmd {
	m.running = false
	if m.cancel != nil {
		m.cancel()
	}
	m.intent, m.problems = msg.intent, msg.problems
	for _, o := range msg.outcomes {
		for _, s := range m.everySystem() {
			if s.distro.Name == o.distro.Name && s.format == o.format {
				s.take(o)
			}
		}
	}
	if msg.edits != m.edits {
		return m.render()
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

func (s *system) take(o outcome) {
	if errors.Is(o.err, context.Canceled) {
		return // the screen was left; it is rendered when it is opened again
	}
	s.failed = o.err
	if o.err == nil {
		s.result, s.rendered = o.result, true
		s.sheet = sheet{}
	}
}

// valid says why there is nothing to write, or "".
func (m *Model) unready() string {
	s := m.current()
	switch {
	case s == nil:
		return "mark a system first"
	case len(m.problems) > 0:
		return "the intent has " + plural(len(m.problems), "problem")
	case s.failed != nil:
		return "it could not be rendered"
	case !s.rendered || m.running:
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
