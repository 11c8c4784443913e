package app

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"distrolab/labs"
)

func newStop(a *application) *cobra.Command {
	var now bool
	cmd := &cobra.Command{
		Use:   "stop MACHINE...",
		Short: "Shut machines down and keep their disks",
		Long: `Stop presses the power button of a machine and waits until it is off. A guest
that does not obey in time loses its power: after 30 s, without KVM after 90 s,
with --now at once. Its disk stays until the lab ends; "distrolab start" boots it
again.`,
		Example: "  distrolab stop debian-local\n  distrolab stop trial/debian-local --now",
		Args:    minimum(1, "a machine; `distrolab ps` lists them"), ValidArgsFunction: a.completeMachines,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.eachMachine(cmd.Context(), args, "is off", func(ctx context.Context, c *labs.Client, m string) error { return c.Stop(ctx, m, now) })
		},
	}
	cmd.Flags().BoolVar(&now, "now", false, "pull the plug")
	return cmd
}

func newStart(a *application) *cobra.Command {
	return &cobra.Command{
		Use:   "start MACHINE...",
		Short: "Boot machines that are off, from their own disks",
		Long: `Start boots a machine that was stopped or has powered itself off. Its config is
offered again, as a cloud does it; the timeline is that of the new boot. It does
not wait until the machine has booted.`,
		Example: "  distrolab start debian-local\n  distrolab start trial/debian-local && distrolab ps",
		Args:    minimum(1, "a machine; `distrolab ps` lists them"), ValidArgsFunction: a.completeMachines,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.eachMachine(cmd.Context(), args, "boots", func(ctx context.Context, c *labs.Client, m string) error { return c.Start(ctx, m) })
		},
	}
}

// eachMachine does something to machines one after the other and says so.
func (a *application) eachMachine(ctx context.Context, names []string, done string, do func(context.Context, *labs.Client, string) error) error {
	h, err := a.home()
	if err != nil {
		return err
	}
	for _, name := range names {
		lab, m, err := labs.FindMachine(ctx, h, name)
		if err != nil {
			return usage(err)
		}
		if err := do(ctx, labs.Connect(h, lab), m.Name); err != nil {
			return err
		}
		fmt.Fprintf(a.world.Err, "%s/%s %s\n", lab, m.Name, done)
	}
	return nil
}
