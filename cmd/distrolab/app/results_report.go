package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/labs/report"
	"distrolab/labs/results"
)

// reportOptions are the flags of results report.
type reportOptions struct {
	format, out, against string
	force                bool
}

func newResultsReport(a *application) *cobra.Command {
	var opt reportOptions
	var words strings.Builder
	var names []string
	for _, f := range report.Formats() {
		names = append(names, string(f))
		fmt.Fprintf(&words, "  %-12s %s\n", f, f.Words())
	}
	cmd := &cobra.Command{
		Use: "report SESSION", Short: "Write a session for people, for CI or for other programs",
		Long: `Report writes a session in one of these formats, to standard output or to a file:

` + words.String() + `
Without --format the name of the file decides; without both it is html.`,
		Example: `  distrolab results report last --out report.html
  distrolab results report last --format md | gh pr comment --body-file -
  distrolab results report last --against last~1 --out junit.xml`,
		Args: exactly(1, "a session; `distrolab results list` shows them, last is the newest"), ValidArgsFunction: a.completeSessions,
		RunE: func(cmd *cobra.Command, args []string) error { return a.reportResults(cmd.Context(), args[0], opt) },
	}
	cmd.Flags().StringVar(&opt.format, "format", "", "one of the formats above")
	cmd.Flags().StringVar(&opt.out, "out", "", "file to write (default: standard output)")
	cmd.Flags().StringVar(&opt.against, "against", "", "junit: judge against this session (default: the session's own baseline)")
	cmd.Flags().BoolVar(&opt.force, "force", false, "replace the file if it is there")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("against", a.completeSessions)
	return cmd
}

// chosen is the format that was asked for: by name, or by the file's name.
func (o reportOptions) chosen() (report.Format, error) {
	format := report.HTML
	switch {
	case o.format != "":
		format = report.Format(o.format)
	case o.out != "":
		format = ""
		for _, f := range report.Formats() {
			if strings.HasSuffix(o.out, f.Extension()) {
				format = f
			}
		}
		if format == "" {
			return "", usage(fmt.Errorf("--out %.64q does not tell the format: add --format", o.out))
		}
	}
	if !format.Known() {
		return "", usage(fmt.Errorf("--format %.64q is not known; take one of %v", o.format, report.Formats()))
	}
	if o.against != "" && format != report.JUnit {
		return "", usage(errors.New("--against is for --format junit; `distrolab results compare` shows two sessions to people"))
	}
	return format, nil
}

func (a *application) reportResults(ctx context.Context, ref string, opt reportOptions) error {
	format, err := opt.chosen()
	if err != nil {
		return err
	}
	s, runs, warnings, err := a.readSession(ctx, ref)
	if err != nil {
		return err
	}
	a.sayWarnings(s.ID, warnings)
	c := results.Summarise(s, runs)
	write := func(w io.Writer) error { return report.Write(w, format, s, runs, c) }
	if opt.against != "" {
		before, beforeRuns, _, err := a.readSession(ctx, opt.against)
		if err != nil {
			return err
		}
		v := results.Against(before, s, results.Summarise(before, beforeRuns), c)
		write = func(w io.Writer) error { return report.WriteJUnit(w, s, runs, c, &v) }
	}
	return a.writeOut(opt.out, opt.force, write)
}

// writeOut writes to a file, or to standard output.
func (a *application) writeOut(path string, force bool, write func(io.Writer) error) error {
	if path == "" || path == "-" {
		return write(a.world.Out)
	}
	err := writeWhole(path, force, write)
	if errors.Is(err, fs.ErrExist) {
		return usage(fmt.Errorf("%s is there already: take another name, or --force", path))
	}
	return err
}

func newResultsCast(a *application) *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use: "cast SESSION RUN", Short: "Write a run's console as a recording for asciinema",
		Long: `Cast writes the console of a run, as it appeared, in the format asciicast of
version 2. Control sequences that do more than draw are left out.`,
		Example: `  distrolab results cast last measure-01-01-flatcar --out boot.cast
  distrolab results cast last measure-01-01-flatcar | asciinema play -`,
		Args: exactly(2, "a session and a run; `distrolab results show SESSION` lists its runs"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return a.completeRuns(cmd, args[0])
			}
			return a.completeSessions(cmd, args, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.castRun(cmd.Context(), args[0], args[1], out, force)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write (default: standard output)")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file if it is there")
	return cmd
}

func (a *application) castRun(ctx context.Context, ref, id, out string, force bool) error {
	s, runs, _, err := a.readSession(ctx, ref)
	if err != nil {
		return err
	}
	i, err := runNamed(s, runs, id)
	if err != nil {
		return err
	}
	run := runs[i]
	console, err := a.rawLog(ctx, ref, run, "serial")
	if err != nil {
		return err
	}
	defer console.Close()
	stamps, err := a.rawLog(ctx, ref, run, "serial_stamps")
	if err != nil {
		return err
	}
	defer stamps.Close()
	return a.writeOut(out, force, func(w io.Writer) error { return report.WriteCast(w, run, console, stamps) })
}
