package xz

// The numbers of LZMA, from "LZMA specification (DRAFT version)" by Igor Pavlov
// (lzma-specification.7z of the LZMA SDK), by whose names things go here.
const (
	probInit   = 1 << 10
	topValue   = 1 << 24
	modelBits  = 11
	moveBits   = 5
	litStates  = 7 // states below this follow a literal
	minMatch   = 2
	alignBits  = 4
	slotDirect = 14 // distance slots from here on have bits without a model
	slotModel  = 4  // and from here on they have bits
)

// maxPacked is the most bytes of a compressed LZMA2 chunk.
const maxPacked = 1 << 16

// coder is the range decoder. It is passed by value, so that it stays in
// registers. What it reads behind the end of a chunk does not matter: that it
// took more than there is is found when the chunk ends.
type coder struct {
	in   *[maxPacked]byte
	next uint16 // byte of in
	span uint32
	code uint32
}

// bit decodes one bit with its adaptive probability. It is just small enough
// for the compiler to inline it.
func (c coder) bit(p *uint16) (coder, uint32) {
	if c.span < topValue {
		c.code = c.code<<8 | uint32(c.in[c.next])
		c.next++
		c.span <<= 8
	}
	bound := c.span >> modelBits * uint32(*p)
	if c.code < bound {
		c.span = bound
		*p += (1<<modelBits - *p) >> moveBits
		return c, 0
	}
	c.span -= bound
	c.code -= bound
	*p -= *p >> moveBits
	return c, 1
}

// shift takes in a byte.
func (c coder) shift() coder {
	c.code = c.code<<8 | uint32(c.in[c.next])
	c.next++
	c.span <<= 8
	return c
}

// even is bit for bits that no processor can guess: it has no branch for their
// value. Zero has all bits set if the bit is 0, and otherwise none.
func (c coder) even(prob *uint16) (coder, uint32) {
	p := uint32(*prob)
	bound := c.span >> modelBits * p
	zero := uint32((uint64(c.code) - uint64(bound)) >> 32)
	c.span += (bound<<1-c.span)&zero - bound
	c.code -= bound &^ zero
	*prob = uint16(p - uint32(int32(p-zero&(1<<modelBits-1<<moveBits+1))>>moveBits))
	return c, zero
}

// literal decodes a byte that follows a literal.
func (c coder) literal(probs *[0x300]uint16) (coder, uint32) {
	symbol := uint32(1)
	for symbol < 0x100 {
		if c.span < topValue {
			c = c.shift()
		}
		var zero uint32
		c, zero = c.even(&probs[symbol&0xff])
		symbol = symbol<<1 + 1 + zero
	}
	return c, symbol
}

// matched decodes a byte that follows a match; it is likely not the one that
// continues the match.
func (c coder) matched(probs *[0x300]uint16, match uint32) (coder, uint32) {
	symbol, offset := uint32(1), uint32(0x100)
	for symbol < 0x100 {
		if c.span < topValue {
			c = c.shift()
		}
		match <<= 1
		expected := match & offset
		var zero uint32
		c, zero = c.even(&probs[min(offset+expected+symbol, 0x2ff)])
		symbol = symbol<<1 + 1 + zero
		offset &= expected ^ zero // as long as the bits are the same
	}
	return c, symbol
}

// tree decodes bits, the highest first.
func (c coder) tree(probs []uint16, bits int) (coder, uint32) {
	symbol := uint32(1)
	for range bits {
		if c.span < topValue {
			c = c.shift()
		}
		var zero uint32
		c, zero = c.even(&probs[symbol])
		symbol = symbol<<1 + 1 + zero
	}
	return c, symbol - 1<<bits
}

// reverse decodes bits, the lowest first.
func (c coder) reverse(probs []uint16, bits uint32) (coder, uint32) {
	index, symbol := uint32(1), uint32(0)
	for i := range bits {
		if c.span < topValue {
			c = c.shift()
		}
		var zero uint32
		c, zero = c.even(&probs[index])
		index = index<<1 + 1 + zero
		symbol |= (1 + zero) << i
	}
	return c, symbol
}

// direct decodes bits without a model.
func (c coder) direct(bits uint32) (coder, uint32) {
	v := uint32(0)
	for range bits {
		if c.span < topValue {
			c = c.shift()
		}
		c.span >>= 1
		c.code -= c.span
		negative := uint32(int32(c.code) >> 31)
		c.code += c.span & negative
		v = v<<1 + 1 + negative
	}
	return c, v
}

// lengths is the model of a match's length.
type lengths struct {
	choice [2]uint16
	low    [16][8]uint16
	mid    [16][8]uint16
	high   [256]uint16
}

func (c coder) length(l *lengths, position uint32) (coder, int) {
	var b, v uint32
	if c, b = c.bit(&l.choice[0]); b == 0 {
		c, v = c.tree(l.low[position&15][:], 3)
		return c, int(v) + minMatch
	}
	if c, b = c.bit(&l.choice[1]); b == 0 {
		c, v = c.tree(l.mid[position&15][:], 3)
		return c, int(v) + minMatch + 8
	}
	c, v = c.tree(l.high[:], 8)
	return c, int(v) + minMatch + 16
}

// models are the adaptive probabilities.
type models struct {
	isMatch    [16][16]uint16 // by state and position
	isRep      [16]uint16
	isRep0     [16]uint16
	isRep1     [16]uint16
	isRep2     [16]uint16
	isRep0Long [16][16]uint16
	slot       [4][64]uint16
	special    [128]uint16
	align      [16]uint16
	matchLen   lengths
	repLen     lengths
	literals   [16][0x300]uint16
}

func (c coder) distance(m *models, length int) (coder, uint32) {
	c, slot := c.tree(m.slot[min(length-minMatch, 3)][:], 6)
	if slot < slotModel {
		return c, slot
	}
	bits := slot>>1 - 1
	d := (2 | slot&1) << bits
	var v uint32
	if slot < slotDirect {
		c, v = c.reverse(m.special[d-slot:], bits)
		return c, d + v
	}
	c, v = c.direct(bits - alignBits)
	d += v << alignBits
	c, v = c.reverse(m.align[:], alignBits)
	return c, d + v
}
