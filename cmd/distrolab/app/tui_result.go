package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/tui/result"
)

// resultScreen is what the screen Results needs.
type resultScreen struct {
	a        *application
	sessions *sessions
}

// List lists the sessions of the home.
func (r resultScreen) List(_ context.Context, known []results.Listed) ([]results.Listed, error) {
	h, err := r.a.home()
	if err != nil {
		return nil, err
	}
	return results.List(h.Results(), known)
}

// Read reads and compares a session.
func (r resultScreen) Read(_ context.Context, dir string) (result.Contents, error) {
	s, runs, warnings, err := results.Read(dir)
	if err != nil {
		return result.Contents{}, err
	}
	return result.Contents{Session: s, Runs: runs, Warnings: warnings, Comparison: results.Summarise(s, runs)}, nil
}

// Report makes sure that the report is there.
func (r resultScreen) Report(_ context.Context, dir string) (string, error) {
	return r.a.ensureReport(dir)
}

// ensureReport writes the report of a session unless it is newer than its runs.
func (a *application) ensureReport(dir string) (string, error) {
	path, err := filepath.Abs(filepath.Join(dir, reportFile))
	if err != nil {
		return "", fmt.Errorf("writing report: %w", err)
	}
	written, err := os.Stat(path)
	runs, missing := os.Stat(filepath.Join(dir, results.RunsFile))
	if err == nil && missing == nil && !written.ModTime().Before(runs.ModTime()) {
		return path, nil
	}
	s, all, _, err := results.Read(dir)
	if err != nil {
		return "", err
	}
	return writeReport(dir, s, all, results.Summarise(s, all))
}

// Delete removes a session, unless it is being measured.
func (r resultScreen) Delete(_ context.Context, dir string) error {
	if r.sessions.busy(dir) {
		return fmt.Errorf("%s is being measured; stop it on the screen Bench first", filepath.Base(dir))
	}
	return results.Remove(dir)
}

// Export writes a session in one of the formats.
func (r resultScreen) Export(ctx context.Context, dir string, format result.Format, path string, overwrite bool) (string, error) {
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
	return path, writeWhole(path, overwrite, func(w io.Writer) error { return r.write(ctx, w, dir, format) })
}

func (r resultScreen) write(ctx context.Context, w io.Writer, dir string, format result.Format) error {
	if format == result.JSONL {
		return copyRuns(w, dir)
	}
	c, err := r.Read(ctx, dir)
	if err != nil {
		return err
	}
	switch format {
	case result.HTML:
		return report.WriteHTML(w, c.Session, c.Runs, c.Comparison)
	case result.Markdown:
		return report.WriteMarkdown(w, c.Session, c.Runs, c.Comparison)
	case result.CSV:
		return report.WriteCSV(w, c.Session, c.Runs)
	}
	data, err := c.Comparison.JSON()
	if err == nil {
		_, err = w.Write(append(data, '\n'))
	}
	return err
}

func copyRuns(w io.Writer, dir string) error {
	path := filepath.Join(dir, results.RunsFile)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return errors.Join(err, errors.New("the session has no record of runs"))
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
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
