package holder

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"distrolab/labs"
	"distrolab/labs/observe"
)

func TestJournalTellsLateComersEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		j.add(labs.Event{Machine: "a"})
		if got := j.next(t.Context(), 0); len(got) != 1 {
			t.Fatalf("%d events", len(got))
		}
		go func() {
			time.Sleep(time.Hour)
			j.add(labs.Event{Machine: "b"})
		}()
		if got := j.next(t.Context(), 1); len(got) != 1 || got[0].Machine != "b" {
			t.Errorf("waited for %v", got)
		}
		go func() {
			time.Sleep(time.Hour)
			j.close()
		}()
		if got := j.next(t.Context(), 2); len(got) != 0 {
			t.Errorf("after the end: %v", got)
		}
		j.add(labs.Event{Machine: "late"})
		if got := j.next(t.Context(), 0); len(got) != 2 {
			t.Errorf("a closed journal grew: %v", got)
		}
	})
}

func TestJournalWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if got := newJournal().next(ctx, 0); got != nil {
			t.Errorf("got %v", got)
		}
	})
}

// TestFullJournalStillSaysHowItEnds: a guest that reboots for ever must not
// keep those who wait for its state from learning it.
func TestFullJournalStillSaysHowItEnds(t *testing.T) {
	j := newJournal()
	for range maxEvents + 5 {
		j.add(labs.Event{Milestone: &observe.Event{}})
	}
	j.add(labs.Event{State: labs.StateFailed})
	got := j.next(t.Context(), 0)
	if len(got) != maxEvents+1 || got[maxEvents].State != labs.StateFailed {
		t.Errorf("%d events, the last %+v", len(got), got[len(got)-1])
	}
}
