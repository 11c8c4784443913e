package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// BenchmarkFetch measures whole pulls from loopback, of a file that is not in
// memory at once: throughput of the served bytes, and the most memory that the
// process took, which must not grow with the file. Both sides run here, so the
// comparison with standard tools is scripts/bench-pull.
func BenchmarkFetch(b *testing.B) {
	for _, size := range []int{64 << 20, 512 << 20} {
		for _, how := range []string{"", "zst"} {
			path, sum := benchFile(b, size, how)
			for _, connections := range []int{1, manyConnections} {
				b.Run(fmt.Sprintf("%dMiB%s/%dconnections", size>>20, how, connections), func(b *testing.B) {
					info, err := os.Stat(path)
					if err != nil {
						b.Fatal(err)
					}
					b.SetBytes(info.Size())
					url := serve(b, http.FileServer(http.Dir(filepath.Dir(path)))) + "/" + filepath.Base(path)
					for b.Loop() {
						s, err := Open(b.TempDir())
						if err != nil {
							b.Fatal(err)
						}
						spec := specOf(url, how, nil)
						spec.Remotes[0].SHA256, spec.Connections = sum, connections
						if _, err := s.Fetch(b.Context(), http.DefaultClient, spec, nil); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(peak(b)>>20), "MiB-peak")
				})
			}
		}
	}
}

// benchFile writes a disk that compresses to about a half, and returns its
// digest.
func benchFile(b *testing.B, size int, how string) (path, sum string) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "disk.img"+strings.TrimSuffix("."+how, "."))
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	digest := sha256.New()
	var w io.Writer = io.MultiWriter(f, digest)
	end := func() error { return nil }
	if how == "zst" {
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			b.Fatal(err)
		}
		w, end = z, z.Close
	}
	random := rand.NewChaCha8([32]byte{3})
	raw, text := make([]byte, 32<<10), qcow2Bytes(nil)
	for n := 0; n < size; n += len(text) {
		if _, err := w.Write(text); err != nil {
			b.Fatal(err)
		}
		random.Read(raw) //nolint:errcheck // never fails
		text = hex.AppendEncode(text[:0], raw)
	}
	if err := end(); err != nil {
		b.Fatal(err)
	}
	return path, hexOf(digest)
}

// peak is the memory that the program asked of the system and did not give
// back.
func peak(b *testing.B) uint64 {
	b.Helper()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys - m.HeapReleased
}

// BenchmarkCachedFetch measures a pull of what the store has, beside many other
// images; it must stay far below 50 ms.
func BenchmarkCachedFetch(b *testing.B) {
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	disk := bigDisk()
	for n := range 200 {
		path := filepath.Join(b.TempDir(), "disk")
		if err := os.WriteFile(path, disk, 0o600); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Import(b.Context(), path, ImportSpec{Distro: fmt.Sprintf("system-%d", n%20), Version: fmt.Sprint(n), Arch: "amd64"}, nil); err != nil {
			b.Fatal(err)
		}
	}
	url := serve(b, served(disk)) + "/a.img"
	if _, err := s.Fetch(b.Context(), http.DefaultClient, specOf(url, "", disk), nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Fetch(b.Context(), http.DefaultClient, specOf(url, "", disk), nil); err != nil {
			b.Fatal(err)
		}
	}
}
