package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// How a watch that was lost is opened anew.
const (
	reopenFirst = 50 * time.Millisecond // wait before the first try
	reopenMost  = time.Second           // and at most before a later one
	watchTime   = 2 * time.Hour         // asked of the server for one watch
)

// The verbs of a sight: those of the API's watches, and one of ours for an
// object that a list showed.
const (
	added   = "ADDED"
	changed = "MODIFIED"
	deleted = "DELETED"
	listed  = "LISTED"
)

// sight says when and how an object was seen.
type sight struct {
	at   time.Time
	verb string
	late bool // the watch was interrupted: it may be older than its stamp
}

// stream is the watch of one kind of objects.
type stream struct {
	watch *Watch
	name  string // what it watches, for people
	path  string
	query url.Values
	see   func(object []byte, s sight) error // callers hold the watch's lock
	late  bool                               // it was lost before
}

// open lists what there is and opens a watch of what comes after it.
func (s *stream) open(ctx context.Context) (io.ReadCloser, error) {
	var now list[json.RawMessage]
	if err := s.watch.client.call(ctx, request{doing: "listing " + s.name, path: s.path, query: s.query}, &now); err != nil {
		return nil, err
	}
	if err := s.seeAll(now.Items); err != nil {
		return nil, err
	}
	query := maps.Clone(s.query)
	if query == nil {
		query = url.Values{}
	}
	query.Set("watch", "1")
	query.Set("resourceVersion", now.Metadata.ResourceVersion)
	query.Set("timeoutSeconds", strconv.Itoa(int(watchTime.Seconds())))
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(s.watch.client.callTime, func() { cancel(errSilent) })
	response, err := s.watch.client.send(ctx, request{doing: "watching " + s.name, path: s.path, query: query})
	if !late.Stop() || err != nil {
		if err == nil {
			response.Body.Close()
			err = context.Cause(ctx)
		}
		cancel(nil)
		return nil, err
	}
	return &watched{ReadCloser: response.Body, cancel: cancel}, nil
}

// errSilent is why a watch was given up that the API server did not begin to
// answer.
var errSilent = errors.New("the API server does not begin to answer")

// openTries is how often a watch is tried that nobody has seen anything by. An
// API server that is emulated and has just been woken may leave questions open
// for minutes, and nothing has begun that would be missed.
const openTries = 6

// openSlowly opens a watch for the first time. It tries again where no answer
// came; any answer counts.
func (s *stream) openSlowly(ctx context.Context) (body io.ReadCloser, err error) {
	for range openTries {
		body, err = s.open(ctx)
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errSilent) {
			return body, err
		}
	}
	return nil, err
}

// watched is the body of a watch; closing it ends the request.
type watched struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (b *watched) Close() error {
	b.cancel(nil)
	return b.ReadCloser.Close()
}

func (s *stream) seeAll(objects []json.RawMessage) error {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	now := time.Now()
	for _, object := range objects {
		if err := s.see(object, sight{at: now, verb: listed, late: s.late}); err != nil {
			return err
		}
	}
	return nil
}

// follow reads a watch until ctx ends, and opens it anew whenever it is lost.
func (s *stream) follow(ctx context.Context, body io.ReadCloser) {
	for {
		err := s.read(ctx, body)
		body.Close()
		if ctx.Err() != nil {
			return
		}
		s.lose(err)
		for wait := reopenFirst; ; wait = min(2*wait, reopenMost) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			if body, err = s.open(ctx); err == nil {
				break
			}
		}
		s.find()
	}
}

// lose tells that the watch is interrupted from now on.
func (s *stream) lose(err error) {
	w := s.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	s.late = true
	w.lost = append(w.lost, s.name)
	w.fault(time.Now(), printable(fmt.Sprintf("the watch of %s was lost: %v", s.name, err)))
}

// find tells that the watch goes on.
func (s *stream) find() {
	w := s.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reconnects++
	w.lost = slices.DeleteFunc(w.lost, func(name string) bool { return name == s.name })
}

// read sees the events of a watch until it ends, which is always an error.
func (s *stream) read(ctx context.Context, body io.Reader) error {
	stamped := &stampedReader{r: body}
	lines := bufio.NewScanner(stamped)
	lines.Buffer(make([]byte, 0, 64<<10), maxEvent)
	for lines.Scan() {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return fmt.Errorf("an event is not what the API says: %w", err)
		}
		switch event.Type {
		case added, changed, deleted:
			if err := s.event(ctx, event.Object, sight{at: stamped.at, verb: event.Type, late: s.late}); err != nil {
				return err
			}
		case "ERROR":
			var status struct {
				Message string `json:"message"`
			}
			if err := json.Unmarshal(event.Object, &status); err != nil {
				return errors.New("the API server ended it with an error")
			}
			return fmt.Errorf("the API server ended it: %s", status.Message)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return errors.New("the API server ended it")
}

func (s *stream) event(ctx context.Context, object []byte, at sight) error {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err() // closed: nothing is marked any more
	}
	return s.see(object, at)
}

// stampedReader remembers when it read last. A line is complete with the last
// read before it is taken, so this is the time of its arrival, however long
// the events before it took.
type stampedReader struct {
	r  io.Reader
	at time.Time
}

func (s *stampedReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.at = time.Now()
	return n, err
}
