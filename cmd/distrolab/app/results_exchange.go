package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/labs/results"
)

func newResultsExport(a *application) *cobra.Command {
	var bare bool
	cmd := &cobra.Command{
		Use: "export SESSION [DIR|FILE.tar|-]", Short: "Write a session with its raw logs for others, without loss",
		Long: `Export writes session.json (the design), runs.jsonl (one line per run), end.json
and the raw logs into a directory, or all of it into one tar archive: a name that
ends in .tar, or - for standard output. Without a place it is a directory of the
session's id. "distrolab results import" reads both.`,
		Example: `  distrolab results export last ./monday
  distrolab results export last - | ssh other distrolab results import -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usage(errors.New("name a session and, if you like, a directory; `distrolab results list` shows sessions, last is the newest"))
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return a.completeSessions(cmd, args, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			to := ""
			if len(args) == 2 {
				to = args[1]
			}
			return a.exportSession(cmd.Context(), args[0], to, !bare)
		},
	}
	cmd.Flags().BoolVar(&bare, "no-artefacts", false, "leave the raw logs out")
	return cmd
}

func (a *application) exportSession(ctx context.Context, ref, to string, artefacts bool) error {
	store, err := a.results(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	l, err := store.Find(ctx, ref)
	if err != nil {
		return wrongSession(err)
	}
	switch {
	case to == "-":
		return store.ExportTar(ctx, l.ID, a.world.Out, artefacts)
	case strings.HasSuffix(to, ".tar"):
		err = writeWhole(to, false, func(w io.Writer) error { return store.ExportTar(ctx, l.ID, w, artefacts) })
	case to == "":
		to = l.ID
		fallthrough
	default:
		err = store.Export(ctx, l.ID, to, artefacts)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.world.Err, "session %s is in %s\n", l.ID, to)
	return nil
}

func newResultsImport(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "import DIR|FILE.tar|-...", Short: "Take in sessions that were exported",
		Long: `Import takes in what "distrolab results export" wrote, on this machine or another,
and the session directories of earlier versions. What was imported before is not
imported twice; runs that the store lacks are added.`,
		Example: "  distrolab results import ./monday ./tuesday\n  distrolab results import nightly.tar",
		Args:    minimum(1, "a directory or an archive that `distrolab results export` wrote"),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.results(cmd.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			all := []results.Imported{}
			for _, from := range args {
				in, err := a.importSession(cmd.Context(), store, from)
				if err != nil {
					return err
				}
				all = append(all, in)
				a.sayWarnings(in.Session, in.Warnings)
				fmt.Fprintf(a.world.Err, "session %s: %d runs and %d raw logs taken in\n", in.Session, in.Runs, in.Artefacts)
			}
			if a.json() {
				return a.printJSON(all)
			}
			return nil
		},
	}
}

func (a *application) importSession(ctx context.Context, store *results.Store, from string) (results.Imported, error) {
	if from == "-" {
		return store.ImportTar(ctx, a.world.In)
	}
	info, err := os.Stat(from)
	switch {
	case err != nil:
		return results.Imported{}, usage(fmt.Errorf("importing: %w", err))
	case info.IsDir():
		return store.Import(ctx, from)
	case !info.Mode().IsRegular():
		return results.Imported{}, usage(fmt.Errorf("importing %s: it is neither a directory nor a file", from))
	}
	f, err := os.Open(from)
	if err != nil {
		return results.Imported{}, err
	}
	defer f.Close()
	in, err := store.ImportTar(ctx, f)
	if err != nil {
		err = fmt.Errorf("%s: %w", from, err)
	}
	return in, err
}

func newResultsRescue(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "rescue DIR", Short: "Save what can be read of a damaged store",
		Long: `Rescue reads the store record by record, past what is damaged, and writes every
session it finds as a directory below DIR, in the form of an export. After that
the damaged file can be moved away, and the directories be imported.`,
		Example: "  distrolab results rescue ./saved && distrolab results import ./saved/*",
		Args:    exactly(1, "a directory to write to"),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			saved, err := results.Rescue(cmd.Context(), h.Results(), args[0])
			if err != nil {
				return err
			}
			if a.json() {
				return a.printJSON(saved)
			}
			_, err = fmt.Fprintf(a.world.Out, "%d sessions with %d runs are in %s; %d records could not be read\n", saved.Sessions, saved.Runs, args[0], saved.Lost)
			return err
		},
	}
}
