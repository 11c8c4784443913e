package image

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// qcow2Bytes is a header of version 3 with some data behind it.
func qcow2Bytes(change func(h []byte)) []byte {
	h := make([]byte, 4096)
	copy(h, "QFI\xfb")
	binary.BigEndian.PutUint32(h[4:], 3)
	binary.BigEndian.PutUint32(h[20:], 16)
	binary.BigEndian.PutUint64(h[24:], 10<<30)
	binary.BigEndian.PutUint32(h[100:], 104)
	if change != nil {
		change(h)
	}
	return h
}

func hexSum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// build writes an image directory with one qcow2 disk.
func build(t *testing.T, disk []byte, change func(m *Manifest)) string {
	t.Helper()
	dir := t.TempDir()
	m := Manifest{
		Schema: Schema, Distro: "debian-local", Version: "13", Arch: "amd64",
		Origin: "built here from Debian 13 packages", Verdict: "built here",
		Files:   map[string]File{RoleDisk: {Name: "disk.qcow2", SHA256: hexSum(disk), Size: int64(len(disk)), Format: "qcow2"}},
		Created: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
	}
	if change != nil {
		change(&m)
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "disk.qcow2"), disk)
	write(t, filepath.Join(dir, ManifestName), text)
	return dir
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.retry = func(ctx context.Context, _ int) error { return ctx.Err() }
	return s
}

func add(t *testing.T, s *Store, dir string) Image {
	t.Helper()
	i, err := s.Add(context.Background(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// leftovers lists what is below a directory of the store.
func leftovers(t *testing.T, s *Store, sub string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.dir, sub))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
