package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The marks in docs/observer.md between which the tables are.
const (
	tablesBegin = "<!-- figures: written by scripts/bench-observer table -->\n"
	tablesEnd   = "<!-- end of figures -->\n"
)

// writeTables replaces the tables of the document by those of the records.
func writeTables(document, directory string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	fresh, err := withTables(string(text), directory)
	if err != nil {
		return err
	}
	return os.WriteFile(document, []byte(fresh), 0o644)
}

func withTables(text, directory string) (string, error) {
	head, rest, ok1 := strings.Cut(text, tablesBegin)
	_, tail, ok2 := strings.Cut(rest, tablesEnd)
	if !ok1 || !ok2 {
		return "", fmt.Errorf("the document has no place for the figures, between %q and %q", tablesBegin, tablesEnd)
	}
	paths, err := filepath.Glob(filepath.Join(directory, "*.json"))
	if err != nil {
		return "", err
	}
	var tables strings.Builder
	for _, path := range paths { // sorted
		data, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		var r record
		if err := json.Unmarshal(data, &r); err != nil {
			return "", fmt.Errorf("reading %s: %w", path, err)
		}
		r.table(&tables, filepath.Base(path))
	}
	return head + tablesBegin + tables.String() + tablesEnd + tail, nil
}

// table writes the record for people.
func (r record) table(b *strings.Builder, file string) {
	e := r.Environment
	fmt.Fprintf(b, "\n### %s\n\n%s, %s, load %s before it, QEMU %s, Linux %s; fingerprint `%.12s`; all of it in [%s](observer/%s).\n\n",
		r.Title, r.Started.UTC().Format("2006-01-02 15:04"), r.Accelerator, loadOf(e), e.QEMU, e.Kernel, e.Fingerprint, file, file)
	if len(r.Errors) > 0 {
		b.WriteString("| stamps | n | least | p50 | p99 | max (ms) | bound | |\n|---|---|---|---|---|---|---|---|\n")
		for _, s := range r.Errors {
			fmt.Fprintf(b, "| %s | %d | %.3f | %.3f | %.3f | %.3f | %s | %s |\n", s.What, s.N, s.Least, s.P50, s.P99, s.Most, s.Bound, said(s.Bound != "", s.Kept))
		}
	}
	if len(r.Shifts) > 0 {
		b.WriteString("| delay | milestone | n | moved by (ms) | 95 % interval | expected | |\n|---|---|---|---|---|---|---|\n")
		for _, s := range r.Shifts {
			fmt.Fprintf(b, "| %s | %s | %d | %.1f | %.1f to %.1f | %.0f | %s |\n", s.Delay, s.Milestone, s.N, s.Moved, s.Low, s.High, s.Expected, said(s.Judged, s.Kept))
		}
	}
	if len(r.Notes) > 0 {
		b.WriteString("\n")
	}
	for _, note := range r.Notes {
		fmt.Fprintf(b, "- %s\n", note)
	}
}

func said(judged, kept bool) string {
	switch {
	case !judged:
		return ""
	case kept:
		return "kept"
	}
	return "**not kept**"
}
