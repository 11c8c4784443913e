package xz

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"runtime"
	"testing"
)

// repair makes the checksums of the first headers right, so that the fuzzer
// comes behind them.
func repair(file []byte) {
	if len(file) < 17 {
		return
	}
	copy(file, headerMagic)
	binary.LittleEndian.PutUint32(file[8:], crc32.ChecksumIEEE(file[6:8]))
	size := (int(file[12]) + 1) * 4
	if block := file[12:]; file[12] != 0 && size <= len(block) {
		binary.LittleEndian.PutUint32(block[size-4:], crc32.ChecksumIEEE(block[:size-4]))
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x0c\x00\x00\x00\x8f\x98\x41\x9c\x01\x00\x0b\x68\x65\x6c\x6c\x6f\x2c\x20\x68\x65\x6c\x6c\x6f\x00\xc4\x08\x8f\x5d\x79\x64\x53\xa6\x00\x01\x24\x0c\xa6\x18\xd8\xd8\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a"))
	f.Add([]byte("\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\xc0\x12\x10\x21\x01\x0c\x00\xed\x9e\x1d\x70\xe0\x00\x0f\x00\x0a\x5d\x00\x30\x98\x88\x98\x49\x72\x1c\x03\x00\x00\x00\x00\x00\xd3\x9a\xb0\x01\x02\xc0\x16\x10\x21\x01\x0c\x00\xfb\xdc\x8c\xeb\xe0\x00\x0f\x00\x0e\x5d\x00\x32\x99\x89\x29\x49\xef\xe6\xa4\x2b\x99\xc7\xb3\x0a\x00\x00\x00\x00\xba\x1b\x8f\xae\x02\xc0\x16\x10\x21\x01\x0c\x00\xfb\xdc\x8c\xeb\xe0\x00\x0f\x00\x0e\x5d\x00\x30\x98\x88\x98\x48\x59\xef\xf8\x68\x03\x01\x98\x14\x00\x00\x00\x00\x77\x2c\x01\xe4\x02\xc0\x0c\x08\x21\x01\x0c\x00\x45\x21\x51\x19\x01\x00\x07\x65\x66\x67\x68\x65\x66\x67\x68\x00\xae\xaf\x8b\x80\x00\x04\x22\x10\x26\x10\x26\x10\x1c\x08\x00\x00\x58\x1b\x6a\xd1\x9b\xe3\x51\x40\x03\x00\x00\x00\x00\x01\x59\x5a"))
	f.Add([]byte("\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x01\x04\x00\x21\x01\x0c\x00\xd6\x7c\x18\xaf\x01\x00\x0b\x68\x65\x6c\x6c\x6f\x2c\x20\x68\x65\x6c\x6c\x6f\x00\xc4\x08\x8f\x5d\x79\x64\x53\xa6\x00\x01\x24\x0c\xa6\x18\xd8\xd8\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a")) // with a filter for machine code
	f.Fuzz(func(t *testing.T, file []byte) {
		repair(file)
		r := NewReader(bytes.NewReader(file), 1<<20)
		io.Copy(io.Discard, io.LimitReader(r, 8<<20)) //nolint:errcheck // any error is right
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzChunks gives the decoder chunks without a container. Whatever they are,
// nothing may come out behind the window.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("\x01\x00\x04hello\x00"))
	f.Add([]byte("\xe0\x00\x0b\x00\x0c\x5d\x00\x34\x19\x49\xee\x8d\xe9\x17\x89\x3a\x33\x60\x00"))
	f.Add([]byte("\xff\xff\xff\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, chunks []byte) {
		z := &lzma2{}
		z.start(make([]byte, 4<<20), 1<<16)
		in := bytes.NewReader(chunks)
		for {
			err := z.chunk(in, func(n int) error {
				if n > len(z.buf)-z.pos {
					return io.ErrShortBuffer
				}
				return nil
			})
			if err != nil {
				return
			}
		}
	})
}

func TestClaimsOfMemoryAreBounded(t *testing.T) {
	// Many blocks whose headers claim 40 MiB each, of a file of some bytes.
	header := []byte{0, 0xc0, 0x01}
	header = binary.AppendUvarint(header, 40<<20)
	header = append(header, filterLZMA2, 1, 24)
	for len(header)%4 != 0 {
		header = append(header, 0)
	}
	header[0] = byte(len(header) / 4)
	header = binary.LittleEndian.AppendUint32(header, crc32.ChecksumIEEE(header))
	file := []byte(headerMagic + "\x00\x00")
	file = binary.LittleEndian.AppendUint32(file, crc32.ChecksumIEEE(file[6:8]))
	for range 2000 {
		file = append(append(file, header...), 0, 0, 0, 0)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := NewReader(bytes.NewReader(file), 64<<20)
	if n, err := io.Copy(io.Discard, r); err == nil || n != 0 {
		t.Errorf("%d bytes and %v", n, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if got := int64(after.TotalAlloc - before.TotalAlloc); got > 2*budget {
		t.Errorf("%d MiB were allocated", got>>20)
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		ok   bool
	}{
		{"\x00", 0, true},
		{"\x7f", 127, true},
		{"\x80\x01", 128, true},
		{"\x80\x00", 0, false}, // not the shortest form
		{"\x80", 0, false},
		{"", 0, false},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 1<<63 - 1, true},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0, false},
	} {
		got, _, ok := parseNumber([]byte(c.in))
		if got != c.want || ok != c.ok {
			t.Errorf("%x is %d, %v", c.in, got, ok)
		}
	}
}
