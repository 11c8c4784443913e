package main

import (
	"archive/tar"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// needTools skips a test when the host lacks a program, except where
// DISTROLAB_NEED_TOOLS says that everything is installed.
func needTools(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil && lookSbin(name) == "" {
			if os.Getenv("DISTROLAB_NEED_TOOLS") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

type file struct {
	name, body string
	h          tar.Header
}

func writeTar(t testing.TB, name string, files []file) {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := f.h
		h.Name, h.Size = f.name, int64(len(f.body))
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if h.ModTime.IsZero() {
			h.ModTime = time.Unix(1700000000, 0)
		}
		h.Format = tar.FormatPAX
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func testFiles() []file {
	return []file{
		{name: "./", h: tar.Header{Typeflag: tar.TypeDir, Mode: 0o755}},
		{name: "./usr/", h: tar.Header{Typeflag: tar.TypeDir, Mode: 0o755}},
		{name: "./usr/bin/", h: tar.Header{Typeflag: tar.TypeDir, Mode: 0o755}},
		{name: "./usr/bin/tool", body: "#!/bin/sh\n", h: tar.Header{Mode: 0o4755, Uid: 70000, Gid: 8}},
		{name: "./usr/bin/same", h: tar.Header{Typeflag: tar.TypeLink, Linkname: "./usr/bin/tool"}},
		{name: "./usr/bin/a name with \"quotes\" and spaces", body: "x"},
		{name: "./bin", h: tar.Header{Typeflag: tar.TypeSymlink, Linkname: "usr/bin", Mode: 0o777}},
		{name: "./dev/null", h: tar.Header{Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3, Mode: 0o666}},
		{name: "./var/implied/file", body: strings.Repeat("y", 100000)},
		{name: "./usr/bin/caps", body: "z", h: tar.Header{PAXRecords: map[string]string{xattrPrefix + "user.note": "said\x00twice"}}},
	}
}

func TestFileSystemHoldsWhatTheArchiveSays(t *testing.T) {
	needTools(t, "mke2fs", "debugfs", "e2fsck")
	dir := t.TempDir()
	archive := filepath.Join(dir, "root.tar")
	writeTar(t, archive, testFiles())
	image := filepath.Join(dir, "image")
	p := Partition{Name: "root", Label: "root", UUID: deriveUUID("t", "root"), Tar: archive}
	if err := makeExt4(context.Background(), p, 128*mib, 1700000001, dir, image); err != nil {
		t.Fatal(err)
	}
	stat := func(name string) string { return debugfs(t, image, "stat \""+strings.ReplaceAll(name, `"`, `""`)+"\"") }
	for name, wants := range map[string][]string{
		"/usr/bin/tool": {"Mode:  04755", "User: 70000", "Group:     8", "Links: 2", "mtime: 0x6553f100"},
		"/usr/bin/same": {"Mode:  04755", "Links: 2"},
		"/bin":          {"Type: symlink", `Fast link dest: "usr/bin"`},
		"/dev/null":     {"character special", "Mode:  0666", "Device major/minor number: 01:03"},
		"/var/implied":  {"Type: directory", "Mode:  0755"},
		"/usr/bin/caps": {"user.note"},
		`/usr/bin/a name with "quotes" and spaces`: {"Size: 1"},
	} {
		got := stat(name)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is not in\n%s", name, want, got)
			}
		}
	}
	if diff := cmp.Diff(strings.Repeat("y", 100000), debugfs(t, image, "cat /var/implied/file")); diff != "" {
		t.Errorf("content (-want +got)\n%s", diff)
	}
}

func debugfs(t *testing.T, image, command string) string {
	t.Helper()
	name, err := exec.LookPath("debugfs")
	if err != nil {
		name = lookSbin("debugfs")
	}
	out, err := exec.Command(name, "-R", command, image).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestSameInputGivesTheSameDisk(t *testing.T) {
	needTools(t, "mke2fs", "debugfs", "e2fsck", "mkfs.vfat", "mmd", "mcopy", "qemu-img")
	var disks [2][]byte
	for i := range disks {
		dir := t.TempDir()
		writeTar(t, filepath.Join(dir, "root.tar"), testFiles())
		for name, data := range map[string][]byte{"boot": testBoot(), "core": testCore(4096), "efi": []byte("MZ")} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		spec := filepath.Join(dir, "spec.json")
		text := `{"seed":"t","size_mib":200,"epoch":1700000001,"grub":{"boot":"boot","core":"core","efi":"efi"},"partitions":[
			{"number":3,"name":"usr","type":"usr","size_mib":80,"tar":"root.tar","subtree":"usr"},
			{"number":9,"name":"root","type":"root","size_mib":0,"tar":"root.tar","exclude":["/usr"]}]}`
		if err := os.WriteFile(spec, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, "disk.qcow2")
		if err := run(context.Background(), []string{"-work", dir, spec, out}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		disks[i] = data
		if left, _ := filepath.Glob(filepath.Join(dir, "disk-*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	if !bytes.Equal(disks[0], disks[1]) {
		t.Error("two builds differ")
	}
}

func TestADiskThatCannotBeMadeLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	spec := filepath.Join(dir, "spec.json")
	text := `{"seed":"t","size_mib":64,"epoch":1,"partitions":[{"number":1,"name":"root","type":"root","size_mib":0,"tar":"missing.tar"}]}`
	if err := os.WriteFile(spec, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(context.Background(), []string{"-work", dir, spec, filepath.Join(dir, "out")}); err == nil {
		t.Fatal("made without its archive")
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{spec}, names); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
