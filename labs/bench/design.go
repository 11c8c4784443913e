// Package bench runs an experiment: shuffled complete blocks of boots, one
// machine at a time, each from a fresh overlay, each recorded as soon as it is
// done. It makes machines, watches them, and writes the results; it prints
// nothing, and the only statistic it computes is the width at which to stop.
package bench

import (
	"context"
	"time"

	"distrolab/labs"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/results"
	"distrolab/labs/session"
)

// Design is an experiment as it was asked for.
type Design struct {
	Subjects    []machine.Spec // at most 99
	Names       []string       // of the subjects, by which they were asked for; nil: their systems'
	Baseline    string         // name of the subject that the others are compared with; "": the first
	Mode        results.Mode
	Rule        session.Rule  // how many blocks: measured runs of each subject
	Warmups     int           // unmeasured runs of each subject before the first block
	Seed        uint64        // of the order within the blocks
	Deadline    time.Duration // of one run
	Accelerator hypervisor.AcceleratorKind
	Scenario    results.Scenario // of boots: FirstBoot or SecondBoot
	Cache       string           // results.CacheWarm or results.CacheCold
	Join        *Join            // runs are joins; nil: boots
	Request     *results.Request // kept with the session
}

// Join is what an experiment of joins has besides.
type Join struct {
	Scenario results.Scenario // JoinCold or JoinWarm
	Cluster  labs.ClusterSpec
	// Node gives the machine of a subject that joins under a name of its own:
	// no name is used twice, because kubeadm refuses one that is taken.
	Node func(ctx context.Context, subject int, name string) (machine.Spec, error)
}

// name is how people call a subject.
func (d Design) name(subject int) string {
	if subject < len(d.Names) {
		return d.Names[subject]
	}
	return d.Subjects[subject].Distro
}

// scenario is what the runs measure.
func (d Design) scenario() results.Scenario {
	switch {
	case d.Join != nil:
		return d.Join.Scenario
	case d.Scenario == "":
		return results.FirstBoot
	}
	return d.Scenario
}

// careful says whether noise taints: what a benchmark has to stand for.
func (d Design) careful() bool { return d.Mode == results.ModeBench }

// DefaultDeadline is how long one boot may take. Translation by TCG is some
// twenty times slower than a processor.
func DefaultDeadline(a hypervisor.AcceleratorKind) time.Duration {
	if a == hypervisor.KVM {
		return 3 * time.Minute
	}
	return 15 * time.Minute
}

// NodeMachine is the name of the one machine that joins, in a lab of its own.
const NodeMachine = "node"

// DefaultJoinDeadline is how long one join may take, its boot included.
func DefaultJoinDeadline(a hypervisor.AcceleratorKind) time.Duration {
	if a == hypervisor.KVM {
		return 5 * time.Minute
	}
	return 30 * time.Minute
}
