package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros"
)

// compareOptions choose what of a comparison is shown.
type compareOptions struct {
	differences, sources bool
	criteria             []string
}

func newCompare(a *application) *cobra.Command {
	var o compareOptions
	cmd := &cobra.Command{
		Use:   "compare NAME NAME...",
		Short: "Set systems side by side",
		Example: "  distrolab compare flatcar fedora-coreos --differences\n" +
			"  distrolab compare flatcar talos --criteria shell,update,rollback --sources\n" +
			"  distrolab compare talos bottlerocket -o json",
		Args:              minimum(2, "two systems or more; `distrolab list` shows what there is"),
		ValidArgsFunction: a.completeDistros,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkCriteria(o.criteria); err != nil {
				return err
			}
			found, err := a.find(args)
			if err != nil {
				return err
			}
			comparison := o.of(distros.Compare(found, a.world.Now()))
			if a.json() {
				return a.printJSON(comparison)
			}
			return a.printComparison(comparison, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.differences, "differences", false, "only the criteria in which they differ")
	f.BoolVar(&o.sources, "sources", false, "say where each fact comes from, as numbered notes")
	f.StringSliceVar(&o.criteria, "criteria", nil, "only these criteria, such as shell,ssh,update")
	cmd.RegisterFlagCompletionFunc("criteria", cobra.FixedCompletions(distros.CriterionKeys(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// of leaves out the rows that the options do not ask for.
func (o compareOptions) of(c distros.Comparison) distros.Comparison {
	if o.differences {
		c = c.OnlyDifferences()
	}
	if len(o.criteria) > 0 {
		c.Rows = slices.DeleteFunc(slices.Clone(c.Rows), func(r distros.Row) bool { return !slices.Contains(o.criteria, r.Key) })
	}
	return c
}

// sheet is a comparison being drawn.
type sheet struct {
	view
	comparison distros.Comparison
	notes      *notes // nil: sources are not asked for
	label      int    // width of the titles of rows
	columns    []int  // widths of the systems' columns
	marked     struct{ doubtful, unknown bool }
}

// printComparison prints criteria as rows and systems as columns, with long
// facts broken into lines. Where the columns would be too narrow to read, each
// criterion becomes a paragraph.
func (a *application) printComparison(c distros.Comparison, o compareOptions) error {
	if len(c.Rows) == 0 {
		return printLines(a.world.Out, []string{"nothing to show: these systems do not differ in the criteria asked for"})
	}
	s := &sheet{view: a.view(), comparison: c}
	if o.sources {
		s.notes = &notes{}
	}
	texts := s.texts()
	var lines []string
	if s.layOut(texts) {
		lines = s.table(texts)
	} else {
		lines = s.paragraphs(texts)
	}
	return printLines(a.world.Out, append(lines, s.legend()...))
}

// texts are the cells as they are shown: rows by systems.
func (s *sheet) texts() [][]string {
	var all [][]string
	for n, r := range s.comparison.Rows {
		var row []string
		for _, cell := range r.Cells {
			text := s.text(cell, s.continues(n))
			if r.Key == "standing" {
				mark, _, _ := strings.Cut(s.state(cell.Class).Text, " ")
				text = mark + " " + strings.TrimPrefix(text, "? ")
			}
			row = append(row, text)
		}
		all = append(all, row)
	}
	return all
}

// continues says whether a row is another fact on the criterion of the row
// before.
func (s *sheet) continues(n int) bool {
	return n > 0 && s.comparison.Rows[n].Key == s.comparison.Rows[n-1].Key
}

func (s *sheet) text(cell distros.Cell, another bool) string {
	text := s.glyphs.Clean(cell.Value)
	switch {
	case text == "" && another:
		return ""
	case text == "":
		s.marked.unknown = true
		return s.glyphs.Dash
	case cell.Unconfirmed:
		s.marked.doubtful = true
		text = "? " + text
	}
	if s.notes != nil && cell.Source != "" && cell.Source != "catalog" {
		text += s.notes.mark(cell)
	}
	return text
}

// layOut chooses the widths of columns; false: they would be too narrow.
func (s *sheet) layOut(texts [][]string) bool {
	s.label = titleWidth(s.comparison.Rows)
	room := s.width - s.label - 2*len(s.comparison.Distros)
	least := make([]int, len(s.comparison.Distros))
	for i, title := range s.comparison.Titles {
		s.columns = append(s.columns, cells(s.glyphs.Clean(title)))
		least[i] = 16
		for _, row := range texts {
			s.columns[i] = max(s.columns[i], cells(row[i]))
			for _, word := range strings.Fields(row[i]) {
				least[i] = max(least[i], min(cells(word), 24))
			}
		}
		least[i] = min(least[i], s.columns[i])
	}
	narrow(s.columns, room)
	for i := range s.columns {
		if s.columns[i] < least[i] {
			return false
		}
	}
	return true
}

// narrow takes from the widest columns until all fit.
func narrow(widths []int, room int) {
	total := 0
	for _, w := range widths {
		total += w
	}
	for ; total > room && total > 0; total-- {
		widths[slices.Index(widths, slices.Max(widths))]--
	}
}

func (s *sheet) table(texts [][]string) []string {
	var titles []string
	for _, t := range s.comparison.Titles {
		titles = append(titles, s.glyphs.Clean(t))
	}
	lines := s.row("", titles, func(int) func(...string) string { return s.styles.Title.Render })
	total := s.label
	for _, w := range s.columns {
		total += w + 2
	}
	lines = append(lines, s.styles.Border.Render(strings.Repeat(s.glyphs.Line, total)))
	group := ""
	for n, r := range s.comparison.Rows {
		if r.Group != group {
			lines = append(lines, s.heading(n)...)
			group = r.Group
		}
		shown := r.Title
		if s.continues(n) {
			shown = ""
		}
		lines = append(lines, s.row(shown, texts[n], func(i int) func(...string) string { return s.look(r, i) })...)
	}
	return lines
}

// heading is the group of the n-th row, apart from what is before.
func (s *sheet) heading(n int) []string {
	lines := []string{s.styles.Accent.Render(s.comparison.Rows[n].Group)}
	if n > 0 {
		return slices.Insert(lines, 0, "")
	}
	return lines
}

// look is the style of a cell.
func (s *sheet) look(r distros.Row, i int) func(...string) string {
	switch cell := r.Cells[i]; {
	case r.Key == "standing":
		return s.state(cell.Class).Style.Render
	case cell.Value == "" || cell.Unconfirmed:
		return s.styles.FgMuted.Render
	default:
		return s.styles.Fg.Render
	}
}

func (s *sheet) row(title string, texts []string, look func(int) func(...string) string) []string {
	var columns [][]string
	height := 1
	for i, t := range texts {
		columns = append(columns, fold(t, s.columns[i]))
		height = max(height, len(columns[i]))
	}
	var lines []string
	for n := range height {
		shown := ""
		if n == 0 {
			shown = title
		}
		line := s.styles.FgMuted.Render(padded(shown, s.label))
		for i, c := range columns {
			text := ""
			if n < len(c) {
				text = c[n]
			}
			line += "  " + look(i)(text) + strings.Repeat(" ", max(0, s.columns[i]-cells(text)))
		}
		lines = append(lines, line)
	}
	return lines
}

func (s *sheet) paragraphs(texts [][]string) []string {
	name := 0
	for _, n := range s.comparison.Distros {
		name = max(name, len(n))
	}
	var lines []string
	group := ""
	for n, r := range s.comparison.Rows {
		if r.Group != group {
			lines = append(lines, s.heading(n)...)
			group = r.Group
		}
		if !s.continues(n) {
			lines = append(lines, s.styles.Title.Render(r.Title))
		}
		for i, text := range texts[n] {
			if text == "" {
				continue
			}
			for j, part := range fold(text, s.width-name-4) {
				who := []string{s.comparison.Distros[i], ""}[min(j, 1)]
				lines = append(lines, "  "+s.styles.FgMuted.Render(padded(who, name))+"  "+s.look(r, i)(part))
			}
		}
	}
	return lines
}

// legend explains the marks that were used, and lists the sources.
func (s *sheet) legend() []string {
	var lines []string
	if s.marked.doubtful {
		lines = append(lines, fold("? not confirmed by a source that could be read", s.width)...)
	}
	if s.marked.unknown {
		lines = append(lines, fold(s.glyphs.Dash+" the catalog says nothing", s.width)...)
	}
	if s.notes != nil {
		for i, source := range s.notes.sources {
			mark := fmt.Sprintf("%*s ", len(fmt.Sprintf("[%d]", len(s.notes.sources))), fmt.Sprintf("[%d]", i+1))
			for j, part := range fold(s.glyphs.Clean(source.text()), s.width-len(mark)) {
				lines = append(lines, []string{mark, strings.Repeat(" ", len(mark))}[min(j, 1)]+part)
			}
		}
	}
	for i := range lines {
		lines[i] = s.styles.FgFaint.Render(lines[i])
	}
	if len(lines) > 0 {
		lines = slices.Insert(lines, 0, "")
	}
	return lines
}

// notes numbers sources; the same source keeps its number.
type notes struct{ sources []source }

// source is where a fact comes from, with the last day it was read.
type source struct{ place, checked string }

func (n *notes) mark(cell distros.Cell) string {
	i := slices.IndexFunc(n.sources, func(s source) bool { return s.place == cell.Source })
	if i < 0 {
		i = len(n.sources)
		n.sources = append(n.sources, source{place: cell.Source})
	}
	n.sources[i].checked = max(n.sources[i].checked, cell.Checked)
	return fmt.Sprintf(" [%d]", i+1)
}

func (s source) text() string {
	if s.checked == "" {
		return s.place
	}
	return s.place + ", read " + s.checked
}
