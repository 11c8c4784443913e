package tui

import (
	"context"
	"errors"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
)

// Terminal is where the app is shown.
type Terminal struct {
	In      io.Reader
	Out     io.Writer
	Environ []string // in the form of os.Environ
}

// Run shows the app until the person leaves or ctx ends, and stores what is
// kept.
func Run(ctx context.Context, m *Model, t Terminal) error {
	p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(t.In), tea.WithOutput(t.Out), tea.WithEnvironment(t.Environ),
		tea.WithColorProfile(m.look.Styles.Profile), tea.WithFPS(framerate), tea.WithoutSignalHandler())
	m.pace = paceOf(p)
	_, err := p.Run()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	} else if err != nil && !errors.Is(err, tea.ErrInterrupted) {
		err = fmt.Errorf("showing the app: %w", err)
	}
	if failed := m.storeLast(); failed != nil && err == nil {
		err = fmt.Errorf("keeping marks and weights for the next time: %w", failed)
	}
	return err
}
