package app

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/provision"
)

// sideBySide is the least width at which two configs stand beside each other.
const sideBySide = 100

// printDifference prints the answers part by part, then the configs.
func (a *application) printDifference(left, right rendition) error {
	v := a.view()
	lines := v.answers(left, right)
	leftDocs, rightDocs := written(left.config), written(right.config)
	switch {
	case v.width < sideBySide:
		lines = append(lines, v.documents(left.side()+":", leftDocs)...)
		lines = append(lines, v.documents(right.side()+":", rightDocs)...)
	default:
		lines = append(lines, v.twoConfigs(left, right, leftDocs, rightDocs)...)
	}
	return printLines(a.world.Out, lines)
}

// side is the name of one side: the system, and its format where that is not
// its own.
func (r rendition) side() string {
	if r.target.Profile.Format != r.distro.Config.Format {
		return r.distro.Name + ":" + r.target.Profile.Format
	}
	return r.distro.Name
}

// written is what a person would write: the sources where there are some.
func written(cfg provision.Config) []provision.Document {
	if len(cfg.Sources) > 0 {
		return cfg.Sources
	}
	return cfg.Documents
}

// part is one answer as text, with whether it is a gap.
type part struct {
	text string
	gap  bool
}

func (v view) parts(a answered, field string) []part {
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
func (v view) answers(left, right rendition) []string {
	rows := fieldRows(left, right)
	label := len("intent")
	for _, r := range rows {
		label = max(label, min(cells(r.Field), 20))
	}
	column := (v.width - label - 4) / 2
	if column < 32 {
		return v.answersBelow(left, right, rows)
	}
	lines := []string{
		v.styles.FgMuted.Render(padded("intent", label)) + "  " + v.styles.Title.Render(padded(v.title(left, column), column)) + "  " + v.styles.Title.Render(v.title(right, column)),
		v.styles.Border.Render(strings.Repeat(v.glyphs.Line, label+4+2*column)),
	}
	for _, r := range rows {
		l, rt := v.foldParts(v.parts(r.A, r.Field), column), v.foldParts(v.parts(r.B, r.Field), column)
		for n := range max(len(l), len(rt)) {
			name := ""
			if n == 0 {
				name = v.shorten(v.glyphs.Clean(r.Field), label)
			}
			lines = append(lines, v.styles.FgMuted.Render(padded(name, label))+"  "+v.partLine(l, n, column)+"  "+v.partLine(rt, n, column))
		}
	}
	return lines
}

func (v view) title(r rendition, width int) string {
	return v.shorten(v.glyphs.Clean(r.side()+": "+formatWords(r)), width)
}

// foldParts folds answers into lines of a width.
func (v view) foldParts(parts []part, width int) []part {
	var lines []part
	for _, p := range parts {
		for i, text := range fold(v.glyphs.Clean(p.text), width-2) {
			if i > 0 {
				text = "  " + text
			}
			lines = append(lines, part{text, p.gap})
		}
	}
	return lines
}

func (v view) partLine(lines []part, n, width int) string {
	if n >= len(lines) {
		return strings.Repeat(" ", width)
	}
	look := v.styles.Fg
	if lines[n].gap {
		look = v.styles.Warn
	}
	return look.Render(padded(lines[n].text, width))
}

// answersBelow sets the two answers under each other, for narrow terminals.
func (v view) answersBelow(left, right rendition, rows []fieldRow) []string {
	label := max(cells(left.side()), cells(right.side()))
	var lines []string
	for _, r := range rows {
		lines = append(lines, v.styles.Title.Render(v.glyphs.Clean(v.shorten(r.Field, v.width))))
		for _, side := range []struct {
			name  string
			parts []part
		}{{left.side(), v.parts(r.A, r.Field)}, {right.side(), v.parts(r.B, r.Field)}} {
			for n, p := range v.foldParts(side.parts, max(20, v.width-label-4)) {
				name := ""
				if n == 0 {
					name = side.name
				}
				look := v.styles.Fg
				if p.gap {
					look = v.styles.Warn
				}
				lines = append(lines, "  "+v.styles.FgMuted.Render(padded(name, label))+"  "+look.Render(p.text))
			}
		}
	}
	return lines
}

// twoConfigs sets the documents beside each other. Those of one format are
// aligned, so that what differs is seen.
func (v view) twoConfigs(left, right rendition, a, b []provision.Document) []string {
	column := (v.width - 3) / 2
	lines := []string{""}
	if left.config.Format != right.config.Format {
		return append(lines, v.stacked(v.column(left.side(), a, column), v.column(right.side(), b, column), column)...)
	}
	for _, p := range docPairs(a, b) {
		lines = append(lines, v.docHead(left.side(), p[0], column)+"   "+v.docHead(right.side(), p[1], column))
		for _, pair := range aligned(linesOf(p[0]), linesOf(p[1])) {
			lines = append(lines, v.pairLines(pair, column)...)
		}
		lines = append(lines, "")
	}
	return lines
}

// docPairs pairs documents by name, or the only one of each side. Nil stands
// where a side has none.
func docPairs(a, b []provision.Document) [][2]*provision.Document {
	if len(a) == 1 && len(b) == 1 {
		return [][2]*provision.Document{{&a[0], &b[0]}}
	}
	var pairs [][2]*provision.Document
	taken := map[int]bool{}
	for i := range a {
		pair := [2]*provision.Document{&a[i], nil}
		if n := slices.IndexFunc(b, func(d provision.Document) bool { return d.Name == a[i].Name }); n >= 0 {
			pair[1], taken[n] = &b[n], true
		}
		pairs = append(pairs, pair)
	}
	for i := range b {
		if !taken[i] {
			pairs = append(pairs, [2]*provision.Document{nil, &b[i]})
		}
	}
	return pairs
}

// docHead is the line above a document.
func (v view) docHead(side string, d *provision.Document, column int) string {
	if d == nil {
		return strings.Repeat(" ", column)
	}
	title := v.shorten(v.glyphs.Line+v.glyphs.Line+" "+v.glyphs.Clean(side+": "+d.Name), column-1) + " "
	return v.styles.FgMuted.Render(title + strings.Repeat(v.glyphs.Line, max(0, column-cells(title))))
}

// column is one side whole: its documents under each other.
func (v view) column(side string, docs []provision.Document, width int) []string {
	var lines []string
	for i := range docs {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, v.docHead(side, &docs[i], width))
		for _, line := range linesOf(&docs[i]) {
			lines = append(lines, v.broken(line, width)...)
		}
	}
	return lines
}

