package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"distrolab/labs/results"
	"distrolab/tui/chart"
)

func newResults(a *application) *cobra.Command {
	cmd := &cobra.Command{Use: "results", Short: "Show, export and import what was measured", Args: none,
		Long: `Results works on the sessions that bench has measured. They are kept in
distrolab's home, every run from the moment it has finished.

A session is named by its id, by the beginning of its id, by "last", which is the
newest, or by "last~1", the one before.`,
		Example: `  distrolab results list
  distrolab results show last
  distrolab results compare last~1 last
  distrolab results export last ./monday`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newResultsList(a), newResultsShow(a), newResultsCompare(a), newResultsHistory(a), newResultsReport(a), newResultsCast(a), newResultsExport(a), newResultsImport(a), newResultsRemove(a), newResultsRescue(a))
	return cmd
}

// results opens the store of the home, and says what its first opening took in
// from earlier versions.
func (a *application) results(ctx context.Context) (*results.Store, error) {
	h, err := a.home()
	if err != nil {
		return nil, err
	}
	store, err := results.Open(ctx, h.Results(), a.world.Now)
	if err != nil {
		return nil, err
	}
	if taken := store.Taken(); len(taken) > 0 {
		fmt.Fprintf(a.world.Err, "took %d sessions of an earlier version from their directories in %s into the store; the directories are no longer read and may be deleted\n", len(taken), store.Dir())
		for _, in := range taken {
			a.sayWarnings(filepath.Base(in.Directory), in.Warnings)
		}
	}
	return store, nil
}

// sayWarnings says what of something could not be used.
func (a *application) sayWarnings(of string, warnings []string) {
	const most = 20
	clean := a.view().glyphs.Clean
	for i, w := range warnings {
		if i == most {
			fmt.Fprintf(a.world.Err, "%s: and %d more\n", clean(of), len(warnings)-most)
			return
		}
		fmt.Fprintf(a.world.Err, "%s: %s\n", clean(of), clean(w))
	}
}

// readSession reads a session from the store, or from a directory that holds an
// exported one.
func (a *application) readSession(ctx context.Context, ref string) (results.Session, []results.Run, []string, error) {
	if _, err := os.Stat(filepath.Join(ref, results.SessionFile)); err == nil {
		return results.ReadDirectory(ref)
	}
	store, err := a.results(ctx)
	if err != nil {
		return results.Session{}, nil, nil, err
	}
	defer store.Close()
	s, runs, warnings, err := store.Read(ctx, ref)
	return s, runs, warnings, wrongSession(err)
}

// wrongSession makes it wrong usage to name a session that there is not.
func wrongSession(err error) error {
	var unknown *results.UnknownError
	if errors.As(err, &unknown) {
		return usage(unknown)
	}
	return err
}

// completeSessions completes the ids of the newest sessions.
func (a *application) completeSessions(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	store, err := a.results(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defer store.Close()
	const newest = 200
	list, err := store.Sessions(cmd.Context(), results.Query{Limit: newest})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	ids := []string{cobra.CompletionWithDesc("last", "the newest")}
	for _, l := range list {
		ids = append(ids, cobra.CompletionWithDesc(l.ID, scenarioWords(l.Scenario)+" of "+strings.Join(l.Systems, ", ")))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

func newResultsList(a *application) *cobra.Command {
	var q results.Query
	var scenario string
	cmd := &cobra.Command{
		Use: "list", Short: "List sessions, the newest first", Args: none,
		Long: `List shows the sessions of the store. With --system it shows those that measured
that system, with the median of its headline in each. Medians of different hosts,
accelerators or conditions do not compare; "distrolab results history" has those
that do.`,
		Example: "  distrolab results list\n  distrolab results list --system flatcar --scenario first_boot\n  distrolab results list -o json | jq '.[].id'",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Limit < 0 || q.Offset < 0 {
				return usage(errors.New("--limit and --skip take numbers from 0"))
			}
			q.Scenario = results.Scenario(scenario)
			store, err := a.results(cmd.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			list, err := store.Sessions(cmd.Context(), q)
			if err != nil {
				return err
			}
			if a.json() {
				return a.printJSON(list)
			}
			return a.printSessions(list, q)
		},
	}
	cmd.Flags().StringVar(&q.System, "system", "", "only sessions that measured this system, with its median")
	cmd.Flags().StringVar(&scenario, "scenario", "", "only sessions of this scenario")
	cmd.Flags().IntVar(&q.Limit, "limit", 100, "at most so many; 0 is as many as there are, up to "+strconv.Itoa(results.MaxListed))
	cmd.Flags().IntVar(&q.Offset, "skip", 0, "leave out the newest")
	cmd.RegisterFlagCompletionFunc("system", a.completeDistros)
	cmd.RegisterFlagCompletionFunc("scenario", completeScenarios())
	return cmd
}

func (a *application) printSessions(list []results.Listed, q results.Query) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.world.Out, "no such sessions; `distrolab bench boot NAME...` measures one")
		return err
	}
	columns := []chart.Column{{Title: "SESSION"}, {Title: "BEGAN", Drop: 3}, {Title: "MEASURED"}, {Title: "SYSTEMS", Drop: 1}, {Title: "RUNS"}, {Title: "ON", Drop: 2}, {Title: "STATE"}}
	if q.System != "" {
		columns = append(columns, chart.Column{Title: "MEDIAN", Right: true})
	}
	var rows [][]string
	for _, l := range list {
		row := []string{l.ID, l.Started.Format("2006-01-02 15:04"), scenarioWords(l.Scenario), strings.Join(l.Systems, ", "),
			countWords(l.Runs), strings.ToUpper(l.Accel), string(l.State)}
		if q.System != "" {
			median := "-"
			if l.Median != nil {
				median = results.Seconds(*l.Median)
			}
			row = append(row, median)
		}
		rows = append(rows, row)
	}
	if err := a.printTable(columns, rows); err != nil {
		return err
	}
	if q.Limit > 0 && len(list) == q.Limit {
		fmt.Fprintf(a.world.Err, "there may be older ones: --skip %d\n", q.Offset+q.Limit)
	}
	return nil
}

// scenarioWords are a scenario for people.
func scenarioWords(s results.Scenario) string { return strings.ReplaceAll(string(s), "_", " ") }

// countWords say how the measured runs ended.
func countWords(c results.Counts) string {
	text := fmt.Sprintf("%d ok", c.OK)
	for _, x := range []struct {
		n    int
		word string
	}{{c.Tainted, "tainted"}, {c.Failed, "failed"}, {c.Timeout, "timed out"}} {
		if x.n > 0 {
			text += fmt.Sprintf(", %d %s", x.n, x.word)
		}
	}
	return text
}

// began is when a session began, for people.
func began(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
