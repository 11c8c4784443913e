// Package layout puts blocks of lines beside, over and into each other. Its
// functions are pure: lines and sizes in cells go in, lines come out, each
// exactly as wide as asked for. Lines may hold escape sequences of styles; text
// from outside has been cleaned before (style.Glyphs.Clean).
package layout

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/screen"
)

// Fit cuts or pads a line to a width.
func Fit(line string, width int, ellipsis string) string {
	if width <= 0 {
		return ""
	}
	if w := ansi.StringWidth(line); w > width {
		line = ansi.Truncate(line, width, ellipsis)
	}
	return line + strings.Repeat(" ", max(width-ansi.StringWidth(line), 0))
}

// Block makes lines exactly width by height.
func Block(lines []string, width, height int, ellipsis string) []string {
	out := make([]string, max(height, 0))
	for i := range out {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		out[i] = Fit(line, width, ellipsis)
	}
	return out
}

// Beside joins blocks of the same height from left to right.
func Beside(blocks ...[]string) []string {
	if len(blocks) == 0 {
		return nil
	}
	out := make([]string, len(blocks[0]))
	for i := range out {
		for _, b := range blocks {
			if i < len(b) {
				out[i] += b[i]
			}
		}
	}
	return out
}

// Pane draws lines in a frame with a title, width by height outside. The frame
// of the pane that has the focus is bright, and its title is marked, so that
// the focus is seen without colour too.
func Pane(title string, lines []string, width, height int, focused bool, look screen.Look) []string {
	if width < 2 || height < 2 {
		return Block(lines, width, height, look.Glyphs.Ellipsis)
	}
	g, border, heading := look.Glyphs, look.Styles.Border, look.Styles.FgMuted
	if focused {
		border, heading = look.Styles.BorderFocus, look.Styles.Accent
	}
	c := corners(g.Name)
	out := make([]string, 0, height)
	out = append(out, top(title, width, focused, look, border.Render, heading.Render))
	side := border.Render(g.Vertical)
	for _, l := range Block(lines, width-2, height-2, g.Ellipsis) {
		out = append(out, side+l+side)
	}
	return append(out, border.Render(c[2]+strings.Repeat(g.Line, width-2)+c[3]))
}

func top(title string, width int, focused bool, look screen.Look, border, heading func(...string) string) string {
	g, c := look.Glyphs, corners(look.Glyphs.Name)
	mark := g.Line
	if focused {
		mark = pointer(g.Name)
	}
	room := width - 6
	if title == "" || room < 1 {
		return border(c[0] + strings.Repeat(g.Line, width-2) + c[1])
	}
	title = ansi.Truncate(title, room, g.Ellipsis)
	rest := width - 5 - ansi.StringWidth(title)
	return border(c[0]+mark+" ") + heading(title) + border(" "+strings.Repeat(g.Line, max(rest, 0))+c[1])
}

// corners are top left, top right, bottom left, bottom right.
func corners(set string) [4]string {
	switch set {
	case "ascii":
		return [4]string{"+", "+", "+", "+"}
	case "block":
		return [4]string{"┌", "┐", "└", "┘"}
	}
	return [4]string{"╭", "╮", "╰", "╯"}
}

// pointer marks what is selected or has the focus.
func pointer(set string) string {
	if set == "ascii" {
		return ">"
	}
	return "▌"
}

// Pointer is the mark before the selected row of a list, one cell wide.
func Pointer(selected bool, look screen.Look) string {
	if !selected {
		return " "
	}
	return look.Styles.Accent.Render(pointer(look.Glyphs.Name))
}
