package results

import (
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// LaterError says that a store was written by a later program.
type LaterError struct {
	Path           string
	Version, Known int
}

func (e *LaterError) Error() string {
	return fmt.Sprintf("%s has version %d of the format, this program knows up to %d: a later distrolab wrote it; update, or take another DISTROLAB_HOME", e.Path, e.Version, e.Known)
}

// DamagedError says that a store cannot be read as it should.
type DamagedError struct {
	Path string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is damaged (%v); `distrolab results rescue DIR` writes what can still be read into a directory, and after that the file can be moved away and the directory be imported", e.Path, e.Err)
}

// Unwrap implements [errors.Unwrap].
func (e *DamagedError) Unwrap() error { return e.Err }

// FullError says that the disk of a store is full. The runs recorded before are
// whole, and the next one is recorded again once there is room.
type FullError struct {
	Dir string
	Err error
}

func (e *FullError) Error() string {
	return fmt.Sprintf("no space left on the disk of %s (%v); all that was recorded before is kept. `distrolab images` and `distrolab results list` show what takes space, `distrolab rm` and `distrolab results rm` free it", e.Dir, e.Err)
}

// Unwrap lets a caller ask for [syscall.ENOSPC].
func (e *FullError) Unwrap() []error { return []error{e.Err, syscall.ENOSPC} }

// failed says what was done when err came, and what the person can do about it.
func (s *Store) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, s.meaning(err))
}

func (s *Store) meaning(err error) error {
	var full *FullError
	var of *sqlite.Error
	switch {
	case errors.As(err, &full):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &FullError{Dir: s.dir, Err: err}
	case !errors.As(err, &of):
		return err
	}
	switch of.Code() & 0xff { // the rest is detail: https://sqlite.org/rescode.html
	case codes.SQLITE_FULL:
		return &FullError{Dir: s.dir, Err: err}
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return &DamagedError{Path: s.path(), Err: err}
	case codes.SQLITE_BUSY:
		return fmt.Errorf("%s: another process has been writing to it for more than %s: %w", s.path(), waitLocked, err)
	case codes.SQLITE_IOERR:
		return fmt.Errorf("%s: its disk refuses to be read or written; `dmesg` may say why: %w", s.path(), err)
	}
	return err
}
