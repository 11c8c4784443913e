// Package ledger writes down every resource of a lab before it is made, so
// that a crash at any moment leaves a list of what to take back.
//
// A lab's directory holds owner.json (which process answers for it) and
// resources.jsonl (what was made, in order). The directory itself is the
// record's last entry: when it is gone, nothing of the lab is left. The
// package touches those files, /proc, and what it reclaims.
package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Kind says what a resource is, and so how it is taken back.
type Kind string

// The kinds of resources, besides the lab's own directory.
const (
	Domain    Kind = "domain"    // a libvirt domain, by name
	Process   Kind = "process"   // a process, by id and start time
	Directory Kind = "directory" // a directory outside the lab's own, by path
)

// Resource is one thing that outlives a process that dies.
type Resource struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
}

// entry is one line of resources.jsonl.
type entry struct {
	Op string `json:"op"` // "make" or "gone"
	Resource
}

// Owner is who answers for a lab.
type Owner struct {
	Lab     string    `json:"lab"`
	Purpose string    `json:"purpose"` // "lab" or "bench"
	URI     string    `json:"uri"`     // libvirt, where the domains are
	Process Identity  `json:"process"`
	Created time.Time `json:"created"`
}

// ErrExists is returned by [Create] when the lab's directory is there already.
var ErrExists = errors.New("a lab of that name exists")

const (
	ownerFile     = "owner.json"
	resourcesFile = "resources.jsonl"
)

// Ledger is the open record of one lab.
type Ledger struct {
	dir  string
	mu   sync.Mutex
	file *os.File
	torn bool // the last line may be cut, by a full disk
}

// Create makes the lab's directory, which fails with [ErrExists] when there is
// one: the directory is the lock on the name.
func Create(dir string, owner Owner) (*Ledger, error) {
	if err := os.Mkdir(dir, 0o711); errors.Is(err, fs.ErrExist) {
		return nil, ErrExists
	} else if err != nil {
		return nil, fmt.Errorf("making lab directory %s: %w", dir, err)
	}
	if err := errors.Join(os.Chmod(dir, 0o711), writeOwner(dir, owner)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return Open(dir)
}

// Open opens the record of a lab that was made by [Create].
func Open(dir string) (*Ledger, error) {
	f, err := os.OpenFile(filepath.Join(dir, resourcesFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening resource record of %s: %w", dir, err)
	}
	return &Ledger{dir: dir, file: f}, nil
}

// TakeOver names another process as the owner, as the background process of a
// lab does when it starts.
func (l *Ledger) TakeOver(p Identity) error {
	owner, err := ReadOwner(l.dir)
	if err != nil {
		return err
	}
	owner.Process = p
	return writeOwner(l.dir, owner)
}

// Record writes a resource down. Call it before the resource is made: a line
// too many costs a look at gc, a line too few costs a leak.
func (l *Ledger) Record(r Resource) error { return l.append("make", r) }

// Release strikes a resource out after it is gone.
func (l *Ledger) Release(r Resource) error { return l.append("gone", r) }

func (l *Ledger) append(op string, r Resource) error {
	line, err := json.Marshal(entry{Op: op, Resource: r})
	if err != nil {
		return fmt.Errorf("encoding resource %s %s: %w", r.Kind, r.ID, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.torn {
		line = append([]byte{'\n'}, line...)
	}
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		l.torn = true
		return fmt.Errorf("recording %s %s: %w", r.Kind, r.ID, err)
	}
	l.torn = false
	return nil
}

// Close closes the file and leaves the record in place.
func (l *Ledger) Close() error { return l.file.Close() }

// Remove closes the record and removes the lab's directory, its last resource.
func (l *Ledger) Remove() error {
	return errors.Join(l.file.Close(), os.RemoveAll(l.dir))
}

func writeOwner(dir string, o Owner) error {
	data, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding owner of %s: %w", dir, err)
	}
	tmp := filepath.Join(dir, ownerFile+".new")
	if err := os.WriteFile(tmp, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing owner of %s: %w", dir, err)
	}
	return os.Rename(tmp, filepath.Join(dir, ownerFile))
}

// ReadOwner reads who answers for the lab in dir.
func ReadOwner(dir string) (Owner, error) {
	data, err := os.ReadFile(filepath.Join(dir, ownerFile))
	if err != nil {
		return Owner{}, fmt.Errorf("reading owner of %s: %w", dir, err)
	}
	var o Owner
	if err := json.Unmarshal(data, &o); err != nil {
		return Owner{}, fmt.Errorf("reading owner of %s: %w", dir, err)
	}
	return o, nil
}
