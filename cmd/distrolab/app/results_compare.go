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

// versusOptions say what is compared with what.
type versusOptions struct {
	baseline    string
	acrossHosts bool
}

func newResultsCompare(a *application) *cobra.Command {
	var o versusOptions
	cmd := &cobra.Command{
		Use: "compare SESSION [SESSION]", Short: "Compare two sessions, or a session with its baseline; say what regressed",
		Long: `Compare sets the second session, now, against the first one, before. With one
session it sets its systems against one of them, in the blocks that they share:
whatever the machine did, it did to both.

A system regressed when the 95 % interval of its ratio excludes 1, it is slower
by more than 5 % and by more than 100 ms, and the p-value, adjusted for the
number of systems, is below 0.01. The exit status is then 3.

Sessions of different hosts or under different conditions are not compared. With
--across-hosts they are: in what they differ is listed, and nothing is judged.`,
		Example: `  distrolab results compare last~1 last
  distrolab results compare ./monday ./tuesday -o json | jq '.rows[] | {label, verdict, judgement}'
  distrolab results compare last --baseline debian-local`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usage(errors.New("name two sessions, or one whose systems are compared; `distrolab results list` shows them, last is the newest"))
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeSessions(cmd, args, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.compareWithin(cmd.Context(), args[0], o)
			}
			return a.compareSessions(cmd.Context(), args[0], args[1], o)
		},
	}
	cmd.Flags().StringVar(&o.baseline, "baseline", "", "with one session: the system that the others are set against (default: the session's own)")
	cmd.Flags().BoolVar(&o.acrossHosts, "across-hosts", false, "with two sessions: compare them although hosts or conditions differ, and judge nothing")
	cmd.RegisterFlagCompletionFunc("baseline", func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		return a.completeSubjects(cmd.Context(), args)
	})
	return cmd
}

// completeSubjects completes the systems of a session.
func (a *application) completeSubjects(ctx context.Context, args []string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	s, _, _, err := a.readSession(ctx, args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, subject := range s.Subjects {
		names = append(names, subject.OS)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *application) compareWithin(ctx context.Context, ref string, o versusOptions) error {
	if o.acrossHosts {
		return usage(errors.New("--across-hosts: name two sessions; one session has its own host"))
	}
	s, runs, warnings, err := a.readSession(ctx, ref)
	if err != nil {
		return err
	}
	a.sayWarnings(s.ID, warnings)
	v, err := results.Within(s, runs, o.baseline)
	if err != nil {
		return errors.New(a.view().glyphs.Clean(err.Error()))
	}
	title := fmt.Sprintf("Session %s, %s: %s is A, each other system is B", s.ID, scenarioWords(s.Scenario), v.Baseline)
	return a.printVersus(v, title)
}

func (a *application) compareSessions(ctx context.Context, refA, refB string, o versusOptions) error {
	if o.baseline != "" {
		return usage(errors.New("--baseline: name one session; of two sessions the first is the baseline"))
	}
	sa, runsA, warningsA, err := a.readSession(ctx, refA)
	if err != nil {
		return err
	}
	sb, runsB, warningsB, err := a.readSession(ctx, refB)
	if err != nil {
		return err
	}
	a.sayWarnings(sa.ID, warningsA)
	a.sayWarnings(sb.ID, warningsB)
	v := results.Against(sa, sb, results.Summarise(sa, runsA), results.Summarise(sb, runsB))
	if v.Unjudged != "" && len(v.Rows) > 0 && !o.acrossHosts {
		return usage(errors.New(a.view().glyphs.Clean(refusal(v))))
	}
	title := ""
	for i, s := range []results.Session{sa, sb} {
		title += fmt.Sprintf("%s: session %s, %s, %s\n", []string{"A", "B"}[i], s.ID, began(s.Started), scenarioWords(s.Scenario))
	}
	return a.printVersus(v, strings.TrimSuffix(title, "\n"))
}

// refusal says why two sessions are not compared, and what would.
func refusal(v results.Versus) string {
	var differs []string
	for _, d := range v.Differs {
		differs = append(differs, fmt.Sprintf("%s (%.40s, %.40s)", d.Name, d.A, d.B))
	}
	text := "these sessions do not compare. " + v.Unjudged
	if len(differs) > 0 {
		text += " They differ in: " + strings.Join(differs, "; ") + "."
	}
	return text + " --across-hosts compares them nevertheless, and judges nothing"
}

// printVersus prints a comparison; the error is what it finds.
func (a *application) printVersus(v results.Versus, title string) error {
	if a.json() {
		if err := a.printJSON(v); err != nil {
			return err
		}
		return a.found(v)
	}
	w := a.view()
	var lines []string
	for line := range strings.Lines(title) {
		lines = append(lines, w.paragraph(strings.TrimSpace(line), w.styles.Title.Render)...)
	}
	lines = append(append(lines, ""), chart.Versus(v, w.width, w.glyphs, w.styles)...)
	if err := printLines(a.world.Out, lines); err != nil {
		return err
	}
	return a.found(v)
}

// found makes the judgement of a comparison the exit status.
func (a *application) found(v results.Versus) error {
	clean := a.view().glyphs.Clean
	var regressed []string
	for _, r := range v.Rows {
		if r.Judgement == results.JudgedRegression {
			regressed = append(regressed, clean(r.Label))
		}
	}
	switch {
	case len(regressed) > 0:
		return codeError{ExitCheck, errors.New("a regression: " + strings.Join(regressed, ", "))}
	case v.Judgement == results.JudgedNot && v.Unjudged == "":
		return errors.New("nothing could be compared: no system has finished runs in both")
	case len(v.Rows) == 0:
		return errors.New("nothing could be compared. " + v.Unjudged)
	}
	return nil
}