// stacked sets two columns beside each other.
func (v view) stacked(left, right []string, column int) []string {
	var lines []string
	for n := range max(len(left), len(right)) {
		lines = append(lines, padded(at(left, n), column)+"   "+at(right, n))
	}
	return lines
}

func linesOf(d *provision.Document) []string {
	if d == nil {
		return nil
	}
	return documentLines(d.Content)
}

// pairLines is one pair of lines, broken where a column ends.
func (v view) pairLines(p linePair, column int) []string {
	l, r := v.broken(p.left, column), v.broken(p.right, column)
	mark, look := v.styles.Accent.Render(string(p.mark)), v.styles.Accent
	if p.mark == ' ' {
		mark, look = " ", v.styles.Fg
	}
	var lines []string
	for n := range max(len(l), len(r), 1) {
		lines = append(lines, look.Render(padded(at(l, n), column))+" "+mark+" "+look.Render(at(r, n)))
	}
	return lines
}

func at(lines []string, n int) string {
	if n < len(lines) {
		return lines[n]
	}
	return ""
}

// broken cuts a line of a document into pieces of a width, wherever that is.
func (v view) broken(line string, width int) []string {
	text := v.glyphs.Clean(strings.ReplaceAll(line, "\t", "    "))
	var pieces []string
	for cells(text) > width {
		head := ansi.Truncate(text, width, "")
		if head == "" {
			break
		}
		pieces, text = append(pieces, head), text[len(head):]
	}
	return append(pieces, text)
}
