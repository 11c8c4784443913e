package image

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// twoImages fills a store.
func twoImages(t *testing.T, s *Store) (a, b Image) {
	t.Helper()
	spec := specOf(serve(t, served(bigDisk()))+"/a.img", "", bigDisk())
	spec.Manifest.Verdict = "signed by the vendor"
	spec.Manifest.Trust = TrustSigned
	return wantStored(t, s, spec, bigDisk()), add(t, s, build(t, qcow2Bytes(nil), nil))
}

func writeKit(t *testing.T, s *Store, dir string, ids ...string) Kit {
	t.Helper()
	k, err := s.WriteKit(t.Context(), dir, ids, nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKitCarriesImages(t *testing.T) {
	from, to, dir := open(t), open(t), t.TempDir()
	a, b := twoImages(t, from)
	from.now = func() time.Time { return time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) }
	k := writeKit(t, from, dir, a.ID, b.ID)
	if len(k.Images) != 2 || len(k.Images[0].Files) != 2 {
		t.Errorf("kit is %+v", k)
	}
	got, err := to.ReadKit(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].ID != a.ID || got[1].ID != b.ID {
		t.Errorf("read %+v", got)
	}
	want := "from a kit packed on 2026-11-26, whose digests match; the machine that packed it said signed: signed by the vendor; here the publisher's signature was not checked"
	if m := got[0].Manifest; m.Trust != TrustLocal || m.Verdict != want {
		t.Errorf("trust is %q, verdict %q", m.Trust, m.Verdict)
	}
	if diff := cmp.Diff(a.Manifest.Files, got[0].Manifest.Files); diff != "" {
		t.Error(diff)
	}
	for _, i := range got {
		if err := to.VerifyFiles(t.Context(), i.ID); err != nil {
			t.Error(err)
		}
	}
	// Where an image was verified, a kit takes nothing from it.
	if again, err := from.ReadKit(t.Context(), dir, nil); err != nil || again[0].Manifest.Trust != TrustSigned {
		t.Errorf("trust is %q, %v", again[0].Manifest.Trust, err)
	}
}

func TestKitGrowsAndIsPackedOnce(t *testing.T) {
	s, dir := open(t), t.TempDir()
	a, b := twoImages(t, s)
	writeKit(t, s, dir, a.ID)
	path := filepath.Join(dir, a.ID, a.Manifest.Files[RoleDisk].Name)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if k := writeKit(t, s, dir, a.ID, b.ID); len(k.Images) != 2 {
		t.Errorf("kit is %+v", k)
	}
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("the first image was packed again: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	writeKit(t, s, dir, a.ID) // what is missing comes back
	if got, err := open(t).ReadKit(t.Context(), dir, nil); err != nil || len(got) != 2 {
		t.Errorf("read %d images, %v", len(got), err)
	}
}

func TestInterruptedPackingLeavesNoHalfImage(t *testing.T) {
	s, dir := open(t), t.TempDir()
	a, b := twoImages(t, s)
	writeKit(t, s, dir, a.ID)
	half := filepath.Join(dir, ".packing-1") // as kill -9 leaves it
	if err := os.Mkdir(half, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(half, "disk.qcow2"), []byte("half"))
	if got, err := open(t).ReadKit(t.Context(), dir, nil); err != nil || len(got) != 1 || got[0].ID != a.ID {
		t.Errorf("read %v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.free = func(string) (int64, error) { return 0, nil }
	if _, err := s.WriteKit(ctx, dir, []string{b.ID, "not-an-image"}, nil); err == nil {
		t.Error("packing what is not there succeeds")
	}
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", half, err)
	}
	if got, err := open(t).ReadKit(t.Context(), dir, nil); err != nil || len(got) == 0 {
		t.Errorf("read %v, %v", got, err)
	}
}

// A medium is another file system, so files are copied and compared.
func TestKitOnAnotherFileSystem(t *testing.T) {
	s := open(t)
	a, _ := twoImages(t, s)
	to := filepath.Join(t.TempDir(), "disk")
	src, err := os.Open(a.Path(RoleDisk))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	f := a.Manifest.Files[RoleDisk]
	dst, err := s.copyOut(t.Context(), src, to, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	dst.Close()
	if err := verifyFile(t.Context(), to, f); err != nil {
		t.Error(err)
	}
	if _, err := src.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	f.SHA256 = strings.Repeat("0", 64)
	if _, err := s.copyOut(t.Context(), src, to+"2", f, nil); err == nil || !strings.Contains(err.Error(), "the file was changed") {
		t.Errorf("error is %v", err)
	}
	s.free = func(string) (int64, error) { return 1, nil }
	var full *NoSpaceError
	if _, err := s.copyOut(t.Context(), src, to+"3", f, nil); !errors.As(err, &full) {
		t.Errorf("error is %v, want NoSpaceError", err)
	}
}

func TestReadKitRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, dir string, i Image)
		want   string
	}{
		{"no index", func(t *testing.T, dir string, _ Image) { remove(t, filepath.Join(dir, KitName)) }, "kit.json: no such file"},
		{"a changed file", func(t *testing.T, dir string, i Image) {
			path := filepath.Join(dir, i.ID, "a.img")
			disk := bigDisk()
			disk[9000]++
			remove(t, path)
			write(t, path, disk)
		}, "the file was changed"},
		{"a shorter file", func(t *testing.T, dir string, i Image) {
			path := filepath.Join(dir, i.ID, "a.img")
			remove(t, path)
			write(t, path, bigDisk()[:9000])
		}, "the copy was cut off"},
		{"a missing file", func(t *testing.T, dir string, i Image) { remove(t, filepath.Join(dir, i.ID, "a.img")) }, "a.img: no such file"},
		{"a changed manifest", func(t *testing.T, dir string, i Image) {
			path := filepath.Join(dir, i.ID, ManifestName)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			remove(t, path)
			write(t, path, []byte(strings.Replace(string(text), "signed by the vendor", "signed by the Vendor", 1)))
		}, "image.json is not as kit.json lists it"},
		{"a link in place of a file", func(t *testing.T, dir string, i Image) {
			path := filepath.Join(dir, i.ID, "a.img")
			remove(t, path)
			if err := os.Symlink("/etc/passwd", path); err != nil {
				t.Fatal(err)
			}
		}, "links and devices are not followed"},
		{"a link that leads out", func(t *testing.T, dir string, i Image) {
			if err := errors.Join(os.RemoveAll(filepath.Join(dir, i.ID)), os.Symlink("/etc", filepath.Join(dir, i.ID))); err != nil {
				t.Fatal(err)
			}
		}, "escapes"},
		{"an address that is a path", changeKit(func(k *Kit) { k.Images[0].ID = "../" + k.Images[0].ID }), "is not the address of an image"},
		{"another image's address", func(t *testing.T, dir string, i Image) {
			other := "debian-0123456789abcdef"
			changeKit(func(k *Kit) { k.Images[0].ID = other })(t, dir, i)
			if err := os.Rename(filepath.Join(dir, i.ID), filepath.Join(dir, other)); err != nil {
				t.Fatal(err)
			}
		}, "its image.json describes flatcar-"},
		{"an image twice", changeKit(func(k *Kit) { k.Images = append(k.Images, k.Images[0]) }), "or is there twice"},
		{"a path as file", changeKit(func(k *Kit) { k.Images[0].Files[0].Name = "../../x" }), "whose name, sha256 or size is wrong"},
		{"another schema", changeKit(func(k *Kit) { k.Schema = "x" }), "is not distrolab.kit/1"},
		{"an index without files", changeKit(func(k *Kit) { k.Images[0].Files = nil }), "is not as kit.json lists it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, to, dir := open(t), open(t), t.TempDir()
			i, _ := twoImages(t, from)
			writeKit(t, from, dir, i.ID)
			tt.change(t, dir, i)
			got, err := to.ReadKit(t.Context(), dir, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(got) != 0 {
				t.Errorf("read %v, error is %v, want it to say %q", got, err, tt.want)
			}
			untouchedStore(t, to)
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func changeKit(change func(k *Kit)) func(t *testing.T, dir string, i Image) {
	return func(t *testing.T, dir string, _ Image) {
		t.Helper()
		var k Kit
		text, err := os.ReadFile(filepath.Join(dir, KitName))
		if err == nil {
			err = json.Unmarshal(text, &k)
		}
		if err != nil {
			t.Fatal(err)
		}
		change(&k)
		if text, err = json.Marshal(k); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, KitName), text)
	}
}

func FuzzKit(f *testing.F) {
	f.Add([]byte(`{"schema":"distrolab.kit/1","packed":"2026-11-26T00:00:00Z","images":[{"id":"a-0123456789abcdef","files":[{"name":"image.json","sha256":"` + strings.Repeat("0", 64) + `","size":1}]}]}`))
	f.Add([]byte(`{"schema":"distrolab.kit/1","images":[{"id":"../x"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := parseKit(text)
		if err != nil {
			return
		}
		for _, i := range k.Images {
			if filepath.Base(i.ID) != i.ID || strings.Contains(i.ID, ".") {
				t.Errorf("accepted the address %q", i.ID)
			}
			for _, f := range i.Files {
				if filepath.Base(f.Name) != f.Name || strings.HasPrefix(f.Name, ".") || f.Size <= 0 {
					t.Errorf("accepted the file %+v", f)
				}
			}
		}
	})
}
