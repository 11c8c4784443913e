package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"distrolab/distros/web"
)

// span is a stretch of the served file that one connection after the other
// brings, each going on where the one before was cut.
type span struct {
	d    *download
	from int64 // next byte to ask for
	to   int64 // behind the last byte; 0: the end of the file
	url  string
	lead bool // the first one, whose answer says what the server can do
	out  chan *block
	err  error // that ended it; to be read when out is closed
}

// run brings the span. It waits while nobody takes its blocks.
func (s *span) run(ctx context.Context) {
	defer close(s.out)
	for failures := 1; ; failures++ {
		before := s.from
		err := s.connection(ctx)
		if err == nil {
			return
		}
		if s.from > before {
			failures = 1
		}
		var status *web.StatusError
		if errors.As(err, &status) && s.url != s.d.url {
			s.url = s.d.url // where it sent us on to was good for a while only
			continue
		}
		if s.err = s.d.giveUp(ctx, err, failures); s.err != nil {
			return
		}
		s.url = s.d.url // where it sent us on to may be what is broken
	}
}

// final marks an error that another attempt would not change.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// giveUp decides after an error: nil means try again, now that it has waited.
func (d *download) giveUp(ctx context.Context, err error, failures int) error {
	var stop final
	if errors.As(err, &stop) {
		return stop.error
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	var status *web.StatusError
	if errors.As(err, &status) && status.Code < 500 && status.Code != http.StatusTooManyRequests {
		return err
	}
	var astray *web.AddressError
	if errors.As(err, &astray) {
		return err
	}
	if failures >= maxFailures || errors.Is(err, errChanged) {
		return err
	}
	return d.retry(ctx, failures)
}

// connection asks for the rest of the span and hands out what comes.
func (s *span) connection(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return final{err}
	}
	req.Header.Set("Accept-Encoding", "identity") // the digest is of the bytes as published
	if s.from > 0 || s.to > 0 {
		req.Header.Set("Range", s.header())
		if s.from > 0 && s.d.validator != "" {
			req.Header.Set("If-Range", s.d.validator)
		}
	}
	timer := time.AfterFunc(stallTimeout, func() { cancel(errStalled) })
	defer timer.Stop()
	resp, err := s.d.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	body := &stallReader{ctx: ctx, body: resp.Body, timer: timer}
	done, err := s.accept(resp, body)
	if err != nil || done {
		return err
	}
	return s.stream(ctx, body)
}

func (s *span) header() string {
	if s.to > 0 {
		return fmt.Sprintf("bytes=%d-%d", s.from, s.to-1)
	}
	return fmt.Sprintf("bytes=%d-", s.from)
}

// stream hands out a body until the span or the body ends.
func (s *span) stream(ctx context.Context, body io.Reader) error {
	if s.to > 0 {
		body = io.LimitReader(body, s.to-s.from)
	}
	for {
		b := s.d.memory.get()
		readErr := b.fill(body, true)
		if s.from += int64(len(b.data)); s.from > s.d.limit {
			return final{fmt.Errorf("the server sends more than %d bytes, which is more than this image has", s.d.limit)}
		}
		if len(b.data) == 0 {
			b.release()
		} else {
			select {
			case s.out <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		end := s.to
		if end == 0 {
			end = s.d.size
		}
		switch {
		case end > 0 && s.from == end, end == 0 && errors.Is(readErr, io.EOF):
			return nil
		case end > 0 && s.from > end:
			return final{fmt.Errorf("the server sends more than the %d bytes it said", end)}
		case errors.Is(readErr, io.EOF):
			return io.ErrUnexpectedEOF
		case readErr != nil:
			return readErr
		}
	}
}

// accept decides what an answer means; done says that nothing is missing.
func (s *span) accept(resp *http.Response, body io.Reader) (done bool, err error) {
	d := s.d
	switch resp.StatusCode {
	case http.StatusOK:
		return false, s.acceptWhole(resp, body)
	case http.StatusPartialContent:
		return false, s.acceptRange(resp)
	case http.StatusRequestedRangeNotSatisfiable:
		if resp.Header.Get("Content-Range") == fmt.Sprintf("bytes */%d", s.from) {
			return true, nil // the whole file was here already
		}
		return false, errChanged
	default:
		return false, &web.StatusError{URL: d.url, Code: resp.StatusCode}
	}
}

// acceptRange takes an answer that starts where we asked.
func (s *span) acceptRange(resp *http.Response) error {
	var start, last, total int64
	fields, _ := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &start, &last, &total) //nolint:errcheck // counted
	if fields == 2 {
		total = last + 1
	}
	if fields < 2 || start != s.from || last < start || last >= total || s.to > 0 && (fields < 3 || last >= s.to) {
		return errChanged
	}
	if err := s.d.learn(resp, total, s); err != nil {
		return err
	}
	s.to = min(s.to, s.d.size)
	return nil
}

// acceptWhole takes an answer that has the whole file: a server without
// ranges, or one that knows that its file changed. What we hold of it is passed
// over if it is the same version, as far as can be told.
func (s *span) acceptWhole(resp *http.Response, body io.Reader) error {
	d := s.d
	if !s.lead || d.split {
		return errChanged
	}
	version := d.validator
	if err := d.learn(resp, max(resp.ContentLength, 0), s); err != nil {
		return err
	}
	s.to = 0
	if s.from == 0 {
		return nil
	}
	surely := version != "" && version == validator(resp)
	if !surely && (version != "" || !d.exact) {
		return errChanged
	}
	_, err := io.CopyN(io.Discard, body, s.from)
	return err
}

// validator is what tells versions of a served file apart: a strong ETag, else
// the date; empty if the server gives neither.
func validator(resp *http.Response) string {
	if tag := resp.Header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return resp.Header.Get("Last-Modified")
}

// stallReader ends a body that brings nothing for [stallTimeout].
type stallReader struct {
	ctx   context.Context // of the request
	body  io.Reader
	timer *time.Timer // cancels ctx
}

func (s *stallReader) Read(p []byte) (int, error) {
	n, err := s.body.Read(p)
	s.timer.Reset(stallTimeout)
	if cause := context.Cause(s.ctx); err != nil && cause != nil {
		err = cause
	}
	return n, err
}
