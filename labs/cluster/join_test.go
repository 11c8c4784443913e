package cluster_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"distrolab/labs/cluster"
	"distrolab/labs/cluster/internal/simulated"
	"distrolab/labs/observe"
)

func TestWatchSeesAJoinFromItsBeginning(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	kubelet := newKubelet(t, control, newToken(t, client))
	if err := client.RunHello(within(t), kubelet.Name, "distrolab.local/hello:1"); err != nil {
		t.Fatal(err)
	}
	w, seen := watch(t, client, kubelet.Name)
	trigger := time.Now()
	if err := kubelet.Join(within(t)); err != nil {
		t.Fatal(err)
	}
	seen.wait(t, w, seenByWatch()...)

	before := marked{m: observe.Trigger, at: trigger}
	for _, m := range []observe.Milestone{
		observe.CSRCreated, observe.CSRApproved, observe.CSRIssued, observe.NodeRegistered,
		observe.CNIReady, observe.NodeReady, observe.Schedulable,
	} {
		x, _ := seen.find(m)
		if x.at.Before(before.at) {
			t.Errorf("%s is before %s", x, before)
		}
		if x.q != observe.Exact {
			t.Errorf("%s of a watch that was never lost is not exact", x)
		}
		before = x
	}
	if w.Reconnects() != 0 || len(w.Faults()) != 0 {
		t.Errorf("%d reconnects, faults %v; want none", w.Reconnects(), w.Faults())
	}
	if w.Request() == "" {
		t.Error("the name of the certificate signing request is not known")
	}
	awaitState(t, w, "node "+kubelet.Name+" is Ready; its probe pod: Pending")
	for _, x := range seen.list() {
		t.Logf("%v %s", x.at.Sub(trigger).Round(time.Millisecond), x)
	}
}

// awaitState returns when the watch says that of the join.
func awaitState(t *testing.T, w *cluster.Watch, want string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for w.State() != want {
		if time.Now().After(deadline) {
			t.Fatalf("state %q, want %q", w.State(), want)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// The probe pod must not be bound before the node is ready, however long that
// takes: what it shows would not be the join.
func TestProbePodWaitsForTheNode(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	kubelet := newKubelet(t, control, newToken(t, client))
	var w *cluster.Watch
	var early string
	var bound []string
	kubelet.Before = func(ctx context.Context, step simulated.Step) error {
		if step == simulated.Ready {
			time.Sleep(2 * time.Second) // long enough for the scheduler
			early = w.State()
			var err error
			bound, err = client.Remains(ctx, kubelet.Name)
			return err
		}
		return nil
	}
	if err := client.RunHello(within(t), kubelet.Name, "distrolab.local/hello:1"); err != nil {
		t.Fatal(err)
	}
	w, seen := watch(t, client, kubelet.Name)
	if err := kubelet.Join(within(t)); err != nil {
		t.Fatal(err)
	}
	seen.wait(t, w, observe.Schedulable)
	if want := "node " + kubelet.Name + " is registered and not Ready: KubeletNotReady: container runtime network not ready"; len(early) < len(want) || early[:len(want)] != want {
		t.Errorf("before it was ready: %q", early)
	}
	if slices.Contains(bound, "pod") || !slices.Contains(bound, "probe pod") {
		t.Errorf("before the node was ready there were %v: the probe pod was bound to it, or missing", bound)
	}
	awaitState(t, w, "node "+kubelet.Name+" is Ready; its probe pod: Pending") // bound: no longer unschedulable
	ready, _ := seen.find(observe.NodeReady)
	registered, _ := seen.find(observe.NodeRegistered)
	if gap := ready.at.Sub(registered.at); gap < 2*time.Second {
		t.Errorf("ready %v after it was registered; the kubelet waited 2s", gap)
	}
}

func TestForgetLeavesNothing(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	kubelet := newKubelet(t, control, newToken(t, client))
	if err := client.RunHello(within(t), kubelet.Name, "distrolab.local/hello:1"); err != nil {
		t.Fatal(err)
	}
	w, seen := watch(t, client, kubelet.Name)
	if err := kubelet.Join(within(t)); err != nil {
		t.Fatal(err)
	}
	seen.wait(t, w, seenByWatch()...)

	nodes, err := client.Nodes(within(t))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, n := range nodes {
		if n.Name != kubelet.Name {
			continue
		}
		found = true
		n.Age = 0
		want := cluster.Node{
			Name: kubelet.Name, Ready: true, Version: "v1.36.1", Address: "192.0.2.10",
			Runtime: "simulated://0", OS: "simulated kubelet", Kernel: "simulated",
		}
		if n != want {
			t.Errorf("node %+v, want %+v", n, want)
		}
	}
	if !found {
		t.Errorf("the node is not among %v", nodes)
	}

	for range 2 { // the second time there is nothing, which is no error
		if err := client.Forget(within(t), kubelet.Name); err != nil {
			t.Fatal(err)
		}
	}
	left, err := client.Remains(within(t), kubelet.Name)
	if err != nil || len(left) > 0 {
		t.Errorf("left of the node: %v, %v", left, err)
	}
	// The same name can be watched and joined again.
	w.Close()
	again, seen := watch(t, client, kubelet.Name)
	if err := kubelet.Join(within(t)); err != nil {
		t.Fatal(err)
	}
	seen.wait(t, again, seenByWatch()...)
}

func TestNameOfAReadyNodeIsTaken(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	kubelet := newKubelet(t, control, newToken(t, client))
	if err := kubelet.Join(within(t)); err != nil {
		t.Fatal(err)
	}
	var taken *cluster.TakenError
	_, err := client.Watch(t.Context(), kubelet.Name, nil)
	if !errors.As(err, &taken) || !taken.Ready {
		t.Errorf("watching a join of a name that is taken: %v", err)
	}
	second := newKubelet(t, control, newToken(t, client))
	second.Name, second.LikeKubeadm = kubelet.Name, true
	var refused *simulated.NameTakenError
	if err := second.Join(within(t)); !errors.As(err, &refused) {
		t.Errorf("a second machine of the same name: %v", err)
	}
}
