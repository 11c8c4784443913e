package bzip2

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// bit returns one bit of a file.
func bit(file []byte, i int) uint64 { return uint64(file[i/8]>>(7-i%8)) & 1 }

// marksIn finds the marks of a file the slow way.
func marksIn(file []byte) (at []int) {
	word := uint64(0)
	for i := range 8 * len(file) {
		word = word<<1&(1<<markBits-1) | bit(file, i)
		if i >= markBits-1 && (word == blockMark || word == endMark) {
			at = append(at, i-markBits+1)
		}
	}
	return at
}

// put writes a mark at any bit.
func putMark(file []byte, at int, mark uint64) {
	for i := range markBits {
		file[(at+i)/8] &^= 1 << (7 - (at+i)%8)
		file[(at+i)/8] |= byte(mark>>(markBits-1-i)&1) << (7 - (at+i)%8)
	}
}

// pieces cuts a file and checks that the pieces are the file.
func pieces(t *testing.T, file []byte, source io.Reader) []*piece {
	t.Helper()
	s := newSplitter(source)
	var all []*piece
	bits := 0
	for {
		p := s.next(nil)
		all = append(all, p)
		if len(p.bits) > maxPiece+2*readSize+padding {
			t.Fatalf("a piece has %d bytes", len(p.bits))
		}
		for i := int(p.skip); i < p.end; i++ {
			if bit(p.bits, i) != bit(file, bits) {
				t.Fatalf("bit %d is another one in piece %d", bits, len(all)-1)
			}
			bits++
		}
		if p.last != nil {
			break
		}
	}
	if last := all[len(all)-1]; errors.Is(last.last, io.EOF) && bits != 8*len(file) {
		t.Fatalf("%d of %d bits", bits, 8*len(file))
	}
	return all
}

func TestMarksAreFoundAtEveryBit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		file := make([]byte, 40+r.IntN(400))
		for i := range file {
			file[i] = byte(r.Uint32())
		}
		for at := r.IntN(60); at+markBits <= 8*len(file); at += markBits + r.IntN(300) {
			putMark(file, at, []uint64{blockMark, endMark}[r.IntN(2)])
		}
		var got []int
		at := 0
		for _, p := range pieces(t, file, &few{r, bytes.NewReader(file)}) {
			if p.mark != 0 {
				got = append(got, at)
			}
			at += p.end - int(p.skip)
		}
		if want := marksIn(file); len(got) != len(want) {
			t.Fatalf("marks at %v, found at %v", want, got)
		}
	}
}

// few reads a few bytes at a time.
type few struct {
	r  *rand.Rand
	in io.Reader
}

func (f *few) Read(p []byte) (int, error) { return f.in.Read(p[:min(len(p), 1+f.r.IntN(9))]) }

func TestJoinedPiecesAreAsBefore(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		file := make([]byte, 60)
		for i := range file {
			file[i] = byte(r.Uint32())
		}
		s := &splitter{window: append(bytes.Clone(file), make([]byte, padding)...), end: len(file)}
		s.skip = uint(r.IntN(8))
		first := s.cut(nil, 20+r.IntN(200), blockMark)
		second := s.cut(nil, 8*len(file), 0)
		skip := int(first.skip)
		first.join(second)
		if first.end != 8*len(file) {
			t.Fatalf("%d bits", first.end)
		}
		for i := skip; i < first.end; i++ {
			if bit(first.bits, i) != bit(file, i) {
				t.Fatalf("bit %d differs", i)
			}
		}
	}
}

func TestAFileWithoutMarksIsGivenUp(t *testing.T) {
	file := bytes.Repeat([]byte("BZh9"), maxPiece/2)
	last := pieces(t, file, bytes.NewReader(file))
	if err := last[len(last)-1].last; !errors.Is(err, errCorrupt) {
		t.Errorf("no mark in %d bytes: %v", len(file), err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00"))
	f.Add([]byte("BZh11AY&SY"))
	f.Add([]byte{})
	// "hello, hello", and an empty stream behind it.
	f.Add([]byte("\x42\x5a\x68\x31\x31\x41\x59\x26\x53\x59\x02\x08\xc3\xbc\x00\x00\x02\x11\x00\x40\x04\x02\x44\xa0\x00\x21\x29\xa6\x03\x00\x56\x09\xc2\x86\x17\x72\x45\x38\x50\x90\x02\x08\xc3\xbc" +
		"BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		pieces(t, file, bytes.NewReader(file))
		r := NewReader(bytes.NewReader(file))
		n, _ := io.Copy(io.Discard, io.LimitReader(r, 1<<20)) //nolint:errcheck // any error is right
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if n > 0 && len(file) < 14 {
			t.Fatalf("%d bytes of a file of %d", n, len(file))
		}
	})
}

func TestHuffmanCodes(t *testing.T) {
	var h huffman
	if h.build([]uint8{1, 1, 1}) {
		t.Error("three words of one bit are a code")
	}
	if !h.build([]uint8{2, 1, 12, 12}) {
		t.Fatal("a code is none")
	}
	// Words in order of their lengths: 0, 10, 110000000000, 110000000001.
	for _, c := range []struct {
		bits   uint32
		symbol uint16
		length uint16
	}{{0b110000000000 << 8, 2, 12}, {0b110000000001 << 8, 3, 12}} {
		if e := h.slow(c.bits); e != c.symbol<<lengthBits|c.length {
			t.Errorf("%020b is symbol %d of %d bits", c.bits, e>>lengthBits, e&31)
		}
	}
	if e := h.slow(1<<maxCode - 1); e != 0 {
		t.Errorf("a word outside the code is an entry: %d", e)
	}
	if e := h.fast[0b1011111111]; e != 0<<lengthBits|2 {
		t.Errorf("10… is entry %d", e)
	}
}
