package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros"
)

func newShow(a *application) *cobra.Command {
	var sources bool
	cmd := &cobra.Command{
		Use:               "show NAME",
		Short:             "Show what is known of a system",
		Example:           "  distrolab show flatcar\n  distrolab show talos --sources",
		Args:              exactly(1, "one system; `distrolab list` shows what there is"),
		ValidArgsFunction: a.completeDistros,
		RunE: func(_ *cobra.Command, args []string) error {
			found, err := a.find(args)
			if err != nil {
				return err
			}
			if a.json() {
				return a.printJSON(found[0])
			}
			return a.printDistro(found[0], sources)
		},
	}
	cmd.Flags().BoolVar(&sources, "sources", false, "say where each fact comes from and when it was checked")
	return cmd
}

func (a *application) printDistro(d distros.Distro, sources bool) error {
	v := a.view()
	var lines []string
	lines = append(lines, v.styles.Title.Render(v.glyphs.Clean(d.Title))+"  "+v.styles.FgMuted.Render(d.Name), "")
	lines = append(lines, wrap(v.glyphs.Clean(d.Summary), v.width)...)
	if d.Kind != distros.KindVendor {
		lines = append(lines, "", v.styles.Warn.Render(origin(d)))
	}
	lines = append(lines, "")
	comparison := distros.Compare([]distros.Distro{d})
	label := 0
	for _, r := range comparison.Rows {
		label = max(label, len([]rune(r.Title)))
	}
	for _, r := range comparison.Rows {
		lines = append(lines, v.fact(r, label, sources)...)
	}
	if len(d.Traps) > 0 {
		lines = append(lines, "", v.styles.Title.Render("Traps"))
		for _, t := range d.Traps {
			for i, part := range wrap(v.glyphs.Clean(t), v.width-2) {
				lines = append(lines, []string{v.glyphs.Bullet + " ", "  "}[min(i, 1)]+part)
			}
		}
	}
	return printLines(a.world.Out, lines)
}

func (v view) fact(r distros.Row, label int, sources bool) []string {
	cell := r.Cells[0]
	value := v.glyphs.Clean(cell.Value)
	if cell.Unconfirmed {
		value += " (unconfirmed)"
	}
	var lines []string
	for i, part := range wrap(value, v.width-label-2) {
		title := ""
		if i == 0 {
			title = r.Title
		}
		lines = append(lines, v.styles.FgMuted.Render(fmt.Sprintf("%-*s", label, title))+"  "+part)
	}
	if sources {
		lines = append(lines, strings.Repeat(" ", label+2)+v.styles.FgFaint.Render(strings.TrimSpace(cell.Source+" "+cell.Checked)))
	}
	return lines
}

func origin(d distros.Distro) string {
	switch d.Kind {
	case distros.KindStandIn:
		return "This is a stand-in: built on this machine in place of " + d.StandsFor + "."
	case distros.KindProbe:
		return "This is a probe guest: built on this machine, it reports what reached it and powers off."
	default:
		return "Its image is built on this machine from packages, not published by a vendor."
	}
}

func newCompare(a *application) *cobra.Command {
	var differences, sources bool
	cmd := &cobra.Command{
		Use:               "compare NAME NAME...",
		Short:             "Set systems side by side",
		Example:           "  distrolab compare flatcar fedora-coreos --differences\n  distrolab compare talos bottlerocket -o json",
		Args:              minimum(2, "two systems or more; `distrolab list` shows what there is"),
		ValidArgsFunction: a.completeDistros,
		RunE: func(_ *cobra.Command, args []string) error {
			found, err := a.find(args)
			if err != nil {
				return err
			}
			comparison := distros.Compare(found)
			if differences {
				comparison = comparison.OnlyDifferences()
			}
			if a.json() {
				return a.printJSON(comparison)
			}
			return a.printComparison(comparison, sources)
		},
	}
	cmd.Flags().BoolVar(&differences, "differences", false, "only the criteria in which they differ")
	cmd.Flags().BoolVar(&sources, "sources", false, "say where each fact comes from")
	return cmd
}

// printComparison prints criteria as rows and systems as columns, with long
// facts broken into lines. Where the columns would be too narrow to read, each
// criterion becomes a paragraph.
func (a *application) printComparison(c distros.Comparison, sources bool) error {
	v := a.view()
	const least = 16
	label := 0
	for _, r := range c.Rows {
		label = max(label, len([]rune(r.Title)))
	}
	column := (v.width - label - 2*len(c.Distros)) / len(c.Distros)
	if column < least {
		return printLines(a.world.Out, v.paragraphs(c, sources))
	}
	lines := v.row("", c.Titles, label, column, v.styles.Title.Render)
	for _, r := range c.Rows {
		lines = append(lines, v.row(r.Title, v.cells(r, sources), label, column, func(s ...string) string { return strings.Join(s, "") })...)
	}
	return printLines(a.world.Out, lines)
}

func (v view) cells(r distros.Row, sources bool) []string {
	var texts []string
	for _, cell := range r.Cells {
		text := v.glyphs.Clean(cell.Value)
		switch {
		case text == "":
			text = "-"
		case cell.Unconfirmed:
			text += " (unconfirmed)"
		}
		if sources && cell.Source != "" {
			text += " [" + v.glyphs.Clean(cell.Source) + "]"
		}
		texts = append(texts, text)
	}
	return texts
}

func (v view) row(title string, texts []string, label, column int, render func(...string) string) []string {
	var columns [][]string
	height := 1
	for _, t := range texts {
		wrapped := breakWords(wrap(t, column), column)
		columns = append(columns, wrapped)
		height = max(height, len(wrapped))
	}
	var lines []string
	for i := range height {
		line := strings.Repeat(" ", label)
		if i == 0 {
			line = v.styles.FgMuted.Render(fmt.Sprintf("%-*s", label, title))
		}
		for _, c := range columns {
			text := ""
			if i < len(c) {
				text = c[i]
			}
			line += "  " + render(text+strings.Repeat(" ", column-len([]rune(text))))
		}
		lines = append(lines, line)
	}
	return lines
}

// breakWords cuts words that are longer than a column.
func breakWords(lines []string, width int) []string {
	var cut []string
	for _, l := range lines {
		for part := range slices.Chunk([]rune(l), width) {
			cut = append(cut, string(part))
		}
		if l == "" {
			cut = append(cut, "")
		}
	}
	return cut
}

func (v view) paragraphs(c distros.Comparison, sources bool) []string {
	name := 0
	for _, n := range c.Distros {
		name = max(name, len(n))
	}
	var lines []string
	for _, r := range c.Rows {
		lines = append(lines, v.styles.Title.Render(r.Title))
		for i, text := range v.cells(r, sources) {
			for j, part := range wrap(text, v.width-name-4) {
				who := ""
				if j == 0 {
					who = c.Distros[i]
				}
				lines = append(lines, fmt.Sprintf("  %s  %s", v.styles.FgMuted.Render(fmt.Sprintf("%-*s", name, who)), part))
			}
		}
	}
	return lines
}
