package rancher

import (
	"errors"
	"slices"
	"strings"
)

// CommandLine is the name of the document that holds a kernel command line.
const CommandLine = "cmdline"

// maxLine is how long a command line may become, in bytes. The kernel reads
// 2048; the rest is the image's own.
const maxLine = 1500

// Line is a kernel command line in the making.
type Line struct {
	words []string
	size  int
}

// NewLine begins a line that leaves room for the delivery's own words.
func NewLine(delivery string) *Line { return &Line{size: len(delivery)} }

// Add appends the words, or none of them where they do not fit.
func (l *Line) Add(words ...string) bool {
	size := l.size
	for _, w := range words {
		size += len(w) + 1
	}
	if size > maxLine {
		return false
	}
	l.words, l.size = append(l.words, words...), size
	return true
}

// String is the line with a space between words.
func (l *Line) String() string { return strings.Join(l.words, " ") }

// PlainWord reports whether s is a word that neither the kernel nor a shell
// script changes: printable ASCII without spaces, quotes and backslashes.
func PlainWord(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= 0x20 || c >= 0x7f || c == '"' || c == '\'' || c == '\\' {
			return false
		}
	}
	return s != ""
}

// Foreign reports why a kernel argument of a person cannot stand on a line
// that is also the config; nothing where it can. Reserved says whether the
// system takes the argument for a part of its config.
func Foreign(arg string, reserved func(arg string) bool) string {
	switch {
	case !PlainWord(arg):
		return "has a quote or a backslash, which does not survive the way to the kernel"
	case arg == "--":
		return "ends the part of the line that is read"
	case reserved(arg):
		return "would be read as a part of the config; say it in the config itself"
	}
	return ""
}

// Split takes a line apart: single spaces between words, double quotes around
// spaces. What is not ASCII, or has other quotes or backslashes, is an error.
func Split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quoted := false
	for i := range len(line) {
		c := line[i]
		switch {
		case c < 0x20 || c >= 0x7f || c == '\'' || c == '\\':
			return nil, errors.New("holds a sign that does not survive the way to the kernel; use printable ASCII without single quotes and backslashes")
		case c == '"':
			quoted = !quoted
			word.WriteByte(c)
		case c == ' ' && !quoted:
			if word.Len() == 0 {
				return nil, errors.New("has two spaces in a row, or one at its beginning")
			}
			words = append(words, word.String())
			word.Reset()
		default:
			word.WriteByte(c)
		}
	}
	if quoted || word.Len() == 0 {
		return nil, errors.New("ends in a space, or a quote is not closed")
	}
	return append(words, word.String()), nil
}

// Has reports whether the word is on the line.
func (l *Line) Has(word string) bool { return slices.Contains(l.words, word) }

// Column is where on a line the word begins that says the path, or something
// above or below it; 0 where none does. Columns says where each word begins.
func Column(columns map[string]int, path string) int {
	for at := path; at != ""; at = at[:max(strings.LastIndexAny(at, ".["), 0)] {
		if column, ok := columns[at]; ok {
			return column
		}
	}
	first := 0
	for key, column := range columns {
		if strings.HasPrefix(key, path+".") && (first == 0 || column < first) {
			first = column
		}
	}
	return first
}
