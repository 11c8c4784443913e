package image

import (
	"errors"
	"io"
	"sync"
)

// laneDepth is how many blocks may wait for one consumer.
const laneDepth = 16

// lanes hand each block to several consumers, each of which works in its own
// goroutine at its own speed; the slowest sets the pace.
type lanes struct {
	all  []*lane
	done sync.WaitGroup
}

// lane is the queue before one consumer.
type lane struct {
	in     chan *block
	failed chan struct{} // closed when err is set
	err    error
}

// add starts a consumer that gets every block; after an error it gets no more.
func (l *lanes) add(consume func(p []byte) error) {
	one := &lane{in: make(chan *block, laneDepth), failed: make(chan struct{})}
	l.all = append(l.all, one)
	l.done.Go(func() {
		for b := range one.in {
			if one.err == nil {
				if one.err = consume(b.data); one.err != nil {
					close(one.failed)
				}
			}
			b.release()
		}
	})
}

// write is add for a writer.
func (l *lanes) write(w io.Writer) {
	l.add(func(p []byte) error {
		_, err := w.Write(p)
		return err
	})
}

// hand gives a block to every consumer and with it its user's share. The error
// is that of a consumer that has failed.
func (l *lanes) hand(b *block) error {
	b.users.Add(int32(len(l.all)))
	defer b.release()
	for i, one := range l.all {
		select {
		case one.in <- b:
		case <-one.failed:
			for range l.all[i:] {
				b.release()
			}
			return one.err
		}
	}
	return nil
}

// close waits until every consumer has done its work, and returns their errors.
func (l *lanes) close() error {
	for _, one := range l.all {
		close(one.in)
	}
	l.done.Wait()
	var bad []error
	for _, one := range l.all {
		bad = append(bad, one.err)
	}
	return errors.Join(bad...)
}
