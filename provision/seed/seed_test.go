package seed_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kdomanski/iso9660"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/seed"
)

func volume(label string, docs ...provision.Document) provision.Config {
	return provision.Config{Documents: docs, Delivery: distros.Delivery{Kind: distros.DeliverVolume, Label: label}}
}

func nocloud() []provision.Document {
	return []provision.Document{
		{Name: "user-data", Content: "#cloud-config\n"},
		{Name: "meta-data", Content: "instance-id: a\n"},
		{Name: "network-config", Content: strings.Repeat("x", 5000)},
		{Name: "openstack/latest/user_data", Content: "deep\n"},
		{Name: "openstack/latest/meta_data.json", Content: "{}"},
		{Name: "combustion/script", Content: "#!/bin/sh\n"},
		{Name: "ignition/config.ign", Content: "{}\n"},
		{Name: "net.toml", Content: "version = 3\n"},
		{Name: "user-data.toml", Content: "a = 1\n"},
		{Name: "bootconfig.data", Content: "kernel {\n}\n\x00\x00(\x00\x00\x00#BOOTCONFIG\n"},
		{Name: "config.ignition", Content: ""},
	}
}

// read lists the files of an image by path.
func read(t rapid.TB, image []byte) (label string, files map[string]string) {
	t.Helper()
	img, err := iso9660.OpenImage(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	if label, err = img.Label(); err != nil {
		t.Fatal(err)
	}
	root, err := img.RootDir()
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	var walk func(dir *iso9660.File, at string)
	walk = func(dir *iso9660.File, at string) {
		children, err := dir.GetChildren()
		if err != nil {
			t.Fatal(err)
		}
		for _, child := range children {
			if child.IsDir() {
				walk(child, at+child.Name()+"/")
				continue
			}
			content, err := io.ReadAll(child.Reader())
			if err != nil {
				t.Fatal(err)
			}
			files[at+child.Name()] = string(content)
		}
	}
	walk(root, "")
	return label, files
}

func asMap(docs []provision.Document) map[string]string {
	files := map[string]string{}
	for _, doc := range docs {
		files[doc.Name] = doc.Content
	}
	return files
}

func TestVolumeHoldsLabelAndFiles(t *testing.T) {
	for _, want := range []string{"cidata", "CIDATA", "config-2"} {
		media, err := seed.Pack(volume(want, nocloud()...), "")
		if err != nil {
			t.Fatal(err)
		}
		label, files := read(t, media.Volume.Image)
		if label != want || media.Volume.Label != want {
			t.Errorf("label %q, want %q", label, want)
		}
		if diff := cmp.Diff(asMap(nocloud()), files); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	}
}

// Another reader than the writer's own: xorriso.
func TestVolumeAsXorrisoReadsIt(t *testing.T) {
	program, err := exec.LookPath("xorriso")
	if err != nil {
		t.Skip("xorriso is not installed; scripts/test installs it")
	}
	media, err := seed.Pack(volume("cidata", nocloud()...), "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "seed.iso")
	if err := os.WriteFile(file, media.Volume.Image, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-abort_on", "WARNING", "-osirrox", "on", "-indev", file, "-pvd_info", "-extract", "/", filepath.Join(dir, "out")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Volume Id    : cidata\n") {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, want := range asMap(nocloud()) {
		got, err := os.ReadFile(filepath.Join(dir, "out", name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %v, content %q, want %q", name, err, got, want)
		}
	}
}

// What the guest's udev sees decides whether cloud-init finds the volume.
func TestVolumeAsBlkidReadsIt(t *testing.T) {
	program, err := exec.LookPath("blkid")
	if err != nil {
		t.Skip("blkid is not installed; it is part of util-linux")
	}
	media, err := seed.Pack(volume("cidata", nocloud()...), "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "seed.iso")
	if err := os.WriteFile(file, media.Volume.Image, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-p", "-o", "export", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "LABEL=cidata\n") || !strings.Contains(string(out), "TYPE=iso9660\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAnyContentIsHeldExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		contents := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 5000), 1, 5).Draw(t, "contents")
		var docs []provision.Document
		for i, content := range contents {
			name := rapid.StringMatching(`([a-z0-9_-]{1,28}/){0,3}[a-z0-9_-]{1,12}(\.[a-z0-9_-]{1,8})?`).Draw(t, "name")
			docs = append(docs, provision.Document{Name: string(rune('a'+i)) + "/" + name, Content: string(content)})
		}
		media, err := seed.Pack(volume("x", docs...), "")
		if err != nil {
			t.Fatal(err)
		}
		if _, files := read(t, media.Volume.Image); !cmp.Equal(asMap(docs), files) {
			t.Fatalf("files (-want +got):\n%s", cmp.Diff(asMap(docs), files))
		}
	})
}

func TestSameConfigPacksToTheSameBytes(t *testing.T) {
	one, err := seed.Pack(volume("cidata", nocloud()...), "")
	if err != nil {
		t.Fatal(err)
	}
	now := []byte("2000010100000000\x00")
	if n := bytes.Count(one.Volume.Image, now); n != 3 {
		t.Errorf("%d fixed dates in the image, want 3 and none of the clock", n)
	}
	two, err := seed.Pack(volume("cidata", nocloud()...), "")
	if err != nil || !bytes.Equal(one.Volume.Image, two.Volume.Image) {
		t.Errorf("two packings differ (%v)", err)
	}
}

func TestStagingIsRemovedOnEveryPath(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	if _, err := seed.Pack(volume("cidata", nocloud()...), ""); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	t.Setenv("TMPDIR", filepath.Join(dir, "absent"))
	if _, err := seed.Pack(volume("cidata", nocloud()...), ""); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("without a temporary directory the error must say so: %v", err)
	}
}

func TestVolumeRefusesWhatISOWouldChange(t *testing.T) {
	for _, name := range []string{
		"", "/a", "a/", "../a", "a/../b", "./a", "User-Data", "a b", "é", "a\x00", "a;1", "a:b", "a.b.c", ".a", "a.", "d.d/a",
		"a.longerthan8", strings.Repeat("a", 29), strings.Repeat("a", 40) + "/b", strings.Repeat("a", 25) + ".txt", "1/2/3/4/5/6/7/8/9",
	} {
		if _, err := seed.Pack(volume("cidata", provision.Document{Name: name}), ""); err == nil {
			t.Errorf("name %q: accepted", name)
		}
	}
	for _, label := range []string{"", "a b", "é", "a\n", strings.Repeat("a", 33), "a/b"} {
		if _, err := seed.Pack(volume(label, nocloud()...), ""); err == nil {
			t.Errorf("label %q: accepted", label)
		}
	}
	twice := provision.Document{Name: "a"}
	for name, cfg := range map[string]provision.Config{
		"none":  volume("cidata"),
		"twice": volume("cidata", twice, twice),
		"below": volume("cidata", twice, provision.Document{Name: "a/b/c"}),
		"many":  volume("cidata", make([]provision.Document, 65)...),
		"large": volume("cidata", provision.Document{Name: "a", Content: strings.Repeat("x", 65<<20)}),
	} {
		if _, err := seed.Pack(cfg, ""); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
