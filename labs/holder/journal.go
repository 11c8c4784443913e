package holder

import (
	"context"
	"sync"

	"distrolab/labs"
)

// journal keeps a lab's events so that a client who comes late sees them all.
// There are some twenty for each machine, and a bound for a guest that reboots
// for ever.
type journal struct {
	mu      sync.Mutex
	events  []labs.Event
	changed chan struct{} // closed and replaced at each change
	closed  bool
}

const maxEvents = 10_000

func newJournal() *journal { return &journal{changed: make(chan struct{})} }

func (j *journal) add(e labs.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed || len(j.events) >= maxEvents && e.State == "" {
		return // changes of state are few, and someone may wait for the last one
	}
	j.events = append(j.events, e)
	j.wake()
}

// wake tells those who wait; callers hold mu.
func (j *journal) wake() {
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	j.wake()
}

// next waits for events after the first n. It returns none when the journal is
// closed or ctx ends.
func (j *journal) next(ctx context.Context, n int) []labs.Event {
	for {
		j.mu.Lock()
		events, closed, changed := j.events[n:], j.closed, j.changed
		j.mu.Unlock()
		if len(events) > 0 || closed {
			return events
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}
