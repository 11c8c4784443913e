package tui

import (
	"context"
	"errors"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
)

// frames are how often the terminal is written to at most, per second: often
// enough that a key is answered within 16 ms.
const frames = 75

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
		tea.WithColorProfile(m.look.Styles.Profile), tea.WithFPS(frames), tea.WithoutSignalHandler())
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
