package bzip2

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// lane is a walk along the links of a block.
type lane struct {
	table *[tableSize]uint32
	text  []byte // that is not written yet
	at    uint32
}

// walk follows the links of several blocks at once and writes their texts. Each
// step waits for memory, so that four walks take hardly longer than one.
func walk(blocks []*block) {
	var going []lane
	for _, b := range blocks {
		going = append(going, lane{&b.table, b.text[:b.length], b.table[b.origin] >> 8})
	}
	for len(going) > 0 {
		steps := len(going[0].text)
		for _, l := range going {
			steps = min(steps, len(l.text))
		}
		if len(going) == 1 {
			walkOne(&going[0])
			return
		}
		var four [4]lane
		for i := range four {
			four[i] = going[i%len(going)] // twice the same harms nothing
		}
		walkFour(&four, steps)
		rest := going[:0]
		for i, l := range going {
			if l.text, l.at = l.text[steps:], four[i].at; len(l.text) > 0 {
				rest = append(rest, l)
			}
		}
		going = rest
	}
}

func walkFour(l *[4]lane, steps int) {
	t0, t1, t2, t3 := l[0].table, l[1].table, l[2].table, l[3].table
	x0, x1, x2, x3 := l[0].text[:steps], l[1].text[:steps], l[2].text[:steps], l[3].text[:steps]
	a0, a1, a2, a3 := l[0].at, l[1].at, l[2].at, l[3].at
	for i := range x0 {
		e0, e1, e2, e3 := t0[a0&tableMask], t1[a1&tableMask], t2[a2&tableMask], t3[a3&tableMask]
		x0[i], a0 = uint8(e0), e0>>8
		x1[i], a1 = uint8(e1), e1>>8
		x2[i], a2 = uint8(e2), e2>>8
		x3[i], a3 = uint8(e3), e3>>8
	}
	l[0].at, l[1].at, l[2].at, l[3].at = a0, a1, a2, a3
}

func walkOne(l *lane) {
	at := l.at
	for i := range l.text {
		e := l.table[at&tableMask]
		l.text[i], at = uint8(e), e>>8
	}
}

// expansion undoes the first step of compression: four equal bytes are followed
// by the number of further ones.
type expansion struct {
	text  []byte
	same  int // equal bytes at the end of what came out
	last  byte
	check checksum
}

// longestRun is the most that one step of an expansion puts out.
const longestRun = 256

// next fills out, except for its last bytes, and returns how many there are; 0
// at the end.
func (x *expansion) next(out []byte) int {
	n, i, same, last := 0, 0, x.same, x.last
	text := x.text
	for i < len(text) && n <= len(out)-longestRun {
		c := text[i]
		i++
		if same == 4 {
			for j := range out[n : n+int(c)] {
				out[n+j] = last
			}
			n += int(c)
			same = 0
			continue
		}
		if c != last {
			same = 0
		}
		last = c
		same++
		out[n] = c
		n++
	}
	x.text, x.same, x.last = text[i:], same, last
	x.check.add(out[:n])
	return n
}

// checksum is bzip2's CRC-32, which takes the highest bit of a byte first: with
// the bits of every byte turned round it is the usual one, for which processors
// have instructions.
type checksum struct{ crc uint32 }

func (c *checksum) add(p []byte) {
	var turned [2048]byte
	for len(p) > 0 {
		n := copy(turned[:], p)
		for i := 0; i < n; i += 8 {
			w := turned[i : i+8 : i+8]
			binary.LittleEndian.PutUint64(w, bits.ReverseBytes64(bits.Reverse64(binary.LittleEndian.Uint64(w))))
		}
		c.crc = crc32.Update(c.crc, crc32.IEEETable, turned[:n])
		p = p[n:]
	}
}

func (c *checksum) sum() uint32 { return bits.Reverse32(c.crc) }
