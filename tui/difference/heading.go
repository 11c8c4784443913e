package difference

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/provision"
	"distrolab/tui/highlight"
	"distrolab/tui/style"
)

// Heading is the rule above a document: its title and name, and what stands for
// bytes that are no text.
func Heading(title string, doc provision.Document, width int, glyphs style.Glyphs) string {
	head := title + " " + doc.Name
	if !highlight.IsText(doc.Content) {
		head += fmt.Sprintf(" (%d bytes; \\x00 stands for one)", len(doc.Content))
	}
	return Rule(glyphs.Clean(head), width, glyphs)
}

// Rule is a line with a title in it, at most 80 cells wide.
func Rule(title string, width int, glyphs style.Glyphs) string {
	line := strings.Repeat(glyphs.Line, 2) + " " + title + " "
	return line + strings.Repeat(glyphs.Line, max(2, min(width, 80)-ansi.StringWidth(line)))
}

// Whole makes one line of a document safe. It stays whole, with its tabs,
// whatever the width: it is to be read and copied as it is.
func Whole(text string, glyphs style.Glyphs) string {
	parts := strings.Split(text, "\t")
	for i := range parts {
		parts[i] = glyphs.Clean(parts[i])
	}
	return strings.Join(parts, "\t")
}
