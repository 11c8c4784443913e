package bzip2

import (
	"encoding/binary"
	"errors"
	"io"
)

// maxPiece is more than any block takes: 900,000 symbols of 20 bits, and their
// selectors.
const maxPiece = 3 << 20

const readSize = 256 << 10

// piece is what lies between two marks: a block with its mark, the end of a
// stream and what follows it up to the next block, or, as the first one, the
// header of the first stream.
type piece struct {
	mark uint64
	bits []byte // with padding
	skip uint   // bits before the piece
	end  int    // bit behind the piece
	last error  // why no piece follows: io.EOF, or that reading failed

	out    chan []byte // what a block decodes to, closed behind it
	length int         // of the block's text; this and the rest are there at the end of out
	taken  int         // bits
	crc    uint32
	err    error
}

// splitter cuts a file into pieces without decoding it.
type splitter struct {
	source     io.Reader
	window     []byte // its bytes from start to end are not cut yet
	start, end int
	skip       uint
	mark       uint64 // at the start
	searched   int    // no mark begins between start and here
	interior   [2][256]uint16
	ended      error // of reading
}

// marks are in the order of the bits in splitter.interior.
func marks() [2]uint64 { return [2]uint64{blockMark, endMark} }

func newSplitter(source io.Reader) *splitter {
	s := &splitter{source: source, window: make([]byte, maxPiece+2*readSize+padding)}
	// A mark that begins at any bit of a byte fills the five bytes behind
	// it. A byte of the file can be the second or third of those only where
	// its bit is set for that mark and shift.
	for m, mark := range marks() {
		for shift := range 8 {
			for i := range s.interior {
				b := byte(mark >> (24 - 8*i + shift))
				s.interior[i][b] |= 1 << (8*m + shift)
			}
		}
	}
	return s
}

// next returns the next piece; the last one has its reason in last.
func (s *splitter) next(buffer []byte) *piece {
	for {
		bit, mark := s.search()
		if bit >= 0 {
			return s.cut(buffer, bit, mark)
		}
		if s.ended == nil && s.end-s.start > maxPiece {
			s.ended = corrupt("no block ends where one must")
		}
		if s.ended != nil {
			p := s.cut(buffer, 8*s.end, 0)
			p.last = s.ended
			return p
		}
		s.read()
	}
}

// read gets more of the source into the window.
func (s *splitter) read() {
	if s.end+readSize > len(s.window)-padding {
		copy(s.window, s.window[s.start:s.end])
		s.end, s.searched, s.start = s.end-s.start, s.searched-s.start, 0
	}
	for range 100 {
		n, err := s.source.Read(s.window[s.end : s.end+readSize])
		s.end += n
		if s.ended = err; n > 0 || err != nil {
			return
		}
	}
	s.ended = io.ErrNoProgress
}

// search returns the next mark and its bit in the window, -1 if there is none
// yet. A mark at the end of the file is never behind its last seven bytes.
func (s *splitter) search() (int, uint64) {
	limit := s.end - 7
	if s.ended != nil {
		clear(s.window[s.end : s.end+padding])
		limit = s.end - 5
	}
	own := 0 // bits of the piece's own mark
	if s.mark != 0 {
		own = markBits
	}
	first := 8*s.start + int(s.skip) + own
	s.searched = max(s.searched, first/8)
	third, fourth := &s.interior[0], &s.interior[1]
	for i := s.searched; i < limit; i++ {
		if third[s.window[i+2]]&fourth[s.window[i+3]] == 0 {
			continue
		}
		word := binary.BigEndian.Uint64(s.window[i:])
		for shift := max(0, first-8*i); shift < 8; shift++ {
			for _, mark := range marks() {
				if word<<shift>>(64-markBits) == mark && 8*i+shift+markBits <= 8*s.end {
					s.searched = i
					return 8*i + shift, mark
				}
			}
		}
	}
	s.searched = max(s.searched, limit)
	return -1, 0
}

// cut makes a piece of what lies before a bit, where a mark begins.
func (s *splitter) cut(buffer []byte, bit int, mark uint64) *piece {
	p := &piece{mark: s.mark, skip: s.skip, end: bit - 8*s.start}
	p.bits = append(buffer[:0], s.window[s.start:(bit+7)/8]...)
	p.bits = append(p.bits, make([]byte, padding)...)
	s.start, s.skip, s.mark = bit/8, uint(bit%8), mark
	return p
}

// join puts the next piece behind this one: the mark between them was none, but
// the same bits by chance.
func (p *piece) join(next *piece) {
	p.bits = append(p.bits[:p.end/8], next.bits...)
	p.end += next.end - int(next.skip)
	p.last = next.last
}

// tail is what follows the mark and the checksum of a stream's end, from the
// next whole byte on.
func (p *piece) tail() []byte {
	from := (int(p.skip) + markBits + 32 + 7) / 8
	return p.bits[from:max(from, p.end/8)]
}

var errNoHeader = errors.New("this is no bzip2 data")
