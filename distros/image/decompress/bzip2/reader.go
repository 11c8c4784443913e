// Package bzip2 decompresses bzip2 files, several blocks at a time. Blocks begin
// at any bit and say nothing of their length, so a splitter looks for the marks
// at their beginnings; that each block ends where the next one begins is
// checked when they come out in their order.
package bzip2

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"sync"
)

// Bounds of what is in memory at a time.
const (
	lanes       = 4 // blocks that a worker decodes together
	maxWorkers  = 2 // more would need more memory than a download may take
	pieceQueue  = 6 // pieces beside those at the workers
	chunkSize   = 256 << 10
	chunkQueue  = 5 // chunks of each block; one that expands more waits
	maxMistakes = 8 // marks in one block that are none
)

// Reader decompresses a file. All streams of the file are read, and what
// follows them is ignored, as the bzip2 program does.
type Reader struct {
	order   chan *piece   // as in the file
	work    chan []*piece // the blocks among them
	chunks  chan []byte   // free ones
	buffers chan []byte   // free ones, of pieces
	stop    chan struct{}
	once    sync.Once
	running sync.WaitGroup

	rest     []byte // of chunk
	chunk    []byte
	piece    *piece // that is coming out
	mistakes int
	level    int
	crc      uint32 // of the stream's blocks so far
	err      error
}

// NewReader starts to decompress. The caller must Close.
func NewReader(source io.Reader) *Reader {
	workers := min(runtime.GOMAXPROCS(0), maxWorkers)
	r := &Reader{
		order:   make(chan *piece, pieceQueue),
		work:    make(chan []*piece, pieceQueue),
		chunks:  make(chan []byte, workers*lanes*chunkQueue),
		buffers: make(chan []byte, pieceQueue),
		stop:    make(chan struct{}),
	}
	r.running.Go(func() { r.split(newSplitter(source)) })
	for range workers {
		r.running.Go(r.decode)
	}
	return r
}

// split hands out the pieces, blocks in groups: decoded together they are faster.
func (r *Reader) split(s *splitter) {
	defer close(r.order)
	defer close(r.work)
	var group []*piece
	for {
		p := s.next(get(r.buffers, 0))
		if p.mark == blockMark {
			p.out = make(chan []byte, chunkQueue)
			group = append(group, p)
		}
		if len(group) == lanes || p.last != nil {
			group = r.hand(group)
		}
		select {
		case r.order <- p:
		case <-r.stop:
			return
		default:
			group = r.hand(group) // it may be what the reader waits for
			select {
			case r.order <- p:
			case <-r.stop:
				return
			}
		}
		if p.last != nil {
			return
		}
	}
}

// hand gives a group to the workers and begins a new one.
func (r *Reader) hand(group []*piece) []*piece {
	if len(group) > 0 {
		select {
		case r.work <- group:
		case <-r.stop:
		}
	}
	return nil
}

// get takes a free buffer or makes one.
func get(free chan []byte, size int) []byte {
	select {
	case b := <-free:
		return b
	default:
		return make([]byte, size)
	}
}

// put gives a buffer back.
func put(free chan []byte, b []byte) {
	select {
	case free <- b:
	default:
	}
}

// worker decodes groups of blocks.
type worker struct {
	decoder decoder
	blocks  [lanes]*block
}

func (r *Reader) decode() {
	w := &worker{}
	for group := range r.work {
		var good []*block
		for i, p := range group {
			if w.blocks[i] == nil {
				w.blocks[i] = &block{}
			}
			b := w.blocks[i]
			if p.taken, p.err = w.decoder.decode(b, p.bits, p.skip, p.end); p.err == nil {
				good = append(good, b)
			}
		}
		walk(good)
		for i, p := range group {
			if !r.expand(p, w.blocks[i]) {
				return
			}
		}
	}
}

// expand puts out a block; false if the reader was closed.
func (r *Reader) expand(p *piece, b *block) bool {
	defer close(p.out)
	if p.err != nil {
		return true
	}
	x := expansion{text: b.text[:b.length]}
	for {
		chunk := get(r.chunks, chunkSize)[:chunkSize]
		n := x.next(chunk)
		if n == 0 {
			put(r.chunks, chunk)
			break
		}
		select {
		case p.out <- chunk[:n]:
		case <-r.stop:
			return false
		}
	}
	p.length, p.crc = b.length, b.crc
	if x.check.sum() != b.crc {
		p.err = corrupt("the checksum of a block is wrong")
	}
	return true
}

