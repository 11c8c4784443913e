package decompress_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"distrolab/distros/image/decompress"
)

// mixed returns bytes as a disk has them: text, holes, runs and noise.
func mixed(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	for b.Len() < n {
		switch r.IntN(5) {
		case 0:
			b.Write(make([]byte, r.IntN(1+n/4)))
		case 1:
			b.Write(bytes.Repeat([]byte{byte(r.Uint32())}, r.IntN(600)))
		case 2:
			noise := make([]byte, r.IntN(2000))
			for i := range noise {
				noise[i] = byte(r.Uint32())
			}
			b.Write(noise)
		default:
			for range r.IntN(400) {
				fmt.Fprintf(&b, "lib%d.so.%d /usr/share/%x\n", r.IntN(50), r.IntN(9), r.IntN(1000))
			}
		}
	}
	return b.Bytes()[:n]
}

// tool runs a compressor, whose output is a file of the format.
func tool(t testing.TB, data []byte, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running %s %q: %v", name, args, err)
	}
	return out
}

// written compresses with a Go library.
func written(t testing.TB, format string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch format {
	case "gz":
		w = gzip.NewWriter(&b)
	case "lz4":
		w = lz4.NewWriter(&b)
	case "zst":
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unpack(format string, r io.Reader) ([]byte, error) {
	z, err := decompress.Reader(format, r)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(z)
	return data, errors.Join(err, z.Close())
}

// commands returns ways to make files: the format and a command line.
func commands() [][]string {
	return [][]string{
		{"gz", "gzip", "-1"}, {"gz", "gzip", "-9"}, {"gz", "pigz", "-b", "128"}, {"gz", "pigz", "-i"},
		{"bz2", "bzip2", "-1"}, {"bz2", "bzip2", "-9"}, {"bz2", "lbzip2", "-1"}, {"bz2", "lbzip2"},
		{"xz", "xz", "-0", "-T1"}, {"xz", "xz", "-6", "-T1"}, {"xz", "xz", "-9e", "-T1"},
		{"xz", "xz", "-T2", "--block-size=300000"}, {"xz", "xz", "-T1", "--block-size=70000"},
		{"xz", "xz", "-T2", "-C", "none", "--block-size=1MiB"}, {"xz", "xz", "-C", "crc32"}, {"xz", "xz", "-C", "sha256", "-T2", "--block-size=500000"},
		{"xz", "xz", "--lzma2=dict=4KiB,lc=0,lp=4,pb=0"}, {"xz", "xz", "--lzma2=dict=64KiB,lc=4,lp=0,pb=4"},
		{"xz", "xz", "--x86", "--lzma2=preset=1"}, {"xz", "xz", "--delta=dist=4", "--lzma2=preset=0"},
		{"zst", "zstd", "-1"}, {"zst", "zstd", "-19"}, {"zst", "zstd", "--long=27", "-3"}, {"zst", "zstd", "--no-check"},
		{"lz4", "lz4", "-1"}, {"lz4", "lz4", "-9", "-B4", "-BD"},
	}
}

func TestFilesOfTheRealTools(t *testing.T) {
	data := mixed(7, 3<<20)
	for _, c := range commands() {
		t.Run(fmt.Sprint(c[1:]), func(t *testing.T) {
			t.Parallel()
			for _, n := range []int{0, 1, 5, 40_000, len(data)} {
				packed := tool(t, data[:n], c[1], append(c[2:], "-c")...)
				got, err := unpack(c[0], bytes.NewReader(packed))
				if err != nil {
					t.Fatalf("%d bytes: %v", n, err)
				}
				if !bytes.Equal(got, data[:n]) {
					t.Fatalf("%d bytes: other bytes come out", n)
				}
				if name := decompress.Detect(packed[:min(6, len(packed))]); name != c[0] {
					t.Errorf("detected as %q", name)
				}
			}
		})
	}
}

// samples returns one file of some blocks or members for each format.
func samples(t testing.TB, data []byte) map[string][]byte {
	t.Helper()
	return map[string][]byte{
		"gz":  written(t, "gz", data),
		"zst": written(t, "zst", data),
		"lz4": written(t, "lz4", data),
		"bz2": tool(t, data, "bzip2", "-1", "-c"),
		"xz":  tool(t, data, "xz", "-T2", "--block-size=4000", "-c"),
	}
}

func TestReadersThatGiveLittle(t *testing.T) {
	data := mixed(3, 300_000)
	for format, packed := range samples(t, data) {
		for name, slow := range map[string]func(io.Reader) io.Reader{
			"one byte": iotest.OneByteReader, "half": iotest.HalfReader, "data with error": iotest.DataErrReader,
		} {
			got, err := unpack(format, slow(bytes.NewReader(packed)))
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s, %s: %d bytes, %v", format, name, len(got), err)
			}
		}
		z, err := decompress.Reader(format, bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(z, data); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		z.Close()
	}
}

func TestSeveralStreamsInOneFile(t *testing.T) {
	data := mixed(4, 200_000)
	for format, one := range samples(t, data) {
		two := append(bytes.Clone(one), one...)
		got, err := unpack(format, bytes.NewReader(two))
		if err != nil || !bytes.Equal(got, append(bytes.Clone(data), data...)) {
			t.Errorf("%s: %d bytes, %v", format, len(got), err)
		}
		for _, n := range []int{1, 3, 7, len(one) / 2} { // the second stream is cut
			if _, err := unpack(format, bytes.NewReader(two[:len(one)+n])); err == nil {
				t.Errorf("%s: a second stream of %d bytes is no error", format, n)
			}
		}
	}
	one := tool(t, data, "xz", "-c")
	padded := append(append(bytes.Clone(one), make([]byte, 8)...), one...)
	if got, err := unpack("xz", bytes.NewReader(padded)); err != nil || len(got) != 2*len(data) {
		t.Errorf("xz with padding between streams: %d bytes, %v", len(got), err)
	}
}

func TestEveryCutIsAnError(t *testing.T) {
	data := mixed(5, 30_000)
	for format, packed := range samples(t, data) {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			step := max(1, len(packed)/40)
			for n := 0; n < len(packed); n++ {
				if n > 24 && n < len(packed)-24 && n%step != 0 {
					continue
				}
				got, err := unpack(format, bytes.NewReader(packed[:n]))
				if err == nil {
					t.Fatalf("the first %d of %d bytes are no error", n, len(packed))
				}
				if !bytes.HasPrefix(data, got) {
					t.Fatalf("the first %d bytes give other bytes", n)
				}
			}
		})
	}
}

