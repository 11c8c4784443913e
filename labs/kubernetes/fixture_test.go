package kubernetes_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"distrolab/labs/kubernetes"
)

// built makes programs that are none: texts of some kilobytes, the same for the
// same version each time.
func built(t testing.TB, version string) kubernetes.Built {
	t.Helper()
	dir := t.TempDir()
	file := func(name string, size int) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, noise(name+version, size), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return kubernetes.Built{Version: version, Arch: "amd64", All: file("kube", 300_000), Node: file("node", 200_000),
		Plugins: []string{file("cni/bridge", 5000), file("cni/host-local", 6000)}, Hello: file("podhello", 7000),
		Etcd: "3.6.8-0", Pause: "3.10.2"}
}

func noise(seed string, size int) []byte {
	var key [32]byte
	copy(key[:], seed)
	text := make([]byte, size)
	rand.NewChaCha8(key).Read(text)
	return text
}

// composed makes a bundle of such programs.
func composed(t testing.TB, version string) kubernetes.Bundle {
	t.Helper()
	parts, err := built(t, version).Parts(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b, err := kubernetes.Compose(t.Context(), filepath.Join(t.TempDir(), "bundle"), parts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// store is an empty store.
func store(t testing.TB) *kubernetes.Store {
	t.Helper()
	s, err := kubernetes.OpenStore(filepath.Join(t.TempDir(), "kubernetes"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// files reads all files below a directory.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[name] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sameFiles(a, b map[string][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for name, text := range a {
		if other, ok := b[name]; !ok || !bytes.Equal(text, other) {
			return false
		}
	}
	return true
}
