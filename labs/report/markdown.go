package report

import (
	"fmt"
	"io"
	"strings"

	"distrolab/labs/results"
)

// maxMarkdown bounds the Markdown: GitHub takes 65,536 characters of a comment,
// and counts some of them twice.
const maxMarkdown = 60_000

// maxCell bounds foreign text in a cell or a sentence, before escaping.
const maxCell = 600

// sheet is Markdown in the making. A piece that does not fit is left out whole,
// with all that come after it, and counted.
type sheet struct {
	text strings.Builder
	left int
}

// add writes a piece if there is room for it.
func (s *sheet) add(piece string) {
	if s.left > 0 || s.text.Len()+len(piece) > maxMarkdown-1000 { // 1000: for what ends it
		s.left++
		return
	}
	s.text.WriteString(piece)
}

// WriteMarkdown writes the short form of the report: answer, limits, tables. It
// fits into a comment of a pull request.
func WriteMarkdown(w io.Writer, s results.Session, runs []results.Run, c results.Comparison) error {
	var b sheet
	b.add("# " + escape(c.Answer) + "\n\n")
	for _, banner := range c.Banners {
		b.add("> **Read this first.** " + escape(banner) + "\n\n")
	}
	for i, t := range c.Tables {
		writeTable(&b, newTable(t, runs, fmt.Sprintf("table-%d", i)))
	}
	for _, n := range append(append([]string(nil), c.Warnings...), c.Notes...) {
		b.add("- " + escape(n) + "\n")
	}
	if b.left > 0 {
		fmt.Fprintf(&b.text, "\n%d parts are left out here for their length; the other formats have all.\n", b.left)
	}
	origin := "the start of the virtual CPUs"
	if len(c.Tables) > 0 && c.Tables[0].Scenario.Joins() {
		origin = c.Tables[0].Words().Origin
	}
	fmt.Fprintf(&b.text, "\nSession %s, %s, %d runs recorded, warm-ups included. Times run from %s; intervals are exact 95 %% intervals of the median.\n",
		escape(cut(s.ID, 60)), s.Started.UTC().Format("2006-01-02 15:04 UTC"), len(runs), origin)
	if _, err := io.WriteString(w, b.text.String()); err != nil {
		return fmt.Errorf("writing report of session %s: %w", s.ID, err)
	}
	return nil
}

func writeTable(b *sheet, t tableView) {
	head := []string{"system", "image", t.Words.Primary, "95 % interval (s)", "runs ok", "times " + t.Baseline, "against " + t.Baseline}
	head = append(append(head, t.Words.Longer...), t.PhaseNames...)
	rule := "| --- | ---" + strings.Repeat(" | ---:", len(head)-2) + " |\n"
	b.add(escape(t.Conditions) + "\n\n" + tableRow(head) + rule)
	for _, r := range t.Rows {
		row := []string{r.Label + " " + r.Version, r.Kind, r.Headline, r.Interval, r.Runs, r.Ratio, r.Verdict}
		b.add(tableRow(append(append(row, r.Others...), r.Phases...)))
	}
	b.add("\n")
	if len(t.Typical) > 0 {
		b.add(steps(t.Typical[0]))
	}
}

func tableRow(cells []string) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString("| " + escape(c) + " ")
	}
	return b.String() + "|\n"
}

// cut shortens foreign text.
func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// escape makes foreign text plain in Markdown, in a table as well, and not too
// long for it.
func escape(text string) string {
	var b strings.Builder
	for _, r := range printable(cut(text, maxCell)) {
		switch {
		case r == '<':
			b.WriteString("&lt;")
			continue
		case r == '&':
			b.WriteString("&amp;")
			continue
		case r == '@': // names nobody
			b.WriteString("&#64;")
			continue
		case strings.ContainsRune("\\`*_[]|#!~", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
