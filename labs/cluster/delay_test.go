package cluster_test

import (
	"context"
	"testing"
	"time"

	"distrolab/labs/cluster/internal/simulated"
	"distrolab/labs/observe"
)

// approvalDelay is for how long the certificate's approval is kept back.
const approvalDelay = 5 * time.Second

// TestLateApprovalMovesTheApproval is the part of acceptance T6 that needs an
// API server: who approves certificates stands still for 5 s after one was
// asked for. The approval is late by that, and what comes before it is not.
func TestLateApprovalMovesTheApproval(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	token := newToken(t, client)
	canary, err := observe.StartCanary()
	if err != nil {
		t.Fatal(err)
	}
	join := func(late bool) map[observe.Milestone]time.Duration {
		kubelet := newKubelet(t, control, token)
		w, seen := watch(t, client, kubelet.Name)
		defer w.Close()
		resumed := make(chan error, 1)
		kubelet.Before = func(_ context.Context, step simulated.Step) error {
			if step != simulated.Request || !late {
				return nil
			}
			resume, err := control.Pause("kube-controller-manager")
			if err != nil {
				return err
			}
			go func() {
				seen.wait(t, w, observe.CSRCreated)
				created, _ := seen.find(observe.CSRCreated)
				time.Sleep(time.Until(created.at.Add(approvalDelay)))
				resumed <- resume()
			}()
			return nil
		}
		trigger := time.Now()
		if err := kubelet.Join(within(t)); err != nil {
			t.Fatal(err)
		}
		if late {
			if err := <-resumed; err != nil {
				t.Fatal(err)
			}
		}
		seen.wait(t, w, seenByWatch()...)
		at := map[observe.Milestone]time.Duration{}
		for _, x := range seen.list() {
			if x.q != observe.Exact {
				t.Errorf("%s is not exact", x)
			}
			at[x.m] = x.at.Sub(trigger)
		}
		return at
	}
	join(false) // warm-up: the first certificate of a server takes longer
	plain, delayed := join(false), join(true)
	limit := 20 * time.Millisecond
	if taint := canary.Stop().Taint(); taint != "" {
		limit = 500 * time.Millisecond
		t.Log("a run would be tainted:", taint)
	}
	took := func(at map[observe.Milestone]time.Duration) time.Duration {
		return at[observe.CSRApproved] - at[observe.CSRCreated]
	}
	t.Logf("asked for and approved: %v and %v without, %v and %v with the delay",
		plain[observe.CSRCreated], plain[observe.CSRApproved], delayed[observe.CSRCreated], delayed[observe.CSRApproved])
	if moved := took(delayed) - approvalDelay; moved < -limit || moved > took(plain)+limit {
		t.Errorf("the approval took %v, without the delay %v; want %v more", took(delayed), took(plain), approvalDelay)
	}
	if d := delayed[observe.CSRCreated] - plain[observe.CSRCreated]; d.Abs() > time.Second {
		t.Errorf("what comes before the delay moved by %v", d)
	}
	if d := delayed[observe.NodeReady] - plain[observe.NodeReady]; d < approvalDelay-time.Second {
		t.Errorf("what comes after the delay moved by %v only", d)
	}
}
