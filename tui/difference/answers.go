package difference

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/provision"
	"distrolab/tui/prose"
)

// part is one answer as text, with whether it is a gap.
type part struct {
	text string
	gap  bool
}

func (v sheet) parts(a provision.Answer, field string) []part {
	var list []part
	for _, does := range a.Does {
		list = append(list, part{text: does})
	}
	for _, gap := range a.Cannot {
		text := v.glyphs.Warn + " cannot: " + gap.Reason
		if gap.Field != field {
			text = v.glyphs.Warn + " cannot do " + gap.Field + ": " + gap.Reason
		}
		list = append(list, part{text, true})
	}
	return list
}

// answers is the table of the parts of the intent.
func (v sheet) answers(left, right Side, rows []Row) []string {
	label := len("intent")
	for _, r := range rows {
		label = max(label, min(ansi.StringWidth(r.Field), 20))
	}
	column := (v.width - label - 4) / 2
	if column < 32 {
		return v.answersBelow(left, right, rows)
	}
	lines := []string{
		v.styles.FgMuted.Render(prose.Pad("intent", label)) + "  " + v.styles.Title.Render(prose.Pad(v.title(left, column), column)) + "  " + v.styles.Title.Render(v.title(right, column)),
		v.styles.Border.Render(strings.Repeat(v.glyphs.Line, label+4+2*column)),
	}
	for _, r := range rows {
		l, rt := v.foldParts(v.parts(r.A, r.Field), column), v.foldParts(v.parts(r.B, r.Field), column)
		for n := range max(len(l), len(rt)) {
			name := ""
			if n == 0 {
				name = v.shorten(v.glyphs.Clean(r.Field), label)
			}
			lines = append(lines, v.styles.FgMuted.Render(prose.Pad(name, label))+"  "+v.partLine(l, n, column)+"  "+v.partLine(rt, n, column))
		}
	}
	return lines
}

func (v sheet) title(s Side, width int) string {
	return v.shorten(v.glyphs.Clean(s.Name+": "+s.Format), width)
}

func (v sheet) shorten(text string, width int) string {
	return prose.Shorten(text, width, v.glyphs.Ellipsis)
}

// foldParts folds answers into lines of a width.
func (v sheet) foldParts(parts []part, width int) []part {
	var lines []part
	for _, p := range parts {
		for i, text := range prose.Fold(v.glyphs.Clean(p.text), width-2) {
			if i > 0 {
				text = "  " + text
			}
			lines = append(lines, part{text, p.gap})
		}
	}
	return lines
}

func (v sheet) partLine(lines []part, n, width int) string {
	if n >= len(lines) {
		return strings.Repeat(" ", width)
	}
	look := v.styles.Fg
	if lines[n].gap {
		look = v.styles.Warn
	}
	return look.Render(prose.Pad(lines[n].text, width))
}

// answersBelow sets the two answers under each other, for narrow terminals.
func (v sheet) answersBelow(left, right Side, rows []Row) []string {
	label := max(ansi.StringWidth(left.Name), ansi.StringWidth(right.Name))
	var lines []string
	for _, r := range rows {
		lines = append(lines, v.styles.Title.Render(v.glyphs.Clean(v.shorten(r.Field, v.width))))
		for _, side := range []struct {
			name  string
			parts []part
		}{{left.Name, v.parts(r.A, r.Field)}, {right.Name, v.parts(r.B, r.Field)}} {
			for n, p := range v.foldParts(side.parts, max(20, v.width-label-4)) {
				name := ""
				if n == 0 {
					name = side.name
				}
				look := v.styles.Fg
				if p.gap {
					look = v.styles.Warn
				}
				lines = append(lines, "  "+v.styles.FgMuted.Render(prose.Pad(name, label))+"  "+look.Render(p.text))
			}
		}
	}
	return lines
}
