package main

import (
	"archive/tar"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPartitionsShareOneArchive(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(dir, "root.tar")
	writeTar(t, archive, testFiles())
	for _, c := range []struct {
		name string
		p    Partition
		want []string
	}{
		{"a subtree becomes the root", Partition{Tar: archive, Subtree: "/usr", Exclude: []string{"usr/bin/a name with \"quotes\" and spaces"}},
			[]string{"/", "/bin", "/bin/a name with \"quotes\" and spaces", "/bin/caps", "/bin/same", "/bin/tool"}},
		{"an excluded directory stays as a mount point", Partition{Tar: archive, Exclude: []string{"/usr", "var"}},
			[]string{"/", "/bin", "/dev", "/dev/null", "/usr"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, err := readTree(c.p, mib, 1, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, tr.paths()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestArchivesThatCannotBecomeAFileSystem(t *testing.T) {
	for name, files := range map[string][]file{
		"a line break in a name":        {{name: "a\nrm b"}},
		"a line break in a link":        {{name: "a", h: tar.Header{Typeflag: tar.TypeSymlink, Linkname: "b\nrm /"}}},
		"a name debugfs takes for more": {{name: "<2>"}},
		"a file in place of a folder":   {{name: "a"}, {name: "a/b"}},
		"a link to nothing":             {{name: "a", h: tar.Header{Typeflag: tar.TypeLink, Linkname: "b"}}},
		"a link to a link":              {{name: "a", h: tar.Header{Typeflag: tar.TypeLink, Linkname: "a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			archive := filepath.Join(t.TempDir(), "root.tar")
			writeTar(t, archive, files)
			if tr, err := readTree(Partition{Tar: archive}, mib, 1, t.TempDir()); err == nil {
				t.Errorf("taken: %v", tr.paths())
			}
		})
	}
}

func TestNamesCannotLeaveTheFileSystem(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "root.tar")
	writeTar(t, archive, []file{{name: "../../etc/passwd", body: "x"}})
	tr, err := readTree(Partition{Tar: archive}, mib, 1, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/", "/etc", "/etc/passwd"}, tr.paths()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFilesThatDoNotFitAreRefusedBeforeTheyAreCopied(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "root.tar")
	writeTar(t, archive, testFiles())
	dir := t.TempDir()
	if _, err := readTree(Partition{Tar: archive}, 50000, 1, dir); err == nil {
		t.Error("100000 bytes fit 50000")
	}
}

func FuzzReadTree(f *testing.F) {
	archive := filepath.Join(f.TempDir(), "root.tar")
	writeTar(f, archive, testFiles()[:7]) // small, for speed
	seed, err := os.ReadFile(archive)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		name := filepath.Join(t.TempDir(), "root.tar")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		tr, err := readTree(Partition{Tar: name, Exclude: []string{"usr/bin"}}, mib, 1, t.TempDir())
		if err != nil {
			return
		}
		for _, p := range tr.paths() {
			if p != "/" && tr.nodes[filepath.Dir(p)] == nil {
				t.Errorf("%q has no directory", p)
			}
		}
	})
}
