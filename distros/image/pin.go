package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// InUseError says who still needs an image.
type InUseError struct {
	ID  string
	Who []string // owners of pins; empty: a running process holds the image
}

// Error says what to do to free the image.
func (e *InUseError) Error() string {
	if len(e.Who) == 0 {
		return fmt.Sprintf("image %s is in use by a running distrolab; wait for it or end it", e.ID)
	}
	return fmt.Sprintf("image %s is in use by %s; take that down first", e.ID, strings.Join(e.Who, ", "))
}

// Hold protects an image while this process lives: release it, or die, and it
// may be removed again. A benchmark holds; a lab that outlives its command pins.
func (s *Store) Hold(id string) (release func(), err error) {
	lock, err := s.lock(id, syscall.LOCK_SH)
	if err != nil {
		return nil, err
	}
	i, err := s.Get(id) // it may have been removed before the lock was ours
	if err == nil {
		err = errors.Join(s.settle(i), s.use(id))
	}
	if err != nil {
		lock.Close() //nolint:errcheck // closing releases
		return nil, err
	}
	return func() { lock.Close() }, nil //nolint:errcheck // closing releases
}

// Pin protects an image until [Store.Unpin], also after this process has ended.
// Who names the owner, such as a lab; pinning twice for one owner is one pin.
func (s *Store) Pin(id, who string) error {
	if !isWord(who, 128, "._-") {
		return fmt.Errorf("pinning %s: owner %q has characters other than letters, digits and . _ -", clip(id), clip(who))
	}
	release, err := s.Hold(id)
	if err != nil {
		return err
	}
	defer release()
	dir := filepath.Join(s.dir, "pins", id)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("pinning %s for %s: %w", id, who, err)
	}
	if err := os.WriteFile(filepath.Join(dir, who), nil, 0o644); err != nil {
		return fmt.Errorf("pinning %s for %s: %w", id, who, err)
	}
	return nil
}

// Unpin ends the protection that [Store.Pin] gave; none to end is no error.
func (s *Store) Unpin(id, who string) error {
	if !plainName(who) || !plainName(id) {
		return fmt.Errorf("unpinning %s: %q is no owner", clip(id), clip(who))
	}
	err := os.Remove(filepath.Join(s.dir, "pins", id, who))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("unpinning %s for %s: %w", id, who, err)
	}
	return nil
}

// Pins returns the owners that pin an image, by name.
func (s *Store) Pins(id string) ([]string, error) {
	if !plainName(id) {
		return nil, fmt.Errorf("listing pins: %q is not an image address", clip(id))
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, "pins", id))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing pins of %s: %w", id, err)
	}
	var owners []string
	for _, e := range entries {
		owners = append(owners, e.Name())
	}
	return owners, nil
}

// Remove deletes an image. The error is an [*InUseError] while it is pinned or
// held.
func (s *Store) Remove(id string) error {
	if _, err := s.Get(id); errors.Is(err, fs.ErrNotExist) {
		return err // a damaged image may go, one that is not there cannot
	}
	lock, err := s.lock(id, syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // closing releases
	owners, err := s.Pins(id)
	if err != nil {
		return err
	}
	if len(owners) > 0 {
		return &InUseError{ID: id, Who: owners}
	}
	// Moved away first, so that nobody ever sees half an image.
	trash, err := s.stage()
	if err != nil {
		return err
	}
	defer trash.discard()
	if err := os.Rename(filepath.Join(s.dir, "images", id), filepath.Join(trash.dir, id)); err != nil {
		return fmt.Errorf("removing %s: %w", id, err)
	}
	os.Remove(filepath.Join(s.dir, "fresh", id)) //nolint:errcheck // may not be there
	if err := os.RemoveAll(trash.dir); err != nil {
		return fmt.Errorf("removing %s: %w", id, err)
	}
	return nil
}

// use notes that an image is used now, for [Store.Shrink].
func (s *Store) use(id string) error {
	path := filepath.Join(s.dir, "locks", id)
	now := s.now()
	err := os.Chtimes(path, now, now)
	if errors.Is(err, fs.ErrNotExist) {
		var f *os.File
		if f, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644); err == nil {
			err = f.Close()
		}
	}
	if err != nil {
		return fmt.Errorf("noting the use of %s: %w", id, err)
	}
	return nil
}

// lastUse is when an image was used; not before it was added.
func (s *Store) lastUse(id string, added time.Time) time.Time {
	info, err := os.Stat(filepath.Join(s.dir, "locks", id))
	if err != nil || info.ModTime().Before(added) {
		return added
	}
	return info.ModTime()
}

// lock takes the lock of an image without waiting. The lock files stay: were
// they removed, two processes could each hold "the" lock of one image.
func (s *Store) lock(id string, how int) (*os.File, error) {
	if !plainName(id) {
		return nil, fmt.Errorf("locking an image: %q is not an image address: %w", clip(id), fs.ErrNotExist)
	}
	f, err := os.OpenFile(filepath.Join(s.dir, "locks", id), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", id, err)
	}
	if err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); err != nil {
		f.Close() //nolint:errcheck // the error below says more
		return nil, &InUseError{ID: id}
	}
	return f, nil
}
