package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/labs/bench"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/results"
)

// joinOptions are the flags of bench join.
type joinOptions struct {
	benchOptions
	clusterOptions
	scenario string
}

// The scenarios by the words of the flag.
const (
	scenarioCold = "cold"
	scenarioWarm = "warm"
)

func newBenchJoin(a *application) *cobra.Command {
	var opt joinOptions
	cmd := &cobra.Command{
		Use:   "join NAME...",
		Short: "Measure how long systems take to join a Kubernetes cluster",
		Long: `Join starts machines of the named systems one at a time, in shuffled complete
blocks, and lets each join the same control plane: cold is from power-on to a
ready node and a running pod, warm is from the join command on a machine that has
booted. Every run has a node name of its own, and its Node, Lease and certificate
requests are removed after it.

The control plane is made once by kubeadm and saved; this and later sessions go
on from that state. No run touches the internet: images come from a registry
inside the lab's network.`,
		Example: `  distrolab bench join debian-local coreos-standin --blocks 6
  distrolab bench join flatcar fedora-coreos --scenario warm
  distrolab bench join debian-local --kubeconfig admin.conf`,
		Args: minimum(1, aSystem), ValidArgsFunction: a.completeDistros,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("runs") {
				opt.blocks = opt.runs
			}
			return a.runBenchJoin(cmd.Context(), args, opt)
		},
	}
	a.benchFlags(cmd, &opt.benchOptions, "joins")
	cmd.Flags().StringVar(&opt.scenario, "scenario", scenarioCold, "cold (power-on to ready) or warm (join command to ready)")
	cmd.RegisterFlagCompletionFunc("scenario", cobra.FixedCompletions([]string{scenarioCold, scenarioWarm}, cobra.ShellCompDirectiveNoFileComp))
	a.clusterFlags(cmd, &opt.clusterOptions)
	return cmd
}

func (a *application) runBenchJoin(ctx context.Context, names []string, opt joinOptions) error {
	e, err := a.planJoins(ctx, names, opt)
	if err != nil {
		return err
	}
	return a.measure(ctx, e)
}

// planJoins plans an experiment of joins.
func (a *application) planJoins(ctx context.Context, names []string, opt joinOptions) (experiment, error) {
	scenario, known := map[string]results.Scenario{scenarioCold: results.JoinCold, scenarioWarm: results.JoinWarm}[opt.scenario]
	if !known {
		return experiment{}, usage(fmt.Errorf("--scenario %q: take %s or %s", opt.scenario, scenarioCold, scenarioWarm))
	}
	e, err := a.beginBench(names, &opt.benchOptions)
	if err != nil {
		return experiment{}, err
	}
	accelerator, err := a.benchAccelerator(ctx, e.home)
	if err != nil {
		return experiment{}, err
	}
	planned, err := a.planCluster(ctx, e.home, opt.clusterOptions, accelerator)
	if err != nil {
		return experiment{}, err
	}
	e.design, err = a.joinDesign(ctx, names, opt, planned, scenario, accelerator)
	return e, err
}

// joinDesign renders each system once now, so that what is wrong with one is
// told before anything runs; its runs are the same machine under other names.
func (a *application) joinDesign(ctx context.Context, names []string, opt joinOptions, planned plannedCluster, scenario results.Scenario, accelerator hypervisor.AcceleratorKind) (bench.Design, error) {
	systems, err := a.find(names)
	if err != nil {
		return bench.Design{}, err
	}
	for _, d := range systems {
		if scenario == results.JoinWarm && (d.Boot.User == "" || d.Boot.ManagementPort != 22 || joinsItself(d)) {
			return bench.Design{}, usage(fmt.Errorf("%s cannot be told to join after its boot, which needs SSH and kubeadm; take --scenario cold", d.Name))
		}
	}
	node := func(ctx context.Context, subject int, name string) (machine.Spec, error) {
		o := opt.planOptions
		o.join = &planned
		o.manual = scenario == results.JoinWarm
		o.name, o.host, o.quiet = bench.NodeMachine, name, name != bench.NodeMachine
		specs, err := a.plan(ctx, names[subject:subject+1], o)
		if err != nil {
			return machine.Spec{}, err
		}
		return specs[0], nil
	}
	design := bench.Design{Blocks: opt.blocks, Warmups: opt.warmups, Seed: opt.seed, Deadline: opt.benchOptions.deadline, Accelerator: accelerator,
		Join: &bench.Join{Scenario: scenario, Cluster: planned.ClusterSpec, Node: node}}
	for i := range names {
		spec, err := node(ctx, i, bench.NodeMachine)
		if err != nil {
			return bench.Design{}, err
		}
		design.Subjects = append(design.Subjects, spec)
	}
	return completeDesign(design, bench.DefaultJoinDeadline(accelerator)), nil
}

// joinsItself says that a system joins without kubeadm.
func joinsItself(d distros.Distro) bool {
	way, _ := d.Joins()
	return slices.Contains([]distros.JoinWay{distros.JoinsByBottlerocket, distros.JoinsByTalos}, way)
}
