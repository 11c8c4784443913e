package session_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/session"
)

func TestOrderIsCompleteShuffledAndRepeats(t *testing.T) {
	const subjects, blocks = 5, 40
	order := session.Order(7, subjects, blocks)
	if diff := cmp.Diff(order, session.Order(7, subjects, blocks)); diff != "" {
		t.Errorf("the same seed gives another order:\n%s", diff)
	}
	if cmp.Equal(order, session.Order(8, subjects, blocks)) {
		t.Error("another seed gives the same order")
	}
	if len(order) != blocks {
		t.Fatalf("%d blocks", len(order))
	}
	firsts := map[int]int{}
	for i, block := range order {
		if got := slices.Sorted(slices.Values(block)); !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
			t.Errorf("block %d holds %v", i, block)
		}
		firsts[block[0]]++
	}
	if len(firsts) != subjects {
		t.Errorf("only %v come first in %d blocks", firsts, blocks)
	}
}

// TestOrderOfASeedStays pins the generator: stored seeds must lay out the same
// experiment in a later version.
func TestOrderOfASeedStays(t *testing.T) {
	if diff := cmp.Diff([][]int{{2, 0, 1}, {1, 0, 2}, {1, 0, 2}}, session.Order(1, 3, 3)); diff != "" {
		t.Errorf("seed 1 (-stored +now):\n%s", diff)
	}
}

func TestSeedIsExactInJSON(t *testing.T) {
	for range 1000 {
		if s := session.NewSeed(); s >= session.MaxSeed || uint64(float64(s)) != s {
			t.Fatalf("seed %d", s)
		}
	}
}

func TestOpenGateDoesNotHold(t *testing.T) {
	var g session.Gate
	waited, err := g.Pass(t.Context(), func() { t.Error("held") })
	if waited != 0 || err != nil || g.Paused() {
		t.Errorf("waited %v, %v, paused %v", waited, err, g.Paused())
	}
	g.Resume() // of an open gate: nothing
}

func TestGateHoldsUntilItOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g session.Gate
		g.Pause()
		g.Pause()
		held := 0
		done := make(chan time.Duration)
		go func() {
			waited, err := g.Pass(t.Context(), func() { held++ })
			if err != nil {
				t.Error(err)
			}
			done <- waited
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		if held != 1 || !g.Paused() {
			t.Errorf("held %d times, paused %v", held, g.Paused())
		}
		g.Resume()
		if waited := <-done; waited != time.Minute {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestGateLetsGoWhenTheSessionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g session.Gate
		g.Pause()
		stop := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stop) })
		if _, err := g.Pass(ctx, func() {}); !errors.Is(err, stop) {
			t.Errorf("got %v", err)
		}
	})
}
