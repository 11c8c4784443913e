package xz

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var errCorrupt = errors.New("the data is damaged")

func corrupt(what string) error { return fmt.Errorf("%w: %s", errCorrupt, what) }

// window is where bytes come out; what is before the position is the history.
type window struct {
	buf    []byte
	pos    int
	origin int // where the history begins: the position of the latest reset
	dict   int // bytes of history that a match may reach back
}

// lzma2 decodes the chunks of one block after the other.
type lzma2 struct {
	window
	models
	packed    [maxPacked]byte
	state     uint32
	rep       [4]uint32 // latest distances, less one
	lc        uint32
	literalOf uint32 // mask of the position's bits that choose a literal's model
	position  uint32 // mask of the position's bits that choose other models
	needDict  bool
	needProps bool
	header    [6]byte
}

// start begins a block that comes out in buf.
func (z *lzma2) start(buf []byte, dict int) {
	z.window = window{buf: buf, dict: dict}
	z.needDict, z.needProps = true, true
}

// chunk decodes the next chunk. It returns io.EOF at the end of the block. The
// room function makes place for that many bytes behind the position, or says
// why there is none.
func (z *lzma2) chunk(r io.Reader, room func(n int) error) error {
	control := z.header[:1]
	if _, err := io.ReadFull(r, control); err != nil {
		return short(err)
	}
	c := control[0]
	switch {
	case c == 0:
		return io.EOF
	case c >= 0xe0 || c == 1:
		z.needDict, z.needProps = false, true
		z.origin = z.pos
	case z.needDict:
		return corrupt("the first chunk does not reset the dictionary")
	}
	switch {
	case c >= 0x80:
		return z.compressed(c, r, room)
	case c > 2:
		return corrupt("unknown kind of chunk")
	}
	if _, err := io.ReadFull(r, z.header[:2]); err != nil {
		return short(err)
	}
	n := int(binary.BigEndian.Uint16(z.header[:])) + 1
	if err := room(n); err != nil {
		return err
	}
	if _, err := io.ReadFull(r, z.buf[z.pos:z.pos+n]); err != nil {
		return short(err)
	}
	z.pos += n
	return nil
}

// compressed decodes a chunk of LZMA data.
func (z *lzma2) compressed(control byte, r io.Reader, room func(n int) error) error {
	h := z.header[:5]
	if control >= 0xc0 {
		h = z.header[:6] // with properties
	}
	h = h[1:]
	if _, err := io.ReadFull(r, h); err != nil {
		return short(err)
	}
	size := int(control&0x1f)<<16 + int(binary.BigEndian.Uint16(h)) + 1
	packed := int(binary.BigEndian.Uint16(h[2:])) + 1
	switch {
	case control >= 0xc0:
		if !z.properties(h[4]) {
			return corrupt("impossible properties")
		}
		z.needProps = false
		z.reset()
	case z.needProps:
		return corrupt("the first chunk has no properties")
	case control >= 0xa0:
		z.reset()
	}
	if _, err := io.ReadFull(r, z.packed[:packed]); err != nil {
		return short(err)
	}
	if err := room(size); err != nil {
		return err
	}
	if packed < 5 || !z.run(size, packed) {
		return corrupt("impossible match or end of a chunk")
	}
	return nil
}

func (z *lzma2) properties(p byte) bool {
	lc, lp, pb := uint32(p%9), uint32(p/9%5), uint32(p/45)
	if pb > 4 || lc+lp > 4 {
		return false
	}
	z.lc, z.literalOf, z.position = lc, 1<<lp-1, 1<<pb-1
	return true
}

func (z *lzma2) reset() {
	z.state, z.rep = 0, [4]uint32{}
	m := &z.models
	for _, probs := range [][]uint16{
		m.isRep[:], m.isRep0[:], m.isRep1[:], m.isRep2[:], m.special[:], m.align[:],
		m.matchLen.choice[:], m.matchLen.high[:], m.repLen.choice[:], m.repLen.high[:],
	} {
		fill(probs)
	}
	for i := range 16 {
		for _, probs := range [][]uint16{
			m.isMatch[i][:], m.isRep0Long[i][:], m.slot[i%4][:], m.literals[i][:],
			m.matchLen.low[i][:], m.matchLen.mid[i][:], m.repLen.low[i][:], m.repLen.mid[i][:],
		} {
			fill(probs)
		}
	}
}

