package bench

import (
	"sync"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/labs/session"
)

// settle is how long events are gathered before they are drawn: at most 20
// times a second.
const settle = 50 * time.Millisecond

// told is one thing that a session said.
type told struct {
	progress session.Progress
	note     string // instead of progress
}

// queue holds what a session said until the loop takes it. The session never
// waits for the screen.
type queue struct {
	mu    sync.Mutex
	list  []told
	wake  chan struct{} // holds one: there is something in the list
	ended chan struct{} // closed when nothing more will come

	// Set before ended is closed.
	id  string
	err error
}

func newQueue() *queue {
	return &queue{wake: make(chan struct{}, 1), ended: make(chan struct{})}
}

func (q *queue) add(t told) {
	q.mu.Lock()
	q.list = append(q.list, t)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) take() []told {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.list
	q.list = nil
	return list
}

// end says that the session has ended, and how.
func (q *queue) end(id string, err error) {
	q.id, q.err = id, err
	close(q.ended)
}

// heard brings what a session said since the last time; last: it has ended.
type heard struct {
	of   *queue
	list []told
	last bool
}

// listen is the command that waits for the next things said; it is given again
// after each heard but the last, so that they come in order.
func (q *queue) listen() tea.Cmd {
	return func() tea.Msg {
		select {
		case <-q.wake:
			timer := time.NewTimer(settle)
			defer timer.Stop()
			select {
			case <-timer.C:
				return heard{q, q.take(), false}
			case <-q.ended:
			}
		case <-q.ended:
		}
		return heard{q, q.take(), true}
	}
}
