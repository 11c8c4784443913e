package image

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"distrolab/distros/image/decompress"
)

// bombs say how much may come out of a stream: a plain amount, since much of a
// raw disk is zeros, and a multiple of what went in. What a disk is and what is
// made to fill one differ by that.
type bombs struct {
	plain int64
	ratio int64
}

// spaceEvery is how often a growing file asks whether there is still room.
const spaceEvery = 256 << 20

// unpacking decompresses a stream into a new file, in goroutines of its own.
type unpacking struct {
	in    *io.PipeWriter
	ended bool // nobody reads in any more
	done  chan struct{}

	// Set when done is closed.
	size int64
	sum  string
	err  error
}

// startUnpacking makes the file and begins to wait for bytes.
func (st *stages) startUnpacking(s *Store, stop context.CancelCauseFunc) (*unpacking, error) {
	out, err := os.OpenFile(st.target, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	u := &unpacking{in: w, done: make(chan struct{})}
	go func() {
		defer close(u.done)
		defer out.Close() //nolint:errcheck // a failed write was seen before
		u.err = u.run(st, s, r, out)
		var decoding decodeError
		if u.err != nil && !errors.As(u.err, &decoding) {
			stop(u.err) // what is still to come cannot help
		}
	}()
	return u, nil
}

// decodeError is an error of the compressed stream, which its digest explains
// better: the stream is read to its end in any case.
type decodeError struct{ error }

func (d decodeError) Unwrap() error { return d.error }

// take gives a block of the compressed stream.
func (u *unpacking) take(p []byte) error {
	if !u.ended {
		_, err := u.in.Write(p)
		u.ended = err != nil
	}
	return nil
}

// abort ends the unpacking of a stream that has broken off.
func (u *unpacking) abort(err error) { u.in.CloseWithError(err) } //nolint:errcheck // never fails

// wait returns what came out, after the last block was taken.
func (u *unpacking) wait() (size int64, sum string, err error) {
	u.in.Close() //nolint:errcheck // never fails
	<-u.done
	return u.size, u.sum, u.err
}

// run unpacks until the end of the stream.
func (u *unpacking) run(st *stages, s *Store, r *io.PipeReader, out *os.File) error {
	z, err := decompress.Reader(st.remote.Compression, r)
	if err != nil {
		r.CloseWithError(errAborted) //nolint:errcheck // never fails
		return refused{decodeError{err}}
	}
	defer z.Close()                    //nolint:errcheck // only read
	defer r.CloseWithError(errAborted) //nolint:errcheck // never fails; before z, which may be reading
	sum, file := sha256.New(), newSparseFile(out, 0)
	var l lanes
	l.write(file)
	l.write(sum)
	err = u.pour(st, s, z, &l)
	if laneErr := l.close(); err == nil {
		err = laneErr
	}
	if err != nil {
		return err
	}
	u.sum = hexOf(sum)
	return file.finish()
}

// pour hands out what comes of the decompressor, and watches how much it is.
func (u *unpacking) pour(st *stages, s *Store, z io.Reader, l *lanes) error {
	memory := newBlocks(2 * laneDepth)
	for {
		b := memory.get()
		readErr := b.fill(z, false)
		if err := u.allowed(st, s, b.data); err != nil {
			return err
		}
		u.size += int64(len(b.data))
		if err := l.hand(b); err != nil {
			return err
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return refused{decodeError{readErr}}
		}
	}
}

// allowed refuses the wrong kind of file, a bomb, and what the disk has no room
// for.
func (u *unpacking) allowed(st *stages, s *Store, p []byte) error {
	if u.size == 0 {
		if err := checkEarly(p, st.remote); err != nil {
			return refused{fmt.Errorf("%s: %w", st.remote.URL, err)}
		}
	}
	size := u.size + int64(len(p))
	if limit := s.bombs.plain + s.bombs.ratio*st.passed.Load(); size > limit {
		return refused{fmt.Errorf("%s: more than %s come out of the %s read so far: such a stream is made to fill a disk, and no image",
			st.remote.URL, formatBytes(limit), formatBytes(st.passed.Load()))}
	}
	if u.size/spaceEvery != size/spaceEvery {
		return s.checkSpace(0)
	}
	return nil
}

// checkPacked refuses a stream that does not start as its compression does.
func checkPacked(head []byte, compression string) error {
	found := decompress.Detect(head)
	if isWebPage(head) || len(head) >= 6 && found != compression { // of less, nothing can be said yet
		got := looksLike(head)
		if found != "" {
			got = "it is compressed by " + found
		}
		return &FormatError{Want: "a stream compressed by " + compression, Got: got}
	}
	return nil
}

// unpackedGuess is the room to ask for beside the served bytes: what xz makes
// of a system disk is about a third of it.
func unpackedGuess(compression string, served int64) int64 {
	if compression == "" {
		return 0
	}
	return 3 * served
}
