package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
)

// stages are what the bytes of a file go through at the same time: digests,
// signature, unpacking, writing.
type stages struct {
	remote Remote
	target string // the file to make
	checks *checks
	memory blocks
	lanes  lanes        // of the bytes as served
	unpack *unpacking   // nil: nothing is to be unpacked
	passed atomic.Int64 // bytes as served so far
}

// newStages prepares the stages of a file. Stop ends the feeding when what
// comes out must not go on. Of a file that is served as it is, the caller adds
// the lane that writes it.
func (s *Store) newStages(r Remote, target string, stop context.CancelCauseFunc) (*stages, error) {
	checks, err := newChecks(r)
	if err != nil {
		return nil, refused{err}
	}
	st := &stages{remote: r, target: target, checks: checks, memory: newBlocks(2 * laneDepth)}
	if r.Compression != "" {
		u, err := st.startUnpacking(s, stop)
		if err != nil {
			return nil, err
		}
		st.unpack = u
		st.lanes.add(u.take)
	}
	checks.join(&st.lanes)
	return st, nil
}

// hand gives a block to every stage; the first one shows what the file is.
func (st *stages) hand(b *block) error {
	if st.passed.Load() == 0 {
		if err := st.look(b.data); err != nil {
			b.release()
			return refused{fmt.Errorf("%s: %w", st.remote.URL, err)}
		}
	}
	st.passed.Add(int64(len(b.data)))
	return st.lanes.hand(b)
}

// look refuses what the first bytes show to be wrong, before the rest is taken.
func (st *stages) look(head []byte) error {
	if st.remote.Compression != "" {
		return checkPacked(head, st.remote.Compression)
	}
	return checkEarly(head, st.remote)
}

// finish waits until every stage has done its work, after broken has ended the
// feeding or all was fed, and returns the file if everything about it is right.
func (st *stages) finish(ctx context.Context, broken error) (File, error) {
	if st.unpack != nil && broken != nil {
		st.unpack.abort(broken)
	}
	laneErr := st.lanes.close()
	f := File{Name: filepath.Base(st.target), Size: st.passed.Load()}
	var unpackErr error
	if st.unpack != nil {
		f.Size, f.SHA256, unpackErr = st.unpack.wait()
	} else {
		f.SHA256 = st.checks.sha256()
	}
	switch {
	case broken != nil && ctx.Err() != nil:
		return File{}, context.Cause(ctx)
	case broken != nil:
		return File{}, broken
	case laneErr != nil:
		return File{}, laneErr
	}
	// The digest explains a failed unpacking better than the unpacker can.
	if err := st.checks.verify(); err != nil {
		return File{}, refused{err}
	}
	if unpackErr != nil {
		return File{}, unpackErr
	}
	if want := st.remote.UnpackedSHA256; want != "" && !strings.EqualFold(f.SHA256, want) {
		return File{}, refused{&DigestError{URL: st.remote.URL, Kind: "sha256 of the unpacked file", Want: want, Got: f.SHA256}}
	}
	return f, nil
}

// judge fills in what the finished file is by its first bytes, and makes it
// read-only.
func (st *stages) judge(f File, file *os.File) (File, error) {
	head, err := readHead(file)
	if err != nil {
		return File{}, err
	}
	if f.Format, err = formatFor(head, st.remote); err != nil {
		return File{}, refused{fmt.Errorf("%s: %w", st.remote.URL, err)}
	}
	return f, file.Chmod(0o444)
}

// formatFor is the format of a file by its first bytes: the one the remote
// says, or whichever of the role's it is. Without a role it is a disk or a
// medium.
func formatFor(head []byte, r Remote) (string, error) {
	format := r.Format
	if format == "" {
		formats := formatsOf(r.Role)
		if r.Role == "" { // a medium often starts as a disk does, so it is asked for first
			formats = append(formatsOf(RoleISO), formatsOf(RoleDisk)...)
		}
		i := slices.IndexFunc(formats, func(f string) bool { return startsAs(f, head) })
		if i < 0 {
			return "", &FormatError{Want: describeRole(r.Role), Got: looksLike(head)}
		}
		format = formats[i]
	}
	return format, checkHead(head, format)
}

// checkEarly is formatFor for the beginning that is here; a slow server may
// have sent too little of it to tell.
func checkEarly(head []byte, r Remote) error {
	if len(head) < headBytes && !isWebPage(head) {
		return nil
	}
	_, err := formatFor(head, r)
	return err
}

// errAborted ends the stages of a file that is not to be finished.
var errAborted = errors.New("given up")
