package highlight

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lines are the lines of a text. What a screen cannot show is escaped, in all
// of a document that has such a thing.
func Lines(content string) []string {
	if content == "" {
		return []string{"(empty)"}
	}
	text := IsText(content)
	var lines []string
	for line := range strings.Lines(content) {
		line = strings.TrimSuffix(line, "\n")
		if !text {
			line = Escaped(line)
		}
		lines = append(lines, line)
	}
	return lines
}

// IsText reports whether a screen shows the content as it is.
func IsText(content string) bool {
	return utf8.ValidString(content) && !strings.ContainsFunc(content, func(r rune) bool {
		return r != '\n' && r != '\t' && (unicode.IsControl(r) || !unicode.IsPrint(r) && !unicode.IsSpace(r))
	})
}

// Escaped shows bytes that are no text, as \x00.
func Escaped(line string) string {
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
