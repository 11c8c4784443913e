package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// maxSocketPath is what fits into a Unix socket address (unix(7): 108 bytes
// with the final zero).
const maxSocketPath = 107

// Owner is the user that QEMU runs as.
type Owner struct{ UID, GID int }

// Listen makes the socket at path to which the QEMU of one guest connects
// and pass it to Attach after Accept. Only its owner may connect; owner nil
// means this process's user, any other needs root. A socket that a dead process
// left at path is replaced. Closing the listener removes the socket.
//
// The mode is set before the socket has a name, so at no moment can others
// connect; the directory must not let others rename what is in it.
func Listen(path string, owner *Owner) (net.Listener, error) {
	listener, err := listenUnix(path, owner)
	if err != nil {
		return nil, fmt.Errorf("listening for a guest on %q: %w", path, err)
	}
	return listener, nil
}

func listenUnix(path string, owner *Owner) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("path has %d bytes, %d are possible: choose a shorter directory for the lab", len(path), maxSocketPath)
	}
	if !filepath.IsAbs(path) { // also: a leading @ would mean a socket without a file, open to all
		return nil, errors.New("path is not absolute")
	}
	if err := privateDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: setMode}
	listener, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	if owner != nil {
		if err := os.Lchown(path, owner.UID, owner.GID); err != nil {
			return nil, errors.Join(fmt.Errorf("giving it to user %d: %w", owner.UID, err), listener.Close())
		}
	}
	return listener, nil
}

// setMode runs between socket(2) and bind(2): Linux creates the file with the
// mode of the socket.
func setMode(_, _ string, raw syscall.RawConn) error {
	var chmod error
	err := raw.Control(func(fd uintptr) { chmod = syscall.Fchmod(int(fd), 0o600) })
	return errors.Join(err, chmod)
}

// privateDir refuses a directory in which others could swap the socket.
func privateDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if mode := info.Mode(); mode.Perm()&0o022 != 0 && mode&os.ModeSticky == 0 {
		return fmt.Errorf("directory %q may be written by others (mode %v): take the right away (chmod go-w)", dir, mode.Perm())
	}
	return nil
}

// removeStale removes a socket on which nobody listens.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != os.ModeSocket:
		return errors.New("something else than a socket is there")
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		_ = conn.Close()
		return errors.New("another process listens there")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}
