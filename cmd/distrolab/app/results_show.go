package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/labs/results"
	"distrolab/tui/chart"
)

func newResultsShow(a *application) *cobra.Command {
	var log string
	cmd := &cobra.Command{
		Use: "show SESSION [RUN]", Short: "Show a session, or one run of it",
		Long: `Show compares the systems of a session, as bench did when it ended, and lists
the runs. With a run it shows what was seen of it, milestone by milestone; with
--log also one of its raw logs, byte by byte where the output is no terminal.`,
		Example: `  distrolab results show last
  distrolab results show last measure-01-01-flatcar
  distrolab results show last measure-01-01-flatcar --log serial > console.txt`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usage(errors.New("name a session and, if you like, a run of it; `distrolab results list` shows sessions, last is the newest"))
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return a.completeRuns(cmd, args[0])
			}
			return a.completeSessions(cmd, args, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return a.showRun(cmd.Context(), args[0], args[1], log)
			}
			if log != "" {
				return usage(errors.New("--log: name a run; `distrolab results show SESSION` lists them"))
			}
			return a.showSession(cmd.Context(), args[0])
		},
	}
	cmd.Flags().StringVar(&log, "log", "", "write this raw log of the run: serial is the console")
	cmd.RegisterFlagCompletionFunc("log", cobra.FixedCompletions([]string{"serial", "serial_stamps"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// shownSession is what -o json prints of a session.
type shownSession struct {
	Session    results.Session    `json:"session"`
	Warnings   []string           `json:"warnings"`
	Comparison results.Comparison `json:"comparison"`
	Runs       []results.Run      `json:"runs"`
}

func (a *application) showSession(ctx context.Context, ref string) error {
	s, runs, warnings, err := a.readSession(ctx, ref)
	if err != nil {
		return err
	}
	comparison := results.Summarise(s, runs)
	if a.json() {
		if runs == nil {
			runs = []results.Run{}
		}
		if warnings == nil {
			warnings = []string{}
		}
		return a.printJSON(shownSession{s, warnings, comparison, runs})
	}
	a.sayWarnings(s.ID, warnings)
	v := a.view()
	lines := []string{v.glyphs.Clean(fmt.Sprintf("session %s: %s, begun %s, %d blocks planned", s.ID, scenarioWords(s.Scenario), began(s.Started), s.Blocks)), ""}
	lines = append(lines, chart.Comparison(comparison, v.width, v.glyphs, v.styles)...)
	lines = append(append(lines, a.joinSteps(comparison, runs)...), "")
	names := 0
	for _, r := range runs {
		names = max(names, cells(r.RunID))
	}
	for i, r := range runs {
		name := padded(v.glyphs.Clean(r.RunID), names)
		lines = append(lines, v.styles.Fg.Render(name)+"  "+chart.RunLine(r, i+1, len(runs), max(v.width-names-2, 20), v.glyphs, v.styles))
	}
	return printLines(a.world.Out, lines)
}

// showRun shows one run, or one of its raw logs.
func (a *application) showRun(ctx context.Context, ref, id, log string) error {
	s, runs, _, err := a.readSession(ctx, ref)
	if err != nil {
		return err
	}
	i, err := runNamed(s, runs, id)
	if err != nil {
		return err
	}
	run := runs[i]
	if log != "" {
		return a.showLog(ctx, ref, run, log)
	}
	if a.json() {
		return a.printJSON(run)
	}
	v := a.view()
	lines := []string{chart.RunLine(run, i+1, len(runs), v.width, v.glyphs, v.styles), ""}
	for _, text := range append([]string{run.Cause}, run.Taints...) {
		if text != "" {
			lines = append(lines, fold(v.glyphs.Clean(text), v.width)...)
		}
	}
	if run.Scenario.Joins() {
		lines = append(append(lines, chart.Join(run.Timeline(), v.width, v.glyphs, v.styles)...), "")
	}
	lines = append(append(lines, chart.Timeline(run.Timeline(), v.width, v.glyphs, v.styles)...), "")
	for _, f := range run.Files {
		lines = append(lines, v.glyphs.Clean(fmt.Sprintf("log %s, %s, SHA-256 %s", f.Kind, bytes(f.Bytes), f.SHA256)))
	}
	return printLines(a.world.Out, lines)
}

// showLog writes a raw log. On a terminal nothing of it may act.
func (a *application) showLog(ctx context.Context, ref string, run results.Run, kind string) error {
	content, err := a.rawLog(ctx, ref, run, kind)
	if err != nil {
		return err
	}
	defer content.Close()
	if a.world.OutWidth == 0 {
		_, err = io.Copy(a.world.Out, content)
		return err
	}
	clean, in := a.view().glyphs.Clean, bufio.NewReaderSize(content, 64<<10)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			fmt.Fprintln(a.world.Out, clean(strings.TrimRight(line, "\r\n")))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// completeRuns completes the runs of a session.
func (a *application) completeRuns(cmd *cobra.Command, ref string) ([]string, cobra.ShellCompDirective) {
	_, runs, _, err := a.readSession(cmd.Context(), ref)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []string
	for _, r := range runs {
		ids = append(ids, cobra.CompletionWithDesc(r.RunID, string(r.Outcome)))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
