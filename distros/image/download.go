package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"distrolab/distros/web"
)

// Limits of a download.
const (
	maxServedBytes = 16 << 30         // no image is larger
	maxFailures    = 5                // connections in a row that bring nothing
	stallTimeout   = 30 * time.Second // a connection without a byte is given up
)

// How a file is taken by several connections. Together, spansAhead of spanBytes
// are the memory that a download may use: 32 MiB.
const (
	manyConnections = 4
	spanBytes       = 4 << 20 // asked for at once
	spansAhead      = 8       // on the way or waiting for those before them
)

// errStalled is the cause of ending a connection that brings nothing.
var errStalled = fmt.Errorf("nothing came for %s", stallTimeout)

// errChanged says that the server now has another file than the one of which
// we hold the beginning.
var errChanged = errors.New("the file on the server changed")

// download brings a served file from an offset on, in order. The first answer
// says what the server can do: one that knows ranges is then asked by several
// connections, each for a span at a time; of any other the first connection
// brings all.
type download struct {
	client *web.Client
	url    string
	limit  int64                                         // most bytes to take
	exact  bool                                          // a digest decides in the end, so the server need not prove that its file is the one begun
	retry  func(ctx context.Context, failures int) error // waits before the next attempt
	room   func(missing, size int64) error               // is there disk space, once the size is known
	note   func(validator string, size int64) error      // remembers which version is taken
	memory blocks
	many   int // connections to use, where the server can

	// What the first answer says; read only by those who come after it.
	known     bool
	split     bool   // the server knows ranges, and several connections bring them
	size      int64  // of the whole file; 0: not known
	validator string // strong ETag or date of the version begun
	direct    string // where the server sent us on to

	planned int64   // the spans up to here are on their way
	queue   []*span // those not yet handed out, in order
	work    chan *span
	cancel  context.CancelFunc
	workers sync.WaitGroup
}

// start begins at an offset.
func (d *download) start(ctx context.Context, from int64) {
	ctx, d.cancel = context.WithCancel(ctx)
	d.work = make(chan *span, spansAhead)
	d.direct = d.url
	for range d.many {
		d.workers.Go(func() {
			for s := range d.work {
				s.run(ctx)
			}
		})
	}
	if d.size > 0 && from == d.size {
		return // everything is here already
	}
	to := int64(0)
	if d.many > 1 && (d.size == 0 || d.size-from > spanBytes) {
		to = from + spanBytes
	}
	d.plan(&span{from: from, to: to, lead: true})
}

// plan puts a span behind the others; a worker brings it in its turn, so the
// one that is read next never waits for those behind it.
func (d *download) plan(s *span) {
	s.d, s.url, s.out = d, d.direct, make(chan *block, spanBytes/blockBytes)
	d.planned = s.to
	d.queue = append(d.queue, s)
	d.work <- s
}

// next returns the next block of the file; [io.EOF] behind the last.
func (d *download) next() (*block, error) {
	for len(d.queue) > 0 {
		b, ok := <-d.queue[0].out
		if ok {
			d.ahead()
			return b, nil
		}
		if err := d.queue[0].err; err != nil {
			return nil, err
		}
		d.ahead()
		d.queue = d.queue[1:]
	}
	return nil, io.EOF
}

// ahead keeps the connections busy. It is called when the first answer is
// known, and never waits: the queue of the workers is as long as ours.
func (d *download) ahead() {
	for d.split && d.planned < d.size && len(d.queue) < spansAhead {
		d.plan(&span{from: d.planned, to: min(d.planned+spanBytes, d.size)})
	}
}

// close ends the connections and waits for them.
func (d *download) close() {
	d.cancel()
	close(d.work)
	d.workers.Wait()
}

// learn takes from the first answer what the others are compared with.
func (d *download) learn(resp *http.Response, total int64, s *span) error {
	v := validator(resp)
	if total != 0 && d.size != 0 && total != d.size {
		return fmt.Errorf("%w: it has %d bytes, where %d were expected", errChanged, total, d.size)
	}
	if v != d.validator && d.validator != "" && (v != "" || !d.exact) {
		return errChanged
	}
	if d.known {
		return nil
	}
	d.known, d.validator, d.size = true, v, max(d.size, total)
	d.split = resp.StatusCode == http.StatusPartialContent && s.to > 0
	if resp.Request != nil {
		d.direct = resp.Request.URL.String()
	}
	if d.size > d.limit {
		return final{fmt.Errorf("the server has %d bytes, which is more than the %d this image may have", d.size, d.limit)}
	}
	if err := d.room(d.size-s.from, d.size); err != nil {
		return final{err}
	}
	if err := d.note(v, d.size); err != nil {
		return final{err}
	}
	return nil
}

// connections is how many of them to use for an address: on one machine,
// several bring nothing.
func connections(address string) int {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback() {
		return 1
	}
	return manyConnections
}
