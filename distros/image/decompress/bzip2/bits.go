package bzip2

import "encoding/binary"

// padding is the zeros behind the bits of a piece: eight bytes can be loaded
// from everywhere in it, and from behind it whenever bits of it are left.
const padding = 16

// bitReader takes bits from a piece, highest first. Behind the end come zeros;
// short tells.
type bitReader struct {
	in   []byte // with padding
	next int    // byte to load
	word uint64 // bits at hand, the next one on top
	have uint   // how many
}

func newBitReader(padded []byte, skip uint) bitReader {
	b := bitReader{in: padded}
	b.bits(skip)
	return b
}

// bits takes up to 32 bits.
func (b *bitReader) bits(n uint) uint32 {
	if b.have < n {
		if b.next <= len(b.in)-8 {
			b.word |= binary.BigEndian.Uint64(b.in[b.next:]) >> b.have
		}
		b.next += int((63 - b.have) >> 3)
		b.have |= 56
	}
	v := uint32(b.word >> 32 >> (32 - n))
	b.word <<= n
	b.have -= n
	return v
}

// position is the number of bits taken.
func (b *bitReader) position() int { return b.next*8 - int(b.have) }
