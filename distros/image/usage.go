package image

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Usage is what a store takes of its disk.
type Usage struct {
	Images     int   `json:"images"`
	Bytes      int64 `json:"bytes"`      // of images; files that images share, and holes, count once and nothing
	Unfinished int64 `json:"unfinished"` // bytes of downloads that were broken off
}

// Usage measures the store. It reads no file's content.
func (s *Store) Usage() (Usage, error) {
	images, err := os.ReadDir(filepath.Join(s.dir, "images"))
	if err != nil {
		return Usage{}, fmt.Errorf("measuring the image store: %w", err)
	}
	u := Usage{Images: len(images)}
	seen := map[uint64]bool{}
	for dir, sum := range map[string]*int64{"images": &u.Bytes, "partial": &u.Unfinished} {
		err := filepath.WalkDir(filepath.Join(s.dir, dir), func(_ string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return gone(err)
			}
			info, err := e.Info()
			if err != nil {
				return gone(err)
			}
			if st, ok := info.Sys().(*syscall.Stat_t); ok && !seen[st.Ino] {
				seen[st.Ino] = true
				*sum += st.Blocks * 512 // the unit of stat(2), whatever the file system's
			}
			return nil
		})
		if err != nil {
			return Usage{}, fmt.Errorf("measuring the image store: %w", err)
		}
	}
	return u, nil
}

// gone passes over what another process removed meanwhile.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Shrink removes images, the longest unused first, until the store takes at
// most limit bytes, and returns those it removed. Images that are pinned, held
// or named to keep stay, so the store may remain larger. Downloads that were
// broken off more than a day ago go before any image. A limit of 0 is none.
func (s *Store) Shrink(limit int64, keep ...string) ([]Image, error) {
	over := func() (bool, error) {
		u, err := s.Usage()
		return u.Bytes+u.Unfinished > limit, err
	}
	if yes, err := over(); limit <= 0 || err != nil || !yes {
		return nil, err
	}
	if _, err := s.dropParts(24 * time.Hour); err != nil {
		return nil, err
	}
	images, err := s.List()
	slices.SortFunc(images, func(a, b Image) int { return cmp.Or(a.Used.Compare(b.Used), cmp.Compare(a.ID, b.ID)) })
	var removed []Image
	for _, i := range images {
		yes, measureErr := over()
		if measureErr != nil || !yes {
			return removed, errors.Join(err, measureErr)
		}
		if slices.Contains(keep, i.ID) {
			continue
		}
		var busy *InUseError
		switch removeErr := s.Remove(i.ID); {
		case removeErr == nil:
			removed = append(removed, i)
		case !errors.As(removeErr, &busy) && !errors.Is(removeErr, fs.ErrNotExist):
			err = errors.Join(err, removeErr)
		}
	}
	return removed, err
}

// dropParts removes unfinished downloads to which nothing was added for an age,
// and returns the paths.
func (s *Store) dropParts(age time.Duration) ([]string, error) {
	parts, err := filepath.Glob(filepath.Join(s.dir, "partial", "*.part"))
	if err != nil {
		return nil, fmt.Errorf("sweeping unfinished downloads: %w", err)
	}
	var gone []string
	for _, path := range parts {
		base := strings.TrimSuffix(path, ".part")
		lock, err := os.OpenFile(base+".lock", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return gone, fmt.Errorf("sweeping unfinished downloads: %w", err)
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			lock.Close() //nolint:errcheck // a living process works on it
			continue
		}
		p := &part{lock: lock, path: path, notes: base + ".version"}
		if info, err := os.Stat(path); err == nil && s.now().Sub(info.ModTime()) > age {
			p.drop()
			gone = append(gone, path)
		}
		p.close()
	}
	return gone, nil
}
