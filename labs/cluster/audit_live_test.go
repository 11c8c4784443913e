package cluster_test

import (
	"slices"
	"testing"
	"time"

	"distrolab/labs/cluster"
	"distrolab/labs/observe"
)

// auditJoins is how many joins the comparison with the audit log takes.
const auditJoins = 20

// TestWatchAgreesWithTheAuditLog is acceptance T5 of the measuring rules: what
// the watch received is held against what the API server itself wrote down. On
// a host so busy that the canary would taint a run, only a coarse bound holds.
func TestWatchAgreesWithTheAuditLog(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	token := newToken(t, client)
	canary, err := observe.StartCanary()
	if err != nil {
		t.Fatal(err)
	}
	var deltas []time.Duration
	for range auditJoins {
		kubelet := newKubelet(t, control, token)
		w, seen := watch(t, client, kubelet.Name)
		begun := time.Now()
		if err := kubelet.Join(within(t)); err != nil {
			t.Fatal(err)
		}
		seen.wait(t, w, seenByWatch()...)
		w.Close()
		if err := client.Forget(within(t), kubelet.Name); err != nil {
			t.Fatal(err)
		}

		watched := map[observe.Milestone]time.Time{}
		for _, x := range seen.list() {
			watched[x.m] = x.at
		}
		log, err := control.Audit()
		if err != nil {
			t.Fatal(err)
		}
		events, err := cluster.ReadAudit(log, kubelet.Name)
		log.Close()
		if err != nil {
			t.Fatal(err)
		}
		times := cluster.AuditTimes(events, kubelet.Name, w.Request())
		if first, ok := times[observe.APIFirstRequest]; !ok || first.Received.Before(begun.Round(0)) || first.Received.After(watched[observe.CSRCreated].Round(0)) {
			t.Errorf("first request %+v; the join began %v and its certificate was asked for %v", first, begun, watched[observe.CSRCreated])
		}
		c := cluster.CompareAudit(watched, times)
		if len(c.Deltas) != 5 {
			t.Fatalf("compared %d milestones, want 5: %+v", len(c.Deltas), c)
		}
		for _, d := range c.Deltas {
			deltas = append(deltas, d.Delta)
		}
	}
	slices.SortFunc(deltas, func(a, b time.Duration) int { return int(a.Abs() - b.Abs()) })
	at := func(percent int) time.Duration { return deltas[(len(deltas)*percent-1)/100] }
	t.Logf("|watch - audit| of %d milestones: p50 %v, p90 %v, p99 %v, max %v", len(deltas), at(50), at(90), at(99), deltas[len(deltas)-1])
	limit := 20 * time.Millisecond
	if taint := canary.Stop().Taint(); taint != "" {
		limit = 250 * time.Millisecond
		t.Log("a run would be tainted:", taint)
	}
	if p99 := at(99); p99.Abs() > limit {
		t.Errorf("p99 of the difference is %v, want at most %v", p99, limit)
	}
}
