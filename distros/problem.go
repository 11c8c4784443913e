package distros

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with a catalog file.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`  // 1-based; 0: the whole file
	Field   string `json:"field,omitempty"` // such as facts[2].checked
	Message string `json:"message"`         // what is wrong and what is allowed
}

// String says it in one line, as compilers do: file:line: field: message. What
// could play with the reader's terminal becomes a question mark.
func (p Problem) String() string {
	s := p.File + ":"
	if p.Line > 0 {
		s += fmt.Sprintf("%d:", p.Line)
	}
	if p.Field != "" {
		s += " " + p.Field + ":"
	}
	return strings.Map(func(r rune) rune {
		if unprintable(r) {
			return '?'
		}
		return r
	}, s+" "+p.Message)
}

// InvalidError lists every problem of the catalog files that were read.
type InvalidError struct {
	Problems []Problem // at least one, in the order of files and fields
}

// Error lists the problems, one on each line.
func (e *InvalidError) Error() string {
	lines := make([]string, 0, len(e.Problems)+1)
	lines = append(lines, fmt.Sprintf("reading the catalog: %d to correct", len(e.Problems)))
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}
