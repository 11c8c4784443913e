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

func newBenchJoin(a *application) *cobra.Command {
	var opt benchOptions
	scenario := scenarioCold
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
			known := map[string]results.Scenario{scenarioCold: results.JoinCold, scenarioWarm: results.JoinWarm}
			return a.runBench(cmd, args, scenario, known, opt)
		},
	}
	a.benchFlags(cmd, &opt, "joins")
	cmd.Flags().StringVar(&scenario, "scenario", scenarioCold, "cold (power-on to ready) or warm (join command to ready)")
	cmd.RegisterFlagCompletionFunc("scenario", cobra.FixedCompletions([]string{scenarioCold, scenarioWarm}, cobra.ShellCompDirectiveNoFileComp))
	a.clusterFlags(cmd, &opt.clusterOptions)
	return cmd
}

// planJoins plans the machines of an experiment of joins.
func (a *application) planJoins(ctx context.Context, e *experiment, opt benchOptions, scenario results.Scenario, accelerator hypervisor.AcceleratorKind) error {
	planned, err := a.planCluster(ctx, e.home, opt.clusterOptions, accelerator)
	if err != nil {
		return err
	}
	names, plan := opt.selected()
	systems, err := a.find(names)
	if err != nil {
		return err
	}
	for _, d := range systems {
		if scenario == results.JoinWarm && (d.Boot.User == "" || d.Boot.ManagementPort != 22 || joinsItself(d)) {
			return usage(fmt.Errorf("%s cannot be told to join after its boot, which needs SSH and kubeadm; take --scenario cold", d.Name))
		}
	}
	node := func(ctx context.Context, subject int, name string) (machine.Spec, error) {
		o := plan
		o.images = plan.images[subject : subject+1]
		o.join = &planned
		o.manual = scenario == results.JoinWarm
		o.name, o.host, o.quiet = bench.NodeMachine, name, name != bench.NodeMachine
		specs, err := a.plan(ctx, names[subject:subject+1], o)
		if err != nil {
			return machine.Spec{}, err
		}
		return specs[0], nil
	}
	e.design.Join = &bench.Join{Scenario: scenario, Cluster: planned.ClusterSpec, Node: node}
	// Each system is rendered once now, so that what is wrong with one is told
	// before anything runs; its runs are the same machine under other names.
	for i := range names {
		spec, err := node(ctx, i, bench.NodeMachine)
		if err != nil {
			return err
		}
		e.design.Subjects = append(e.design.Subjects, spec)
	}
	return nil
}

// joinsItself says that a system joins without kubeadm.
func joinsItself(d distros.Distro) bool {
	way, _ := d.Joins()
	return slices.Contains([]distros.JoinWay{distros.JoinsByBottlerocket, distros.JoinsByTalos}, way)
}
