package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"distrolab/labs/bench"
	"distrolab/labs/results"
	"distrolab/labs/session"
)

// benchOptions are the flags of an experiment. What can be asked for again later
// is in the request.
type benchOptions struct {
	planOptions
	clusterOptions
	request results.Request
	runs    int
	out     string
	earlier *bench.Earlier // the session to go on with
}

func newBench(a *application) *cobra.Command {
	cmd := &cobra.Command{Use: "bench", Short: "Measure systems", Args: none,
		Example: `  distrolab bench boot debian-local coreos-standin
  distrolab bench join debian-local coreos-standin
  distrolab bench run nightly.yaml
  distrolab bench resume last`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newBenchBoot(a), newBenchJoin(a), newBenchRun(a), newBenchResume(a))
	return cmd
}

func newBenchBoot(a *application) *cobra.Command {
	var opt benchOptions
	scenario := scenarioFirst
	cmd := &cobra.Command{
		Use:   "boot NAME...",
		Short: "Measure boots in shuffled blocks",
		Long: `Boot starts machines of the named systems one at a time, each from a fresh disk,
in shuffled complete blocks, and stamps what it sees from outside: firmware,
kernel, init, network, SSH, boot complete. One unmeasured boot of each system
comes first. Every finished run is on disk at once; Ctrl-C keeps them, and
"distrolab bench resume" goes on.

Without --blocks it runs 10 blocks, looks at the intervals, and goes on by five
until every one is within 3 % of its median, 40 blocks at the most. NAME@VERSION
takes one image of the store, so that two images of a system can be compared in
the same blocks.`,
		Example: `  distrolab bench boot debian-local coreos-standin
  distrolab bench boot flatcar fedora-coreos --blocks 20 --seed 7 --out ./monday
  distrolab bench boot flatcar@4593.2.0 flatcar@4593.2.4 --baseline flatcar@4593.2.0 --budget 2h
  distrolab bench boot debian-local --scenario second --cache cold --mode quick
  distrolab bench boot debian-local --runs 1 -o json | jq 'select(.step=="run_finished").run.events'`,
		Args: minimum(1, aSystem), ValidArgsFunction: a.completeDistros,
		RunE: func(cmd *cobra.Command, args []string) error {
			known := map[string]results.Scenario{scenarioFirst: results.FirstBoot, scenarioSecond: results.SecondBoot}
			return a.runBench(cmd, args, scenario, known, opt)
		},
	}
	a.benchFlags(cmd, &opt, "boots")
	cmd.Flags().StringVar(&scenario, "scenario", scenarioFirst, "first (of a fresh disk) or second (of a disk that has booted once, unmeasured)")
	cmd.RegisterFlagCompletionFunc("scenario", cobra.FixedCompletions([]string{scenarioFirst, scenarioSecond}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// The scenarios by the words of the flag.
const (
	scenarioFirst  = "first"
	scenarioSecond = "second"
	scenarioCold   = "cold"
	scenarioWarm   = "warm"
)

// benchFlags are the flags of every experiment; runs is what its runs are.
func (a *application) benchFlags(cmd *cobra.Command, opt *benchOptions, runs string) {
	one, r, f := strings.TrimSuffix(runs, "s"), &opt.request, cmd.Flags()
	limits := map[string]string{"boot": "3m, without KVM 15m", "join": "5m, without KVM 30m"}
	f.StringVar((*string)(&r.Mode), "mode", "", "demo, quick, bench or ci: how many blocks, how narrow, and whether noise counts (default: by --blocks, else bench)")
	f.IntVar(&r.Blocks, "blocks", 0, "measured "+runs+" of each system: each block has every one once; with --target at the most (default: by the mode)")
	f.IntVar(&opt.runs, "runs", 0, "the same as --blocks")
	f.Float64Var(&r.Target, "target", 0, "end when every interval is within this share of its median (default: by the mode, bench 0.03)")
	f.DurationVar(&r.Budget, "budget", 0, "begin no block that would end later than this, such as 30m (default: none)")
	f.IntVar(&r.Warmups, "warmups", 1, "unmeasured "+runs+" of each system before the first block; with 0 the first ones also read the image")
	f.Uint64Var(&r.Seed, "seed", 0, "seed of the order within blocks (default: drawn and stored)")
	f.StringVar(&r.Baseline, "baseline", "", "system that the others are compared with (default: the first)")
	f.StringVar(&r.Cache, "cache", results.CacheWarm, "warm or cold: whether the host has the image in memory when a run begins")
	f.StringVar(&opt.out, "out", "", "directory that gets a copy of the results when the session has ended")
	f.DurationVar(&r.Deadline, "deadline", 0, "longest time of one "+one+" (default "+limits[one]+")")
	a.planFlags(cmd, &opt.planOptions)
	cmd.MarkFlagsMutuallyExclusive("blocks", "runs")
	cmd.MarkFlagDirname("out")
	fixed := func(flag string, words ...string) {
		cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	fixed("mode", "demo", "quick", "bench", "ci")
	fixed("cache", results.CacheWarm, results.CacheCold)
}

// runBench measures what the flags ask for.
func (a *application) runBench(cmd *cobra.Command, names []string, scenario string, known map[string]results.Scenario, opt benchOptions) error {
	var ok bool
	if opt.request.Scenario, ok = known[scenario]; !ok {
		return usage(fmt.Errorf("--scenario %q: take %s", scenario, strings.Join(slices.Sorted(maps.Keys(known)), " or ")))
	}
	for _, flag := range []string{"blocks", "runs"} {
		if n := map[string]int{"blocks": opt.request.Blocks, "runs": opt.runs}[flag]; cmd.Flags().Changed(flag) && n < 1 {
			return usage(fmt.Errorf("--%s %d: take 1 to %d", flag, n, session.MaxBlocks))
		}
	}
	if opt.runs > 0 {
		opt.request.Blocks = opt.runs
	}
	opt.request.Systems = names
	opt.keep()
	e, err := a.planExperiment(cmd.Context(), opt)
	if err != nil {
		return err
	}
	return a.measure(cmd.Context(), e)
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