func fill(probs []uint16) {
	for i := range probs {
		probs[i] = probInit
	}
}

// run decodes a chunk of size bytes; false if it is damaged.
func (z *lzma2) run(size, packed int) bool {
	c := coder{in: &z.packed, next: 5, span: 1<<32 - 1, code: binary.BigEndian.Uint32(z.packed[1:])}
	buf := z.buf[:z.pos+size]
	pos, state, rep0 := z.pos, z.state, z.rep[0]
	for pos < len(buf) {
		place := uint32(pos-z.origin) & z.position & 15
		var b uint32
		if c, b = c.bit(&z.isMatch[state&15][place]); b == 0 {
			c, b = z.literal(c, buf, pos, state, rep0)
			buf[pos] = uint8(b)
			pos++
			state = afterLiteral(state)
			continue
		}
		var length int
		if c, b = c.bit(&z.isRep[state&15]); b == 0 {
			z.rep[3], z.rep[2], z.rep[1] = z.rep[2], z.rep[1], rep0
			c, length = c.length(&z.matchLen, place)
			c, rep0 = c.distance(&z.models, length)
			state = after(state, 7)
		} else {
			z.rep[0] = rep0
			c, length, state = z.repeat(c, state, place)
			rep0 = z.rep[0]
		}
		if int64(rep0) >= int64(min(pos-z.origin, z.dict)) || length > len(buf)-pos {
			return false
		}
		again(buf, pos, int(rep0)+1, length)
		pos += length
	}
	if c.span < topValue {
		c = c.shift()
	}
	z.pos, z.state, z.rep[0] = pos, state, rep0
	return c.code == 0 && c.next == uint16(packed) && z.packed[0] == 0
}

// literal decodes a byte.
func (z *lzma2) literal(c coder, buf []byte, pos int, state, rep0 uint32) (coder, uint32) {
	var before, match uint32
	if pos > z.origin {
		before = uint32(buf[pos-1])
	}
	model := &z.literals[((uint32(pos-z.origin)&z.literalOf)<<z.lc+before>>(8-z.lc))&15]
	if state < litStates {
		return c.literal(model)
	}
	if at := pos - int(rep0) - 1; at >= z.origin {
		match = uint32(buf[at])
	}
	return c.matched(model, match)
}

// repeat decodes a match at one of the latest distances.
func (z *lzma2) repeat(c coder, state, place uint32) (coder, int, uint32) {
	var b uint32
	if c, b = c.bit(&z.isRep0[state&15]); b == 0 {
		if c, b = c.bit(&z.isRep0Long[state&15][place&15]); b == 0 {
			return c, 1, after(state, 9)
		}
	} else {
		i := 1
		if c, b = c.bit(&z.isRep1[state&15]); b != 0 {
			c, b = c.bit(&z.isRep2[state&15])
			i = 2 + int(b)
		}
		d := z.rep[i&3]
		copy(z.rep[1:i+1], z.rep[:i])
		z.rep[0] = d
	}
	c, length := c.length(&z.repLen, place)
	return c, length, after(state, 8)
}

func afterLiteral(state uint32) uint32 {
	switch {
	case state < 4:
		return 0
	case state < 10:
		return state - 3
	}
	return state - 6
}

// after is the state behind a match: 7 for a new one, 8 for one at a latest
// distance, 9 for a single byte.
func after(state, kind uint32) uint32 {
	switch {
	case state < litStates:
		return kind
	case kind == 7:
		return 10
	}
	return 11
}

// again writes length bytes at pos once more from distance before; they may
// overlap, and then a pattern repeats.
func again(buf []byte, pos, distance, length int) {
	to, from := buf[pos:pos+length], buf[pos-distance:]
	if length <= 16 {
		from = from[:len(to)]
		for i := range to {
			to[i] = from[i]
		}
		return
	}
	for done := 0; done < length; { // each time twice as much of the pattern is there
		done += copy(to[done:], from[:distance+done])
	}
}

// short makes the end of the file within a block an error.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
