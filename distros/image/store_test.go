package image

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAddStoresByContentAndReadOnly(t *testing.T) {
	s := open(t)
	disk := qcow2Bytes(nil)
	var seen []Progress
	i, err := s.Add(context.Background(), build(t, disk, nil), func(p Progress) { seen = append(seen, p) })
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(i.Path(RoleDisk))
	if err != nil || string(got) != string(disk) {
		t.Errorf("the stored disk differs: %v", err)
	}
	info, err := os.Stat(i.Path(RoleDisk))
	if err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("mode is %v, %v; want 0444", info.Mode(), err)
	}
	last := seen[len(seen)-1]
	if last.Done != int64(len(disk)) || last.Total != last.Done || last.File != "disk.qcow2" {
		t.Errorf("last progress is %+v", last)
	}
	d, err := i.Disk()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Disk{Path: i.Path(RoleDisk), Format: "qcow2", VirtualSize: 10 << 30}, d); diff != "" {
		t.Error(diff)
	}
	if i.Path(RoleKernel) != "" {
		t.Error("an image without a kernel has a path of one")
	}
	if err := s.VerifyFiles(context.Background(), i.ID); err != nil {
		t.Error(err)
	}
}

func TestAddingAgainReturnsTheSameImage(t *testing.T) {
	s := open(t)
	dir := build(t, qcow2Bytes(nil), nil)
	first := add(t, s, dir)
	if err := os.Remove(filepath.Join(dir, "disk.qcow2")); err != nil {
		t.Fatal(err) // not read again, so it may be gone
	}
	if second := add(t, s, dir); second.ID != first.ID {
		t.Errorf("second address is %s, first %s", second.ID, first.ID)
	}
	other := add(t, s, build(t, qcow2Bytes(func(h []byte) { h[3000] = 1 }), nil))
	if other.ID == first.ID {
		t.Error("two contents have one address")
	}
}

