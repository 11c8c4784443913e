package faults

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// keptVariable names the environment variable with the directory in which saved
// control planes outlive a test; without it each test makes its own. Whoever sets
// it names a directory of its own for each version of the code that makes one.
const keptVariable = "DISTROLAB_CONTROL_PLANES"

// The files of a saved control plane, and beside them the home for which it was
// saved: a recipe names the image below the disk by its path.
const (
	keptDisk   = "disk.qcow2"
	keptRecipe = "recipe.json"
	keptBase   = "base"
)

// borrowControlPlanes links the kept ones into this world, and says whether
// there were any.
func (w *world) borrowControlPlanes() bool {
	w.t.Helper()
	kept := os.Getenv(keptVariable)
	if kept == "" {
		return false
	}
	base, err := os.ReadFile(filepath.Join(kept, keptBase))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err == nil {
		err = linkControlPlanes(kept, w.home.ControlPlanes(), base, []byte(w.base))
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return true
}

// keepControlPlanes links those of this world to where the next one finds them.
func (w *world) keepControlPlanes() {
	w.t.Helper()
	kept := os.Getenv(keptVariable)
	if kept == "" {
		return
	}
	err := errors.Join(os.RemoveAll(kept), linkControlPlanes(w.home.ControlPlanes(), kept, nil, nil))
	if err == nil {
		err = os.WriteFile(filepath.Join(kept, keptBase), []byte(w.base), 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// linkControlPlanes links the disks, which nobody writes to, and copies the
// recipes, in which it replaces a path.
func linkControlPlanes(from, to string, old, replacement []byte) error {
	recipes, err := filepath.Glob(filepath.Join(from, "*", keptRecipe))
	if err != nil {
		return err
	}
	for _, path := range recipes {
		source := filepath.Dir(path)
		target := filepath.Join(to, filepath.Base(source))
		recipe, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if len(old) > 0 {
			recipe = bytes.ReplaceAll(recipe, old, replacement)
		}
		if err := errors.Join(os.MkdirAll(target, 0o700), os.WriteFile(filepath.Join(target, keptRecipe), recipe, 0o600),
			os.Link(filepath.Join(source, keptDisk), filepath.Join(target, keptDisk))); err != nil {
			return err
		}
	}
	return nil
}
