package cluster

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"distrolab/labs/machine"
	"distrolab/provision"
	"distrolab/provision/kubeadm"
)

// Recipe is all that a control plane is made of. It holds keys of the cluster
// and is for its owner alone.
type Recipe struct {
	Schema     int          `json:"schema"`
	Created    time.Time    `json:"created"`
	Machine    machine.Spec `json:"machine"`
	Key        []byte       `json:"key"`        // OpenSSH PEM: logs in to the machine
	CA         string       `json:"ca"`         // of the cluster, PEM
	CAKey      string       `json:"ca_key"`     // PEM
	Kubernetes string       `json:"kubernetes"` // version, such as v1.36.1
	Bundle     string       `json:"bundle"`     // digest of what Kubernetes comes from
	Host       string       `json:"host"`       // QEMU's version and what executes guests: a state fits no other
}

// Authority is the cluster's own.
func (r Recipe) Authority() kubeadm.Authority {
	return kubeadm.Authority{Certificate: r.CA, Key: provision.Secret(r.CAKey)}
}

// Kubeconfig makes an administrator of the cluster, whose API answers at server.
func (r Recipe) Kubeconfig(server netip.AddrPort, now time.Time) (string, error) {
	return r.Authority().AdminKubeconfig("https://"+server.String(), now, rand.Reader)
}

// recipeSchema counts the changes that make earlier saved states useless: of
// this package's files, and of what a control plane is made of
// (TestControlPlaneGolden in provision/kubeadm).
const recipeSchema = 3

// ID names the recipe by what decides how the control plane behaves. Keys and
// tokens do not: one control plane is as good as another.
func (r Recipe) ID() string {
	parts, err := json.Marshal([]any{recipeSchema, r.Machine.Distro, r.Machine.ImageSHA256, r.Machine.Hardware, r.Kubernetes, r.Bundle, r.Host})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(parts)
	return hex.EncodeToString(sum[:6])
}

// Store holds the states of control planes: for each a directory with its
// recipe and its disk.
type Store struct{ Directory string }

const (
	recipeFile = "recipe.json"
	diskFile   = "disk.qcow2"
	maxRecipe  = 16 << 20 // bytes
)

// Find reads the state that was made by a recipe of that ID.
func (s Store) Find(id string) (Recipe, bool, error) {
	if !isID(id) {
		return Recipe{}, false, fmt.Errorf("there is no saved control plane %.64q", id)
	}
	path := filepath.Join(s.Directory, id, recipeFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Recipe{}, false, nil
	}
	if err == nil && info.Size() > maxRecipe {
		err = fmt.Errorf("it has %d bytes", info.Size())
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	var r Recipe
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return Recipe{}, false, fmt.Errorf("reading saved control plane %s: %w; remove it with `distrolab cluster rm %s`", id, err, id)
	}
	if r.Schema != recipeSchema || r.Machine.Saved == nil {
		return Recipe{}, false, nil
	}
	r.Machine.Saved.Disk = filepath.Join(s.Directory, id, diskFile) // the store may have been moved
	if _, err := os.Stat(r.Machine.Files.Disk); err != nil {
		return Recipe{}, false, nil // the image below it is gone: it is made anew
	}
	return r, true, nil
}

// Keep stores the state that save moves to the path it is given. work is a new
// directory of the lab, which goes with the lab if we are killed. Of two that
// are made at the same time the first one stays.
func (s Store) Keep(r Recipe, work string, save func(path string) (machine.Saved, error)) (Recipe, error) {
	if err := errors.Join(os.MkdirAll(s.Directory, 0o711), os.Mkdir(work, 0o711)); err != nil {
		return Recipe{}, fmt.Errorf("keeping the control plane: %w", err)
	}
	defer os.RemoveAll(work)
	state, err := save(filepath.Join(work, diskFile))
	if err != nil {
		return Recipe{}, err
	}
	r.Schema, r.Machine.Saved = recipeSchema, &state
	data, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(filepath.Join(work, recipeFile), data, 0o600)
	}
	if err == nil {
		err = os.Chmod(work, 0o700)
	}
	if err == nil {
		err = os.Rename(work, filepath.Join(s.Directory, r.ID()))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return Recipe{}, fmt.Errorf("keeping the control plane: %w", err)
	}
	kept, found, err := s.Find(r.ID())
	if err == nil && !found {
		err = errors.New("it is not there after it was saved")
	}
	return kept, err
}

// Entry is one saved control plane of a listing.
type Entry struct {
	ID         string    `json:"id"`
	Created    time.Time `json:"created"`
	Kubernetes string    `json:"kubernetes"`
	Distro     string    `json:"distro"`
	Version    string    `json:"version"` // of the image
	Host       string    `json:"host"`
	Bytes      int64     `json:"bytes"` // on disk
}

// List lists the states, oldest name first. What cannot be read is left out.
func (s Store) List() ([]Entry, error) {
	found, err := os.ReadDir(s.Directory)
	if errors.Is(err, fs.ErrNotExist) {
		return []Entry{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing saved control planes: %w", err)
	}
	list := []Entry{}
	for _, f := range found {
		if !isID(f.Name()) {
			continue
		}
		r, ok, err := s.Find(f.Name())
		if err != nil || !ok {
			list = append(list, Entry{ID: f.Name(), Bytes: onDisk(filepath.Join(s.Directory, f.Name(), diskFile))})
			continue
		}
		list = append(list, Entry{ID: f.Name(), Created: r.Created, Kubernetes: r.Kubernetes, Distro: r.Machine.Distro,
			Version: r.Machine.Version, Host: r.Host, Bytes: onDisk(r.Machine.Saved.Disk)})
	}
	return list, nil
}

// Remove forgets a state.
func (s Store) Remove(id string) error {
	if !isID(id) {
		return &UnknownStateError{id}
	}
	path := filepath.Join(s.Directory, id)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return &UnknownStateError{id}
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("removing saved control plane %s: %w", id, err)
	}
	return nil
}

// UnknownStateError says that there is no such saved control plane.
type UnknownStateError struct{ ID string }

func (e *UnknownStateError) Error() string {
	return fmt.Sprintf("there is no saved control plane %.64q; `distrolab cluster list` shows them", e.ID)
}

// isID keeps names from leading out of the store.
func isID(s string) bool { return regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(s) }

// onDisk is what a file really takes, in bytes; 0 when it cannot be read.
func onDisk(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return allocated(info)
}
