package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"distrolab/distros/web"
)

// Limits of a download.
const (
	maxServedBytes = 16 << 30         // no image is larger
	maxFailures    = 5                // connections in a row that bring nothing
	stallTimeout   = 30 * time.Second // a connection without a byte is given up
)

// errStalled is the cause of ending a connection that brings nothing.
var errStalled = fmt.Errorf("nothing came for %s", stallTimeout)

// errChanged says that the server now has another file than the one of which
// we hold the beginning.
var errChanged = errors.New("the file on the server changed")

// download reads a served file from its first byte: first what a former
// attempt left in the part file, then the network, where it continues after
// every cut. What the network brings is appended to the part file.
type download struct {
	ctx    context.Context // ends the download; it lives no longer than one fetch
	client *web.Client
	url    string
	limit  int64                                         // most bytes to take
	size   int64                                         // of the whole file; 0: not known
	retry  func(ctx context.Context, failures int) error // waits before the next attempt
	room   func(missing, size int64) error               // is there disk space, once the size is known
	meter  func(phase string, done, total int64) *meter

	part      *os.File
	validator string // strong ETag or date of the version in the part file
	remember  func(validator string) error

	held     int64 // bytes in the part file
	replayed int64 // of which were handed out
	failures int   // in a row
	body     io.ReadCloser
	cancel   context.CancelCauseFunc // ends the request of body
	count    *meter
	err      error // that ended the download
}

// Read hands out the next bytes of the file.
func (d *download) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if d.replayed < d.held {
		return d.replay(p)
	}
	for {
		n, err := d.next(p)
		if n > 0 || err == nil || errors.Is(err, io.EOF) {
			return n, err
		}
		if d.err = d.giveUp(err); d.err != nil {
			return 0, d.err
		}
	}
}

// Close ends the connection, if there is one.
func (d *download) Close() {
	if d.body != nil {
		d.body.Close() //nolint:errcheck // only read
		d.cancel(nil)
		d.body = nil
	}
}

func (d *download) replay(p []byte) (int, error) {
	if d.count == nil {
		d.count = d.meter("checking what is already here", 0, d.held)
	}
	if err := d.ctx.Err(); err != nil {
		return 0, err
	}
	p = p[:min(int64(len(p)), d.held-d.replayed)]
	n, err := d.part.ReadAt(p, d.replayed)
	d.replayed += int64(n)
	d.count.add(n)
	if d.replayed == d.held {
		d.count.finish()
		d.count = nil
	}
	if n > 0 {
		return n, nil
	}
	return 0, fmt.Errorf("reading the unfinished download: %w", err)
}

// next reads from the network, connecting first where needed.
func (d *download) next(p []byte) (int, error) {
	if d.body == nil {
		if d.size > 0 && d.held == d.size {
			return 0, d.finish()
		}
		if err := d.connect(); err != nil {
			return 0, err
		}
	}
	n, err := d.body.Read(p)
	if n > 0 {
		return n, d.keep(p[:n])
	}
	if errors.Is(err, io.EOF) && (d.size == 0 || d.held == d.size) {
		return 0, d.finish()
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return 0, err
}

func (d *download) finish() error {
	if d.count != nil {
		d.count.finish()
	}
	return io.EOF
}

// keep appends received bytes to the part file.
func (d *download) keep(p []byte) error {
	if d.held+int64(len(p)) > d.limit {
		return final{fmt.Errorf("the server sends more than %d bytes, which is more than this image has", d.limit)}
	}
	if _, err := d.part.WriteAt(p, d.held); err != nil {
		return final{err}
	}
	d.held += int64(len(p))
	d.replayed = d.held
	d.failures = 0
	d.count.add(len(p))
	return nil
}

// final marks an error that another attempt would not change.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// giveUp decides after an error: nil means try again, now that it has waited.
func (d *download) giveUp(err error) error {
	d.Close()
	var stop final
	if errors.As(err, &stop) {
		return stop.error
	}
	if ctxErr := d.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	var status *web.StatusError
	if errors.As(err, &status) && status.Code < 500 && status.Code != http.StatusTooManyRequests {
		return err
	}
	d.failures++
	if d.failures >= maxFailures || errors.Is(err, errChanged) {
		return err
	}
	return d.retry(d.ctx, d.failures)
}

// connect asks for the rest of the file.
func (d *download) connect() error {
	ctx, cancel := context.WithCancelCause(d.ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		cancel(nil)
		return final{err}
	}
	req.Header.Set("Accept-Encoding", "identity") // the digest is of the bytes as published
	if d.held > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.held))
		if d.validator != "" {
			req.Header.Set("If-Range", d.validator)
		}
	}
	timer := time.AfterFunc(stallTimeout, func() { cancel(errStalled) })
	resp, err := d.client.Do(req)
	if err != nil {
		timer.Stop()
		cancel(nil)
		return err
	}
	d.body, d.cancel = &stallReader{ctx: ctx, body: resp.Body, timer: timer}, cancel
	if err := d.accept(resp); err != nil {
		return err
	}
	if d.count == nil {
		d.count = d.meter("downloading", d.held, d.size)
	}
	return nil
}

// accept decides what an answer means for the bytes we hold.
func (d *download) accept(resp *http.Response) error {
	var start, total int64
	switch resp.StatusCode {
	case http.StatusOK:
		total = max(resp.ContentLength, 0)
	case http.StatusPartialContent:
		if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-", &start); err != nil || start != d.held {
			return errChanged
		}
		total = start + max(resp.ContentLength, 0)
	case http.StatusRequestedRangeNotSatisfiable:
		return errChanged
	default:
		return &web.StatusError{URL: d.url, Code: resp.StatusCode}
	}
	if total != 0 && d.size != 0 && total != d.size {
		return errChanged
	}
	if d.size == 0 {
		d.size = total
	}
	if d.size > d.limit {
		return final{fmt.Errorf("the server has %d bytes, which is more than the %d this image may have", d.size, d.limit)}
	}
	if err := d.room(d.size-d.held, d.size); err != nil {
		return final{err}
	}
	if resp.StatusCode == http.StatusOK && d.held > 0 {
		return d.skip(resp)
	}
	return d.note(resp)
}

// skip handles a server that sends the whole file again: what we hold is
// passed over if it is surely the same version.
func (d *download) skip(resp *http.Response) error {
	if d.validator == "" || validator(resp) != d.validator {
		return errChanged
	}
	_, err := io.CopyN(io.Discard, d.body, d.held)
	return err
}

// note remembers which version of the file we are taking.
func (d *download) note(resp *http.Response) error {
	v := validator(resp)
	if v == d.validator {
		return nil
	}
	if d.held > 0 && d.validator != "" {
		return errChanged
	}
	d.validator = v
	if err := d.remember(v); err != nil {
		return final{err}
	}
	return nil
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
	body  io.ReadCloser
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

func (s *stallReader) Close() error {
	s.timer.Stop()
	return s.body.Close()
}
