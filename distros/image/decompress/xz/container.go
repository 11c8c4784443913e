package xz

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
)

// The container is described in "The .xz File Format" by Lasse Collin and Igor
// Pavlov (https://tukaani.org/xz/xz-file-format.txt); numbers of sections are
// its own.
const (
	headerMagic  = "\xfd7zXZ\x00"
	footerMagic  = "YZ"
	headerSize   = 12
	filterLZMA2  = 0x21
	maxBlockHead = 1024
)

var (
	errNoHeader = errors.New("this is no xz data")
	errFilters  = errors.New("filters other than LZMA2 are not supported behind a block without them")
)

// check makes the hash of a kind of check (3.4), nil for none.
func newCheck(kind byte) (hash.Hash, error) {
	switch kind {
	case 0:
		return nil, nil
	case 1:
		return crc32.NewIEEE(), nil
	case 4:
		return crc64.New(crc64.MakeTable(crc64.ECMA)), nil
	case 10:
		return sha256.New(), nil
	}
	return nil, errors.New("this kind of check is not supported")
}

// agrees compares a check with its field, which is little endian for CRCs.
func agrees(h hash.Hash, field []byte) bool {
	sum := h.Sum(nil)
	if len(sum) > sha256.Size/2 {
		return bytes.Equal(sum, field)
	}
	for i, b := range sum {
		if field[len(field)-1-i] != b {
			return false
		}
	}
	return true
}

// streamHeader parses a stream header (2.1.1) and returns the kind of check.
func streamHeader(h []byte) (byte, error) {
	if string(h[:6]) != headerMagic {
		return 0, errNoHeader
	}
	if crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) {
		return 0, corrupt("the checksum of a stream's header is wrong")
	}
	if h[6] != 0 || h[7] > 15 {
		return 0, corrupt("unknown flags of a stream")
	}
	return h[7], nil
}

// blockHeader is what the header of a block says (3.1).
type blockHeader struct {
	size     int   // of the header
	packed   int64 // -1: not given
	unpacked int64
	dict     int64
	filters  int
}

// parseBlockHeader parses a header with its size and checksum.
func parseBlockHeader(b []byte) (blockHeader, error) {
	end := len(b) - 4
	h := blockHeader{size: len(b), packed: -1, unpacked: -1}
	if crc32.ChecksumIEEE(b[:end]) != binary.LittleEndian.Uint32(b[end:]) {
		return h, corrupt("the checksum of a block's header is wrong")
	}
	flags, b := b[1], b[2:end]
	if flags&0x3c != 0 {
		return h, corrupt("unknown flags of a block")
	}
	h.filters = int(flags&3) + 1
	ok := true
	number := func() int64 {
		v, rest, good := parseNumber(b)
		b, ok = rest, ok && good
		return v
	}
	if flags&0x40 != 0 {
		h.packed = number()
		ok = ok && h.packed > 0
	}
	if flags&0x80 != 0 {
		h.unpacked = number()
	}
	if h.filters > 1 {
		return h, nil
	}
	id, size := number(), number()
	if !ok || id != filterLZMA2 || size != 1 || len(b) == 0 || b[0] > 40 {
		return h, corrupt("a block's header has unknown fields")
	}
	h.dict = min(int64(2|b[0]&1)<<(b[0]/2+11), 1<<32-1)
	for _, zero := range b[1:] {
		if zero != 0 {
			return h, corrupt("a block's header has unknown fields")
		}
	}
	return h, nil
}

// parseNumber parses a number of up to nine bytes (1.2).
func parseNumber(b []byte) (int64, []byte, bool) {
	v := int64(0)
	for i, c := range b {
		if i == 9 || c == 0 && i > 0 {
			break
		}
		v |= int64(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			return v, b[i+1:], true
		}
	}
	return 0, nil, false
}

// ledger compares the blocks of a stream with its index (4), without keeping
// either.
type ledger struct {
	count int64
	hash  hash.Hash
}

func newLedger() ledger { return ledger{hash: sha256.New()} }

func (l *ledger) add(unpadded, unpacked int64) {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], uint64(unpadded))
	binary.LittleEndian.PutUint64(b[8:], uint64(unpacked))
	l.hash.Write(b[:]) //nolint:errcheck // a hash never fails
	l.count++
}

// indexReader reads an index and hashes its bytes.
type indexReader struct {
	r    *bufio.Reader
	crc  hash.Hash32
	size int64
}

// ReadByte reads a byte of the index.
func (x *indexReader) ReadByte() (byte, error) {
	b, err := x.r.ReadByte()
	if err != nil {
		return 0, short(err)
	}
	x.crc.Write([]byte{b}) //nolint:errcheck // a hash never fails
	x.size++
	return b, nil
}

func (x *indexReader) number() (int64, error) {
	var buf [9]byte
	for i := range buf {
		b, err := x.ReadByte()
		if err != nil {
			return 0, err
		}
		buf[i] = b
		if b&0x80 == 0 {
			if v, _, ok := parseNumber(buf[:i+1]); ok {
				return v, nil
			}
			break
		}
	}
	return 0, corrupt("the index has an impossible number")
}

// readIndex reads the index of a stream and its footer, and compares them with
// the blocks and the flags of the header.
func readIndex(r *bufio.Reader, blocks ledger, check byte) error {
	x := &indexReader{r: r, crc: crc32.NewIEEE()}
	if _, err := x.ReadByte(); err != nil { // the zero that began it
		return err
	}
	count, err := x.number()
	if err != nil {
		return err
	}
	if count != blocks.count {
		return corrupt("the index has another number of blocks")
	}
	listed := newLedger()
	for range count {
		unpadded, err := x.number()
		if err != nil {
			return err
		}
		unpacked, err := x.number()
		if err != nil {
			return err
		}
		listed.add(unpadded, unpacked)
	}
	for x.size%4 != 0 {
		if b, err := x.ReadByte(); err != nil || b != 0 {
			return errors.Join(err, corrupt("the index is not padded with zeros"))
		}
	}
	if !bytes.Equal(listed.hash.Sum(nil), blocks.hash.Sum(nil)) {
		return corrupt("the index has other blocks")
	}
	var tail [4 + headerSize]byte
	if _, err := io.ReadFull(r, tail[:]); err != nil {
		return short(err)
	}
	if binary.LittleEndian.Uint32(tail[:]) != x.crc.Sum32() {
		return corrupt("the checksum of the index is wrong")
	}
	return footer(tail[4:], x.size+4, check)
}

// footer checks a stream's footer (2.1.2).
func footer(f []byte, index int64, check byte) error {
	switch {
	case string(f[10:]) != footerMagic,
		crc32.ChecksumIEEE(f[4:10]) != binary.LittleEndian.Uint32(f),
		(int64(binary.LittleEndian.Uint32(f[4:]))+1)*4 != index,
		f[8] != 0, f[9] != check:
		return corrupt("the footer of a stream is wrong")
	}
	return nil
}
