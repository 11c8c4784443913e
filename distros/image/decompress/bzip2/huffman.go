package bzip2

const (
	maxSymbols = 258
	maxCode    = 20 // bits of the longest code word
	fastBits   = 10 // code words up to this length are found by one look
	lengthBits = 5  // of an entry that hold the word's length; the symbol is above
)

// huffman decodes one of the prefix codes of a block.
type huffman struct {
	fast  [1 << fastBits]uint16
	limit [maxCode + 1]uint32 // first word that is longer than this, as maxCode bits
	base  [maxCode + 1]uint32 // added to a word of that length: its place in order
	order [maxSymbols]uint16  // symbols by code word
}

// build makes the code of these lengths; false if there is none.
func (h *huffman) build(lengths []uint8) bool {
	clear(h.fast[:])
	word, place := uint32(0), uint32(0)
	for length := 1; length <= maxCode; length++ {
		h.base[length] = place - word
		for symbol, l := range lengths {
			if int(l) != length {
				continue
			}
			if word>>length != 0 {
				return false
			}
			h.order[place] = uint16(symbol)
			if spare := fastBits - length; spare >= 0 {
				for i := range uint32(1) << spare {
					h.fast[word<<spare+i] = uint16(symbol<<lengthBits | length)
				}
			}
			word++
			place++
		}
		h.limit[length] = word << (maxCode - length)
		word <<= 1
	}
	return true
}

// slow finds an entry by the next maxCode bits; 0 if there is none.
func (h *huffman) slow(bits uint32) uint16 {
	for length := fastBits + 1; length <= maxCode; length++ {
		if bits < h.limit[length] {
			place := bits>>(maxCode-length) + h.base[length]
			return h.order[place%maxSymbols]<<lengthBits | uint16(length)
		}
	}
	return 0
}

// recency is the list of the block's bytes, the most recently used one first.
// The first eight are in one word, because most places are there.
type recency struct {
	first uint64
	rest  [248]uint8
}

func newRecency(alphabet *[256]uint8) recency {
	var r recency
	for i, v := range alphabet[:8] {
		r.first |= uint64(v) << (8 * i)
	}
	copy(r.rest[:], alphabet[8:])
	return r
}

func (r *recency) latest() uint8 { return uint8(r.first) }

// take moves the byte at a place to the front.
func (r *recency) take(place uint) uint8 {
	if place < 8 {
		shift := place * 8 & 63
		v := uint8(r.first >> shift)
		before := r.first & (1<<shift - 1)
		after := r.first & (^uint64(0xff) << shift)
		r.first = after | before<<8 | uint64(v)
		return v
	}
	k := min(place-8, 247)
	v := r.rest[k]
	copy(r.rest[1:k+1], r.rest[:k])
	r.rest[0] = uint8(r.first >> 56)
	r.first = r.first<<8 | uint64(v)
	return v
}
