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
	"distrolab/tui/style"
)

// Bounds of what is drawn of one document; a file in an intent may be large.
const (
	mostLines = 2000
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

// sheet are the lines of one config. Only those in the window are coloured.
type sheet struct {
	lines []sheetLine
	drawn drawnFor
}

// sheetLine is a line that is ready, or one of a document.
type sheetLine struct {
	ready  string
	number string           // of the line, padded; "" without numbers
	spans  []highlight.Span // clean, and no wider than the room
}

func (l sheetLine) draw(look screen.Look) string {
	if l.spans == nil && l.number == "" {
		return l.ready
	}
	var b strings.Builder
	b.WriteString(look.Styles.FgFaint.Render(l.number))
	for _, s := range l.spans {
		b.WriteString(s.Token.Style(look.Styles).Render(s.Text))
	}
	return b.String()
}

func readyLines(lines []string) []sheetLine {
	out := make([]sheetLine, len(lines))
	for i, l := range lines {
		out[i].ready = l
	}
	return out
}

// sheetOf gives the lines of a system's config, from the last time where nothing
// has changed.
func (m *Model) sheetOf(s *system, width int, look screen.Look) []sheetLine {
	key := drawnWith(width, look)
	if s.sheet.lines == nil || s.sheet.drawn != key {
		s.sheet = sheet{m.configLines(s, width, look), key}
	}
	return s.sheet.lines
}

// configLines are the documents, then in full what the system cannot do.
func (m *Model) configLines(s *system, width int, look screen.Look) []sheetLine {
	cfg := m.shownConfig(s)
	if m.steps {
		return readyLines(append(stepLines(cfg.Steps, width, look), gapLines(cfg.Gaps, width, look)...))
	}
	var lines []sheetLine
	add := func(more ...string) { lines = append(lines, readyLines(more)...) }
	for i, doc := range shownDocuments(cfg) {
		title := "the guest reads:"
		if i < len(cfg.Sources) {
			title = "written by hand:"
		}
		if i > 0 {
			add("")
		}
		add(look.Styles.FgMuted.Render(prose.Shorten(difference.Heading(title, doc, width, look.Glyphs), width, look.Glyphs.Ellipsis)))
		lines = append(lines, documentLines(doc, findingsOf(s.result.Findings, doc.Name), width, look)...)
	}
	if len(cfg.Documents) == 0 {
		add(look.Styles.FgMuted.Render(prose.Shorten("This system takes no config.", width, look.Glyphs.Ellipsis)))
	}
	if len(cfg.Gaps) > 0 {
		add("")
		add(gapLines(cfg.Gaps, width, look)...)
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

// documentLines cuts a document into lines, with numbers where there is room,
// and says below a line what a check found there.
func documentLines(doc provision.Document, findings []provision.Finding, width int, look screen.Look) []sheetLine {
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
	var lines []sheetLine
	notes := func(here func(line int) bool) {
		for _, f := range findings {
			if here(f.Line) {
				lines = append(lines, readyLines(findingLines(f, gutter, width, look))...)
			}
		}
	}
	notes(func(line int) bool { return line < 1 || line > len(text) })
	for i, spans := range highlight.Document(highlight.Detect(doc.Name, doc.Content), text) {
		for n, part := range wrapped(spans, width-gutter, look.Glyphs) {
			l := sheetLine{spans: part}
			if gutter > 0 {
				l.number = fmt.Sprintf("%*s  ", gutter-2, either(n == 0, fmt.Sprint(i+1), ""))
			}
			lines = append(lines, l)
		}
		notes(func(line int) bool { return line == i+1 })
	}
	if left > 0 {
		more := fmt.Sprintf("%s %d lines more; w writes them", look.Glyphs.Ellipsis, left)
		lines = append(lines, sheetLine{ready: look.Styles.FgMuted.Render(prose.Shorten(more, width, look.Glyphs.Ellipsis))})
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

// wrapped cuts the pieces of one line into lines of at most width cells.
func wrapped(spans []highlight.Span, width int, g style.Glyphs) [][]highlight.Span {
	width = max(width, 2)
	var lines [][]highlight.Span
	var current []highlight.Span
	room := width
	for _, s := range spans {
		text := s.Text
		simple := simpleText(text) // nearly all of every config, and no work
		if !simple {
			text = g.Clean(strings.ReplaceAll(text, "\t", "    "))
		}
		for text != "" {
			head, cells := text, len(text)
			if !simple {
				cells = ansi.StringWidth(text)
			}
			switch {
			case cells > room && simple:
				head, cells = text[:room], room
			case cells > room:
				head = ansi.Truncate(text, room, "")
				cells = ansi.StringWidth(head)
			}
			if head == "" {
				if room == width {
					break // wider than any line
				}
				lines, current, room = append(lines, current), nil, width
				continue
			}
			current = append(current, highlight.Span{Text: head, Token: s.Token})
			room -= cells
			text = text[len(head):]
		}
	}
	return append(lines, current)
}

// simpleText says that every byte is one clean cell.
func simpleText(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
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
