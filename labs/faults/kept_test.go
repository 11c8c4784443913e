package faults

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// keptVariable names the environment variable with the directory in which saved
// control planes outlive a test, for the tests of one run to share; without it
// each test makes its own.
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

// TestKeptControlPlaneIsLinkedAndMoved keeps one of a world and gives it to
// another.
func TestKeptControlPlaneIsLinkedAndMoved(t *testing.T) {
	dir := t.TempDir()
	first, kept, second := filepath.Join(dir, "first"), filepath.Join(dir, "kept"), filepath.Join(dir, "second")
	state := filepath.Join(first, "0123456789ab")
	if err := errors.Join(os.MkdirAll(state, 0o700),
		os.WriteFile(filepath.Join(state, keptDisk), []byte("memory"), 0o600),
		os.WriteFile(filepath.Join(state, keptRecipe), []byte(`{"disk":"`+first+`/images/a.qcow2"}`), 0o600),
		linkControlPlanes(first, kept, nil, nil),
		linkControlPlanes(kept, second, []byte(first), []byte(second))); err != nil {
		t.Fatal(err)
	}
	recipe, err := os.ReadFile(filepath.Join(second, "0123456789ab", keptRecipe))
	if want := `{"disk":"` + second + `/images/a.qcow2"}`; err != nil || string(recipe) != want {
		t.Errorf("the recipe is %s, %v; want %s", recipe, err, want)
	}
	if untouched, err := os.ReadFile(filepath.Join(state, keptRecipe)); err != nil || string(untouched) == string(recipe) {
		t.Errorf("the recipe of the first is %s, %v", untouched, err)
	}
	a, err1 := os.Stat(filepath.Join(state, keptDisk))
	b, err2 := os.Stat(filepath.Join(second, "0123456789ab", keptDisk))
	if err := errors.Join(err1, err2); err != nil || !os.SameFile(a, b) {
		t.Errorf("the disk was copied: %v", err)
	}
}
