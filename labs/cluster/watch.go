package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"distrolab/labs/observe"
)

// watchError is the error of a stamp of a watched event: how late the event may
// have come here after the API server had made it. The tests hold it against
// the server's audit log.
const watchError = 20 * time.Millisecond

// maxFaults bounds how many faults a watch keeps.
const maxFaults = 16

// Mark takes a milestone that was seen. It is called by one goroutine at a time
// and must not call the watch's methods, which would wait for it.
type Mark = func(m observe.Milestone, at time.Time, src observe.Source, err time.Duration, q observe.Quality, raw string)

// Fault is something the API showed that explains why a join fails or stays.
type Fault struct {
	At   time.Time
	Text string // one sentence, printable
}

// TakenError says that the cluster has a Node of that name already.
type TakenError struct {
	Node  string
	Ready bool
}

// Error names the node and says what to do.
func (e *TakenError) Error() string {
	if e.Ready {
		return fmt.Sprintf("the cluster has a Node %s already, and it is Ready: kubeadm refuses to join under its name; choose another name, or delete that Node", e.Node)
	}
	return fmt.Sprintf("the cluster has a Node %s already, left by an earlier machine: a join under its name shows nothing; delete that Node first", e.Node)
}

// Watch sees one node join, by watches of the cluster's API. Events are stamped
// when they arrive. What a watch shows after it was lost and opened anew may
// have happened in between, so its stamps are upper bounds.
type Watch struct {
	client *Client
	node   string
	mark   Mark
	stop   context.CancelFunc
	reads  sync.WaitGroup

	mu         sync.Mutex
	seen       map[observe.Milestone]bool
	faults     []Fault
	reconnects int
	lost       []string        // the watches that are lost right now
	stale      map[string]bool // UIDs of certificate signing requests of before
	name       string          // of the node's certificate signing request
	last       progress
}

// Watch opens watches of the certificate signing requests, of the Node, of its
// Lease and of its probe pod, and returns when the API server has opened all of
// them: what happens from then on is seen. They go on until Close or the end of
// ctx. A Node of that name that is there already is a [*TakenError].
func (c *Client) Watch(ctx context.Context, node string, mark Mark) (*Watch, error) {
	if err := checkNode(node); err != nil {
		return nil, fmt.Errorf("watching a node join: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	w := &Watch{
		client: c, node: node, mark: mark, stop: stop,
		seen: map[observe.Milestone]bool{}, stale: map[string]bool{},
	}
	for _, s := range w.streams() {
		body, err := s.openSlowly(ctx)
		if err != nil {
			w.Close()
			return nil, fmt.Errorf("watching node %s join: %w", node, err)
		}
		w.reads.Go(func() { s.follow(ctx, body) })
	}
	return w, nil
}

// Close ends the watches. After it no milestone is marked. A nil watch is
// closed already.
func (w *Watch) Close() {
	if w == nil {
		return
	}
	w.stop()
	w.reads.Wait()
}

// Reconnects says how often one of the watches was lost and opened anew. Each
// of the four counts.
func (w *Watch) Reconnects() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reconnects
}

// Request returns the name of the node's certificate signing request, by which
// the API server's audit log knows it; "" before it was seen.
func (w *Watch) Request() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.name
}

// Faults returns what was seen that explains a failed join, oldest first.
func (w *Watch) Faults() []Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.faults)
}

// State says in one sentence how far the join is, for whoever waits in vain.
func (w *Watch) State() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := w.last.sentence(w.node)
	if len(w.lost) > 0 {
		text += "; the API server does not answer"
	}
	return text
}

// put marks a milestone that was not marked before; callers hold mu.
func (w *Watch) put(m observe.Milestone, s sight, raw string) {
	if w.seen[m] {
		return
	}
	w.seen[m] = true
	q := observe.Exact
	if s.late {
		q = observe.AtMost
	}
	if w.mark != nil {
		w.mark(m, s.at, observe.SourceAPI, watchError, q, printable(raw))
	}
}

// fault keeps a fault that was not kept before; callers hold mu.
func (w *Watch) fault(at time.Time, text string) {
	known := slices.ContainsFunc(w.faults, func(f Fault) bool { return f.Text == text })
	if !known && len(w.faults) < maxFaults {
		w.faults = append(w.faults, Fault{At: at, Text: text})
	}
}
