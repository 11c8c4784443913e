package results

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// maxListed bounds what a directory of sessions may hold.
const maxListed = 100_000

// Listed is one entry of a directory of sessions: its design, without runs.
type Listed struct {
	Dir     string // with the root that was asked for
	Name    string // of the directory
	Session Session
	Changed time.Time // when the design or the runs were last written
	Bytes   int64     // of the runs
	Err     error     // why it cannot be read; then only Dir and Name are set
}

// ReadSession returns the design of the session in a directory, without its runs.
func ReadSession(dir string) (Session, error) { return readSession(filepath.Join(dir, SessionFile)) }

// List returns the sessions below a directory, the newest first. It reads their
// designs only. A directory that holds none is an entry with its reason; known
// are entries of an earlier listing, of which those that have not changed are
// not read again. A root that does not exist is empty.
func List(root string, known []Listed) ([]Listed, error) {
	entries, err := os.ReadDir(root)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	before := make(map[string]Listed, len(known))
	for _, l := range known {
		before[l.Dir] = l
	}
	var list []Listed
	for _, e := range entries {
		if !e.IsDir() || e.Name()[0] == '.' {
			continue
		}
		if len(list) == maxListed {
			break
		}
		l := look(root, e.Name())
		if old, ok := before[l.Dir]; ok && old.Err == nil && l.Err == nil && old.Changed.Equal(l.Changed) && old.Bytes == l.Bytes {
			l = old
		} else if l.Err == nil {
			l.Session, l.Err = ReadSession(l.Dir)
		}
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b Listed) int {
		return cmp.Or(b.Session.Started.Compare(a.Session.Started), cmp.Compare(b.Name, a.Name))
	})
	return list, nil
}

// look says what is seen of a session without reading it.
func look(root, name string) Listed {
	l := Listed{Dir: filepath.Join(root, name), Name: name}
	info, err := os.Stat(filepath.Join(l.Dir, SessionFile))
	if err != nil {
		l.Err = fmt.Errorf("it holds no session: %w", err)
		return l
	}
	l.Changed = info.ModTime()
	if runs, err := os.Stat(filepath.Join(l.Dir, RunsFile)); err == nil {
		l.Bytes = runs.Size()
		if runs.ModTime().After(l.Changed) {
			l.Changed = runs.ModTime()
		}
	}
	return l
}

// Remove deletes a session with all that lies in its directory. It refuses a
// directory that holds no session, whatever else it is.
func Remove(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("deleting session: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("deleting session %s: it is not a directory", dir)
	}
	if _, err := os.Lstat(filepath.Join(dir, SessionFile)); err != nil {
		return fmt.Errorf("deleting session %s: it holds no %s; delete it by hand if it is to go", dir, SessionFile)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("deleting session: %w", err)
	}
	return nil
}
