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
		writeTable(&b, newTable(t, runs))
	}
	for _, n := range append(append([]string(nil), c.Warnings...), c.Notes...) {
		fmt.Fprintf(&b, "- %s\n", escape(n))
	}
	origin := "the start of the virtual CPUs"
	if len(c.Tables) > 0 && c.Tables[0].Scenario.Joins() {
		origin = c.Tables[0].Words().Origin
	}
	fmt.Fprintf(&b, "\nSession %s, %s, %d runs recorded, warm-ups included. Times run from %s; intervals are exact 95 %% intervals of the median.\n",
		escape(s.ID), s.Started.UTC().Format("2006-01-02 15:04 UTC"), len(runs), origin)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing report of session %s: %w", s.ID, err)
	}
	return nil
}

func writeTable(b *strings.Builder, t tableView) {
	fmt.Fprintf(b, "%s\n\n", escape(t.Conditions))
	head := []string{"system", "image", t.Words.Primary, "95 % interval (s)", "runs ok", "times " + t.Baseline}
	head = append(append(head, t.Words.Longer...), t.PhaseNames...)
	writeRow(b, head)
	rule := []string{"---", "---"}
	for range head[2:] {
		rule = append(rule, "---:")
	}
	b.WriteString("| " + strings.Join(rule, " | ") + " |\n")
	for _, r := range t.Rows {
		row := []string{r.Label + " " + r.Version, r.Kind, r.Headline, r.Interval, r.Runs, r.Ratio}
		writeRow(b, append(append(row, r.Others...), r.Phases...))
	}
	b.WriteString("\n")
	if len(t.Typical) > 0 {
		writeSteps(b, t.Typical[0])
	}
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
