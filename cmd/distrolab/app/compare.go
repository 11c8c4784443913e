package app

import (
	"io"
	"slices"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/tui/factsheet"
)

// compareOptions choose what of a comparison is shown.
type compareOptions struct {
	differences, sources bool
	markdown, csv        bool
	criteria             []string
}

func newCompare(a *application) *cobra.Command {
	var o compareOptions
	cmd := &cobra.Command{
		Use:   "compare NAME NAME...",
		Short: "Set systems side by side",
		Example: "  distrolab compare flatcar fedora-coreos --differences\n" +
			"  distrolab compare flatcar talos --criteria shell,update,rollback --sources\n" +
			"  distrolab compare flatcar talos --markdown > nodes.md\n" +
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
			if len(comparison.Rows) == 0 {
				return printLines(a.world.Out, []string{"nothing to show: these systems do not differ in the criteria asked for"})
			}
			switch {
			case o.markdown:
				_, err := io.WriteString(a.world.Out, comparison.Markdown())
				return err
			case o.csv:
				_, err := io.WriteString(a.world.Out, comparison.CSV())
				return err
			}
			v := a.view()
			return printLines(a.world.Out, factsheet.Compare(comparison, o.sources, v.width, v.glyphs, v.styles))
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.differences, "differences", false, "only the criteria in which they differ")
	f.BoolVar(&o.sources, "sources", false, "say where each fact comes from, as numbered notes")
	f.StringSliceVar(&o.criteria, "criteria", nil, "only these criteria, such as shell,ssh,update")
	f.BoolVar(&o.markdown, "markdown", false, "as a Markdown table, for a document")
	f.BoolVar(&o.csv, "csv", false, "as CSV, a line for each fact with its source")
	cmd.MarkFlagsMutuallyExclusive("markdown", "csv", "sources")
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
