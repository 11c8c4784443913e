package session

import (
	"context"
	"sync"
	"time"
)

// Gate holds a session between two runs: a run is never interrupted, so that
// none has to be thrown away. The zero value is open. It may be used from
// several goroutines.
type Gate struct {
	mu   sync.Mutex
	open chan struct{} // closed when the gate opens; nil: it is open
}

// Pause closes the gate: the run that is under way ends, and none begins.
func (g *Gate) Pause() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open == nil {
		g.open = make(chan struct{})
	}
}

// Resume opens the gate.
func (g *Gate) Resume() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open != nil {
		close(g.open)
		g.open = nil
	}
}

// Paused says whether the gate is closed.
func (g *Gate) Paused() bool { return g.closed() != nil }

func (g *Gate) closed() chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

// Pass returns when the gate is open, with the time that it was waited for: 0
// when it was open. held is called once if there is something to wait for. The
// error is the context's.
func (g *Gate) Pass(ctx context.Context, held func()) (time.Duration, error) {
	wait := g.closed()
	if wait == nil {
		return 0, nil
	}
	begun := time.Now()
	held()
	for ; wait != nil; wait = g.closed() {
		select {
		case <-ctx.Done():
			return time.Since(begun), context.Cause(ctx)
		case <-wait:
		}
	}
	return max(time.Since(begun), 1), nil
}
