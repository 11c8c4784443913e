package results

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// The files of a store, below its directory.
const (
	storeFile  = "results.db"
	lockFile   = "results.lock" // held while a store is opened
	readers    = 4
	waitLocked = 10 * time.Second // for another process to finish what it writes
)

// Store keeps sessions, their runs and their raw logs. Any number of processes
// and goroutines may use the store of a directory at once.
type Store struct {
	dir   string
	now   func() time.Time
	write *sql.DB // one connection: writes of this process wait for each other
	read  *sql.DB
	taken []Imported
}

// Open opens the store of a directory, made where there is none. The first
// opening takes in the sessions that earlier versions kept as directories there;
// see [Store.Taken].
func Open(ctx context.Context, dir string, now func() time.Time) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making a place for results: %w", err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the results in %s: %w", dir, err)
	}
	release, err := lock(ctx, filepath.Join(dir, lockFile))
	if err != nil {
		return nil, fmt.Errorf("opening the results in %s: %w", dir, err)
	}
	defer release()
	s := &Store{dir: dir, now: now}
	if err := s.connect(ctx); err != nil {
		return nil, errors.Join(s.failed("opening the results", err), s.Close())
	}
	if err := s.takeOld(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) connect(ctx context.Context) (err error) {
	// What was measured is nobody else's: the mode is that of the raw logs.
	f, err := os.OpenFile(s.path(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if s.write, err = sql.Open("sqlite", s.address("journal_mode(wal)", "synchronous(full)", "foreign_keys(on)")+"&_txlock=immediate"); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(ctx, s.write, s.path(), migrations()); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", s.address("query_only(on)")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	return nil
}

// address names the database with settings of each connection.
func (s *Store) address(pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", waitLocked.Milliseconds())}, pragmas...)}
	u := url.URL{Scheme: "file", OmitHost: true, Path: s.path(), RawQuery: q.Encode()}
	return u.String()
}

func (s *Store) path() string { return filepath.Join(s.dir, storeFile) }

// Dir is the directory of the store.
func (s *Store) Dir() string { return s.dir }

// Taken says what the opening took in from directories of earlier versions.
func (s *Store) Taken() []Imported { return s.taken }

// Close ends the use of the store. What was written is on the disk already.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// change runs f in a transaction that no other process writes beside. It is on
// the disk when change returns nil, and has not happened otherwise.
func (s *Store) change(ctx context.Context, doing string, f func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.failed(doing, err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // what went wrong is said already
		return s.failed(doing, err)
	}
	return s.failed(doing, tx.Commit())
}

// lock waits for its turn to open the store of a directory: what makes or
// changes a database is done by one process.
func lock(ctx context.Context, path string) (release func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return f.Close, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), f.Close())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
