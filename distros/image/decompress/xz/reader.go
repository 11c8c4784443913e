// Package xz decompresses xz files. Blocks that say their sizes, as "xz -T"
// writes them, are decoded side by side as far as memory allows; others one
// after the other. Only the LZMA2 filter is decoded here; a file with others is
// left to a library that is slower.
package xz

import (
	"bufio"
	"bytes"
	"errors"
	"hash"
	"io"
	"runtime"
	"sync"

	library "github.com/mikelolasagasti/xz"
)

// Bounds of what is in memory at a time.
const (
	budget     = 64 << 20 // bytes of blocks that are decoded side by side: two of "xz -6" that shrank
	minSlack   = 4 << 20  // bytes of a window beside the dictionary; two chunks fit
	maxSlack   = 16 << 20
	maxWorkers = 4
	partSize   = 256 << 10
	partQueue  = 4  // parts of a block that is decoded alone
	jobQueue   = 16 // blocks that are not out yet
)

// errStopped ends the goroutines when the reader was closed.
var errStopped = errors.New("the reader was closed")

// job is a block on its way out, or the end.
type job struct {
	out    chan []byte // closed behind the last part
	err    error       // io.EOF at the end of the file; is there when out is closed
	parts  chan []byte // where parts go back to; nil: they are of buf
	header blockHeader
	check  hash.Hash
	packed []byte // with padding and check
	buf    []byte // for what comes out
	lent   []byte // both
}

// Reader decompresses a file with all its streams. As with the xz program
// nothing but zeros may follow them.
type Reader struct {
	maxDict int64
	order   chan *job
	work    chan *job
	memory  *memory
	stop    chan struct{}
	once    sync.Once
	running sync.WaitGroup

	job  *job
	part []byte
	rest []byte
	err  error
}

// NewReader starts to decompress. Blocks may have dictionaries of up to maxDict
// bytes. The caller must Close.
func NewReader(source io.Reader, maxDict int64) *Reader {
	r := &Reader{
		maxDict: maxDict,
		order:   make(chan *job, jobQueue),
		work:    make(chan *job, jobQueue),
		memory:  newMemory(budget),
		stop:    make(chan struct{}),
	}
	r.running.Go(func() { r.parse(bufio.NewReaderSize(source, partSize)) })
	for range min(runtime.GOMAXPROCS(0), maxWorkers) {
		r.running.Go(r.decode)
	}
	return r
}

// parse reads the file and hands out its blocks.
func (r *Reader) parse(in *bufio.Reader) {
	defer close(r.order)
	defer close(r.work)
	p := &parser{r: r, in: in}
	err := p.file()
	if errors.Is(err, errStopped) {
		return
	}
	end := &job{out: make(chan []byte), err: err}
	close(end.out)
	r.queue(end) //nolint:errcheck // it is the last thing that happens
}

// queue puts a job in its place of the order.
func (r *Reader) queue(j *job) error {
	select {
	case r.order <- j:
		return nil
	case <-r.stop:
		return errStopped
	}
}

// decode decodes blocks that were read whole.
func (r *Reader) decode() {
	z := &lzma2{}
	for j := range r.work {
		j.err = j.unpack(z)
		close(j.out)
	}
}

// unpack decodes a block into its buffer; parts go out as they are ready.
func (j *job) unpack(z *lzma2) error {
	in := bytes.NewReader(j.packed[:j.header.packed])
	z.start(j.buf, int(j.header.dict))
	sent := 0
	room := func(n int) error {
		if n > len(z.buf)-z.pos {
			return corrupt("more comes out of a block than its header says")
		}
		return nil
	}
	for {
		err := z.chunk(in, room)
		if z.pos-sent >= partSize || err != nil && z.pos > sent {
			if j.check != nil {
				j.check.Write(z.buf[sent:z.pos]) //nolint:errcheck // a hash never fails
			}
			j.out <- z.buf[sent:z.pos:z.pos] // has room for all parts
			sent = z.pos
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return corrupt("a block is longer than its header says")
		}
		if err != nil {
			return err
		}
	}
	if in.Len() != 0 || z.pos != len(z.buf) {
		return corrupt("the header of a block has other sizes")
	}
	return j.verify(j.packed[j.header.packed:])
}

// verify compares padding and check, which follow a block.
func (j *job) verify(tail []byte) error {
	size := 0
	if j.check != nil {
		size = j.check.Size()
	}
	for _, b := range tail[:len(tail)-size] {
		if b != 0 {
			return corrupt("a block is not padded with zeros")
		}
	}
	if j.check != nil && !agrees(j.check, tail[len(tail)-size:]) {
		return corrupt("the checksum of a block is wrong")
	}
	return nil
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

// next gets the next part, or goes on to the next block.
func (r *Reader) next() error {
	if r.part != nil && r.job.parts != nil {
		r.job.parts <- r.part // has room for all parts
	}
	r.part = nil
	if r.job == nil {
		select {
		case j, ok := <-r.order:
			if !ok {
				return io.ErrClosedPipe
			}
			r.job = j
		case <-r.stop:
			return io.ErrClosedPipe
		}
	}
	select {
	case part, ok := <-r.job.out:
		if ok {
			r.part, r.rest = part, part
			return nil
		}
	case <-r.stop:
		return io.ErrClosedPipe
	}
	j := r.job
	r.job = nil
	if j.lent != nil {
		r.memory.put(j.lent)
	}
	return j.err
}

// Close ends the goroutines. It waits for a Read of the source under way, and is
// not for the time of a Read of this reader.
func (r *Reader) Close() error {
	r.once.Do(func() { close(r.stop) })
	r.memory.close()
	r.running.Wait()
	return nil
}

// lax opens a file with filters that are not decoded here.
func lax(in io.Reader, maxDict int64) (io.Reader, error) {
	return library.NewReader(in, uint32(min(maxDict, 1<<32-1)))
}
