package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/labs/results"
	"distrolab/tui/chart"
)

func newResultsHistory(a *application) *cobra.Command {
	var scenario string
	cmd := &cobra.Command{
		Use: "history SYSTEM", Short: "Show how long a system took over all sessions, and when that changed",
		Long: `History shows the medians of a system in the sessions of the store, the oldest
first, and from which session on they were others than before (change points, by
E-divisive; looked for from 20 sessions on, with at least 5 on each side).

It takes the sessions of the host and under the conditions of the newest one.
Sessions of mode demo or ci are left out, as are those that had the system twice.
Whether the newest session is a regression, "distrolab results compare" says.`,
		Example: "  distrolab results history flatcar\n  distrolab results history debian-local --scenario join_cold\n  distrolab results history flatcar -o json | jq '.changes'",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("name one system that was measured; `distrolab results list` shows them"))
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeDistros(cmd, args, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.history(cmd.Context(), args[0], results.Scenario(scenario))
		},
	}
	cmd.Flags().StringVar(&scenario, "scenario", "", "of this scenario (default: that of the newest session)")
	cmd.RegisterFlagCompletionFunc("scenario", completeScenarios())
	return cmd
}

// completeScenarios completes what a session can measure.
func completeScenarios() cobra.CompletionFunc {
	return cobra.FixedCompletions([]string{string(results.FirstBoot), string(results.SecondBoot), string(results.JoinCold), string(results.JoinWarm)},
		cobra.ShellCompDirectiveNoFileComp)
}

func (a *application) history(ctx context.Context, system string, scenario results.Scenario) error {
	store, err := a.results(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	h, err := store.History(ctx, system, scenario)
	if err != nil {
		return err
	}
	if a.json() {
		return a.printJSON(h)
	}
	v := a.view()
	what := h.System
	if len(h.Moments) > 0 {
		what += ", " + scenarioWords(h.Conditions.Scenario) + ", " + strings.ToUpper(h.Conditions.Accel)
	}
	lines := v.paragraph(v.glyphs.Clean(what+": "+h.Verdict+"."), v.styles.Title.Render)
	if h.LeftOut > 0 {
		text := fmt.Sprintf("Left out: %d of other hosts or conditions, of mode demo or ci, without a finished run, or with the system twice.", h.LeftOut)
		lines = append(lines, v.paragraph(text, v.styles.FgMuted.Render)...)
	}
	if len(h.Moments) == 0 {
		return printLines(a.world.Out, lines)
	}
	if err := printLines(a.world.Out, append(lines, "")); err != nil {
		return err
	}
	return a.printMoments(h)
}

// printMoments prints the sessions of a history, and what changed with each.
func (a *application) printMoments(h results.History) error {
	v := a.view()
	longest := 0.0
	for _, m := range h.Moments {
		longest = max(longest, m.Median)
	}
	changed := make(map[string]string)
	for _, c := range h.Changes {
		changed[c.Session] = c.Words()
	}
	var rows [][]string
	for _, m := range h.Moments {
		rows = append(rows, []string{m.Session, m.Started.Format("2006-01-02 15:04"), m.Version, results.Seconds(m.Median),
			strings.Repeat(v.glyphs.Line, int(m.Median/longest*(historyBar-1)+0.5)) + v.glyphs.Dot, changed[m.Session]})
	}
	last := "" // nothing stands below it where nothing changed
	if len(h.Changes) > 0 {
		last = "FROM HERE ON"
	}
	return a.printTable([]chart.Column{{Title: "SESSION"}, {Title: "BEGAN", Drop: 2}, {Title: "VERSION", Drop: 3}, {Title: "MEDIAN", Right: true},
		{Title: "", Drop: 1}, {Title: last}}, rows)
}

// historyBar is how many cells the longest median has.
const historyBar = 20