// Read reads decompressed bytes.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 && r.err == nil {
		r.err = r.next()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, r.err
}

// next gets the next chunk, or goes on to the next piece.
func (r *Reader) next() error {
	if r.chunk != nil {
		put(r.chunks, r.chunk)
		r.chunk = nil
	}
	if r.piece == nil {
		return r.begin()
	}
	select {
	case chunk, ok := <-r.piece.out:
		if !ok {
			return r.finish()
		}
		r.chunk, r.rest = chunk, chunk
		return nil
	case <-r.stop:
		return io.ErrClosedPipe
	}
}

// take waits for the next piece.
func (r *Reader) take() (*piece, error) {
	select {
	case p, ok := <-r.order:
		if ok {
			return p, nil
		}
	case <-r.stop:
	}
	return nil, io.ErrClosedPipe
}

// begin goes on to the next piece.
func (r *Reader) begin() error {
	p, err := r.take()
	if err != nil {
		return err
	}
	switch p.mark {
	case blockMark:
		r.piece, r.mistakes = p, 0
		return nil
	case endMark:
		return r.endStream(p)
	}
	return r.header(p.bits[:p.end/8], p)
}

// finish checks a block that came out.
func (r *Reader) finish() error {
	p := r.piece
	if errors.Is(p.err, errShort) {
		return r.extend(p)
	}
	r.piece = nil
	switch {
	case p.err != nil:
		return p.err
	case p.taken != p.end:
		return r.cut(p, corrupt("a block is followed by something else"))
	case p.length > r.level*levelSize:
		return corrupt("a block is larger than its file's blocks are")
	}
	r.crc = (r.crc<<1 | r.crc>>31) ^ p.crc
	put(r.buffers, p.bits)
	return r.cut(p, nil)
}

// cut returns why nothing follows a piece that something must follow, else the
// other error.
func (r *Reader) cut(p *piece, otherwise error) error {
	if errors.Is(p.last, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if p.last != nil {
		return p.last
	}
	return otherwise
}

// extend decodes a block again, with the next piece behind it.
func (r *Reader) extend(p *piece) error {
	if r.mistakes++; r.mistakes > maxMistakes {
		return corrupt("too many marks in a block")
	}
	if err := r.cut(p, nil); err != nil {
		return err
	}
	next, err := r.take()
	if err != nil {
		return err
	}
	if next.mark == blockMark {
		for range next.out { // what the worker made of it is nothing
		}
	}
	p.join(next)
	p.out = make(chan []byte, chunkQueue)
	r.running.Go(func() {
		w := &worker{}
		b := &block{}
		if p.taken, p.err = w.decoder.decode(b, p.bits, p.skip, p.end); p.err == nil {
			walk([]*block{b})
		}
		r.expand(p, b)
	})
	return nil
}

// endStream checks the end of a stream and goes on to the next one.
func (r *Reader) endStream(p *piece) error {
	if p.end < int(p.skip)+markBits+32 {
		return r.cut(p, corrupt("a stream has no checksum"))
	}
	bits := newBitReader(p.bits, p.skip)
	bits.bits(24)
	bits.bits(24)
	if bits.bits(32) != r.crc {
		return corrupt("the checksum of a stream is wrong")
	}
	tail := p.tail()
	if len(tail) == 0 || !bytes.HasPrefix([]byte("BZh"), tail[:min(3, len(tail))]) {
		if len(tail) == 0 && p.last != nil {
			return p.last // io.EOF, or the error of reading
		}
		return io.EOF // what follows is no bzip2 data
	}
	return r.header(tail, p)
}

// header begins a stream.
func (r *Reader) header(h []byte, p *piece) error {
	if !bytes.HasPrefix([]byte("BZh"), h[:min(3, len(h))]) {
		return errNoHeader
	}
	if err := r.cut(p, nil); err != nil {
		return err
	}
	if len(h) != 4 || h[3] < '1' || h[3] > '9' || p.end%8 != 0 {
		return corrupt("a stream begins with something else than a block")
	}
	r.level, r.crc = int(h[3]-'0'), 0
	return nil
}

// Close ends the goroutines. It waits for a Read of the source under way, and is
// not for the time of a Read of this reader.
func (r *Reader) Close() error {
	r.once.Do(func() { close(r.stop) })
	r.running.Wait()
	return nil
}
