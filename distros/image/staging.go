package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// staging is a directory in which an image is put together or taken apart. Its
// lock tells the work of a living process from what a killed one left.
type staging struct {
	dir  string
	lock *os.File
}

// stage makes a staging directory.
func (s *Store) stage() (*staging, error) {
	dir, err := os.MkdirTemp(filepath.Join(s.dir, "staging"), "image-")
	if err != nil {
		return nil, fmt.Errorf("preparing the image store: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, fmt.Errorf("preparing the image store: %w", err)
	}
	return &staging{dir: dir, lock: lock}, nil
}

// discard removes what is left of the directory.
func (st *staging) discard() {
	os.RemoveAll(st.dir) //nolint:errcheck // Sweep tries again
	st.lock.Close()      //nolint:errcheck // closing releases
}

func lockDir(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close() //nolint:errcheck // the error says more
		return nil, err
	}
	return f, nil
}

// Sweep removes what killed processes left half done, and returns the paths. A
// directory is taken for abandoned if nobody holds its lock and it is older than
// a minute; an unfinished download, which a later one could continue, if nothing
// was added to it for a month.
func (s *Store) Sweep() ([]string, error) {
	top := filepath.Join(s.dir, "staging")
	entries, err := os.ReadDir(top)
	if err != nil {
		return nil, fmt.Errorf("sweeping the image store: %w", err)
	}
	var gone []string
	var bad []error
	for _, e := range entries {
		dir := filepath.Join(top, e.Name())
		info, err := e.Info()
		if err != nil || s.now().Sub(info.ModTime()) < time.Minute {
			continue // just made, perhaps not locked yet
		}
		lock, err := lockDir(dir)
		if err != nil {
			continue // a living process works there
		}
		if err := os.RemoveAll(dir); err != nil {
			bad = append(bad, fmt.Errorf("sweeping %s: %w", dir, err))
		} else {
			gone = append(gone, dir)
		}
		lock.Close() //nolint:errcheck // closing releases
	}
	parts, err := s.dropParts(30 * 24 * time.Hour)
	return append(gone, parts...), errors.Join(append(bad, err)...)
}

// writeManifest writes image.json into a directory under construction.
func writeManifest(dir string, m Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", ManifestName, err)
	}
	if err := os.WriteFile(filepath.Join(dir, ManifestName), append(text, '\n'), 0o444); err != nil {
		return fmt.Errorf("writing %s: %w", ManifestName, err)
	}
	return nil
}

// commit moves a complete directory to its address in one step.
func (s *Store) commit(st *staging, m Manifest) (Image, error) {
	id := m.id()
	if err := writeManifest(st.dir, m); err != nil {
		return Image{}, err
	}
	if err := os.Chmod(st.dir, 0o755); err != nil {
		return Image{}, fmt.Errorf("storing %s: %w", id, err)
	}
	if err := s.markFresh(id); err != nil {
		return Image{}, fmt.Errorf("storing %s: %w", id, err)
	}
	if _, err := s.Get(id); err != nil && !errors.Is(err, fs.ErrNotExist) {
		if err := s.discardDamaged(id); err != nil {
			return Image{}, fmt.Errorf("storing %s: %w", id, err)
		}
	}
	err := os.Rename(st.dir, filepath.Join(s.dir, "images", id))
	if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.ENOTEMPTY) {
		return Image{}, fmt.Errorf("storing %s: %w", id, err)
	}
	// If it exists, it has the same content: another process was faster, or it
	// came another way, and is vouched for differently.
	i, err := s.Get(id)
	if err != nil {
		return Image{}, err
	}
	if trustRank(m.Trust) > trustRank(i.Manifest.Trust) {
		if err := i.replaceManifest(m); err != nil {
			return Image{}, fmt.Errorf("storing %s: %w", id, err)
		}
		i.Manifest = m
	}
	return i, errors.Join(s.touch(i), s.use(id))
}

// discardDamaged makes room for an image whose stored copy cannot be read.
func (s *Store) discardDamaged(id string) error {
	trash, err := s.stage()
	if err != nil {
		return err
	}
	defer trash.discard()
	return os.Rename(filepath.Join(s.dir, "images", id), filepath.Join(trash.dir, id))
}

// replaceManifest changes what is said of an image in one step.
func (i Image) replaceManifest(m Manifest) error {
	dir, err := os.MkdirTemp(i.Dir, ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // only tidying
	if err := writeManifest(dir, m); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, ManifestName), filepath.Join(i.Dir, ManifestName))
}

// touch notes that an image was added again, so that it counts as newer than
// others of the same age.
func (s *Store) touch(i Image) error {
	if err := os.Chtimes(i.Dir, time.Time{}, s.now()); err != nil {
		return fmt.Errorf("storing %s: %w", i.ID, err)
	}
	return nil
}
