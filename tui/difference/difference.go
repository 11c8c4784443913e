// Package difference sets two configs of one intent beside each other: how each
// does every part of the intent, then the documents, side by side where there is
// room, with the lines that differ marked where both are of one format. The
// command `diff` and the Config screen draw with it. Its functions are pure.
package difference

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/provision"
	"distrolab/tui/highlight"
	"distrolab/tui/prose"
	"distrolab/tui/style"
)

// Beside is the least width at which two configs stand beside each other.
const Beside = 100

// Side is one of the two.
type Side struct {
	Name   string // the system, and its format where that is not its own
	Format string // in words, such as "ignition (Butane flatcar 1.1.0)"
	Config provision.Config
}

// Row is how the two do one part of the intent.
type Row struct {
	Field string           `json:"field"`
	A     provision.Answer `json:"a"`
	B     provision.Answer `json:"b"`
}

// Rows lists parts of an intent with both answers.
func Rows(fields []string, a, b provision.Config) []Row {
	rows := []Row{}
	for _, field := range fields {
		rows = append(rows, Row{field, a.Answer(field), b.Answer(field)})
	}
	return rows
}

// Written is what a person would write: the sources where there are some.
func Written(cfg provision.Config) []provision.Document {
	if len(cfg.Sources) > 0 {
		return cfg.Sources
	}
	return cfg.Documents
}

// sheet is what the lines are drawn on.
type sheet struct {
	width  int
	glyphs style.Glyphs
	styles style.Styles
}

// Lines draws both, for the parts of the intent, at most width cells wide where
// width is at least [Beside]. Below that documents stand under each other, and
// their lines stay whole, to be read and copied as they are.
func Lines(fields []string, left, right Side, width int, glyphs style.Glyphs, styles style.Styles) []string {
	v := sheet{width, glyphs, styles}
	lines := v.answers(left, right, Rows(fields, left.Config, right.Config))
	a, b := Written(left.Config), Written(right.Config)
	if width < Beside {
		return append(append(lines, v.documents(left.Name+":", a)...), v.documents(right.Name+":", b)...)
	}
	return append(lines, v.twoConfigs(left, right, a, b)...)
}

// documents writes documents out under their titles.
func (v sheet) documents(title string, docs []provision.Document) []string {
	var lines []string
	for _, doc := range docs {
		lines = append(lines, "", v.styles.FgMuted.Render(Heading(title, doc, v.width, v.glyphs)))
		for _, line := range highlight.Lines(doc.Content) {
			lines = append(lines, Whole(line, v.glyphs))
		}
	}
	return lines
}

// twoConfigs sets the documents beside each other. Those of one format are
// aligned, so that what differs is seen.
func (v sheet) twoConfigs(left, right Side, a, b []provision.Document) []string {
	column := (v.width - 3) / 2
	lines := []string{""}
	if left.Config.Format != right.Config.Format {
		return append(lines, stacked(v.column(left.Name, a, column), v.column(right.Name, b, column), column)...)
	}
	for _, p := range docPairs(a, b) {
		lines = append(lines, v.docHead(left.Name, p[0], column)+"   "+v.docHead(right.Name, p[1], column))
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
func (v sheet) docHead(side string, d *provision.Document, column int) string {
	if d == nil {
		return strings.Repeat(" ", column)
	}
	title := prose.Shorten(v.glyphs.Line+v.glyphs.Line+" "+v.glyphs.Clean(side+": "+d.Name), column-1, v.glyphs.Ellipsis) + " "
	return v.styles.FgMuted.Render(title + strings.Repeat(v.glyphs.Line, max(0, column-ansi.StringWidth(title))))
}

// column is one side whole: its documents under each other.
func (v sheet) column(side string, docs []provision.Document, width int) []string {
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
func stacked(left, right []string, column int) []string {
	var lines []string
	for n := range max(len(left), len(right)) {
		lines = append(lines, prose.Pad(at(left, n), column)+"   "+at(right, n))
	}
	return lines
}

func linesOf(d *provision.Document) []string {
	if d == nil {
		return nil
	}
	return highlight.Lines(d.Content)
}

// pairLines is one pair of lines, broken where a column ends.
func (v sheet) pairLines(p linePair, column int) []string {
	l, r := v.broken(p.left, column), v.broken(p.right, column)
	mark, look := v.styles.Accent.Render(string(p.mark)), v.styles.Accent
	if p.mark == ' ' {
		mark, look = " ", v.styles.Fg
	}
	var lines []string
	for n := range max(len(l), len(r), 1) {
		lines = append(lines, look.Render(prose.Pad(at(l, n), column))+" "+mark+" "+look.Render(at(r, n)))
	}
	return lines
}

func at(lines []string, n int) string {
	if n < len(lines) {
		return lines[n]
	}
	return ""
}

func (v sheet) broken(line string, width int) []string {
	return prose.Broken(v.glyphs.Clean(strings.ReplaceAll(line, "\t", "    ")), width)
}
