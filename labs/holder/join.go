package holder

import (
	"context"
	"fmt"
	"net/netip"

	"distrolab/labs"
	"distrolab/labs/cluster"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
	"distrolab/provision/kubeadm"
)

// joinWatch is what the observer of a worker must know of the cluster.
func (h *Holder) joinWatch(m *member) *observe.JoinWatch {
	if h.cluster == nil {
		return nil
	}
	api, err := netip.ParseAddrPort(h.cluster.status.Endpoint)
	if err != nil {
		api = netip.AddrPort{} // a name: no frame shows the call, and the timeline says so
	}
	return &observe.JoinWatch{API: api, Hello: cluster.HelloAddress(), Node: m.spec.Node, Done: kubeadm.JoinDone, Cold: true}
}

// expect opens the watches for a machine and creates its probe pod, before it
// is started. What it returns is to be closed; nil where nobody can watch.
func (h *Holder) expect(ctx context.Context, m *member, made *machine.Machine) (*cluster.Watch, error) {
	c := h.cluster
	if c == nil || c.api == nil {
		return nil, nil
	}
	watch, err := c.api.Watch(ctx, m.spec.Node, made.Observer().Mark)
	if err != nil {
		return nil, fmt.Errorf("watching machine %s join: %w", m.spec.Name, err)
	}
	if err := c.api.RunHello(ctx, m.spec.Node, c.bundle.Manifest.Hello); err != nil {
		watch.Close()
		return nil, fmt.Errorf("preparing for machine %s to join: %w", m.spec.Name, err)
	}
	return watch, nil
}

// awaitJoin follows a machine that has booted into the cluster: its node is
// ready, and a pod runs on it.
func (h *Holder) awaitJoin(ctx context.Context, m *member, made *machine.Machine, watch *cluster.Watch) error {
	c := h.cluster
	h.change(m, labs.StateJoining, nil)
	waited, cancel := context.WithTimeoutCause(ctx, c.spec.Deadline, fmt.Errorf("it has not joined %s after its boot", c.spec.Deadline))
	defer cancel()
	if c.plane != nil {
		var letGo context.CancelFunc
		waited, letGo = c.plane.While(waited)
		defer letGo()
	}
	until := []observe.Milestone{observe.NodeReady, observe.FirstPod}
	if c.api == nil {
		until = []observe.Milestone{observe.KubeletListening} // all that can be seen from outside of the cluster
	}
	for _, milestone := range until {
		err := made.Observer().WaitFor(waited, milestone)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			if waited.Err() != nil {
				err = context.Cause(waited)
			}
			return fmt.Errorf("%w; %s", err, cluster.Explain(ctx, made, c.key, watch))
		}
	}
	return nil
}
