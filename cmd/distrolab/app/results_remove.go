package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/labs/results"
)

func newResultsRemove(a *application) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "rm SESSION...", Short: "Delete sessions with their runs and raw logs",
		Long: `Rm deletes sessions for good, after a question. One that is being measured stays.
Raw logs that another session has too stay as well.`,
		Example: "  distrolab results rm 20261127-0812\n  distrolab results rm last --yes",
		Args:    minimum(1, "a session; `distrolab results list` shows them"), ValidArgsFunction: a.completeSessions,
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.results(cmd.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			// All names are looked up first: what "last" means changes with each that goes.
			var gone []results.Listed
			for _, ref := range args {
				l, err := store.Find(cmd.Context(), ref)
				if err != nil {
					return wrongSession(err)
				}
				gone = append(gone, l)
			}
			if !yes {
				if err := a.askRemoval(gone); err != nil {
					return err
				}
			}
			for _, l := range gone {
				if err := a.removeSession(cmd.Context(), store, l.ID); err != nil {
					return err
				}
				fmt.Fprintf(a.world.Err, "session %s is gone\n", l.ID)
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// askRemoval lets a person at a terminal say yes; without one, nobody can.
func (a *application) askRemoval(gone []results.Listed) error {
	if !interactive(a.world.In) {
		return usage(errors.New("nobody can be asked here; --yes deletes without asking"))
	}
	for _, l := range gone {
		fmt.Fprintf(a.world.Err, "%s: %s of %s, %d runs, begun %s\n", l.ID, scenarioWords(l.Scenario), strings.Join(l.Systems, ", "), l.Runs.All(), began(l.Started))
	}
	return confirm(a.world.In, a.world.Err, "Delete for good?")
}

// confirm asks a question and takes only a yes for one.
func confirm(in io.Reader, out io.Writer, question string) error {
	fmt.Fprint(out, question+" [y/N] ")
	answer, err := bufio.NewReader(io.LimitReader(in, 1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if word := strings.ToLower(strings.TrimSpace(answer)); word != "y" && word != "yes" {
		return errors.New("nothing was deleted")
	}
	return nil
}

// removeSession deletes a session and its report.
func (a *application) removeSession(ctx context.Context, store *results.Store, id string) error {
	if err := store.Remove(ctx, id); err != nil {
		return wrongSession(err)
	}
	path, err := a.reportPath(id)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("deleting the report: %w", err)
	}
	return nil
}
