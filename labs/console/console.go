// Package console shares one guest's serial console among whoever watches it:
// the last bytes are kept for those who come late, and a slow watcher loses
// bytes instead of slowing the guest. It holds memory only.
package console

import (
	"io"
	"sync"
)

// History is how many bytes a late watcher still gets.
const History = 64 << 10

// backlog is how many writes may wait for one watcher; a write is what one
// read of the serial socket gave, so this is some hundred kilobytes.
const backlog = 256

// Console is a writer whose bytes reach every watcher. The zero value is not
// ready; use [New].
type Console struct {
	mu       sync.Mutex
	history  []byte
	watchers map[*Watcher]struct{}
	closed   bool
}

// New makes a console without watchers.
func New() *Console { return &Console{watchers: make(map[*Watcher]struct{})} }

// Write keeps p and hands it to the watchers. It never waits and never fails.
func (c *Console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.history = append(c.history, p...)
	if over := len(c.history) - History; over > 0 {
		c.history = append(c.history[:0], c.history[over:]...)
	}
	chunk := append([]byte(nil), p...)
	for w := range c.watchers {
		select {
		case w.chunks <- chunk:
		default: // too slow: these bytes are lost to this watcher, the log on disk has them
		}
	}
	return len(p), nil
}

// Close ends every watcher after what it was given.
func (c *Console) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for w := range c.watchers {
		delete(c.watchers, w)
		close(w.chunks)
	}
	return nil
}

// Watch begins with the kept history and goes on with what comes. The watcher
// must be closed.
func (c *Console) Watch() *Watcher {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &Watcher{console: c, chunks: make(chan []byte, backlog)}
	w.rest = append(w.rest, c.history...)
	if c.closed {
		close(w.chunks)
		return w
	}
	c.watchers[w] = struct{}{}
	return w
}

// Watcher reads a console from its kept history on. It is for one reader.
type Watcher struct {
	console *Console
	chunks  chan []byte
	rest    []byte
}

// Read waits for bytes and returns io.EOF when the console or the watcher is
// closed and everything was read.
func (w *Watcher) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		chunk, ok := <-w.chunks
		if !ok {
			return 0, io.EOF
		}
		w.rest = chunk
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// Close ends the watching; a Read that waits returns io.EOF.
func (w *Watcher) Close() error {
	w.console.mu.Lock()
	defer w.console.mu.Unlock()
	if _, watching := w.console.watchers[w]; watching {
		delete(w.console.watchers, w)
		close(w.chunks)
	}
	return nil
}
