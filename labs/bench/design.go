// Package bench runs an experiment: shuffled complete blocks of boots, one
// machine at a time, each from a fresh overlay, each recorded as soon as it is
// done. It makes machines, watches them, and writes the results; it prints
// nothing and computes no statistic.
package bench

import (
	"context"
	"time"

	"distrolab/labs"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/results"
)

// Design is an experiment as it was asked for.
type Design struct {
	Subjects    []machine.Spec // one for each system; at most 99
	Blocks      int            // measured runs of each subject
	Warmups     int            // unmeasured runs of each subject before the first block
	Seed        uint64         // of the order within the blocks
	Deadline    time.Duration  // of one run
	Accelerator hypervisor.AcceleratorKind
	Join        *Join // runs are joins; nil: boots
}

// Join is what an experiment of joins has besides.
type Join struct {
	Scenario results.Scenario // JoinCold or JoinWarm
	Cluster  labs.ClusterSpec
	// Node gives the machine of a subject that joins under a name of its own:
	// no name is used twice, because kubeadm refuses one that is taken.
	Node func(ctx context.Context, subject int, name string) (machine.Spec, error)
}

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
