package lab

import (
	"fmt"
	"time"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss

	"distrolab/labs"
	"distrolab/tui/screen"
)

// stateOf is a state as glyph, word and colour.
func stateOf(s labs.MachineState, look screen.Look) (glyph, word string, st lipgloss.Style) {
	g, styles := look.Glyphs, look.Styles
	switch s {
	case labs.StatePlanned:
		return g.Hollow, "planned", styles.FgMuted
	case labs.StateBooting:
		return g.Dot, "booting", styles.Info
	case labs.StateJoining:
		return g.Dot, "joining", styles.Info
	case labs.StateReady:
		return g.Check, "ready", styles.OK
	case labs.StateEnding:
		return g.Dot, "stopping", styles.Warn
	case labs.StateOff:
		return g.Hollow, "off", styles.FgMuted
	case labs.StateFailed:
		return g.Cross, "failed", styles.Err
	case labs.StateLost:
		return g.Warn, "lost", styles.Err
	}
	return "?", string(s), styles.FgMuted
}

// clusterState is how far a cluster is.
func clusterState(c *labs.ClusterStatus, look screen.Look) (text string, st lipgloss.Style) {
	g, s := look.Glyphs, look.Styles
	switch c.State {
	case labs.ClusterReady:
		return g.Check + " cluster " + g.Clean(c.Kubernetes), s.OK
	case labs.ClusterFailed:
		return g.Cross + " cluster failed", s.Err
	}
	return g.Dot + " cluster on its way", s.Info
}

// age is how long ago something was, in the unit that a person would take. It
// changes once a minute at most.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// runs says whether a machine has processors that run.
func runs(s labs.MachineState) bool {
	return s == labs.StateBooting || s == labs.StateJoining || s == labs.StateReady || s == labs.StateEnding || s == labs.StateFailed
}

// memory writes bytes as people speak of a machine's memory.
func memory(bytes int64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
