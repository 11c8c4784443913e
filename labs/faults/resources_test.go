package faults

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"distrolab/labs/results"
)

// deadEnd is a catalog entry whose image has a disk that stops the CPU.
const deadEnd = `name: dead-end
title: A disk that boots nothing
kind: local
vendor: a test
summary: It never boots.
support: {state: maintained}
facts: []
release: {resolver: local}
config: {format: none, deliveries: [{kind: none}]}
hardware: {memory_mib: 256, disk_gib: 1, firmware: [bios]}
boot:
  patterns: {boot_complete: 'never said'}
`

func TestGuestThatNeverBoots(t *testing.T) {
	w := emptyWorld(t, me())
	w.addDeadEnd()
	out := filepath.Join(w.base, "session")
	s := w.mustRun(failed, "bench", "boot", "dead-end", "--runs", "3", "--deadline", "8s", "--out", out)
	wants(t, s.err, "giving up on dead-end", "deadline of 8s", "gave up on", "distrolab results show")
	_, runs, _, err := results.ReadDirectory(out)
	if err != nil || len(runs) != 1 || runs[0].Outcome != results.OutcomeTimeout {
		t.Fatalf("runs %+v, error %v", runs, err)
	}
	wants(t, runs[0].Cause, "deadline", lastWords)
	w.noTrace()

	s = w.mustRun(failed, "up", "dead-end", "--deadline", "8s")
	wants(t, s.err, "has not booted after 8s", lastWords, "distrolab console lab/dead-end", "distrolab down lab")
	w.mustRun(done, "down", "lab")
	w.noTrace()
}

// lastWords are what the guest that never boots says.
const lastWords = "no system here"

// addDeadEnd adds the entry to the person's catalog and a blank disk as its
// image.
func (w *world) addDeadEnd() {
	w.t.Helper()
	dir := filepath.Join(w.env["XDG_CONFIG_HOME"], "distrolab", "distros")
	image := filepath.Join(w.base, "dead-end")
	disk := make([]byte, 1<<20)
	// Prints what follows it on the serial port, byte by byte, and halts for ever:
	// xor ax,ax; mov ds,ax; mov si,0x7c16; again: lodsb; test al,al; jz stop;
	// mov dx,0x3f8; out dx,al; jmp again; stop: cli; halt: hlt; jmp halt
	copy(disk, "\x31\xc0\x8e\xd8\xbe\x16\x7c\xac\x84\xc0\x74\x06\xba\xf8\x03\xee\xeb\xf5\xfa\xf4\xeb\xfd"+lastWords+"\r\n\x00")
	copy(disk[510:], "\x55\xaa") // the mark of a boot sector
	sum := sha256.Sum256(disk)
	manifest := fmt.Sprintf(`{"schema": "distrolab.image/1", "distro": "dead-end", "version": "1", "arch": "amd64", "origin": "a test",
 "verdict": "made here", "created": "2026-11-23T00:00:00Z", "files": {"disk": {"name": "disk.raw", "sha256": %q, "size": %d, "format": "raw"}}}`,
		hex.EncodeToString(sum[:]), len(disk))
	for path, text := range map[string]string{filepath.Join(dir, "dead-end.yaml"): deadEnd,
		filepath.Join(image, "image.json"): manifest, filepath.Join(image, "disk.raw"): string(disk)} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
	w.mustRun(done, "import", image)
}

// TestFullDisk gives the home a file system of a few megabytes and fills it.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounts a file system: only root can")
	}
	w := emptyWorld(t, me())
	guest := w.guest()
	if err := os.Mkdir(w.home.Data, 0o711); err != nil {
		t.Fatal(err)
	}
	w.mount("8m") // too small for the image
	s := w.mustRun(cannot, "import", guest)
	wants(t, s.err, "free some space")
	w.unmount()

	w.mount("290m") // the store keeps 256 MiB free
	w.mustRun(done, "import", guest)
	full := w.fill()
	for _, args := range [][]string{{"up", "probe"}, {"bench", "boot", "probe", "--runs", "1"}, {"import", guest}} {
		s := w.run(args...)
		if s.code != cannot && !(args[0] == "import" && s.code == done) { // the store has the image already
			t.Errorf("%v: exit code %d\n%s%s", args, s.code, s.out, s.err)
		}
		if s.code != done {
			wants(t, s.err, "no space left on", "free some space")
		}
	}
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	w.noTrace()
	w.mustRun(done, "up", "probe", "-d")
	w.mustRun(done, "down", "lab")
	w.unmount()
}

func (w *world) mount(size string) {
	w.t.Helper()
	if err := syscall.Mount("distrolab-test", w.home.Data, "tmpfs", 0, "size="+size+",mode=711"); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { syscall.Unmount(w.home.Data, syscall.MNT_DETACH) })
}

func (w *world) unmount() {
	w.t.Helper()
	if err := syscall.Unmount(w.home.Data, 0); err != nil {
		w.t.Fatal(err)
	}
}

// fill writes a file until there is no more space.
func (w *world) fill() string {
	w.t.Helper()
	path := filepath.Join(w.home.Data, "fill")
	f, err := os.Create(path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	chunk := strings.Repeat("x", 1<<20)
	for size := len(chunk); size > 0; {
		if _, err := f.WriteString(chunk[:size]); err != nil {
			size /= 2
		}
	}
	return path
}
