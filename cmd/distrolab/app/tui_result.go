package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/tui/result"
)

// shelf is the store of results that the app opens when it first needs it.
type shelf struct {
	a     *application
	mu    sync.Mutex
	store *results.Store
}

func (s *shelf) open(ctx context.Context) (*results.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store != nil {
		return s.store, nil
	}
	store, err := s.a.results(ctx)
	s.store = store
	return store, err
}

func (s *shelf) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store == nil {
		return nil
	}
	return s.store.Close()
}

// resultScreen is what the screen Results needs, done by the functions of the
// commands of results.
type resultScreen struct {
	a     *application
	shelf *shelf
}

// List lists the newest sessions.
func (r resultScreen) List(ctx context.Context) ([]results.Listed, error) {
	store, err := r.shelf.open(ctx)
	if err != nil {
		return nil, err
	}
	return store.Sessions(ctx, results.Query{})
}

// Read reads and compares a session.
func (r resultScreen) Read(ctx context.Context, id string) (result.Contents, error) {
	store, err := r.shelf.open(ctx)
	if err != nil {
		return result.Contents{}, err
	}
	s, runs, warnings, err := store.Read(ctx, id)
	if err != nil {
		return result.Contents{}, err
	}
	return result.Contents{Session: s, Runs: runs, Warnings: warnings, Comparison: results.Summarise(s, runs)}, nil
}

// Report makes sure that the report is there.
func (r resultScreen) Report(ctx context.Context, id string) (string, error) {
	store, err := r.shelf.open(ctx)
	if err != nil {
		return "", err
	}
	return r.a.ensureReport(ctx, store, id)
}

// ensureReport writes the report of a session unless it is newer than what was
// last written of it.
func (a *application) ensureReport(ctx context.Context, store *results.Store, id string) (string, error) {
	path, err := a.reportPath(id)
	if err != nil {
		return "", err
	}
	l, err := store.Find(ctx, id)
	if err != nil {
		return "", err
	}
	if written, err := os.Stat(path); err == nil && written.ModTime().After(l.Changed) {
		return path, nil
	}
	s, runs, _, err := store.Read(ctx, id)
	if err != nil {
		return "", err
	}
	return path, writeReport(path, s, runs, results.Summarise(s, runs))
}

// Import takes in what was exported.
func (r resultScreen) Import(ctx context.Context, path string) (string, int, error) {
	path, err := filepath.Abs(expandHome(path, r.a.world.Getenv))
	if err != nil {
		return "", 0, err
	}
	store, err := r.shelf.open(ctx)
	if err != nil {
		return "", 0, err
	}
	in, err := r.a.importSession(ctx, store, path)
	return in.Session, in.Runs, err
}

// Delete removes a session, unless it is being measured.
func (r resultScreen) Delete(ctx context.Context, id string) error {
	store, err := r.shelf.open(ctx)
	if err != nil {
		return err
	}
	return r.a.removeSession(ctx, store, id)
}

// Export writes a session in one of the formats.
func (r resultScreen) Export(ctx context.Context, id string, format report.Format, path string, overwrite bool) (string, error) {
	if path == "" {
		return "", errors.New("name a file to write to")
	}
	path, err := filepath.Abs(expandHome(path, r.a.world.Getenv))
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is there and is not a file", path)
	}
	return path, writeWhole(path, overwrite, func(w io.Writer) error { return r.write(ctx, w, id, format) })
}

func (r resultScreen) write(ctx context.Context, w io.Writer, id string, format report.Format) error {
	c, err := r.Read(ctx, id)
	if err != nil {
		return err
	}
	return report.Write(w, format, c.Session, c.Runs, c.Comparison)
}

// writeWhole writes a file that is either whole or not there. The error is
// fs.ErrExist when there is one and it may not be replaced.
func writeWhole(path string, overwrite bool, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	switch {
	case err != nil:
	case overwrite:
		err = os.Rename(f.Name(), path)
	default:
		err = os.Link(f.Name(), path) // unlike a rename, refuses to replace
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