func TestNoFlippedBitGivesOtherBytes(t *testing.T) {
	data := mixed(6, 12_000)
	for format, packed := range samples(t, data) {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			for bit := range 8 * len(packed) {
				if bit > 120 && bit < 8*len(packed)-120 && bit%997 != 0 { // each try asks for megabytes
					continue
				}
				damaged := bytes.Clone(packed)
				damaged[bit/8] ^= 1 << (bit % 8)
				got, err := unpack(format, bytes.NewReader(damaged))
				if err == nil && !bytes.Equal(got, data) {
					t.Fatalf("bit %d of byte %d: %d other bytes and no error", bit%8, bit/8, len(got))
				}
			}
		})
	}
}

// What follows the last stream is treated as the format's own tool does.
func TestGarbageBehindTheEnd(t *testing.T) {
	data := mixed(8, 50_000)
	fails := map[string]bool{"gz": false, "bz2": false, "xz": true, "zst": true, "lz4": true}
	for format, packed := range samples(t, data) {
		for _, garbage := range []string{"garbage", "\x00\x00\x00"} {
			got, err := unpack(format, bytes.NewReader(append(bytes.Clone(packed), garbage...)))
			if failed := err != nil; failed != fails[format] {
				t.Errorf("%s followed by %q: %v", format, garbage, err)
			}
			if !bytes.Equal(got, data) {
				t.Errorf("%s followed by %q: %d other bytes", format, garbage, len(got))
			}
		}
	}
}

func TestErrorsOfTheSourceComeThrough(t *testing.T) {
	broken := errors.New("the line is dead")
	for format, packed := range samples(t, mixed(9, 100_000)) {
		for _, n := range []int{0, 3, len(packed) / 2, len(packed) - 1} {
			source := io.MultiReader(bytes.NewReader(packed[:n]), iotest.ErrReader(broken))
			if _, err := unpack(format, source); !errors.Is(err, broken) {
				t.Errorf("%s after %d bytes: %v", format, n, err)
			}
		}
	}
}

func TestCloseEndsEveryGoroutine(t *testing.T) {
	data := mixed(10, 3<<20)
	before := runtime.NumGoroutine()
	for format, packed := range samples(t, data) {
		for _, n := range []int64{0, 1, 100_000} {
			z, err := decompress.Reader(format, bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.CopyN(io.Discard, z, n); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			if err := z.Close(); err != nil {
				t.Errorf("%s: closing: %v", format, err)
			}
			if _, err := z.Read(make([]byte, 1)); err == nil {
				t.Errorf("%s: reading goes on after Close", format)
			}
		}
	}
	for range 500 { // an ended goroutine takes a moment to disappear
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestNames(t *testing.T) {
	want := []string{"", "gz", "bz2", "xz", "zst", "lz4"}
	if diff := cmp.Diff(want, decompress.Compressions()); diff != "" {
		t.Error(diff)
	}
	for _, head := range []string{"", "BZ", "QFI\xfb", "\x1f\x8b"} {
		if got := decompress.Detect([]byte(head)); got != "" {
			t.Errorf("%q is detected as %q", head, got)
		}
	}
	if _, err := decompress.Reader("rar", nil); err == nil {
		t.Error("an unknown name is no error")
	}
	got, err := unpack("", bytes.NewReader([]byte("plain")))
	if err != nil || string(got) != "plain" {
		t.Errorf("no compression: %q, %v", got, err)
	}
}

func BenchmarkReader(b *testing.B) {
	data := mixed(11, 32<<20)
	for format, packed := range samples(b, data) {
		if format == "xz" {
			packed = tool(b, data, "xz", "-T2", "--block-size=8MiB", "-c")
		}
		b.Run(format, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				z, err := decompress.Reader(format, bytes.NewReader(packed))
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, z); err != nil || n != int64(len(data)) {
					b.Fatal(n, err)
				}
				z.Close()
			}
		})
	}
}
