package app

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"distrolab/provision"
)

// documents writes documents out under their titles.
func (v view) documents(title string, docs []provision.Document) []string {
	var lines []string
	for _, doc := range docs {
		head := title + " " + doc.Name
		if !isText(doc.Content) {
			head += fmt.Sprintf(" (%d bytes; \\x00 stands for one)", len(doc.Content))
		}
		lines = append(lines, "", v.styles.FgMuted.Render(v.rule(v.glyphs.Clean(head))))
		for _, line := range documentLines(doc.Content) {
			lines = append(lines, v.line(line))
		}
	}
	return lines
}

// line is one line of a document. It stays whole, whatever the width: it is to
// be read and copied as it is.
func (v view) line(text string) string {
	parts := strings.Split(text, "\t")
	for i := range parts {
		parts[i] = v.glyphs.Clean(parts[i])
	}
	return strings.Join(parts, "\t")
}

func (v view) rule(title string) string {
	line := strings.Repeat(v.glyphs.Line, 2) + " " + title + " "
	return line + strings.Repeat(v.glyphs.Line, max(2, min(v.width, 80)-cells(line)))
}

// documentLines are the lines of a text. What a screen cannot show is escaped,
// in all of a document that has such a thing.
func documentLines(content string) []string {
	if content == "" {
		return []string{"(empty)"}
	}
	text := isText(content)
	var lines []string
	for line := range strings.Lines(content) {
		line = strings.TrimSuffix(line, "\n")
		if !text {
			line = escaped(line)
		}
		lines = append(lines, line)
	}
	return lines
}

// isText reports whether a screen shows the content as it is.
func isText(content string) bool {
	return utf8.ValidString(content) && !strings.ContainsFunc(content, func(r rune) bool {
		return r != '\n' && r != '\t' && (unicode.IsControl(r) || !unicode.IsPrint(r) && !unicode.IsSpace(r))
	})
}

// escaped shows bytes that are no text, as \x00.
func escaped(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == utf8.RuneError && size == 1 || r != '\t' && !unicode.IsPrint(r):
			for _, c := range []byte(line[i : i+size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		default:
			b.WriteString(line[i : i+size])
		}
		i += size
	}
	return b.String()
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
	p := page{view: v}
	p.prose(text, look)
	return p.lines
}
