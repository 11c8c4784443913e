package kubernetes_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"distrolab/labs/kubernetes"
)

// The ways in which tests spoil a bundle.

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// relink moves a file and leaves a link in its place.
func relink(t *testing.T, path, to string) {
	t.Helper()
	if err := os.Rename(path, filepath.Join(filepath.Dir(path), to)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

// double appends a file to itself.
func double(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(text)+string(text))
}

// flip changes one bit in the middle of a file.
func flip(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	write(t, path, string(text))
}

// largest is the largest file of a directory.
func largest(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	path, size := "", int64(-1)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Size() > size {
			path, size = filepath.Join(dir, e.Name()), info.Size()
		}
	}
	return path
}

// manifestOf is the file of the first image's manifest.
func manifestOf(b kubernetes.Bundle) string {
	return filepath.Join(b.Dir(), "images/blobs/sha256", strings.TrimPrefix(b.Manifest.Images[0].Digest, "sha256:"))
}

// forge puts another manifest in the first image's place, and its digest into
// bundle.json: whoever makes a bundle may do so.
func forge(t *testing.T, b kubernetes.Bundle, text string) {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	digest := hex.EncodeToString(sum[:])
	write(t, filepath.Join(b.Dir(), "images/blobs/sha256", digest), text)
	path := filepath.Join(b.Dir(), kubernetes.ManifestName)
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, strings.ReplaceAll(string(old), b.Manifest.Images[0].Digest, "sha256:"+digest))
}
