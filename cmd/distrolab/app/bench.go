package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"distrolab/labs/access"
	"distrolab/labs/bench"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/session"
	"distrolab/tui/chart"
)

// benchOptions are the flags of an experiment.
type benchOptions struct {
	planOptions
	blocks, runs int
	warmups      int
	seed         uint64
	out          string
	deadline     time.Duration
}

func newBench(a *application) *cobra.Command {
	cmd := &cobra.Command{Use: "bench", Short: "Measure systems", Args: none,
		Example: "  distrolab bench boot debian-local coreos-standin\n  distrolab bench join debian-local coreos-standin",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newBenchBoot(a), newBenchJoin(a))
	return cmd
}

func newBenchBoot(a *application) *cobra.Command {
	var opt benchOptions
	cmd := &cobra.Command{
		Use:   "boot NAME...",
		Short: "Measure first boots in shuffled blocks",
		Long: `Boot starts machines of the named systems one at a time, each from a fresh disk,
in shuffled complete blocks, and stamps what it sees from outside: firmware,
kernel, init, network, SSH, boot complete. One unmeasured boot of each system
comes first. Every finished run is on disk at once; Ctrl-C keeps them.

An interval needs 6 blocks, a benchmark 10. With fewer, take it as a demo.`,
		Example: `  distrolab bench boot debian-local coreos-standin
  distrolab bench boot flatcar fedora-coreos --blocks 20 --seed 7 --out ./monday
  distrolab bench boot debian-local --runs 1 -o json | jq 'select(.step=="run_finished").run.events'`,
		Args: minimum(1, aSystem), ValidArgsFunction: a.completeDistros,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("runs") {
				opt.blocks = opt.runs
			}
			return a.runBench(cmd.Context(), args, opt)
		},
	}
	a.benchFlags(cmd, &opt, "boots")
	return cmd
}

// benchFlags are the flags of every experiment; runs is what its runs are.
func (a *application) benchFlags(cmd *cobra.Command, opt *benchOptions, runs string) {
	one := strings.TrimSuffix(runs, "s")
	limits := map[string]string{"boot": "3m, without KVM 15m", "join": "5m, without KVM 30m"}
	cmd.Flags().IntVar(&opt.blocks, "blocks", 10, "measured "+runs+" of each system: each block has every one once")
	cmd.Flags().IntVar(&opt.runs, "runs", 10, "the same as --blocks")
	cmd.Flags().IntVar(&opt.warmups, "warmups", 1, "unmeasured "+runs+" of each system before the first block; with 0 the first ones also read the image")
	cmd.Flags().Uint64Var(&opt.seed, "seed", 0, "seed of the order within blocks (default: drawn and stored)")
	cmd.Flags().StringVar(&opt.out, "out", "", "directory for the results (default: a new one in distrolab's home)")
	cmd.Flags().DurationVar(&opt.deadline, "deadline", 0, "longest time of one "+one+" (default "+limits[one]+")")
	a.planFlags(cmd, &opt.planOptions)
	cmd.MarkFlagsMutuallyExclusive("blocks", "runs")
	cmd.MarkFlagDirname("out")
}

func (o benchOptions) check(names []string) error {
	switch {
	case o.blocks < 1 || o.blocks > session.MaxBlocks:
		return fmt.Errorf("--blocks %d: take 1 to %d", o.blocks, session.MaxBlocks)
	case o.warmups < 0 || o.warmups > session.MaxWarmups:
		return fmt.Errorf("--warmups %d: take 0 to %d", o.warmups, session.MaxWarmups)
	case o.deadline < 0:
		return fmt.Errorf("--deadline %s: a deadline lies ahead", o.deadline)
	case o.seed >= session.MaxSeed:
		return fmt.Errorf("--seed %d: take a number below 2^53", o.seed)
	}
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] {
			return fmt.Errorf("%s is named twice", n)
		}
		seen[n] = true
	}
	return nil
}

// beginBench checks what was asked for, and makes the key by which machines are
// logged in to.
func (a *application) beginBench(names []string, opt *benchOptions) (experiment, error) {
	if err := opt.check(names); err != nil {
		return experiment{}, usage(err)
	}
	if _, err := os.Stat(filepath.Join(opt.out, results.SessionFile)); opt.out != "" && err == nil {
		return experiment{}, usage(fmt.Errorf("--out %s: there is a session already; choose another directory", opt.out))
	}
	h, err := a.home()
	if err != nil {
		return experiment{}, err
	}
	key, err := access.NewKey("distrolab-bench")
	if err != nil {
		return experiment{}, err
	}
	opt.key = key.Authorized
	return experiment{home: h, key: key, directory: opt.out}, nil
}

// experiment is what was asked for, planned: nothing has been made yet.
type experiment struct {
	home      home.Home
	key       access.Key
	directory string // of the results; "" is a new one of the home
	design    bench.Design
}

func (a *application) runBench(ctx context.Context, names []string, opt benchOptions) error {
	e, err := a.planBoots(ctx, names, opt)
	if err != nil {
		return err
	}
	return a.measure(ctx, e)
}

