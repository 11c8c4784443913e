package app

import (
	"strings"

	"distrolab/provision"
	"distrolab/tui/difference"
	"distrolab/tui/highlight"
)

// documents writes documents out under their titles.
func (v view) documents(title string, docs []provision.Document) []string {
	var lines []string
	for _, doc := range docs {
		lines = append(lines, "", v.styles.FgMuted.Render(difference.Heading(title, doc, v.width, v.glyphs)))
		for _, line := range highlight.Lines(doc.Content) {
			lines = append(lines, v.line(line))
		}
	}
	return lines
}

// line is one line of a document. It stays whole, whatever the width: it is to
// be read and copied as it is.
func (v view) line(text string) string {
	return difference.Whole(text, v.glyphs)
}

func (v view) rule(title string) string {
	return difference.Rule(title, v.width, v.glyphs)
}

// gaps lists what a system cannot do, under a heading; nothing when it can all.
func (v view) gaps(gaps []provision.Gap) []string {
	if len(gaps) == 0 {
		return nil
	}
	label := 0
	for _, g := range gaps {
		label = max(label, min(cells(g.Field), 26))
	}
	lines := append([]string{""}, v.paragraph(v.glyphs.Warn+" This system cannot do all of the intent:", v.styles.Warn.Render)...)
	for _, g := range gaps {
		lines = append(lines, v.labelled(g.Field, g.Reason, label, 2)...)
	}
	return lines
}

// labelled sets a text beside its label, indented and folded.
func (v view) labelled(label, text string, width, indent int) []string {
	label = v.glyphs.Clean(label)
	edge := strings.Repeat(" ", indent)
	var lines []string
	if cells(label) > width {
		lines, label = append(lines, v.styles.FgMuted.Render(edge+v.shorten(label, v.width-indent))), ""
	}
	for _, part := range fold(v.glyphs.Clean(text), max(20, min(v.width, proseWidth)-indent-width-2)) {
		lines = append(lines, edge+v.styles.FgMuted.Render(padded(label, width))+"  "+part)
		label = ""
	}
	return lines
}

// paragraph folds a text in one style.
func (v view) paragraph(text string, look func(...string) string) []string {
	var lines []string
	for _, line := range fold(v.glyphs.Clean(text), v.width) {
		lines = append(lines, look(line))
	}
	return lines
}
