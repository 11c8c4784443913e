package bzip2

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os/exec"
	"testing"
)

func packed(t testing.TB, data []byte, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("bzip2"); err != nil {
		t.Skip("bzip2 is not installed")
	}
	cmd := exec.CommandContext(t.Context(), "bzip2", append(args, "-c")...)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func unpacked(t testing.TB, file []byte) []byte {
	t.Helper()
	r := NewReader(bytes.NewReader(file))
	defer r.Close() //nolint:errcheck // cannot fail
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// A block begins with a map of the bytes that occur in it. If those are chosen
// by the bits of the mark, the mark stands in the middle of a block.
func TestAMarkInABlockIsNoEnd(t *testing.T) {
	var alphabet []byte
	for i := range markBits {
		if uint64(blockMark)>>(markBits-1-i)&1 != 0 {
			alphabet = append(alphabet, byte(0x40+i))
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	data := make([]byte, 350_000)
	for i := range data {
		data[i] = alphabet[r.IntN(len(alphabet))]
	}
	file := packed(t, data, "-1")
	if n := len(marksIn(file)); n < 9 { // four blocks with two each, and the end
		t.Fatalf("the file has only %d marks, so the test shows nothing", n)
	}
	if got := unpacked(t, file); !bytes.Equal(got, data) {
		t.Errorf("%d other bytes", len(got))
	}
}

func TestBlocksThatExpand(t *testing.T) {
	data := append(make([]byte, 30<<20), "end"...)
	if got := unpacked(t, packed(t, data)); !bytes.Equal(got, data) {
		t.Errorf("%d other bytes", len(got))
	}
	for _, n := range []int{1, 3, 4, 5, 6, 254, 255, 258, 259, 260, 263, 518, 519} { // runs around the lengths of a step
		data := append(bytes.Repeat([]byte("x"), n), 'y')
		if got := unpacked(t, packed(t, data)); !bytes.Equal(got, data) {
			t.Errorf("a run of %d: %d other bytes", n, len(got))
		}
	}
}

func BenchmarkReader(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	var data []byte
	for len(data) < 16<<20 {
		data = append(data, "/usr/lib/"...)
		for range r.IntN(12) {
			data = append(data, byte('a'+r.IntN(20)))
		}
	}
	file := packed(b, data)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		z := NewReader(bytes.NewReader(file))
		if n, err := io.Copy(io.Discard, z); err != nil || n != int64(len(data)) {
			b.Fatal(n, err)
		}
		z.Close() //nolint:errcheck // cannot fail
	}
}
