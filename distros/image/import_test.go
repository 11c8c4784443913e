package image

import (
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// isoBytes is the beginning of a medium, which also starts as a disk does.
func isoBytes() []byte {
	b := make([]byte, 64<<10)
	copy(b[510:], "\x55\xaa")
	copy(b[isoMark:], isoMagic)
	copy(b[40000:], "some content")
	return b
}

func rawBytes(mark string, at int) []byte {
	b := make([]byte, 1<<20)
	copy(b[at:], mark)
	copy(b[900<<10:], "some content")
	return b
}

func TestImportKnowsAFileByItsFirstBytes(t *testing.T) {
	for _, tt := range []struct {
		name         string
		content      []byte
		role, format string
		file         string
	}{
		{"qcow2", bigDisk(), RoleDisk, "qcow2", "disk.qcow2"},
		{"raw with MBR", rawBytes("\x55\xaa", 510), RoleDisk, "raw", "disk.raw"},
		{"raw with GPT", rawBytes("EFI PART", 512), RoleDisk, "raw", "disk.raw"},
		{"medium", isoBytes(), RoleISO, "iso9660", "medium.iso"},
	} {
		for _, how := range Compressions() {
			t.Run(tt.name+" "+how, func(t *testing.T) {
				file := compressed(t, how, tt.content)
				path := filepath.Join(t.TempDir(), "no telling, name")
				write(t, path, file)
				sum := sha512.Sum512(file)
				s := open(t)
				var last Progress
				i, err := s.Import(t.Context(), path, ImportSpec{Distro: "own-system", Arch: "amd64", Digest: strings.ToUpper(hex.EncodeToString(sum[:]))}, func(p Progress) { last = p })
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]File{tt.role: {Name: tt.file, SHA256: hexSum(tt.content), Size: int64(len(tt.content)), Format: tt.format}}
				if diff := cmp.Diff(want, i.Manifest.Files); diff != "" {
					t.Error(diff)
				}
				if m := i.Manifest; m.Trust != TrustLocal || m.Version != "imported" || !strings.Contains(m.Verdict, "the digest given with it matches") {
					t.Errorf("manifest is %+v", m)
				}
				if last.Done != int64(len(file)) || last.Total != last.Done {
					t.Errorf("last progress is %+v", last)
				}
				if err := s.VerifyFiles(t.Context(), i.ID); err != nil {
					t.Error(err)
				}
				if left := leftovers(t, s, "staging"); len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
			})
		}
	}
}

func TestImportOfKernelAndInitramfs(t *testing.T) {
	dir, kernel := t.TempDir(), make([]byte, 4096)
	copy(kernel[0x202:], "HdrS")
	initrd := compressed(t, "gz", []byte("070701 an archive"))
	write(t, filepath.Join(dir, "k"), kernel)
	write(t, filepath.Join(dir, "i"), initrd)
	i, err := open(t).Import(t.Context(), "", ImportSpec{Distro: "linuxkit", Version: "2", Arch: "amd64",
		Kernel: filepath.Join(dir, "k"), Initrd: filepath.Join(dir, "i"), Cmdline: "console=ttyS0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]File{
		RoleKernel: {Name: "kernel", SHA256: hexSum(kernel), Size: 4096, Format: "bzImage"},
		RoleInitrd: {Name: "initrd", SHA256: hexSum(initrd), Size: int64(len(initrd)), Format: "cpio"}, // the kernel unpacks it
	}
	if diff := cmp.Diff(want, i.Manifest.Files); diff != "" {
		t.Error(diff)
	}
	if i.Manifest.Cmdline != "console=ttyS0" || !strings.Contains(i.Manifest.Verdict, "nobody vouches") {
		t.Errorf("manifest is %+v", i.Manifest)
	}
}

func TestImportRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		write(t, filepath.Join(dir, name), content)
		return filepath.Join(dir, name)
	}
	disk := file("disk", bigDisk())
	packed := compressed(t, "zst", bigDisk())
	fine := ImportSpec{Distro: "own", Arch: "amd64"}
	with := func(change func(s *ImportSpec)) ImportSpec {
		s := fine
		change(&s)
		return s
	}
	for _, tt := range []struct {
		name, path string
		spec       ImportSpec
		want       string
	}{
		{"text", file("text", []byte(strings.Repeat("hello ", 10000))), fine, "it does not start as a disk or a medium does"},
		{"a page", file("page", []byte("<!doctype html>")), fine, "it is a web page"},
		{"nothing", file("nothing", nil), fine, "it is empty"},
		{"a truncated file", file("cut", packed[:len(packed)-9]), fine, "unexpected EOF"},
		{"text in a compressed file", file("text.gz", compressed(t, "gz", []byte("hello"))), fine, "it does not start as a disk or a medium does"},
		{"another digest", disk, with(func(s *ImportSpec) { s.Digest = strings.Repeat("0", 64) }), "but the digest given with it is 000"},
		{"half a digest", disk, with(func(s *ImportSpec) { s.Digest = "00" }), "is neither a SHA-256 of 64 nor a SHA-512 of 128"},
		{"a path for a name", disk, with(func(s *ImportSpec) { s.Distro = "../x" }), "is not a catalog name"},
		{"no architecture", disk, with(func(s *ImportSpec) { s.Arch = "" }), "is not amd64 or arm64"},
		{"a disk and a kernel", disk, with(func(s *ImportSpec) { s.Kernel = disk }), "name either one disk or medium, or a kernel"},
		{"neither", "", fine, "name either one disk or medium, or a kernel"},
		{"a disk as kernel", "", with(func(s *ImportSpec) { s.Kernel = disk }), "it does not start as a kernel does"},
		{"a device", "/dev/zero", fine, "it is not a plain file"},
		{"a directory", dir, fine, "it is not a plain file"},
		{"what is not there", filepath.Join(dir, "gone"), fine, "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			_, err := s.Import(t.Context(), tt.path, tt.spec, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want it to say %q", err, tt.want)
			}
			untouchedStore(t, s)
		})
	}
	s := open(t)
	s.free = func(string) (int64, error) { return spareBytes, nil }
	var full *NoSpaceError
	if _, err := s.Import(t.Context(), disk, fine, nil); !errors.As(err, &full) {
		t.Errorf("error is %v, want NoSpaceError", err)
	}
}

func TestImportLeavesTheFileAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.img")
	write(t, path, bigDisk())
	s := open(t)
	i, err := s.Import(t.Context(), path, ImportSpec{Distro: "own", Arch: "amd64"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, []byte("overwritten")) // in place, as an editor may
	if err := s.VerifyFiles(t.Context(), i.ID); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode of the person's file is %v, %v", info.Mode(), err)
	}
}

// Zeros of a raw disk take no space.
func TestRawDisksAreSparse(t *testing.T) {
	raw := make([]byte, 64<<20)
	copy(raw[510:], "\x55\xaa")
	copy(raw[32<<20:], "some content")
	for _, how := range []string{"", "zst"} {
		path := filepath.Join(t.TempDir(), "disk")
		write(t, path, compressed(t, how, raw))
		s := open(t)
		i, err := s.Import(t.Context(), path, ImportSpec{Distro: "own", Arch: "amd64"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.VerifyFiles(t.Context(), i.ID); err != nil {
			t.Error(err)
		}
		if u, err := s.Usage(); err != nil || u.Bytes > 2<<20 {
			t.Errorf("usage is %+v, %v", u, err)
		}
	}
}
