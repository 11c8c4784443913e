package release

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/distros/release/vendortest"
)

// loaded is the catalog, read once for all tests.
var loaded = sync.OnceValues(distros.Load)

func catalog(t testing.TB) *distros.Catalog {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func entry(t testing.TB, name string) distros.Distro {
	t.Helper()
	d, err := catalog(t).Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// source asks a world's vendors and stores in an empty store.
func source(t testing.TB, w *vendortest.World) Source {
	t.Helper()
	store, err := image.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return Source{Client: w.Client, Store: store, Keys: w.Keys, Bundle: w.Bundle}
}

// served is a world in which a system of the catalog is published.
func served(t testing.TB, name, arch string) (*vendortest.World, vendortest.Site, distros.Distro) {
	t.Helper()
	w, d := vendortest.New(t), entry(t, name)
	site, ok := w.Serve(d, arch)
	if !ok {
		t.Fatalf("%s is not imitated for %s", name, arch)
	}
	return w, site, d
}

// content lists everything below a store with its size, so that a test can say
// that nothing was stored.
func content(t testing.TB, s *image.Store) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(s.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := strings.TrimPrefix(path, s.Dir()) + " " + info.Mode().String()
		if !d.IsDir() {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			line += " " + vendortest.SHA256(text)
		}
		all = append(all, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
