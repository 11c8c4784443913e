package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"distrolab/labs/cluster/internal/simulated"
	"distrolab/labs/internal/clustertest"
	"distrolab/labs/observe"
)

// kill kills the API server and sees to it that it is there for later tests.
func kill(t *testing.T, control *clustertest.Cluster) (start func()) {
	t.Helper()
	if err := control.Kill("kube-apiserver"); err != nil {
		t.Fatal(err)
	}
	started := false
	start = func() {
		if started {
			return
		}
		started = true
		if err := control.StartAPI(context.Background()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(start)
	return start
}

func TestWatchGoesOnWhenTheAPIServerComesBack(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	kubelet := newKubelet(t, control, newToken(t, client))
	w, seen := watch(t, client, kubelet.Name)
	kubelet.Before = func(ctx context.Context, step simulated.Step) error {
		if step != simulated.Register {
			return nil
		}
		seen.wait(t, w, observe.CSRIssued)
		start := kill(t, control)
		awaitState(t, w, "the certificate of "+kubelet.Name+" was issued, but no Node was registered; the API server does not answer")
		start()
		return nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	if err := kubelet.Join(ctx); err != nil {
		t.Fatal(err)
	}
	seen.wait(t, w, seenByWatch()...)

	for _, x := range seen.list() {
		want := observe.AtMost
		switch x.m {
		case observe.CSRCreated, observe.CSRApproved, observe.CSRIssued:
			want = observe.Exact
		}
		if x.q != want {
			t.Errorf("%s; want quality %s", x, want)
		}
	}
	if len(seen.list()) != len(seenByWatch()) {
		t.Errorf("marked %v; each milestone is marked once", seen.list())
	}
	if n := w.Reconnects(); n != 4 {
		t.Errorf("%d reconnects; each of the four watches was lost once", n)
	}
	faults := w.Faults()
	if len(faults) != 4 || !strings.HasPrefix(faults[0].Text, "the watch of ") {
		t.Errorf("faults %v", faults)
	}
}

// TestWatchOfASlowServerIsOpened leaves the first questions without an answer:
// the list, and then the watch.
func TestWatchOfASlowServerIsOpened(t *testing.T) {
	var asked atomic.Int32
	silent := func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= 2 {
			<-r.Context().Done()
			return
		}
		if r.URL.Query().Get("watch") == "" {
			fmt.Fprint(w, `{"metadata":{"resourceVersion":"1"},"items":[]}`)
			return
		}
		if asked.Load() == 4 {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	_, client := newImitation(t, map[string]http.HandlerFunc{requestsPath: silent, "watch " + requestsPath: silent})
	client.Hurry(300 * time.Millisecond)
	w, err := client.Watch(within(t), "n", nil)
	if err != nil {
		t.Fatalf("after %d questions: %v", asked.Load(), err)
	}
	w.Close()
	if n := asked.Load(); n != 6 { // two lists, a list and its watch, a list and its watch
		t.Errorf("%d questions, want 6", n)
	}
}

// TestWatchOfASilentServerEnds never answers.
func TestWatchOfASilentServerEnds(t *testing.T) {
	mute := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	_, client := newImitation(t, map[string]http.HandlerFunc{requestsPath: mute})
	client.Hurry(50 * time.Millisecond)
	if _, err := client.Watch(within(t), "n", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// A lost watch must not mark twice what it had marked, nor take what an earlier
// join left for a part of this one.
func TestWatchAfterAnOutageTakesNothingOfBefore(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	kubelet := newKubelet(t, control, newToken(t, client))
	stop := errors.New("stopped by the test")
	kubelet.Before = func(_ context.Context, step simulated.Step) error {
		if step == simulated.Register {
			return stop
		}
		return nil
	}
	if err := kubelet.Join(within(t)); !errors.Is(err, stop) { // leaves a request without a Node
		t.Fatal(err)
	}
	w, seen := watch(t, client, kubelet.Name)
	kill(t, control)()
	deadline := time.Now().Add(patience)
	for w.Reconnects() < 4 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if got := seen.list(); len(got) != 0 || w.Reconnects() != 4 {
		t.Errorf("after %d reconnects marked %v; nothing joins", w.Reconnects(), got)
	}
}

func TestAPIServerThatStaysAwayIsTold(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	kubelet := newKubelet(t, control, newToken(t, client))
	w, _ := watch(t, client, kubelet.Name)
	ctx, cancel := context.WithCancel(within(t))
	kubelet.Before = func(_ context.Context, step simulated.Step) error {
		if step == simulated.Lease {
			kill(t, control)
			time.AfterFunc(3*time.Second, cancel)
		}
		return nil
	}
	if err := kubelet.Join(ctx); err == nil || !errors.Is(err, context.Canceled) {
		t.Errorf("the simulated kubelet's join ended with %v", err)
	}
	if state := w.State(); !strings.HasSuffix(state, "; the API server does not answer") {
		t.Errorf("state %q", state)
	}
	begun := time.Now()
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := client.Ready(short)
	if err == nil || !strings.Contains(err.Error(), "connection refused") || time.Since(begun) > 3*time.Second {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
}
