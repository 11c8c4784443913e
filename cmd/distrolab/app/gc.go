package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros/image"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/ledger"
	"distrolab/labs/reclaim"
	"distrolab/tui/chart"
)

func newGC(a *application) *cobra.Command {
	var prove bool
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Take back what a crash left behind",
		Long: `Gc ends the domains and processes and removes the sockets and files of labs
whose process is gone. Labs that run are left alone. With --prove it looks again
afterwards and lists where it looked; the exit status is 1 when anything is left.`,
		Example: "  distrolab gc\n  distrolab gc --prove",
		Args:    none,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runGC(cmd.Context(), prove) },
	}
	cmd.Flags().BoolVar(&prove, "prove", false, "look again and list that nothing is left")
	return cmd
}

// gcOutput is the JSON shape of `gc -o json`.
type gcOutput struct {
	Reclaimed reclaim.Report  `json:"reclaimed"`
	Left      *reclaim.Report `json:"left,omitempty"` // with --prove
}

func (a *application) runGC(ctx context.Context, prove bool) error {
	h, err := a.home()
	if err != nil {
		return err
	}
	var out gcOutput
	if out.Reclaimed, err = a.sweep(ctx, h); err != nil {
		return err
	}
	if prove {
		left, err := reclaim.Survey(ctx, a.reclaiming(h))
		if err != nil {
			return err
		}
		out.Left = &left
	}
	if a.json() {
		err = a.printJSON(out)
	} else {
		err = a.printGC(out)
	}
	switch {
	case err != nil:
		return err
	case out.failed() || prove && len(out.Left.Leftovers) > 0:
		return codeError{ExitFailed, errors.New("some of it is still there; the list above says what and why")}
	case prove && len(out.Left.Unchecked) > 0:
		return cannot(errors.New("this proves nothing: not every place could be looked at"))
	}
	return nil
}

// reclaiming is where to look for what a crash left.
func (a *application) reclaiming(h home.Home) reclaim.Options {
	return reclaim.Options{Home: h, URI: a.libvirtURI(),
		Connect: func(ctx context.Context, uri string) (*hypervisor.Connection, error) { return a.connection(ctx, uri) }}
}

// sweep takes back what a crash left.
func (a *application) sweep(ctx context.Context, h home.Home) (reclaim.Report, error) {
	report, err := reclaim.Sweep(ctx, a.reclaiming(h))
	if err != nil {
		return report, err
	}
	store, err := image.Open(h.Images())
	if err != nil {
		return report, err
	}
	staged, err := store.Sweep()
	for _, dir := range staged {
		report.Leftovers = append(report.Leftovers, reclaim.Leftover{Kind: ledger.Directory, ID: dir})
	}
	return report, err
}

func (o gcOutput) failed() bool {
	for _, l := range o.Reclaimed.Leftovers {
		if l.Error != "" {
			return true
		}
	}
	return false
}

func (a *application) printGC(o gcOutput) error {
	if len(o.Reclaimed.Leftovers) == 0 {
		fmt.Fprintln(a.world.Out, "nothing to take back")
	} else if err := a.printLeftovers("TAKEN BACK", o.Reclaimed.Leftovers); err != nil {
		return err
	}
	for _, lab := range o.Reclaimed.Running {
		fmt.Fprintf(a.world.Out, "lab %s runs and was left alone\n", lab)
	}
	v := a.view()
	for _, place := range o.Reclaimed.Unchecked {
		fmt.Fprintf(a.world.Out, "%s could not look at %s\n", v.glyphs.Warn, v.glyphs.Clean(strings.ReplaceAll(place, "\n", ". ")))
	}
	if o.Left == nil {
		return nil
	}
	fmt.Fprintln(a.world.Out)
	for _, place := range o.Left.Checked {
		for i, part := range fold("looked at "+place, v.width-2) {
			fmt.Fprintf(a.world.Out, "%s %s\n", []string{v.glyphs.Check, " "}[min(i, 1)], part)
		}
	}
	if len(o.Left.Leftovers) == 0 {
		fmt.Fprintln(a.world.Out, map[bool]string{true: "nothing is left", false: "nothing is left there"}[len(o.Left.Unchecked) == 0])
		return nil
	}
	return a.printLeftovers("STILL THERE", o.Left.Leftovers)
}

func (a *application) printLeftovers(title string, all []reclaim.Leftover) error {
	rows := make([][]string, 0, len(all))
	var notes []string
	for _, l := range all {
		kind := string(l.Kind)
		if l.Error != "" {
			kind += " (failed)"
			notes = append(notes, l.ID+": "+l.Error)
		}
		rows = append(rows, []string{kind, l.ID, l.Lab})
	}
	err := a.printTable([]chart.Column{{Title: title}, {Title: "WHAT"}, {Title: "LAB", Drop: 1}}, rows)
	if err != nil || len(notes) == 0 {
		return err
	}
	return a.printNotes(notes)
}
