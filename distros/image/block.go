package image

import (
	"io"
	"sync/atomic"
	"time"
)

// blockBytes is how much of a file goes from hand to hand at once: large enough
// that the handing on costs nothing, small enough to stay in the processor's
// cache.
const blockBytes = 256 << 10

// block is a stretch of a file that several goroutines read at the same time.
// The last one to release it gives its memory back.
type block struct {
	data  []byte // what is in it
	users atomic.Int32
	home  blocks
}

// blocks is memory that is used again. It never makes anyone wait: how much
// memory is in use is bounded by the queues that blocks wait in.
type blocks chan *block

func newBlocks(kept int) blocks { return make(blocks, kept) }

// get returns an empty block with one user.
func (b blocks) get() *block {
	var empty *block
	select {
	case empty = <-b:
	default:
		empty = &block{data: make([]byte, blockBytes), home: b}
	}
	empty.data = empty.data[:0]
	empty.users.Store(1)
	return empty
}

// release ends the use of a block by one of its users.
func (b *block) release() {
	if b.users.Add(-1) > 0 {
		return
	}
	select {
	case b.home <- b:
	default:
	}
}

// patience is how long a slow stream may keep the beginning of a block.
const patience = 100 * time.Millisecond

// fill reads into a block until it is full or the stream ends; with hurry also
// when it has something and the stream is slow. The error is nil if the block
// is full or slow, [io.EOF] at the end of the stream.
func (b *block) fill(r io.Reader, hurry bool) error {
	start := time.Now()
	for len(b.data) < cap(b.data) {
		n, err := r.Read(b.data[len(b.data):cap(b.data)])
		b.data = b.data[:len(b.data)+n]
		if err != nil {
			return err
		}
		if hurry && time.Since(start) > patience && len(b.data) > 0 {
			return nil
		}
	}
	return nil
}
