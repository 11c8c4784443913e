package app

import (
	"github.com/spf13/cobra"

	"distrolab/tui/factsheet"
)

// proseWidth bounds lines of prose, which are hard to read when longer.
const proseWidth = 110

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
			l, err := a.listed(found[0])
			if err != nil {
				return err
			}
			if a.json() {
				return a.printJSON(l)
			}
			return a.printDistro(l, sources)
		},
	}
	cmd.Flags().BoolVar(&sources, "sources", false, "say where each fact comes from and when it was checked")
	return cmd
}

func (a *application) printDistro(l listed, sources bool) error {
	v := a.view()
	v.width = min(v.width, proseWidth)
	lines := factsheet.Page(factsheet.System{Distro: l.Distro, Day: a.world.Now(), Latest: l.Latest}, sources, v.width, v.glyphs, v.styles)
	if !sources {
		lines = append(lines, "")
		lines = append(lines, v.paragraph("`distrolab show "+l.Name+" --sources` says where each fact comes from.", v.styles.FgFaint.Render)...)
	}
	return printLines(a.world.Out, lines)
}
