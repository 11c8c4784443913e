package home

import (
	"fmt"
	"os"
	"syscall"
)

// ownedByUs refuses a runtime directory that someone else made first: under
// /tmp anyone could, and would then own the sockets in it.
func ownedByUs(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("looking at %s: %w", dir, err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("using %s for sockets: it is not a directory of yours that only you can write; remove it or set XDG_RUNTIME_DIR", dir)
	}
	return nil
}
