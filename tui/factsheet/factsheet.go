// Package factsheet draws what the catalog knows as lines of text: the page of one
// system and the sheet of several side by side. The command line and the
// screens use the same functions. They are pure: catalog entries, a width,
// glyphs and styles go in, lines come out; text of the catalog is cleaned, since
// a person's own entries may hold anything.
package factsheet

import (
	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/distros"
	"distrolab/tui/style"
)

// Standing is the mark of a state of support, and the style of the mark and of
// its word, which stands beside it.
func Standing(state string, g style.Glyphs, s style.Styles) (mark string, look lipgloss.Style) {
	switch state {
	case "maintained":
		return g.Check, s.OK
	case "extended":
		return g.Warn, s.Warn
	case "ended":
		return g.Cross, s.Err
	default:
		return "?", s.FgMuted
	}
}

func titleWidth(rows []distros.Row) int {
	width := len("Latest release")
	for _, r := range rows {
		width = max(width, ansi.StringWidth(r.Title))
	}
	return width
}
