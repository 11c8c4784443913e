package report

import (
	"fmt"
	"io"
	"strings"

	"distrolab/labs/results"
)

// WriteMarkdown writes the short form of the report: answer, limits, table.
func WriteMarkdown(w io.Writer, s results.Session, runs []results.Run, c results.Comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", escape(c.Answer))
	for _, banner := range c.Banners {
		fmt.Fprintf(&b, "> **Read this first.** %s\n\n", escape(banner))
	}
	for _, t := range c.Tables {
		writeTable(&b, newTable(t))
	}
	for _, n := range append(append([]string(nil), c.Warnings...), c.Notes...) {
		fmt.Fprintf(&b, "- %s\n", escape(n))
	}
	fmt.Fprintf(&b, "\nSession %s, %s, %d runs recorded, warm-ups included. Times run from the start of the virtual CPUs; intervals are exact 95 %% intervals of the median.\n",
		escape(s.ID), s.Started.UTC().Format("2006-01-02 15:04 UTC"), len(runs))
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing report of session %s: %w", s.ID, err)
	}
	return nil
}

func writeTable(b *strings.Builder, t tableView) {
	fmt.Fprintf(b, "%s\n\n", escape(t.Conditions))
	head := []string{"system", "image", "boot", "95 % interval (s)", "runs ok", "times " + t.Baseline, "management answers"}
	head = append(head, t.PhaseNames...)
	writeRow(b, head)
	rule := []string{"---", "---"}
	for range head[2:] {
		rule = append(rule, "---:")
	}
	b.WriteString("| " + strings.Join(rule, " | ") + " |\n")
	for _, r := range t.Rows {
		writeRow(b, append([]string{r.Label + " " + r.Version, r.Kind, r.Boot, r.Interval, r.Runs, r.Ratio, r.Management}, r.Phases...))
	}
	b.WriteString("\n")
}

func writeRow(b *strings.Builder, cells []string) {
	for _, c := range cells {
		b.WriteString("| " + escape(c) + " ")
	}
	b.WriteString("|\n")
}

// escape makes foreign text plain in Markdown, in a table as well.
func escape(text string) string {
	var b strings.Builder
	for _, r := range printable(text) {
		switch {
		case r == '<':
			b.WriteString("&lt;")
			continue
		case r == '&':
			b.WriteString("&amp;")
			continue
		case strings.ContainsRune("\\`*_[]|#!~", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
