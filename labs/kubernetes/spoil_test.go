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

// spoiled is one thing that is wrong with a bundle that came from elsewhere, and
// what is said of it.
type spoiled struct {
	spoil func(*testing.T, kubernetes.Bundle)
	says  string
}

// edit changes bundle.json.
func edit(old, new string) func(*testing.T, kubernetes.Bundle) {
	return func(t *testing.T, b kubernetes.Bundle) {
		path := filepath.Join(b.Dir(), kubernetes.ManifestName)
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), old) {
			t.Fatalf("no %q in %s: %v", old, text, err)
		}
		write(t, path, strings.Replace(string(text), old, new, 1))
	}
}

// spoiledManifests have a bundle.json that must not be believed.
func spoiledManifests() map[string]spoiled {
	return map[string]spoiled{
		"no manifest": {func(t *testing.T, b kubernetes.Bundle) { remove(t, filepath.Join(b.Dir(), "bundle.json")) }, "no such file"},
		"manifest is a link": {func(t *testing.T, b kubernetes.Bundle) {
			relink(t, filepath.Join(b.Dir(), "bundle.json"), "other.json")
		}, "not a plain file"},
		"manifest is huge": {func(t *testing.T, b kubernetes.Bundle) {
			write(t, filepath.Join(b.Dir(), "bundle.json"), strings.Repeat(" ", 2<<20))
		}, "longer than"},
		"two manifests":    {func(t *testing.T, b kubernetes.Bundle) { double(t, filepath.Join(b.Dir(), "bundle.json")) }, "more after"},
		"other schema":     {edit(kubernetes.Schema, "distrolab.kubernetes/2"), "this distrolab reads"},
		"unknown field":    {edit(`"arch"`, `"run": "x", "arch"`), "unknown field"},
		"version is path":  {edit(`"v1.36.1"`, `"../v1.36.1"`), "no version of Kubernetes"},
		"version is empty": {edit(`"v1.36.1"`, `""`), "no version of Kubernetes"},
		"other machine":    {edit(`"amd64"`, `"riscv64"`), "use amd64 or arm64"},
		"escape sequence":  {edit("built here", `\u001b[31mbuilt`), "not one line of text"},
		"archive outside":  {edit(`"node.tar"`, `"../node.tar"`), "want node.tar"},
		"archive absolute": {edit(`"node.tar"`, `"/etc/passwd"`), "want node.tar"},
		"archive too long": {edit(`"bytes": `, `"bytes": 9`), "not 9"},
		"addon":            {edit(`"addons": []`, `"addons": ["miner"]`), "kubeadm has"},
		"image twice":      {edit("pause:3.7", "pause:3.6"), "twice"},
		"image no tag":     {edit("pause:3.7", "pause"), "image"},
		"image name":       {edit("pause:3.7", "../pause:3.7"), "image"},
		"image digest":     {edit(`"sha256:`, `"sha256:..`), "hexadecimal"},
		"other algorithm":  {edit(`"sha256:`, `"sha512:`), "hexadecimal"},
		"no pause":         {edit(`"pause": "registry.k8s.io/pause:3.10.2"`, `"pause": "registry.k8s.io/pause:4"`), "not among the images"},
		"no hello":         {edit(`"hello": "distrolab.local/hello:1"`, `"hello": "distrolab.local/hello:2"`), "not among the images"},
	}
}

// spoiledFiles have other files than bundle.json says.
func spoiledFiles() map[string]spoiled {
	blobs := func(b kubernetes.Bundle) string { return filepath.Join(b.Dir(), "images/blobs/sha256") }
	return map[string]spoiled{
		"archive changed":   {func(t *testing.T, b kubernetes.Bundle) { flip(t, b.NodeArchive()) }, "damaged or was changed"},
		"archive is longer": {func(t *testing.T, b kubernetes.Bundle) { double(t, b.NodeArchive()) }, "more than"},
		"archive is a link": {func(t *testing.T, b kubernetes.Bundle) { relink(t, b.NodeArchive(), "elsewhere.tar") }, "not a plain file"},
		"archive is a directory": {func(t *testing.T, b kubernetes.Bundle) {
			remove(t, b.NodeArchive())
			if err := os.Mkdir(b.NodeArchive(), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "not a plain file"},
		"blobs lead outside": {func(t *testing.T, b kubernetes.Bundle) {
			outside := filepath.Join(t.TempDir(), "outside")
			if err := os.Rename(blobs(b), outside); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(outside, blobs(b)); err != nil {
				t.Fatal(err)
			}
		}, "escapes"},
		"blob changed":     {func(t *testing.T, b kubernetes.Bundle) { flip(t, largest(t, blobs(b))) }, "damaged or was changed"},
		"blob missing":     {func(t *testing.T, b kubernetes.Bundle) { remove(t, largest(t, blobs(b))) }, "no such file"},
		"blob cut":         {func(t *testing.T, b kubernetes.Bundle) { write(t, largest(t, blobs(b)), "short") }, "has 5 bytes"},
		"manifest changed": {func(t *testing.T, b kubernetes.Bundle) { flip(t, manifestOf(b)) }, "digest"},
		"manifest missing": {func(t *testing.T, b kubernetes.Bundle) { remove(t, manifestOf(b)) }, "no such file"},
		"manifest is an index": {func(t *testing.T, b kubernetes.Bundle) {
			forge(t, b, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`)
		}, "only those of single images"},
		"manifest names a path": {func(t *testing.T, b kubernetes.Bundle) {
			forge(t, b, `{"schemaVersion":2,"config":{"mediaType":"x","size":3,"digest":"sha256:../../../bundle.json"},"layers":[]}`)
		}, "manifest"},
		"manifest names nothing": {func(t *testing.T, b kubernetes.Bundle) { forge(t, b, `{}`) }, "names a blob"},
		"a layer without end": {func(t *testing.T, b kubernetes.Bundle) {
			forge(t, b, `{"config":{"size":9000000000000000000,"digest":"sha256:`+strings.Repeat("a", 64)+`"}}`)
		}, "names a blob"},
		"more layers than any image": {func(t *testing.T, b kubernetes.Bundle) {
			one := `{"size":1,"digest":"sha256:` + strings.Repeat("a", 64) + `"}`
			forge(t, b, `{"config":`+one+`,"layers":[`+strings.Repeat(one+",", 100)+one+`]}`)
		}, "at most"},
	}
}