func TestAddRefuses(t *testing.T) {
	disk := qcow2Bytes(nil)
	backing := qcow2Bytes(func(h []byte) { h[15] = 104 })
	page := []byte("<!DOCTYPE html><html><body>Sign in to the network</body></html>" + strings.Repeat(" ", 200))
	for _, tt := range []struct {
		name   string
		disk   []byte
		change func(m *Manifest)
		after  func(dir string) error
		want   string
	}{
		{"another digest", disk, func(m *Manifest) { m.file(func(f *File) { f.SHA256 = strings.Repeat("0", 64) }) }, nil, "the file was changed"},
		{"a shorter file", disk, func(m *Manifest) { m.file(func(f *File) { f.Size++ }) }, nil, "the copy was cut off or changed"},
		{"a longer file", disk, func(m *Manifest) { m.file(func(f *File) { f.Size-- }) }, nil, "the copy was cut off or changed"},
		{"a web page", page, nil, nil, "it is a web page"},
		{"nothing", nil, func(m *Manifest) { m.file(func(f *File) { f.Size = 1 }) }, nil, "it is empty"},
		{"a compressed image", append([]byte("\xfd7zXZ\x00"), disk...), nil, nil, "it is still compressed; unpack it first"},
		{"a backing file", backing, nil, nil, "names a backing file"},
		{"a path for a name", disk, func(m *Manifest) { m.file(func(f *File) { f.Name = "../disk.qcow2" }) }, nil, `name "../disk.qcow2" is not a plain file name`},
		{"a name with a comma", disk, func(m *Manifest) { m.file(func(f *File) { f.Name = "a,b" }) }, nil, `is not a plain file name`},
		{"the manifest as a disk", disk, func(m *Manifest) { m.file(func(f *File) { f.Name = ManifestName }) }, nil, `is not a plain file name`},
		{"no disk", disk, func(m *Manifest) { m.Files = nil }, nil, "neither a disk nor a kernel nor a medium"},
		{"an unknown role", disk, func(m *Manifest) { m.Files["firmware"] = m.Files[RoleDisk] }, nil, "the roles are disk, kernel, initrd and iso"},
		{"a name as path", disk, func(m *Manifest) { m.Distro = "../../x" }, nil, `distro "../../x" is not a catalog name`},
		{"a terminal escape", disk, func(m *Manifest) { m.Verdict = "signed\x1b[2K" }, nil, "verdict is longer than 1000 bytes or holds control characters"},
		{"another schema", disk, func(m *Manifest) { m.Schema = "distrolab.image/9" }, nil, "is not distrolab.image/1"},
		{"a link", disk, nil, func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "disk.qcow2")), os.Symlink("/etc/passwd", filepath.Join(dir, "disk.qcow2")))
		}, "links and devices are not followed"},
		{"a pipe", disk, nil, func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "disk.qcow2")), syscall.Mkfifo(filepath.Join(dir, "disk.qcow2"), 0o600))
		}, "links and devices are not followed"},
		{"no manifest", disk, nil, func(dir string) error { return os.Remove(filepath.Join(dir, ManifestName)) }, "image.json: no such file"},
		{"a huge manifest", disk, nil, func(dir string) error {
			return os.WriteFile(filepath.Join(dir, ManifestName), make([]byte, maxManifestBytes+1), 0o600)
		}, "larger than 64 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			dir := build(t, tt.disk, tt.change)
			if tt.after != nil {
				if err := tt.after(dir); err != nil {
					t.Fatal(err)
				}
			}
			_, err := s.Add(context.Background(), dir, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want it to say %q", err, tt.want)
			}
			if left := append(leftovers(t, s, "staging"), leftovers(t, s, "images")...); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// file changes the disk's entry of a manifest.
func (m *Manifest) file(change func(f *File)) {
	f := m.Files[RoleDisk]
	change(&f)
	m.Files[RoleDisk] = f
}

func TestAddStopsWhenAsked(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Add(ctx, build(t, qcow2Bytes(nil), nil), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want Canceled", err)
	}
	if left := leftovers(t, s, "staging"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestConcurrentAddsOfOneImageAgree(t *testing.T) {
	s := open(t)
	dir := build(t, qcow2Bytes(nil), nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Add(context.Background(), dir, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if images, err := s.List(); err != nil || len(images) != 1 {
		t.Errorf("%d images, %v; want 1", len(images), err)
	}
	if left := leftovers(t, s, "staging"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestNewestIsTheLastPublished(t *testing.T) {
	s := open(t)
	older := build(t, qcow2Bytes(func(h []byte) { h[3000] = 1 }), func(m *Manifest) { m.Version, m.Created = "12", m.Created.Add(-time.Hour) })
	newer := add(t, s, build(t, qcow2Bytes(nil), nil))
	add(t, s, older) // added later, but published earlier
	got, err := s.Newest("debian-local", "amd64")
	if err != nil || got.ID != newer.ID {
		t.Errorf("newest is %s, %v; want %s", got.ID, err, newer.ID)
	}
	if _, err := s.Newest("debian-local", "arm64"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v, want ErrNotExist", err)
	}
}

func TestVerifyFilesNoticesAnEdit(t *testing.T) {
	s := open(t)
	i := add(t, s, build(t, qcow2Bytes(nil), nil))
	path := i.Path(RoleDisk)
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, path, qcow2Bytes(func(h []byte) { h[4000] = 7 }))
	if err := s.VerifyFiles(context.Background(), i.ID); err == nil || !strings.Contains(err.Error(), "the file was changed") {
		t.Errorf("error is %v", err)
	}
}

func TestDamagedImageDoesNotHideOthers(t *testing.T) {
	s := open(t)
	good := add(t, s, build(t, qcow2Bytes(nil), nil))
	bad := filepath.Join(s.dir, "images", "debian-local-0123456789abcdef")
	if err := os.Mkdir(bad, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(bad, ManifestName), []byte("{"))
	images, err := s.List()
	if len(images) != 1 || images[0].ID != good.ID {
		t.Errorf("images are %v", images)
	}
	if err == nil || !strings.Contains(err.Error(), "debian-local-0123456789abcdef") {
		t.Errorf("error is %v, want it to name the damaged image", err)
	}
	if err := s.Remove("debian-local-0123456789abcdef"); err != nil {
		t.Errorf("a damaged image cannot be removed: %v", err)
	}
}

func TestGetRefusesPaths(t *testing.T) {
	s := open(t)
	for _, id := range []string{"", "..", "../images", "a/b", "debian-local", "debian-local-0123456789abcdeg", "debian-local-0123456789abcdef\n"} {
		if _, err := s.Get(id); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Get(%q) = %v, want ErrNotExist", id, err)
		}
		if err := s.Remove(id); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Remove(%q) = %v, want ErrNotExist", id, err)
		}
	}
}

func TestPinnedImageStays(t *testing.T) {
	s := open(t)
	i := add(t, s, build(t, qcow2Bytes(nil), nil))
	for range 2 {
		if err := s.Pin(i.ID, "lab-demo"); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Open(s.dir) // as another process sees it
	if err != nil {
		t.Fatal(err)
	}
	var busy *InUseError
	if err := again.Remove(i.ID); !errors.As(err, &busy) || !cmp.Equal(busy.Who, []string{"lab-demo"}) {
		t.Errorf("error is %v, want in use by lab-demo", err)
	}
	if err := s.Unpin(i.ID, "lab-demo"); err != nil {
		t.Fatal(err)
	}
	if err := s.Unpin(i.ID, "lab-demo"); err != nil {
		t.Errorf("unpinning twice: %v", err)
	}
	if err := again.Remove(i.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(i.ID); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after removal: %v", err)
	}
	if err := s.Pin(i.ID, "lab-demo"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("pinning what is gone: %v", err)
	}
	if left := leftovers(t, s, "staging"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestPinOwnersCannotLeaveTheDirectory(t *testing.T) {
	s := open(t)
	i := add(t, s, build(t, qcow2Bytes(nil), nil))
	for _, who := range []string{"", "..", "../x", "a/b", "a b", ".hidden"} {
		if err := s.Pin(i.ID, who); err == nil {
			t.Errorf("Pin for %q succeeds", who)
		}
		if err := s.Unpin(i.ID, who); err == nil {
			t.Errorf("Unpin for %q succeeds", who)
		}
	}
}

func TestHeldImageStaysUntilReleased(t *testing.T) {
	s := open(t)
	i := add(t, s, build(t, qcow2Bytes(nil), nil))
	release, err := s.Hold(i.ID)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Hold(i.ID)
	if err != nil {
		t.Fatal(err)
	}
	release()
	var busy *InUseError
	if err := s.Remove(i.ID); !errors.As(err, &busy) {
		t.Errorf("error is %v, want InUseError", err)
	}
	second()
	if err := s.Remove(i.ID); err != nil {
		t.Error(err)
	}
}

func TestSweepLeavesLivingWorkAlone(t *testing.T) {
	s := open(t)
	alive, err := s.stage()
	if err != nil {
		t.Fatal(err)
	}
	defer alive.discard()
	killed, err := s.stage()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(killed.dir, "disk.qcow2"), []byte("half"))
	if err := killed.lock.Close(); err != nil { // what the kernel does for a killed process
		t.Fatal(err)
	}
	if gone, err := s.Sweep(); err != nil || len(gone) != 0 {
		t.Errorf("swept %v, %v; want nothing so soon", gone, err)
	}
	s.now = func() time.Time { return time.Now().Add(time.Hour) }
	gone, err := s.Sweep()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{killed.dir}, gone); diff != "" {
		t.Error(diff)
	}
}

func TestFullDiskIsSaidBeforeTheCopy(t *testing.T) {
	s := open(t)
	_, err := s.Add(context.Background(), build(t, qcow2Bytes(nil), func(m *Manifest) {
		m.file(func(f *File) { f.Size = 1 << 45 })
	}), nil)
	var full *NoSpaceError
	if !errors.As(err, &full) || full.Need < 1<<45 || full.Free <= 0 {
		t.Errorf("error is %v, want NoSpaceError with numbers", err)
	}
}
