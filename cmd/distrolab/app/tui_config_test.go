package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/tui/config"
)

func testConfigScreen(t testing.TB) (configScreen, *distros.Catalog) {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	environ := map[string]string{}
	a := &application{world: World{Getenv: func(name string) string { return environ[name] }, Now: time.Now}}
	return newConfigScreen(a), catalog
}

func fullIntent(t testing.TB) provision.Intent {
	t.Helper()
	data, err := os.ReadFile("../../../provision/testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	intent, err := provision.ParseIntent("full.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	return intent
}

// Everything of the catalog is rendered, and what distrolab renders is clean.
func TestConfigScreenRendersEverySystem(t *testing.T) {
	s, catalog := testConfigScreen(t)
	for _, d := range catalog.All() {
		r, err := s.Render(context.Background(), fullIntent(t), d, "")
		if err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
		if len(r.Findings) > 0 {
			t.Errorf("%s: %v", d.Name, r.Findings)
		}
	}
}

// A directory with files is asked about, and its files are the owner's alone.
func TestConfigScreenWritesAsRenderDoes(t *testing.T) {
	s, catalog := testConfigScreen(t)
	d, err := catalog.Find("flatcar")
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Render(context.Background(), s.Begin("core"), d, "")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	paths, err := s.Write(context.Background(), dir, r, false)
	if err != nil || len(paths) < 2 {
		t.Fatalf("%v, %v", paths, err)
	}
	for _, p := range paths {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", p, info, err)
		}
	}
	_, err = s.Write(context.Background(), dir, r, false)
	if !errors.Is(err, fs.ErrExist) || strings.Contains(err.Error(), "--force") {
		t.Errorf("a second time: %v", err)
	}
	if _, err := s.Write(context.Background(), dir, r, true); err != nil {
		t.Errorf("replacing: %v", err)
	}
}

func TestConfigScreenEditsInAFileOfItsOwn(t *testing.T) {
	s, _ := testConfigScreen(t)
	t.Setenv("TMPDIR", t.TempDir())
	s.world.Getenv = func(name string) string { return map[string]string{"EDITOR": "sed -i s/old/new/"}[name] }
	command, done, err := s.Edit(context.Background(), "hostname: old\n")
	if err != nil {
		t.Fatal(err)
	}
	path := command.Args[len(command.Args)-1]
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := command.Run(); err != nil {
		t.Fatal(err)
	}
	if text, err := done(); err != nil || text != "hostname: new\n" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is left: %v", err)
	}
	s.world.Getenv = func(string) string { return "no-such-editor" }
	if _, _, err := s.Edit(context.Background(), ""); err == nil || !strings.Contains(err.Error(), "no-such-editor") {
		t.Errorf("no editor: %v", err)
	}
}

// BenchmarkConfigScreen is what a key costs with six systems marked: it runs
// beside the loop, so that it is not felt, but it should keep up with typing.
func BenchmarkConfigScreen(b *testing.B) {
	s, catalog := testConfigScreen(b)
	intent := fullIntent(b)
	for _, names := range [][]string{{"flatcar"}, {"talos"}, {"bottlerocket"}, {"debian-13"}, {"k3os"}, {"flatcar", "fedora-coreos", "talos", "bottlerocket", "debian-13", "k3os"}} {
		b.Run(strings.Join(names, "+"), func(b *testing.B) {
			for b.Loop() {
				for _, name := range names {
					d, err := catalog.Find(name)
					if err != nil {
						b.Fatal(err)
					}
					var r config.Rendering
					if r, err = s.Render(context.Background(), intent, d, ""); err != nil || len(r.Config.Documents) == 0 {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
