package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// The files of a session's directory.
const (
	SessionFile = "session.json"
	RunsFile    = "runs.jsonl"
)

// Bounds on what is read and written. A run of 19 milestones is about 6 KiB.
const (
	maxLine    = 4 << 20
	maxSession = 4 << 20
	maxRuns    = 100_000
)

// Store appends runs to the directory of one session. It may be used from
// several goroutines.
type Store struct {
	dir     string
	session string

	mu   sync.Mutex
	file *os.File
}

// Create makes a session's directory and writes its design. The directory may
// exist; a session in it may not.
func Create(dir string, s Session) (*Store, error) {
	s.Schema = SessionSchema
	if s.ID == "" {
		return nil, errors.New("creating session: it has no id")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("creating session directory: %w", err)
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding session %s: %w", s.ID, err)
	}
	if err := writeNew(filepath.Join(dir, SessionFile), append(data, '\n')); err != nil {
		return nil, fmt.Errorf("creating session %s: %w", s.ID, err)
	}
	return openStore(dir, s.ID)
}

// Open continues a session that [Create] made.
func Open(dir string) (*Store, error) {
	s, err := readSession(filepath.Join(dir, SessionFile))
	if err != nil {
		return nil, err
	}
	return openStore(dir, s.ID)
}

func openStore(dir, session string) (*Store, error) {
	f, err := os.OpenFile(filepath.Join(dir, RunsFile), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening runs of session %s: %w", session, err)
	}
	if err := endLine(f); err != nil {
		return nil, errors.Join(fmt.Errorf("mending runs of session %s: %w", session, err), f.Close())
	}
	if err := syncDir(dir); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Store{dir: dir, session: session, file: f}, nil
}

// endLine closes a line torn by a crash, so that the next run starts its own.
// The torn part stays: the file is only ever appended to.
func endLine(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if info.Size() == 0 {
		return nil
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	_, err = f.Write([]byte{'\n'})
	return err
}

// Dir returns the directory of the session; raw logs are put there.
func (s *Store) Dir() string { return s.dir }

// Append writes one finished run: one write of one line, synced to the disk
// before it returns. Schema and Session are filled in.
func (s *Store) Append(r Run) error {
	r.Schema, r.Session = RunSchema, s.session
	if err := check(r); err != nil {
		return fmt.Errorf("recording run %s: %w", r.RunID, err)
	}
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding run %s: %w", r.RunID, err)
	}
	if len(line) >= maxLine {
		return fmt.Errorf("recording run %s: %d bytes are more than the %d a line may have", r.RunID, len(line), maxLine)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("recording run %s: %w; free space on the disk of %s", r.RunID, err, s.dir)
	}
	if err := s.file.Sync(); err != nil {
		return fmt.Errorf("syncing run %s: %w", r.RunID, err)
	}
	return nil
}

// Close closes the file of runs. What was appended is already on the disk.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.file.Close()
}

// writeNew writes a file that must not exist and is either whole or absent.
func writeNew(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	// A link, unlike a rename, refuses to replace the session of someone else.
	if err := os.Link(tmp.Name(), path); err != nil {
		if errors.Is(err, os.ErrExist) {
			return fmt.Errorf("%s already holds a session; choose another directory", filepath.Dir(path))
		}
		return err
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return errors.Join(d.Sync(), d.Close())
}