// planBoots plans an experiment of boots.
func (a *application) planBoots(ctx context.Context, names []string, opt benchOptions) (experiment, error) {
	e, err := a.beginBench(names, &opt)
	if err != nil {
		return experiment{}, err
	}
	subjects, err := a.plan(ctx, names, opt.planOptions)
	if err != nil {
		return experiment{}, err
	}
	for i := range subjects {
		// One machine at a time, each alone in its network: all get the same address.
		subjects[i].Address = subjects[0].Address
	}
	accelerator, err := a.benchAccelerator(ctx, e.home)
	if err != nil {
		return experiment{}, err
	}
	design := bench.Design{Subjects: subjects, Blocks: opt.blocks, Warmups: opt.warmups, Seed: opt.seed, Deadline: opt.deadline, Accelerator: accelerator}
	e.design = completeDesign(design, bench.DefaultDeadline(accelerator))
	return e, nil
}

// benchAccelerator finds out what executes guests here, and says so when it is
// slow.
func (a *application) benchAccelerator(ctx context.Context, h home.Home) (hypervisor.AcceleratorKind, error) {
	found, err := a.accelerator(ctx, h)
	if err == nil && found.Kind == hypervisor.TCG {
		fmt.Fprintf(a.world.Err, "without KVM: %s\n", found.Reason)
	}
	return found.Kind, err
}

// completeDesign draws what was not asked for.
func completeDesign(d bench.Design, deadline time.Duration) bench.Design {
	if d.Seed == 0 {
		d.Seed = session.NewSeed()
	}
	if d.Deadline == 0 {
		d.Deadline = deadline
	}
	return d
}

// measure runs the session and reports whatever it has, also after an error.
func (a *application) measure(ctx context.Context, e experiment) error {
	directory, err := a.session(ctx, e, nil, a.benchPrinter())
	if directory == "" {
		return err
	}
	return errors.Join(err, a.reportSession(directory))
}

// session runs an experiment and says where the results are, also with an error.
func (a *application) session(ctx context.Context, e experiment, gate *session.Gate, tell func(session.Progress)) (string, error) {
	directory, err := bench.Run(ctx, bench.Options{
		Home: e.home, URI: a.libvirtURI(), RuntimeDir: a.world.Getenv("XDG_RUNTIME_DIR"), Directory: e.directory,
		Host: os.DirFS("/"), Key: e.key, Run: runner, Log: a.log(),
		Tool: results.Tool{Version: version(), Commit: version()}, OnProgress: tell, Gate: gate,
	}, e.design)
	var unavailable *hypervisor.UnavailableError
	if errors.As(err, &unavailable) {
		err = cannot(err)
	}
	return directory, err
}

// reportSession prints the comparison and writes the report beside the runs.
func (a *application) reportSession(directory string) error {
	s, runs, warnings, err := results.Read(directory)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		fmt.Fprintln(a.world.Err, w)
	}
	if len(runs) == 0 {
		return nil
	}
	comparison := results.Summarise(s, runs)
	path, err := writeReport(directory, s, runs, comparison)
	if err != nil {
		return err
	}
	if a.json() {
		return json.NewEncoder(a.world.Out).Encode(comparison)
	}
	v := a.view()
	lines := append([]string{""}, chart.Comparison(comparison, v.width, v.glyphs, v.styles)...)
	if err := printLines(a.world.Out, append(lines, a.joinSteps(comparison, runs)...)); err != nil {
		return err
	}
	fmt.Fprintf(a.world.Out, "\nreport   %s\nresults  %s\n", path, directory)
	return nil
}

// joinSteps draws one typical join of each system as steps: what waited for what.
func (a *application) joinSteps(c results.Comparison, runs []results.Run) []string {
	v := a.view()
	var lines []string
	for _, t := range c.Tables {
		for _, row := range t.Rows {
			i := slices.IndexFunc(runs, func(r results.Run) bool { return row.Join != nil && r.RunID == row.Join.Typical })
			if i < 0 {
				continue
			}
			lines = append(lines, "", row.Label+", a typical join ("+runs[i].RunID+")")
			lines = append(lines, chart.Join(runs[i].Timeline(), v.width, v.glyphs, v.styles)...)
		}
	}
	return lines
}

// reportFile is the report beside the runs of a session.
const reportFile = "report.html"

func writeReport(directory string, s results.Session, runs []results.Run, c results.Comparison) (string, error) {
	path, err := filepath.Abs(filepath.Join(directory, reportFile))
	if err != nil {
		return "", fmt.Errorf("writing report: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return "", fmt.Errorf("writing report: %w", err)
	}
	err = errors.Join(report.WriteHTML(f, s, runs, c), f.Close())
	if err != nil {
		return "", fmt.Errorf("writing report: %w", err)
	}
	return path, nil
}

// benchPrinter prints progress: events as JSON lines, or lines for people.
func (a *application) benchPrinter() func(session.Progress) {
	if a.json() {
		out := json.NewEncoder(a.world.Out)
		return func(p session.Progress) {
			_ = out.Encode(p) // a reader that went away does not end the measuring
		}
	}
	printer := newRunPrinter(a)
	return printer.show
}

// left writes an estimate for people.
func left(d *time.Duration) string {
	if d == nil || *d <= 0 {
		return ""
	}
	return ", about " + d.Round(time.Second).String() + " to go"
}
