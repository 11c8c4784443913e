package app

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"distrolab/labs/bench"
)

func newBenchResume(a *application) *cobra.Command {
	var budget time.Duration
	cmd := &cobra.Command{
		Use:   "resume SESSION",
		Short: "Go on with a session that was interrupted",
		Long: `Resume runs what an interrupted session has not yet, in the order of its seed, and
repeats no run that is recorded: a half-finished block is completed. Warm-ups are
run again. It refuses when an image, a config or the host is another than it was.`,
		Example: `  distrolab bench resume last
  distrolab bench resume 20261127-101500-3fa2c1 --budget 1h`,
		Args: exactly(1, "a session: its id, the beginning of it, or last"), ValidArgsFunction: a.completeSessions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resumeBench(cmd.Context(), args[0], budget)
		},
	}
	cmd.Flags().DurationVar(&budget, "budget", 0, "begin no block that would end later than this (default: as it was asked for)")
	return cmd
}

func (a *application) resumeBench(ctx context.Context, ref string, budget time.Duration) error {
	s, runs, warnings, err := a.readSession(ctx, ref)
	if err != nil {
		return err
	}
	a.sayWarnings(s.ID, warnings)
	if s.Request == nil {
		return usage(fmt.Errorf("session %.40q cannot go on: it was recorded by a version that did not keep what was asked for", s.ID))
	}
	opt := optionsOf(*s.Request)
	opt.earlier = &bench.Earlier{Session: s, Runs: runs}
	if budget > 0 {
		opt.request.Budget = budget
	}
	e, err := a.planExperiment(ctx, opt)
	if err != nil {
		return err
	}
	return a.measure(ctx, e)
}
