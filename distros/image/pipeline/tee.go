// Package pipeline lets the steps of a transfer overlap: what one goroutine
// reads, others hash while it is already written or unpacked. The buffers are
// few and go round, so that memory does not depend on the size of the file.
package pipeline

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Buffers of one [Tee]: enough that a step which pauses does not stop the
// others, small enough to stay in the processor's cache.
const (
	bufferSize  = 256 << 10
	bufferCount = 8
)

// Tee reads a source ahead, shows its bytes to watchers, and hands them out. It
// is an [io.Reader] and an [io.WriterTo], for one goroutine.
type Tee struct {
	source   io.Reader
	out      chan *buffer
	watchers []chan *buffer
	free     chan *buffer
	stop     chan struct{}
	stopOnce sync.Once
	running  sync.WaitGroup // the reader and the watchers

	current *buffer
	rest    []byte
	err     error // final
	failed  error // of the reader or the first watcher that failed; read after running
	mu      sync.Mutex
}

// buffer is a piece of the stream.
type buffer struct {
	bytes []byte
	users atomic.Int32 // that are not done with it
}

// NewTee starts to read the source. Each watcher is written to from its own
// goroutine, in order; an error of one ends the stream. The caller must Close.
func NewTee(source io.Reader, watchers ...io.Writer) *Tee {
	t := &Tee{
		source: source,
		out:    make(chan *buffer, bufferCount),
		free:   make(chan *buffer, bufferCount),
		stop:   make(chan struct{}),
	}
	for range bufferCount {
		t.free <- &buffer{}
	}
	for _, w := range watchers {
		c := make(chan *buffer, bufferCount)
		t.watchers = append(t.watchers, c)
		t.running.Go(func() { t.watch(c, w) })
	}
	t.running.Go(t.fill)
	return t
}

// fill reads the source to its end.
func (t *Tee) fill() {
	defer func() {
		close(t.out)
		for _, c := range t.watchers {
			close(c)
		}
	}()
	for {
		var b *buffer
		select {
		case b = <-t.free:
		case <-t.stop:
			return
		}
		if b.bytes == nil {
			b.bytes = make([]byte, bufferSize)
		}
		n, err := readFull(t.source, b.bytes[:bufferSize])
		b.bytes = b.bytes[:n]
		if n > 0 {
			b.users.Store(int32(len(t.watchers)) + 1)
			for _, c := range t.watchers {
				c <- b // has room for all buffers
			}
			t.out <- b
		}
		if err != nil {
			t.fail(err)
			return
		}
	}
}

// readFull reads until p is full; unlike io.ReadFull it passes errors on as
// they are.
func readFull(r io.Reader, p []byte) (n int, err error) {
	for empty := 0; n < len(p) && err == nil; {
		var m int
		m, err = r.Read(p[n:])
		n += m
		if empty++; m > 0 {
			empty = 0
		}
		if empty == 100 && err == nil {
			err = io.ErrNoProgress
		}
	}
	return n, err
}

// watch shows buffers to a watcher; after an error it only takes them.
func (t *Tee) watch(c chan *buffer, w io.Writer) {
	var err error
	for b := range c {
		if err == nil {
			if _, err = w.Write(b.bytes); err != nil {
				t.fail(fmt.Errorf("looking at the bytes: %w", err))
				t.end()
			}
		}
		t.release(b)
	}
}

// release gives a buffer back when its last user is done.
func (t *Tee) release(b *buffer) {
	if b.users.Add(-1) == 0 {
		t.free <- b // has room for all buffers
	}
}

// fail notes the first error.
func (t *Tee) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil {
		t.failed = err
	}
}

func (t *Tee) end() { t.stopOnce.Do(func() { close(t.stop) }) }

// Read hands out the next bytes. It returns an error, also io.EOF, only after
// the watchers have seen everything before it.
func (t *Tee) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, t.err
	}
	if len(t.rest) == 0 {
		if err := t.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// WriteTo writes the rest of the stream to w, buffer by buffer.
func (t *Tee) WriteTo(w io.Writer) (written int64, err error) {
	for {
		if len(t.rest) > 0 {
			n, err := w.Write(t.rest)
			written += int64(n)
			t.rest = t.rest[n:]
			if err != nil {
				return written, err
			}
		}
		if err := t.next(); err == io.EOF { //nolint:errorlint // the source's own
			return written, nil
		} else if err != nil {
			return written, err
		}
	}
}

// next makes the next buffer the current one.
func (t *Tee) next() error {
	if t.current != nil {
		t.release(t.current)
		t.current = nil
	}
	if t.err != nil {
		return t.err
	}
	b, ok := <-t.out
	if !ok {
		t.running.Wait()
		if t.err = t.failed; t.err == nil {
			t.err = io.ErrClosedPipe
		}
		return t.err
	}
	t.current, t.rest = b, b.bytes
	return nil
}

// Close ends the goroutines. It waits for a Read of the source and for the
// watchers' last writes, so cancel the source first where it may hang. The
// source can be read on afterwards, from behind what was read ahead.
func (t *Tee) Close() error {
	t.end()
	t.running.Wait()
	if t.err == nil {
		t.err = io.ErrClosedPipe
	}
	t.rest, t.current = nil, nil
	return nil
}
