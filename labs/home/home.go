// Package home says where distrolab keeps things on this machine: images,
// Kubernetes, labs, results, and the sockets of what runs now. It computes paths
// and makes directories; it reads no environment of its own.
package home

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// Home is one installation's places. Two homes never share a lab, a domain or
// a socket, so tests and people can work beside each other.
type Home struct {
	Data string // images, labs, results: survives a reboot
	Run  string // sockets: short enough for a unix socket path, gone after a reboot
}

// For gives the home of a user. getenv reads the environment; DISTROLAB_HOME
// names another data directory, XDG variables move the defaults.
//
// Root's home lies outside /root because the system libvirt daemon runs QEMU
// as another user, who must be able to walk to the disks.
func For(uid int, getenv func(string) string) (Home, error) {
	data, err := dataDirectory(uid, getenv)
	if err != nil {
		return Home{}, err
	}
	return Home{Data: data, Run: filepath.Join(runBase(uid, getenv), short(data))}, nil
}

func dataDirectory(uid int, getenv func(string) string) (string, error) {
	if d := getenv("DISTROLAB_HOME"); d != "" {
		abs, err := filepath.Abs(d)
		if err != nil {
			return "", fmt.Errorf("resolving DISTROLAB_HOME=%q: %w", d, err)
		}
		return abs, nil
	}
	if uid == 0 {
		return "/var/lib/distrolab", nil
	}
	if d := getenv("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "distrolab"), nil
	}
	if d := getenv("HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, ".local", "share", "distrolab"), nil
	}
	return "", fmt.Errorf("finding a place for images and labs: neither HOME nor DISTROLAB_HOME is set; set DISTROLAB_HOME to a directory of yours")
}

func runBase(uid int, getenv func(string) string) string {
	if uid == 0 {
		return "/run/distrolab"
	}
	if d := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(d) {
		return filepath.Join(d, "distrolab")
	}
	return fmt.Sprintf("/tmp/distrolab-%d", uid)
}

// short is a stable name of eight characters for a longer one.
func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// Images is the directory of the image store.
func (h Home) Images() string { return filepath.Join(h.Data, "images") }

// Kubernetes is the directory of the store of Kubernetes' bundles.
func (h Home) Kubernetes() string { return filepath.Join(h.Data, "kubernetes") }

// Labs is the directory that holds one directory per lab.
func (h Home) Labs() string { return filepath.Join(h.Data, "labs") }

// Lab is the directory of one lab. The name must have been validated.
func (h Home) Lab(name string) string { return filepath.Join(h.Labs(), name) }

// ControlPlanes is the directory of the saved states of control planes.
func (h Home) ControlPlanes() string { return filepath.Join(h.Data, "control-planes") }

// Results is the directory that holds one directory per session.
func (h Home) Results() string { return filepath.Join(h.Data, "results") }

// Sockets is the directory of one lab's sockets: short, whatever the lab's
// name is, since a unix socket path holds 107 bytes at most.
func (h Home) Sockets(lab string) string { return filepath.Join(h.Run, short(lab)) }

// Prepare makes the directories. Others may walk through them, because the
// user that runs QEMU must, and read nothing: what is secret is 0600.
func (h Home) Prepare() error {
	for _, d := range []string{h.Data, h.Images(), h.Kubernetes(), h.Labs(), h.Results(), filepath.Dir(h.Run), h.Run} {
		if err := makeWalkable(d); err != nil {
			return fmt.Errorf("making %s: %w; set DISTROLAB_HOME to a directory that you can write", d, err)
		}
	}
	return ownedByUs(filepath.Dir(h.Run))
}

// makeWalkable makes a directory of mode 0711 whatever the umask is, and
// leaves one that exists as it is.
func makeWalkable(d string) error {
	if _, err := os.Stat(d); err == nil {
		return nil
	}
	if err := os.MkdirAll(d, 0o711); err != nil {
		return err
	}
	return os.Chmod(d, 0o711)
}
