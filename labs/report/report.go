// Package report writes a session for people and for their programs: a page of
// HTML that needs no network and no second file and says everything without its
// script, short Markdown, and the formats of spreadsheets, test reports,
// benchstat, Prometheus and asciinema. Everything that came from a guest or a
// file is escaped.
//
// It writes to the given writer and touches nothing else.
package report

import (
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"unicode"

	"distrolab/distros"
	"distrolab/labs/results"
)

// WriteHTML writes the report of a session: the answer, the comparison, where
// the time went, every run, the environment and the method.
func WriteHTML(w io.Writer, s results.Session, runs []results.Run, c results.Comparison) error {
	view, err := newPage(s, runs, c)
	if err != nil {
		return err
	}
	t, err := template.New("report").Funcs(template.FuncMap{
		"clean": printable, "unit": func(v float64) string { return fmt.Sprintf("%.1f", v) },
		"exact": func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) },
	}).Parse(page + pictures + timelinePicture + runList + look)
	if err != nil {
		return fmt.Errorf("parsing the report's template: %w", err)
	}
	if err := t.ExecuteTemplate(w, "page", view); err != nil {
		return fmt.Errorf("writing report of session %s: %w", s.ID, err)
	}
	return nil
}

// printable makes foreign text visible: control characters, direction marks and
// bytes that are no text become a mark. Escaping is the template's task.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsPrint(r) || unicode.Is(unicode.Zs, r):
			return r
		}
		return '\uFFFD'
	}, text)
}

// kindText says what an image really is.
func kindText(s results.Subject) string {
	switch s.Kind {
	case distros.KindVendor:
		return "vendor's image"
	case distros.KindLocal:
		return "built on this machine"
	case distros.KindStandIn:
		if s.StandsFor != "" {
			return "stand-in for " + s.StandsFor
		}
		return "stand-in"
	case distros.KindProbe:
		return "probe guest"
	}
	return "image of unknown kind"
}
