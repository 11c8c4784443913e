package config

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/provision"
	"distrolab/tui/difference"
	"distrolab/tui/highlight"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// Bounds of what is drawn of one document; a file in an intent may be large.
const (
	mostLines = 5000
	mostBytes = 4000 // of a line
)

// drawnFor is what lines depend on, beside their content.
type drawnFor struct {
	width  int
	glyphs string
	dark   bool
	colour int
	edits  [2]int // of a difference
	reveal bool
}

func drawnWith(width int, look screen.Look) drawnFor {
	return drawnFor{width: width, glyphs: look.Glyphs.Name, dark: look.Styles.Dark, colour: int(look.Styles.Profile)}
}

// sheet are the lines of one config, ready to be shown.
type sheet struct {
	lines []string
	drawn drawnFor
}

// sheetOf gives the lines of a system's config, from the last time where nothing
// has changed.
func (m *Model) sheetOf(s *system, width int, look screen.Look) []string {
	key := drawnWith(width, look)
	if s.sheet.lines == nil || s.sheet.drawn != key {
		s.sheet = sheet{m.configLines(s, width, look), key}
	}
	return s.sheet.lines
}

// configLines are the documents, then in full what the system cannot do.
func (m *Model) configLines(s *system, width int, look screen.Look) []string {
	cfg := m.shownConfig(s)
	if m.steps {
		return append(stepLines(cfg.Steps, width, look), gapLines(cfg.Gaps, width, look)...)
	}
	var lines []string
	for i, doc := range shownDocuments(cfg) {
		title := "the guest reads:"
		if i < len(cfg.Sources) {
			title = "written by hand:"
		}
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, look.Styles.FgMuted.Render(prose.Shorten(difference.Heading(title, doc, width, look.Glyphs), width, look.Glyphs.Ellipsis)))
		lines = append(lines, documentLines(doc, findingsOf(s.result.Findings, doc.Name), width, look)...)
	}
	if len(cfg.Documents) == 0 {
		lines = append(lines, look.Styles.FgMuted.Render(prose.Shorten("This system takes no config.", width, look.Glyphs.Ellipsis)))
	}
	if len(cfg.Gaps) > 0 {
		lines = append(append(lines, ""), gapLines(cfg.Gaps, width, look)...)
	}
	return lines
}

func findingsOf(all []Finding, document string) []provision.Finding {
	var found []provision.Finding
	for _, f := range all {
		if f.Document == document {
			found = append(found, f.Finding)
		}
	}
	return found
}

// documentLines colours a document, with numbers where there is room, and says
// below a line what a check found there.
func documentLines(doc provision.Document, findings []provision.Finding, width int, look screen.Look) []string {
	text := highlight.Lines(doc.Content)
	left := len(text) - mostLines
	if left > 0 {
		text = text[:mostLines]
	}
	for i := range text {
		if more := len(text[i]) - mostBytes; more > 0 {
			text[i] = fmt.Sprintf("%s %s %d bytes more", strings.ToValidUTF8(text[i][:mostBytes], ""), look.Glyphs.Ellipsis, more)
		}
	}
	gutter := 0
	if width >= 48 {
		gutter = len(fmt.Sprint(len(text))) + 2
	}
	var lines []string
	note := func(f provision.Finding) {
		lines = append(lines, findingLines(f, gutter, width, look)...)
	}
	for _, f := range findings {
		if f.Line == 0 || f.Line > len(text) {
			note(f)
		}
	}
	for i, spans := range highlight.Document(highlight.Detect(doc.Name, doc.Content), text) {
		for n, part := range wrapped(spans, width-gutter, look) {
			number := ""
			if n == 0 {
				number = fmt.Sprint(i + 1)
			}
			if gutter > 0 {
				part = look.Styles.FgFaint.Render(fmt.Sprintf("%*s  ", gutter-2, number)) + part
			}
			lines = append(lines, part)
		}
		for _, f := range findings {
			if f.Line == i+1 {
				note(f)
			}
		}
	}
	if left > 0 {
		lines = append(lines, look.Styles.FgMuted.Render(prose.Shorten(fmt.Sprintf("%s %d lines more; w writes them", look.Glyphs.Ellipsis, left), width, look.Glyphs.Ellipsis)))
	}
	return lines
}

func findingLines(f provision.Finding, indent, width int, look screen.Look) []string {
	mark, st := look.Glyphs.Cross, look.Styles.Err
	if f.Severity != provision.SeverityError {
		mark, st = look.Glyphs.Warn, look.Styles.Warn
	}
	var lines []string
	for _, part := range marked(mark, f.Severity+": "+f.Message, width-indent, look) {
		lines = append(lines, strings.Repeat(" ", indent)+st.Render(part))
	}
	return lines
}

// wrapped draws the pieces of one line in lines of at most width cells.
func wrapped(spans []highlight.Span, width int, look screen.Look) []string {
	width = max(width, 2)
	var lines []string
	var b strings.Builder
	room := width
	for _, s := range spans {
		st := s.Token.Style(look.Styles)
		text := look.Glyphs.Clean(strings.ReplaceAll(s.Text, "\t", "    "))
		for text != "" {
			head := text
			if ansi.StringWidth(text) > room {
				head = ansi.Truncate(text, room, "")
			}
			if head == "" {
				if room == width {
					break // wider than any line
				}
				lines, room = append(lines, b.String()), width
				b.Reset()
				continue
			}
			b.WriteString(st.Render(head))
			room -= ansi.StringWidth(head)
			text = text[len(head):]
		}
	}
	return append(lines, b.String())
}

// gapLines list what a system cannot do and why, under a heading.
func gapLines(gaps []provision.Gap, width int, look screen.Look) []string {
	if len(gaps) == 0 {
		return nil
	}
	g, s := look.Glyphs, look.Styles
	head := g.Warn + " cannot do " + plural(len(gaps), "part") + " of the intent"
	lines := []string{s.Warn.Render(prose.Shorten(head, width, g.Ellipsis))}
	label := 0
	for _, gap := range gaps {
		label = max(label, min(ansi.StringWidth(gap.Field), 18, width/3))
	}
	for _, gap := range gaps {
		name := prose.Shorten(g.Clean(gap.Field), label, g.Ellipsis)
		for _, part := range prose.Fold(g.Clean(gap.Reason), max(width-label-4, 1)) {
			lines = append(lines, "  "+s.FgMuted.Render(prose.Pad(name, label))+"  "+part)
			name = ""
		}
	}
	return lines
}

// stepLines say what happens at first boot, numbered through, under the stages
// at which it happens.
func stepLines(steps []provision.Step, width int, look screen.Look) []string {
	g, s := look.Glyphs, look.Styles
	if len(steps) == 0 {
		return []string{s.FgMuted.Render(prose.Shorten("Nothing of the intent happens at first boot.", width, g.Ellipsis)), ""}
	}
	number := len(fmt.Sprint(len(steps)))
	var lines []string
	for i, step := range steps {
		if i == 0 || step.Stage != steps[i-1].Stage {
			for _, part := range prose.Fold(g.Clean(step.Stage), width) {
				lines = append(lines, s.Accent.Render(part))
			}
		}
		mark := fmt.Sprintf("%*d", number, i+1)
		for _, part := range prose.Fold(g.Clean(step.Does), max(width-number-4, 1)) {
			lines = append(lines, "  "+s.FgFaint.Render(mark)+"  "+part)
			mark = strings.Repeat(" ", number)
		}
		if i+1 == len(steps) || steps[i+1].Stage != step.Stage {
			lines = append(lines, "")
		}
	}
	return lines
}
