package bzip2

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The two marks of the format, each 48 bits at any bit of the file.
const (
	blockMark = 0x314159265359
	endMark   = 0x177245385090
	markBits  = 48
)

const (
	levelSize = 100_000       // bytes of a block for each level
	maxBlock  = 9 * levelSize // bytes of a block before its runs are expanded
	tableSize = 1 << 20       // next power of two: a masked index is always inside
	tableMask = tableSize - 1
	groupSize = 50 // symbols for each selector
)

var (
	errShort   = errors.New("the block ends early")
	errCorrupt = errors.New("the data is damaged")
)

func corrupt(what string) error { return fmt.Errorf("%w: %s", errCorrupt, what) }

// block is one block on its way through the steps of decoding.
type block struct {
	table  [tableSize]uint32 // byte, and from bit 8 on where the next one is
	text   [maxBlock]byte    // the bytes, before runs are expanded
	length int
	origin uint32 // where the first byte is
	crc    uint32 // as the block says
}

// decoder holds what decoding a block needs beside the block.
type decoder struct {
	bits      bitReader
	codes     [6]huffman
	selectors [1 << 15]uint8
	used      int // codes, selectors and alphabet that the block uses
	groups    int
	symbols   int
	alphabet  [256]uint8
	counts    [256]uint32
}

// decode reads the block of a piece and links its Burrows-Wheeler transform. It
// returns the number of bits that the block takes. bzip2's author wrote no
// specification; this follows the one of Joe Tsai, "BZip2: Format
// Specification" (github.com/dsnet/compress/blob/master/doc/bzip2-format.pdf).
func (d *decoder) decode(b *block, padded []byte, skip uint, end int) (int, error) {
	d.bits = newBitReader(padded, skip)
	err := d.read(b)
	if d.bits.position() > end {
		return 0, errShort
	}
	if err != nil {
		return 0, err
	}
	d.link(b)
	return d.bits.position(), nil
}

func (d *decoder) read(b *block) error {
	r := &d.bits
	r.bits(24)
	r.bits(24) // the mark, which the splitter found
	b.crc = r.bits(32)
	if r.bits(1) != 0 {
		return corrupt("randomised blocks, of bzip2 before 0.9.5, are not supported")
	}
	b.origin = r.bits(24)
	d.readAlphabet()
	if err := d.readSelectors(); err != nil {
		return err
	}
	if err := d.readCodes(); err != nil {
		return err
	}
	if err := d.readText(b); err != nil {
		return err
	}
	if b.origin >= uint32(b.length) {
		return corrupt("the first byte is outside its block")
	}
	return nil
}

// readAlphabet reads which bytes occur.
func (d *decoder) readAlphabet() {
	d.symbols = 0
	ranges := d.bits.bits(16)
	for i := range 16 {
		if ranges>>(15-i)&1 == 0 {
			continue
		}
		bytes := d.bits.bits(16)
		for j := range 16 {
			if bytes>>(15-j)&1 != 0 {
				d.alphabet[d.symbols] = uint8(16*i + j)
				d.symbols++
			}
		}
	}
}

// readSelectors reads which code each group of symbols has.
func (d *decoder) readSelectors() error {
	d.used, d.groups = int(d.bits.bits(3)), int(d.bits.bits(15))
	if d.symbols == 0 || d.used < 2 || d.used > len(d.codes) || d.groups == 0 {
		return corrupt("impossible number of symbols, codes or groups")
	}
	recent := [6]uint8{0, 1, 2, 3, 4, 5}
	for i := range d.groups {
		j := 0
		for d.bits.bits(1) != 0 {
			if j++; j >= d.used {
				return corrupt("unknown code")
			}
		}
		s := recent[j]
		copy(recent[1:], recent[:j])
		recent[0] = s
		d.selectors[i] = s
	}
	return nil
}

// readCodes reads the lengths of the codes' symbols, as differences.
func (d *decoder) readCodes() error {
	var lengths [maxSymbols]uint8
	for i := range d.used {
		length := d.bits.bits(5)
		for s := range d.symbols + 2 {
			for d.bits.bits(1) != 0 {
				length += 1 - 2*d.bits.bits(1)
				if length-1 >= maxCode {
					break
				}
			}
			if length-1 >= maxCode {
				return corrupt("impossible length of a code")
			}
			lengths[s] = uint8(length)
		}
		if !d.codes[i].build(lengths[:d.symbols+2]) {
			return corrupt("impossible lengths of a code")
		}
	}
	return nil
}

// readText reads the symbols: places in the list of recent bytes, and runs of
// the latest one as digits of their length. It is the hot loop of the first
// half; the bit reader's fields are variables here to stay in registers.
func (d *decoder) readText(b *block) error {
	in, next, word, have := d.bits.in, d.bits.next, d.bits.word, d.bits.have
	clear(d.counts[:])
	recent := newRecency(&d.alphabet)
	n, run, weight := 0, 0, 1
	problem := "the block has no end"
groups:
	for _, selector := range d.selectors[:d.groups] {
		code := &d.codes[selector]
		for range groupSize {
			if have < maxCode {
				if next > len(in)-8 {
					return d.endShort()
				}
				word |= binary.BigEndian.Uint64(in[next:]) >> (have & 63)
				next += int((63 - have) >> 3)
				have |= 56
			}
			e := code.fast[word>>(64-fastBits)]
			if e == 0 {
				if e = code.slow(uint32(word >> (64 - maxCode))); e == 0 {
					problem = "unknown code word"
					break groups
				}
			}
			symbol, length := int(e>>lengthBits), uint(e&(1<<lengthBits-1))
			word <<= length
			have -= length
			if symbol < 2 {
				if run += weight << symbol; run > maxBlock {
					problem = "too long a run"
					break groups
				}
				weight <<= 1
				continue
			}
			if n+run >= maxBlock && (n+run > maxBlock || symbol <= d.symbols) {
				problem = "too long a block"
				break groups
			}
			if run > 0 {
				latest := recent.latest()
				d.counts[latest] += uint32(run)
				fill(b.table[n:n+run], latest)
				n, run, weight = n+run, 0, 1
			}
			if symbol > d.symbols {
				problem = ""
				break groups
			}
			v := recent.take(uint(symbol - 1))
			b.table[n&tableMask] = uint32(v)
			d.counts[v]++
			n++
		}
	}
	d.bits.next, d.bits.have, b.length = next, have, n
	if problem != "" {
		return corrupt(problem)
	}
	return nil
}

// endShort puts the bit reader behind the end.
func (d *decoder) endShort() error {
	d.bits.next, d.bits.have = len(d.bits.in), 0
	return errShort
}

func fill(p []uint32, v uint8) {
	for i := range p {
		p[i] = uint32(v)
	}
}

// link turns the transform's last column into links: the n-th byte of a value
// in it is the n-th of that value in the sorted first column.
func (d *decoder) link(b *block) {
	sum := uint32(0)
	for i, n := range d.counts {
		d.counts[i] = sum
		sum += n
	}
	for i, e := range b.table[:b.length] {
		place := &d.counts[uint8(e)]
		b.table[*place&tableMask] |= uint32(i) << 8
		*place++
	}
}
