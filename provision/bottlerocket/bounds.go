package bottlerocket

import (
	"fmt"
	"strings"
)

// What a check reads and says at most. The size leaves room for a message of
// the day of 1 MiB in which every byte is escaped.
const (
	maxDocument = 8 << 20 // bytes
	maxValues   = 20000
	maxDepth    = 64 // brackets in each other, and parts of a key
	maxFindings = 100
)

// tooMuch says what of a TOML text goes beyond the limits: its reader takes a
// step down the stack for each bracket and compares each key with all others.
func tooMuch(text string) string {
	if len(text) > maxDocument {
		return fmt.Sprintf("%d bytes are more than the limit of %d", len(text), maxDocument)
	}
	values, depth, parts := 0, 0, 0
	for len(text) > 0 {
		switch text[0] {
		case '"', '\'', '#':
			text = text[quoted(text):]
			continue
		case '[', '{':
			depth++
			values++
		case ']', '}':
			depth--
		case '.':
			parts++
		case '=', '\n', ',':
			values++
			parts = 0
		}
		if depth > maxDepth || parts > maxDepth {
			return fmt.Sprintf("it is nested deeper than the limit of %d", maxDepth)
		}
		text = text[1:]
	}
	if values > maxValues {
		return fmt.Sprintf("it has more than the limit of %d lines and values", maxValues)
	}
	return ""
}

// quoted is the length of the string or comment that begins the text.
func quoted(text string) int {
	if text[0] == '#' {
		if end := strings.IndexByte(text, '\n'); end >= 0 {
			return end
		}
		return len(text)
	}
	mark := text[:1]
	if long := strings.Repeat(mark, 3); strings.HasPrefix(text, long) {
		mark = long
	}
	for i := len(mark); i < len(text); i++ {
		switch {
		case text[i] == '\\' && mark[0] == '"':
			i++
		case text[i] == '\n' && len(mark) == 1:
			return i // not closed; the reader will say so
		case strings.HasPrefix(text[i:], mark):
			return i + len(mark)
		}
	}
	return len(text)
}
