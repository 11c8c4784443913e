package machine

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/provision"
	"distrolab/provision/seed"
)

// run runs a program and says what it said.
func run(ctx context.Context, program string, args ...string) error {
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("running %s: %w: %s", program, err, out)
	}
	return nil
}

// partitioned makes a sparse disk by sfdisk: three partitions, the second of
// them with the name.
func partitioned(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.raw")
	if err := makeSparse(path, 128<<20); err != nil {
		t.Fatal(err)
	}
	sfdisk := exec.CommandContext(t.Context(), administrative("sfdisk"), "-q", path)
	sfdisk.Stdin = strings.NewReader("label: gpt\nname=FIRST, size=8M\nname=" + name + ", size=42M, type=440408bb-eb0b-4328-a6e5-a29038fad706\nname=LAST\n")
	if out, err := sfdisk.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// diskMachine has an overlay over the disk.
func diskMachine(t testing.TB, disk, format string) *Machine {
	t.Helper()
	m := &Machine{env: Environment{Run: run}, directory: filepath.Join(t.TempDir(), "a, b"),
		spec: Spec{Name: "m", Image: "image-1", Files: Files{Disk: disk, DiskFormat: format, DiskVirtual: 128 << 20}}}
	if err := os.Mkdir(m.directory, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := m.makeOverlay(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPartitionHoldsTheFilesAndNothingElseChanges(t *testing.T) {
	if _, err := os.Stat(administrative("sfdisk")); err != nil {
		t.Skip("sfdisk is not installed; scripts/test installs it")
	}
	raw := partitioned(t, "BOTTLEROCKET-PRIVATE")
	before, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	qcow2 := filepath.Join(t.TempDir(), "disk.qcow2")
	if err := run(t.Context(), "qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, qcow2); err != nil {
		t.Fatal(err)
	}
	files := []provision.Document{{Name: "user-data.toml", Content: "a = \"ä\"\n"}, {Name: "bootconfig.data", Content: "kernel {\n}\n\x00\x00(\x00#BOOTCONFIG\n"}, {Name: "deep/er", Content: ""}}
	for format, disk := range map[string]string{"raw": raw, "qcow2": qcow2} {
		m := diskMachine(t, disk, format)
		if err := m.fillPartition(t.Context(), seed.Partition{Name: "BOTTLEROCKET-PRIVATE", Files: files}); err != nil {
			t.Fatal(err)
		}
		flat := filepath.Join(t.TempDir(), "flat")
		if err := run(t.Context(), "qemu-img", "convert", "-f", "qcow2", "-O", "raw", m.overlayPath(), flat); err != nil {
			t.Fatal(err)
		}
		after, err := os.ReadFile(flat)
		if err != nil {
			t.Fatal(err)
		}
		from, to := 1<<20+8<<20, 1<<20+50<<20
		if !bytes.Equal(before[:from], after[:from]) || !bytes.Equal(before[to:], after[to:len(before)]) {
			t.Errorf("%s: the disk changed outside of the partition", format)
		}
		system := filepath.Join(t.TempDir(), "ext4")
		if err := os.WriteFile(system, after[from:to], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), administrative("e2fsck"), "-f", "-n", system); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		for _, doc := range files {
			got, err := exec.CommandContext(t.Context(), administrative("debugfs"), "-R", "cat /"+doc.Name, system).Output()
			if err != nil || string(got) != doc.Content {
				t.Errorf("%s: %s holds %q (%v), want %q", format, doc.Name, got, err, doc.Content)
			}
		}
		if left, err := os.ReadDir(m.directory); err != nil || len(left) != 1 {
			t.Errorf("%s: left beside the overlay: %v %v", format, left, err)
		}
	}
	if now, err := os.ReadFile(raw); err != nil || !bytes.Equal(before, now) {
		t.Errorf("the image was written (%v)", err)
	}
}

func TestPartitionErrorsSayWhatIsMissing(t *testing.T) {
	if _, err := os.Stat(administrative("sfdisk")); err != nil {
		t.Skip("sfdisk is not installed; scripts/test installs it")
	}
	p := seed.Partition{Name: "BOTTLEROCKET-PRIVATE", Files: []provision.Document{{Name: "a", Content: "secret"}}}
	blank := filepath.Join(t.TempDir(), "blank")
	if err := makeSparse(blank, 128<<20); err != nil {
		t.Fatal(err)
	}
	for want, disk := range map[string]string{
		`0 partitions of the image are called BOTTLEROCKET-PRIVATE; its partitions are ["FIRST" "OTHER" "LAST"]`: partitioned(t, "OTHER"),
		"no GUID partition table": blank,
	} {
		m := diskMachine(t, disk, "raw")
		err := m.fillPartition(t.Context(), p)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "image-1") {
			t.Errorf("got %v, want %s", err, want)
		}
		if left, _ := os.ReadDir(m.directory); len(left) != 1 {
			t.Errorf("left beside the overlay: %v", left)
		}
	}
	m := diskMachine(t, partitioned(t, p.Name), "raw")
	m.env.Run = func(ctx context.Context, program string, args ...string) error {
		if strings.HasSuffix(program, "mke2fs") {
			return exec.ErrNotFound
		}
		return run(ctx, program, args...)
	}
	if err := m.fillPartition(t.Context(), p); err == nil || !strings.Contains(err.Error(), exec.ErrNotFound.Error()) {
		t.Errorf("without mke2fs: %v", err)
	}
	if left, _ := os.ReadDir(m.directory); len(left) != 1 {
		t.Errorf("left beside the overlay: %v", left)
	}
	if err := (&Machine{}).fillPartition(t.Context(), p); err == nil || !strings.Contains(err.Error(), "no disk") {
		t.Errorf("without a disk: %v", err)
	}
}

// table is a partition table with one entry, its checksums right.
func table(change func(header, entries []byte)) []byte {
	head := make([]byte, 34*sectorSize)
	header, entries := head[sectorSize:2*sectorSize], head[2*sectorSize:]
	copy(header, "EFI PART")
	le := binary.LittleEndian
	le.PutUint32(header[12:], gptMinHeader)
	le.PutUint64(header[72:], 2)
	le.PutUint32(header[80:], 128)
	le.PutUint32(header[84:], gptMinEntry)
	entries[0] = 1
	le.PutUint64(entries[32:], 2048)
	le.PutUint64(entries[40:], 4095)
	for i, c := range []byte("PRIVATE") {
		entries[56+2*i] = c
	}
	change(header, entries)
	le.PutUint32(header[88:], crc32.ChecksumIEEE(entries))
	clear(header[16:20])
	le.PutUint32(header[16:], crc32.ChecksumIEEE(header[:min(le.Uint32(header[12:]), sectorSize)]))
	return head
}

func TestPartitionTableOfAStrangerIsChecked(t *testing.T) {
	le := binary.LittleEndian
	place, err := findPartition(table(func(_, _ []byte) {}), "PRIVATE")
	if err != nil || place != (extent{1 << 20, 1 << 20}) {
		t.Errorf("%+v, %v", place, err)
	}
	for name, change := range map[string]func(header, entries []byte){
		"no signature":     func(h, _ []byte) { h[0] = 'X' },
		"header too long":  func(h, _ []byte) { le.PutUint32(h[12:], 1<<31) },
		"entries far away": func(h, _ []byte) { le.PutUint64(h[72:], 1<<60) },
		"many entries":     func(h, _ []byte) { le.PutUint32(h[80:], 1<<31) },
		"no entry":         func(h, _ []byte) { le.PutUint32(h[80:], 0) },
		"large entries":    func(h, _ []byte) { le.PutUint32(h[84:], 1<<31) },
		"small entries":    func(h, _ []byte) { le.PutUint32(h[84:], 8) },
		"cut off":          func(h, _ []byte) { le.PutUint32(h[80:], 1000) },
		"twice":            func(_, e []byte) { copy(e[128:], e[:128]) },
		"backwards":        func(_, e []byte) { le.PutUint64(e[40:], 5) },
		"at the start":     func(_, e []byte) { le.PutUint64(e[32:], 0) },
		"beyond all":       func(_, e []byte) { le.PutUint64(e[40:], 1<<63) },
	} {
		if place, err := findPartition(table(change), "PRIVATE"); err == nil {
			t.Errorf("%s: accepted %+v", name, place)
		}
	}
	for _, at := range []int{sectorSize + 30, 2*sectorSize + 33} { // damaged behind the checksums' back
		head := table(func(_, _ []byte) {})
		head[at] ^= 1
		if _, err := findPartition(head, "PRIVATE"); err == nil {
			t.Errorf("damage at byte %d: accepted", at)
		}
	}
}

func FuzzFindPartition(f *testing.F) {
	f.Add(table(func(_, _ []byte) {}))
	f.Fuzz(func(t *testing.T, head []byte) {
		place, err := findPartition(head, "PRIVATE")
		if err == nil && (place.offset <= 0 || place.size <= 0) {
			t.Errorf("%+v", place)
		}
	})
}

func TestDeliveryThatCannotReachTheMachineIsRefused(t *testing.T) {
	byKernel := distros.Delivery{Kind: distros.DeliverHTTP, Name: "args", Kernel: "a={url}x"}
	d := distros.Distro{Name: "talos", Config: distros.ConfigProfile{Format: "talos", Deliveries: []distros.Delivery{
		{Kind: distros.DeliverVolume, Label: "cidata"}, byKernel, {Kind: distros.DeliverAPI}, {Kind: distros.DeliverHTTP, Name: "smbios", SMBIOS: "ds=nocloud-net;s={url}"},
	}}, Hardware: distros.Hardware{Firmware: []string{"bios"}}}
	disk := image.Image{ID: "i", Manifest: image.Manifest{Files: map[string]image.File{image.RoleDisk: {Name: "disk.raw", Format: "raw"}}}}
	for _, c := range []struct {
		delivery distros.Delivery
		want     string
	}{
		{byKernel, "--delivery volume, --delivery api, --delivery smbios"},
		{distros.Delivery{Kind: distros.DeliverKernel}, "--delivery volume, --delivery api, --delivery smbios"},
	} {
		cfg := provision.Config{Format: "talos", Delivery: c.delivery, Documents: []provision.Document{{Name: "machine.yaml"}}}
		if _, err := Assemble("m", d, disk, cfg, Wishes{}, 0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.delivery.Call(), err)
		}
		spec := Spec{Name: "m", Config: cfg}
		if _, err := Prepare(t.Context(), Environment{}, spec, Options{}); err == nil || !strings.Contains(err.Error(), "delivery "+c.delivery.Call()) {
			t.Errorf("%s, a stored spec: %v", c.delivery.Call(), err)
		}
	}
}
