package bench

import (
	"context"
	"fmt"
	"time"

	"distrolab/labs/access"
	"distrolab/labs/cluster"
	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/provision"
	"distrolab/provision/kubeadm"
)

// forgetLimit bounds the taking away of one node from the cluster.
const forgetLimit = time.Minute

// nodeName is the name under which a run joins: at most 63 letters, and never
// the same twice in any session.
func (r *attempt) nodeName() string {
	session := r.session.meta.ID
	return fmt.Sprintf("n%s-%s-%02d-%02d", session[len(session)-6:], r.place.phase, r.place.block, r.place.pos)
}

// joinWatch is what the observer must know of the cluster; nil for a boot.
func (r *attempt) joinWatch() *observe.JoinWatch {
	p := r.session.plane
	if p == nil {
		return nil
	}
	return &observe.JoinWatch{API: p.address, Hello: cluster.HelloAddress(), Node: r.node, Done: kubeadm.JoinDone,
		Cold: r.session.design.Join.Scenario == results.JoinCold}
}

// follow opens the watches of the cluster's API, runs the join, and takes the
// node away again.
func (r *attempt) follow(ctx context.Context, join func(context.Context) error) (err error) {
	p := r.session.plane
	if p == nil || p.api == nil {
		return join(ctx)
	}
	if r.watch, err = p.api.Watch(ctx, r.node, r.machine.Observer().Mark); err != nil {
		return fmt.Errorf("run %s: watching the join: %w", r.id, err)
	}
	defer r.watch.Close()
	if err := p.api.RunHello(ctx, r.node, p.bundle.Manifest.Hello); err != nil {
		return fmt.Errorf("run %s: preparing the join: %w", r.id, err)
	}
	return join(ctx)
}

// warmJoin tells a machine that has booted to join: that moment is the zero of
// the join.
func (r *attempt) warmJoin(ctx context.Context) error {
	if r.session.design.Join.Scenario != results.JoinWarm {
		return nil
	}
	shell, err := r.login(ctx)
	if err != nil {
		return fmt.Errorf("logging in to tell it to join: %w", err)
	}
	defer shell.Close()
	if err := awaitUnit(ctx, shell, provision.BundleUnit); err != nil {
		return err
	}
	r.machine.Observer().Mark(observe.Trigger, time.Now(), observe.SourceRequest, 0, observe.Exact, "systemctl start "+provision.JoinUnit)
	if _, err := shell.Run(ctx, "sudo systemctl start --no-block "+provision.JoinUnit, 0); err != nil {
		return fmt.Errorf("telling it to join: %w", err)
	}
	return nil
}

// awaitUnit waits for a unit that prepares the node, so that no part of the
// preparing is measured.
func awaitUnit(ctx context.Context, shell *access.Client, unit string) error {
	for {
		state, err := shell.Run(ctx, "systemctl is-active "+unit+" || true", 64)
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", unit, err)
		}
		switch state {
		case "active\n":
			return nil
		case "failed\n":
			return fmt.Errorf("%s failed on the node; `journalctl -u %s` there says why", unit, unit)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}

// login logs in to the run's machine.
func (r *attempt) login(ctx context.Context) (*access.Client, error) {
	conn, err := r.machine.Dial(ctx, 22)
	if err != nil {
		return nil, err
	}
	return access.Login(ctx, conn, r.spec.User, r.session.opt.Key)
}

// awaitJoined waits for the end of a join: the node is ready and a pod runs.
func (r *attempt) awaitJoined(ctx context.Context) error {
	until := []observe.Milestone{observe.NodeReady, observe.FirstPod}
	if r.session.plane.api == nil {
		until = []observe.Milestone{observe.KubeletListening} // all that is seen from outside of the cluster
	}
	for _, m := range until {
		if err := r.machine.Observer().WaitFor(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// audit compares what the watches saw with the API server's own log. A log that
// cannot be read leaves the run as it is.
func (r *attempt) audit(ctx context.Context, t observe.Timeline) *results.Audit {
	p := r.session.plane
	if p == nil || p.control == nil || r.watch == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	events, err := p.control.Audit(ctx, r.node, r.watch.Request())
	if err != nil {
		r.session.opt.Log.Warn("comparing the watches with the audit log", "run", r.id, "error", err)
		return nil
	}
	watched := map[observe.Milestone]time.Time{}
	for _, e := range t.Events {
		if e.Source == observe.SourceAPI {
			watched[e.M] = r.clocks.Wall.Add(e.T)
		}
	}
	compared := cluster.CompareAudit(watched, cluster.AuditTimes(events, r.node, r.watch.Request()))
	audit := &results.Audit{Milestones: []observe.Milestone{}, Offset: compared.Offset, Spread: compared.Spread, Ordered: compared.Sorted}
	for _, d := range compared.Deltas {
		audit.Milestones = append(audit.Milestones, d.M)
	}
	return audit
}

// forget takes the node of the run out of the cluster. Its machine is gone.
func (r *attempt) forget(ctx context.Context) error {
	p := r.session.plane
	if p == nil || p.api == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetLimit)
	defer cancel()
	return p.api.Forget(ctx, r.node)
}
