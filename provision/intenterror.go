package provision

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	strict "github.com/goccy/go-yaml"
	"go.yaml.in/yaml/v3"
)

// InvalidIntentError lists every problem of an Intent.
type InvalidIntentError struct {
	Problems []Problem
}

// Problem is one thing wrong in an Intent.
type Problem struct {
	Path    string // such as users[0].name
	Message string // what is wrong and what would be right
	Where   string // file, line and excerpt; empty for an Intent that came from no file
}

// Error is one paragraph per problem, the place in the file first.
func (e *InvalidIntentError) Error() string {
	lines := []string{fmt.Sprintf("the intent has %d problem(s):", len(e.Problems))}
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.Path+": "+p.Message)
		if p.Where != "" {
			lines = append(lines, p.Where)
		}
	}
	return strings.Join(lines, "\n")
}

// located adds to each problem where in the file it is.
func (s source) located(root *yaml.Node, problems []Problem) error {
	for i, p := range problems {
		n := find(root, p.Path)
		problems[i].Where = s.excerpt(n.Line, n.Column)
	}
	return fmt.Errorf("reading intent: %w", &InvalidIntentError{Problems: problems})
}

// find is the node at a problem's path, or the nearest one above it.
func find(root *yaml.Node, path string) *yaml.Node {
	n := root
	for _, step := range regexp.MustCompile(`[^.\[\]]+|\[[^\]]*\]`).FindAllString(path, -1) {
		next := child(n, strings.Trim(step, "[]"))
		if index, err := strconv.Atoi(strings.Trim(step, "[]")); err == nil && n.Kind == yaml.SequenceNode && index < len(n.Content) {
			next = n.Content[index]
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// at is an error at one place of the file.
func (s source) at(line, column int, message string) error {
	return fmt.Errorf("reading intent: %s\n%s", printable(HideTokens(message)), s.excerpt(line, column))
}

// syntaxError adds the excerpt to an error whose only position is in its text.
func (s source) syntaxError(err error) error {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if m := regexp.MustCompile(`^line (\d+): (.*)`).FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1]) // digits only; beyond int it becomes the last line
		message = m[2]
	}
	return s.at(line, 0, message)
}

// decodeError adds the excerpt to an error of the strict reader.
func (s source) decodeError(err error) error {
	var located strict.Error
	if errors.As(err, &located) && located.GetToken() != nil && located.GetToken().Position != nil {
		at := located.GetToken().Position
		return s.at(at.Line, at.Column, located.GetMessage())
	}
	return s.at(1, 1, err.Error())
}

// excerpt is the place, the line and a caret below the column:
//
//	intent.yaml:3:9
//	   3 | user: core
//	     | ^
//
// Column 0 means the whole line.
func (s source) excerpt(line, column int) string {
	const shown = 100 // runes of a line
	lines := strings.Split(s.text, "\n")
	line = min(max(line, 1), len(lines))
	text := []rune(printable(HideTokens(lines[line-1])))
	place := fmt.Sprintf("%s:%d", s.name, line)
	if column > 0 {
		place = fmt.Sprintf("%s:%d", place, column)
	}
	start := max(0, min(column-1-shown/2, len(text)-shown))
	caret := "\n         | " + strings.Repeat(" ", min(max(column-1-start, 0), shown)) + "^"
	if column == 0 {
		caret = ""
	}
	return fmt.Sprintf("    %s\n    %4d | %s%s", place, line, string(text[start:min(len(text), start+shown)]), caret)
}

// printable replaces what a terminal would obey instead of show.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '\ufffd'
		}
		return r
	}, s)
}
