package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"distrolab/labs/results"
	"distrolab/labs/session"
	"distrolab/labs/session/matrix"
	"distrolab/tui/chart"
)

// maxMatrixFile bounds the file of bench run.
const maxMatrixFile = 1 << 20

func newBenchRun(a *application) *cobra.Command {
	var dry, example bool
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Measure what a file asks for: systems, versions, hardware, scenarios",
		Long: `Run measures one session for each set of conditions that a YAML file asks for, one
after another. All systems and images of the file are in the same blocks. A
session that fails does not keep the others from running. docs/experiments.md
explains the file.`,
		Example: `  distrolab bench run --example > nightly.yaml
  distrolab bench run nightly.yaml --dry-run
  distrolab bench run nightly.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if example {
				return none(cmd, args)
			}
			return exactly(1, "a file that says what to measure (--example prints one)")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if example {
				_, err := fmt.Fprint(a.world.Out, matrix.Example())
				return err
			}
			m, err := a.readMatrix(args[0])
			if err != nil {
				return err
			}
			if dry {
				return a.printMatrix(cmd.Context(), m)
			}
			return a.runMatrix(cmd.Context(), m)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be measured and how long it takes, and do nothing")
	cmd.Flags().BoolVar(&example, "example", false, "print a file to begin with")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "example")
	return cmd
}

// readMatrix reads the file and checks that every system of it is in the catalog.
func (a *application) readMatrix(path string) (matrix.Matrix, error) {
	text, err := a.readFile(path, maxMatrixFile)
	if err != nil {
		return matrix.Matrix{}, err
	}
	m, err := matrix.Read(fileName(path), text)
	if err != nil {
		return matrix.Matrix{}, usage(err)
	}
	for _, r := range m.Sessions {
		names, _ := optionsOf(r).selected()
		if _, err := a.find(names); err != nil {
			return matrix.Matrix{}, err
		}
	}
	return m, nil
}

// runMatrix plans all sessions, so that what is wrong with the last one is told
// before the first one runs, and then runs them.
func (a *application) runMatrix(ctx context.Context, m matrix.Matrix) error {
	planner := *a
	planned := make([]experiment, 0, len(m.Sessions))
	for _, r := range m.Sessions {
		opt := optionsOf(r)
		opt.keep()
		e, err := planner.planExperiment(ctx, opt)
		if err != nil {
			return fmt.Errorf("session %d of %s: %w", len(planned)+1, conditions(r), err)
		}
		planned = append(planned, e)
		planner.world.Err = io.Discard // each session would say the same again
	}
	begun := time.Now()
	var errs []error
	for i, e := range planned {
		if !a.json() {
			fmt.Fprintf(a.world.Err, "\nsession %d of %d: %s\n", i+1, len(planned), conditions(m.Sessions[i]))
		}
		if m.Budget > 0 {
			e.design.Rule.Budget = max((m.Budget-time.Since(begun))/time.Duration(len(planned)-i), time.Second)
		}
		if err := a.measure(ctx, e); err != nil {
			errs = append(errs, fmt.Errorf("session %d, %s: %w", i+1, conditions(m.Sessions[i]), err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// conditions are those of a session in words.
func conditions(r results.Request) string {
	words := []string{strings.ReplaceAll(string(r.Scenario), "_", " "), r.Cache + " cache"}
	if r.VCPUs > 0 {
		words = append(words, fmt.Sprintf("%d vCPUs", r.VCPUs))
	}
	if r.MemoryMiB > 0 {
		words = append(words, fmt.Sprintf("%d MiB", r.MemoryMiB))
	}
	if r.Firmware != "" {
		words = append(words, r.Firmware)
	}
	return strings.Join(words, ", ")
}

// plannedSession is a session of a file for `bench run --dry-run -o json`.
type plannedSession struct {
	results.Request
	Mode      results.Mode   `json:"mode"`
	Least     int            `json:"least_blocks"`
	Most      int            `json:"most_blocks"`
	Rule      string         `json:"stop_rule"`
	LeastTime *time.Duration `json:"least_ns"` // null: no earlier session has measured one of the systems so
	MostTime  *time.Duration `json:"most_ns"`
}

// printMatrix says what a file asks for.
func (a *application) printMatrix(ctx context.Context, m matrix.Matrix) error {
	store, err := a.results(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	known := pace(ctx, store)
	var list []plannedSession
	for _, r := range m.Sessions {
		mode, rule, err := session.Plan(r)
		if err != nil {
			return usage(err)
		}
		p := plannedSession{Request: r, Mode: mode, Least: rule.Least, Most: rule.Most, Rule: rule.Words()}
		p.LeastTime, p.MostTime = estimate(known[r.Scenario], r, rule.Least), estimate(known[r.Scenario], r, rule.Most)
		list = append(list, p)
	}
	if a.json() {
		return a.printJSON(list)
	}
	v := a.view()
	rows := [][]chart.Cell{}
	for i, p := range list {
		rows = append(rows, []chart.Cell{{Text: fmt.Sprint(i + 1)}, {Text: conditions(p.Request)}, {Text: strings.Join(p.Systems, " ")},
			{Text: span(fmt.Sprint(p.Least), fmt.Sprint(p.Most))}, {Text: spanOfTimes(p.LeastTime, p.MostTime)}})
	}
	columns := []chart.Column{{Title: "", Right: true}, {Title: "CONDITIONS"}, {Title: "SYSTEMS"}, {Title: "BLOCKS"}, {Title: "TIME"}}
	if err := printLines(a.world.Out, chart.Table(columns, rows, v.width, v.glyphs, v.styles)); err != nil {
		return err
	}
	text := "\nEach session: " + list[0].Rule + "."
	if m.Budget > 0 {
		text += fmt.Sprintf("\nAll of them: at most about %s, each its share of what is left.", m.Budget)
	}
	_, err = fmt.Fprintln(a.world.Out, text)
	return err
}

// estimate is how long a session of that many blocks takes by what earlier ones
// took; nil where they had not all of its systems.
func estimate(pace map[string]time.Duration, r results.Request, blocks int) *time.Duration {
	whole := time.Duration(0)
	for _, asked := range r.Systems {
		name, _, _ := strings.Cut(asked, "@")
		one, known := pace[name]
		if !known {
			return nil
		}
		whole += one * time.Duration(blocks+r.Warmups)
	}
	return &whole
}

func span(least, most string) string {
	if least == most {
		return least
	}
	return least + " to " + most
}

func spanOfTimes(least, most *time.Duration) string {
	if least == nil || most == nil {
		return "not known yet"
	}
	return span(least.Round(time.Minute).String(), most.Round(time.Minute).String())
}
