package app

import (
	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/tui/chart"
)

func newList(a *application) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the systems of the catalog",
		Example: "  distrolab list\n  distrolab list -o json | jq -r '.[].name'",
		Args:    none,
		RunE: func(*cobra.Command, []string) error {
			catalog, err := a.catalog()
			if err != nil {
				return err
			}
			if a.json() {
				return a.printJSON(catalog.All())
			}
			return a.printList(catalog.All())
		},
	}
}

func (a *application) printList(all []distros.Distro) error {
	columns := []chart.Column{{Title: "NAME"}, {Title: "SYSTEM"}, {Title: "STATE"}, {Title: "CONFIG"}, {Title: "IMAGE", Drop: 1}, {Title: "SUMMARY", Drop: 2}}
	var rows [][]string
	for _, d := range all {
		rows = append(rows, []string{d.Name, d.Title, d.Support.State, d.Config.Format, imageOrigin(d), d.Summary})
	}
	return a.printTable(columns, rows)
}

// imageOrigin says in a few words what an entry's image is. Stand-ins are
// called so wherever they appear.
func imageOrigin(d distros.Distro) string {
	switch {
	case d.Kind == distros.KindStandIn:
		return "stand-in, built here"
	case d.Kind == distros.KindLocal:
		return "built here"
	case d.Kind == distros.KindProbe:
		return "probe, built here"
	case d.Release.Resolver == "none":
		return "none yet"
	default:
		return "vendor's"
	}
}
