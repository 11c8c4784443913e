package app

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/distros/release"
	"distrolab/tui/chart"
)

func newReleases(a *application) *cobra.Command {
	var online bool
	var q release.Query
	cmd := &cobra.Command{
		Use:   "releases [NAME...]",
		Short: "List the versions of systems",
		Long: `Releases lists the versions that distrolab knew when it was made, which needs no
network, or with --online those that the vendor's index has now.`,
		Example: "  distrolab releases\n  distrolab releases flatcar --online --channel beta",
		Args:    cobra.ArbitraryArgs, ValidArgsFunction: a.completeDistros,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := a.find(args)
			if err != nil {
				return err
			}
			if !online {
				return a.printKnown(found)
			}
			if len(found) == 0 {
				return usage(errors.New("--online asks the index of a system: name one"))
			}
			return a.printOnline(cmd.Context(), found, q)
		},
	}
	cmd.Flags().BoolVar(&online, "online", false, "ask the vendors' indexes")
	cmd.Flags().StringVar(&q.Channel, "channel", "", "with --online: channel, stream or suite (default: the catalog's)")
	cmd.Flags().StringVar(&q.Arch, "arch", arch, "with --online: architecture, amd64 or arm64")
	cmd.Flags().StringVar(&q.Mirror, "mirror", "", "with --online: root of a mirror in place of the vendor's index")
	return cmd
}

// printKnown prints the releases of the embedded snapshot; no systems means all.
func (a *application) printKnown(systems []distros.Distro) error {
	all, err := release.Snapshot()
	if err != nil {
		return err
	}
	asked := map[string]bool{}
	for _, d := range systems {
		asked[d.Name] = true
	}
	known := []release.Known{}
	for _, k := range all {
		if len(asked) == 0 || asked[k.Distro] {
			known = append(known, k)
		}
	}
	if a.json() {
		return a.printJSON(known)
	}
	rows := [][]string{}
	for _, k := range known {
		version := k.Version
		if k.Unconfirmed {
			version += " (unconfirmed)"
		}
		rows = append(rows, []string{k.Distro, version, k.Channel, k.Arch, k.Published, k.Seen, k.Source})
	}
	columns := []chart.Column{{Title: "SYSTEM"}, {Title: "VERSION"}, {Title: "CHANNEL"}, {Title: "ARCH"}, {Title: "PUBLISHED"}, {Title: "SEEN", Drop: 1}, {Title: "SOURCE", Drop: 2}}
	return a.printTable(columns, rows)
}

func (a *application) printOnline(ctx context.Context, systems []distros.Distro, q release.Query) error {
	store, err := a.store() // holds what is trusted of signed indexes
	if err != nil {
		return err
	}
	source := a.source(store)
	all := map[string][]release.Summary{}
	rows := [][]string{}
	for _, d := range systems {
		list, err := source.Releases(ctx, d, q)
		var none *release.NoImageError
		var unreachable *release.UnreachableError
		if errors.As(err, &none) || errors.As(err, &unreachable) {
			return cannot(err)
		}
		if err != nil {
			return err
		}
		all[d.Name] = list
		for _, s := range list {
			day := ""
			if !s.Published.IsZero() {
				day = s.Published.Format(time.DateOnly)
			}
			rows = append(rows, []string{d.Name, s.Version, s.Channel, s.Arch, day})
		}
	}
	if a.json() {
		return a.printJSON(all)
	}
	return a.printTable([]chart.Column{{Title: "SYSTEM"}, {Title: "VERSION"}, {Title: "CHANNEL"}, {Title: "ARCH"}, {Title: "PUBLISHED"}}, rows)
}
