package labs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"distrolab/labs/home"
	"distrolab/labs/ledger"
)

// The times of watching: how long changes are gathered before the labs are
// asked, and how long a lab's process may take until it answers its first call.
const (
	gatherChanges = 50 * time.Millisecond
	askAgain      = 300 * time.Millisecond
	askSession    = 2 * time.Second // sessions of bench have no process that could be asked
)

// Watch calls changed with all labs, at once and whenever one of them comes,
// goes or changes, until ctx ends. It waits for the directory of labs and for
// the events of each lab, and polls nothing that answers.
func Watch(ctx context.Context, h home.Home, changed func([]Status)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &watcher{home: h, moved: make(chan struct{}, 1), followed: map[string]chan struct{}{}}
	if err := w.directory(ctx); err != nil {
		return err
	}
	for {
		all, err := All(ctx, h)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		changed(all)
		w.follow(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-w.moved:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(gatherChanges):
		}
	}
}

// watcher follows every lab that runs.
type watcher struct {
	home     home.Home
	moved    chan struct{}
	followed map[string]chan struct{} // closed when nobody follows the lab any more
}

func (w *watcher) tell() {
	select {
	case w.moved <- struct{}{}:
	default: // somebody has told already
	}
}

// follow begins to follow the labs that are not followed yet.
func (w *watcher) follow(ctx context.Context) {
	found, err := ledger.Labs(w.home.Labs())
	if err != nil {
		return // the next look says the same
	}
	for _, l := range found {
		if !l.Alive || w.isFollowed(l.Name) {
			continue
		}
		ended := make(chan struct{})
		w.followed[l.Name] = ended
		go func() {
			defer w.tell()
			defer close(ended)
			w.followOne(ctx, l)
		}()
	}
}

func (w *watcher) isFollowed(lab string) bool {
	ended, known := w.followed[lab]
	if !known {
		return false
	}
	select {
	case <-ended:
		return false
	default:
		return true
	}
}

// followOne tells of a lab's events until it ends or cannot be followed.
func (w *watcher) followOne(ctx context.Context, l ledger.Lab) {
	again := askAgain
	if l.Owner.Purpose == "lab" {
		heard := false
		_ = Connect(w.home, l.Name).Events(ctx, func(Event) bool { // its end is what matters, and Status says why
			heard = true
			w.tell()
			return true
		})
		if heard {
			again = gatherChanges
		}
	} else {
		again = askSession
	}
	select {
	case <-ctx.Done():
	case <-time.After(again):
	}
}

// directory tells of labs that come and go.
func (w *watcher) directory(ctx context.Context) error {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return fmt.Errorf("watching %s: %w", w.home.Labs(), err)
	}
	notes := os.NewFile(uintptr(fd), "inotify")
	_, err = syscall.InotifyAddWatch(fd, w.home.Labs(), syscall.IN_CREATE|syscall.IN_DELETE|syscall.IN_MOVED_TO|syscall.IN_MOVED_FROM)
	if err != nil {
		return errors.Join(fmt.Errorf("watching %s: %w", w.home.Labs(), err), notes.Close())
	}
	context.AfterFunc(ctx, func() { notes.Close() })
	go func() {
		buffer := make([]byte, 16<<10)
		for {
			if _, err := notes.Read(buffer); err != nil {
				return
			}
			w.tell()
		}
	}()
	return nil
}
