package image

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// images fills a store with images of a megabyte, each used an hour after the
// one before.
func images(t *testing.T, s *Store, names ...string) map[string]Image {
	t.Helper()
	start := time.Now()
	all := map[string]Image{}
	for n, name := range names {
		s.now = func() time.Time { return start.Add(time.Duration(n) * time.Hour) }
		disk := hugeDisk(0)
		disk = append(disk, make([]byte, 1<<20)...)
		for i := 4096; i < len(disk); i += 4096 {
			disk[i] = byte(n + 1)
		}
		all[name] = add(t, s, build(t, disk, func(m *Manifest) { m.Distro = name }))
	}
	return all
}

func TestShrinkRemovesTheLongestUnused(t *testing.T) {
	s := open(t)
	all := images(t, s, "a", "b", "c", "d", "e", "f")
	release, err := s.Hold(all["b"].ID)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if err := s.Pin(all["c"].ID, "lab"); err != nil {
		t.Fatal(err)
	}
	s.now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	a, err := s.Hold(all["a"].ID) // the oldest is used again
	if err != nil {
		t.Fatal(err)
	}
	a()
	u, err := s.Usage()
	if err != nil || u.Images != 6 || u.Bytes < 6<<20 || u.Bytes > 7<<20 {
		t.Fatalf("usage is %+v, %v", u, err)
	}
	if gone, err := s.Shrink(0); err != nil || len(gone) != 0 {
		t.Errorf("no limit removes %v, %v", gone, err)
	}
	if gone, err := s.Shrink(u.Bytes); err != nil || len(gone) != 0 {
		t.Errorf("enough room removes %v, %v", gone, err)
	}
	gone, err := s.Shrink(u.Bytes - 1)
	if err != nil || len(gone) != 1 || gone[0].ID != all["d"].ID {
		t.Errorf("removed %v, %v, want d", gone, err)
	}
	gone, err = s.Shrink(1, all["e"].ID)
	var names []string
	for _, i := range gone {
		names = append(names, i.Manifest.Distro)
	}
	if diff := cmp.Diff([]string{"f", "a"}, names); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if left, err := s.List(); err != nil || len(left) != 3 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestShrinkDropsOldUnfinishedDownloadsFirst(t *testing.T) {
	s := open(t)
	images(t, s, "a")
	s.now = time.Now
	parts := map[string]time.Duration{"old": 25 * time.Hour, "young": time.Hour, "busy": 48 * time.Hour}
	for name, age := range parts {
		path := filepath.Join(s.dir, "partial", name+".part")
		write(t, path, make([]byte, 64<<10))
		when := time.Now().Add(-age)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	busy, err := os.Create(filepath.Join(s.dir, "partial", "busy.lock"))
	if err == nil {
		err = syscall.Flock(int(busy.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	u, err := s.Usage()
	if err != nil || u.Unfinished != 3*64<<10 {
		t.Errorf("usage is %+v, %v", u, err)
	}
	if gone, err := s.Shrink(u.Bytes + u.Unfinished - 1); err != nil || len(gone) != 0 {
		t.Errorf("removed %v, %v", gone, err)
	}
	if diff := cmp.Diff([]string{"busy.lock", "busy.part", "young.part"}, leftovers(t, s, "partial")); diff != "" {
		t.Error(diff)
	}
	s.now = func() time.Time { return time.Now().Add(31 * 24 * time.Hour) }
	if gone, err := s.Sweep(); err != nil || len(gone) != 1 || !strings.HasSuffix(gone[0], "young.part") {
		t.Errorf("swept %v, %v", gone, err)
	}
}

func TestSameFileIsStoredOnce(t *testing.T) {
	s := open(t)
	disk := bigDisk()
	one := add(t, s, build(t, disk, nil))
	two := add(t, s, build(t, disk, func(m *Manifest) { m.Version = "14" }))
	path := filepath.Join(t.TempDir(), "disk")
	write(t, path, compressed(t, "gz", disk))
	three, err := s.Import(t.Context(), path, ImportSpec{Distro: "mine", Arch: "amd64"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Of this one, the index says beforehand what it will be.
	a := &asked{next: served(disk)}
	four := wantStored(t, s, specOf(serve(t, a)+"/a.img", "", disk), disk)
	if len(a.ranges) != 0 {
		t.Errorf("asked the network for %v", a.ranges)
	}
	// Of this one only when it is here.
	packed := compressed(t, "zst", disk)
	spec := specOf(serve(t, served(packed))+"/a.img.zst", "zst", packed)
	spec.Manifest.Version = "7"
	five := wantStored(t, s, spec, disk)
	first, err := os.Stat(one.Path(RoleDisk))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []Image{two, three, four, five} {
		if info, err := os.Stat(i.Path(RoleDisk)); err != nil || !os.SameFile(first, info) {
			t.Errorf("%s has its own copy: %v", i.ID, err)
		}
	}
	if u, err := s.Usage(); err != nil || u.Images != 5 || u.Bytes > int64(len(disk))+64<<10 {
		t.Errorf("usage is %+v, %v", u, err)
	}
	for _, i := range []Image{one, two, three, four} {
		if err := s.Remove(i.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.VerifyFiles(t.Context(), five.ID); err != nil {
		t.Errorf("the last name of the file: %v", err)
	}
}

func TestFileThatWasWrittenToIsNotShared(t *testing.T) {
	s := open(t)
	disk := bigDisk()
	one := add(t, s, build(t, disk, nil))
	if err := os.Chmod(one.Path(RoleDisk), 0o644); err != nil { // before one writes
		t.Fatal(err)
	}
	two := add(t, s, build(t, disk, func(m *Manifest) { m.Version = "14" }))
	write(t, one.Path(RoleDisk), []byte("changed"))
	if err := s.VerifyFiles(t.Context(), two.ID); err != nil {
		t.Error(err)
	}
}

// A signature over other bytes than the stored ones is always checked.
func TestSignedFileIsFetchedEvenIfItsContentIsHere(t *testing.T) {
	s, disk, v := open(t), bigDisk(), newVendor(t)
	add(t, s, build(t, disk, nil))
	a := &asked{next: served(disk)}
	spec := specOf(serve(t, a)+"/a.img", "", disk)
	spec.Remotes[0].Signature = &Signature{Bytes: v.sign(t, []byte("another file")), Keys: v.keys(t)}
	if _, err := s.Fetch(t.Context(), http.DefaultClient, spec, nil); err == nil || len(a.ranges) != 1 {
		t.Errorf("error is %v after %d requests", err, len(a.ranges))
	}
}

func TestDamagedImageIsReplaced(t *testing.T) {
	s := open(t)
	dir := build(t, qcow2Bytes(nil), nil)
	i := add(t, s, dir)
	remove(t, filepath.Join(i.Dir, ManifestName))
	write(t, filepath.Join(i.Dir, ManifestName), nil) // as a crash leaves it
	if _, err := s.Get(i.ID); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("error is %v", err)
	}
	if again := add(t, s, dir); again.ID != i.ID {
		t.Errorf("address is %s, want %s", again.ID, i.ID)
	}
	if left := leftovers(t, s, "staging"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestImageIsReadOnceAfterARestart(t *testing.T) {
	for name, damage := range map[string]bool{"whole": false, "damaged by a crash": true} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			i := add(t, s, build(t, qcow2Bytes(nil), nil))
			use := func() error {
				release, err := s.Hold(i.ID)
				if err == nil {
					release()
				}
				return err
			}
			if err := use(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{i.ID}, leftovers(t, s, "fresh")); diff != "" {
				t.Error(diff)
			}
			if damage {
				if err := os.Chmod(i.Path(RoleDisk), 0o600); err != nil {
					t.Fatal(err)
				}
				write(t, i.Path(RoleDisk), make([]byte, len(qcow2Bytes(nil)))) // zeros, as file systems give them
			}
			if err := use(); err != nil {
				t.Fatalf("in the same boot: %v", err)
			}
			s.boot = func() string { return "another" }
			err := use()
			if damage {
				if err == nil || !strings.Contains(err.Error(), "the machine stopped before image "+i.ID) {
					t.Errorf("error is %v", err)
				}
				return
			}
			if err != nil || len(leftovers(t, s, "fresh")) != 0 {
				t.Errorf("%v, still noted: %v", err, leftovers(t, s, "fresh"))
			}
		})
	}
}

func TestImageThatIsOnTheDiskIsNotReadAgain(t *testing.T) {
	s := open(t)
	i := add(t, s, build(t, qcow2Bytes(nil), nil))
	s.now = func() time.Time { return time.Now().Add(settled + time.Second) }
	release, err := s.Hold(i.ID)
	if err != nil {
		t.Fatal(err)
	}
	release()
	if left := leftovers(t, s, "fresh"); len(left) != 0 {
		t.Errorf("still noted: %v", left)
	}
	if err := s.Remove(i.ID); err != nil {
		t.Fatal(err)
	}
}

func TestMediumHasNoDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.iso")
	write(t, path, isoBytes())
	i, err := open(t).Import(t.Context(), path, ImportSpec{Distro: "k3os", Arch: "amd64"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Disk(); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "it has none, but iso") {
		t.Errorf("error is %v", err)
	}
	if filepath.Base(i.Path(RoleISO)) != "medium.iso" {
		t.Errorf("path is %s", i.Path(RoleISO))
	}
}
