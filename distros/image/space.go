package image

import (
	"fmt"
	"syscall"
)

// spareBytes is left free on the file system, so that fetching an image does
// not stop everything else on the machine.
const spareBytes = 256 << 20

// NoSpaceError says that a file system is too full for what is to be stored.
type NoSpaceError struct {
	Dir  string // where the store is
	Need int64  // bytes, with a reserve
	Free int64  // bytes
}

// Error says how much is missing and what to do.
func (e *NoSpaceError) Error() string {
	return fmt.Sprintf("no room in %s: %s are needed and %s are free; free some space, remove images, or choose another directory",
		e.Dir, formatBytes(e.Need), formatBytes(e.Free))
}

// checkSpace refuses a write that the store's file system has no room for.
func (s *Store) checkSpace(need int64) error {
	free, err := s.free(s.dir)
	if err != nil {
		return fmt.Errorf("asking for free space in %s: %w", s.dir, err)
	}
	if need += spareBytes; need > free {
		return &NoSpaceError{Dir: s.dir, Need: need, Free: free}
	}
	return nil
}

// freeBytes is what an ordinary user may still write.
func freeBytes(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * st.Bsize, nil
}

func formatBytes(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MiB", (n+1<<20-1)>>20)
}
