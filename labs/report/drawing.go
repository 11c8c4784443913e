package report

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// maxSequence bounds a control sequence; a longer one is dropped.
const maxSequence = 64

// drawing keeps of a guest's console what draws text in a terminal, over any
// number of reads: characters, colours, the moves of the cursor, erasing. All
// else goes: what asks the terminal to answer, sets titles, clipboards or
// links, or switches the mouse on. It holds a few bytes, whatever comes.
type drawing struct {
	state   drawState
	seq     []byte // the sequence so far
	partial []byte // beginning of a character
}

type drawState uint8

const (
	drawText    drawState = iota
	drawEscape            // after ESC
	drawCharset           // after ESC and an intermediate byte: one more byte
	drawCSI               // after ESC [
	drawString            // after ESC ], P, X, ^ or _: until BEL or ESC \
)

// keep returns what may be shown of the bytes.
func (d *drawing) keep(data []byte) string {
	out := d.partial
	for _, b := range data {
		out = d.next(out, b)
	}
	whole := len(out) - unfinished(out)
	d.partial = append([]byte(nil), out[whole:]...)
	return shown(out[:whole])
}

// rest returns what is left of a character that was never finished.
func (d *drawing) rest() string { return shown(d.partial) }

func (d *drawing) next(out []byte, b byte) []byte {
	switch {
	case b == 0x1b:
		d.state, d.seq = drawEscape, append(d.seq[:0], b)
		return out
	case d.state == drawText:
		return append(out, b)
	case b == '\r' || b == '\n': // a sequence does not outlive its line
		d.state = drawText
		return append(out, b)
	case d.state == drawString:
		if b == 0x07 {
			d.state = drawText
		}
		return out
	}
	if len(d.seq) >= maxSequence {
		d.state = drawText
		return out
	}
	d.seq = append(d.seq, b)
	d.state = d.after(b)
	if d.state == drawText && draws(d.seq) {
		return append(out, d.seq...)
	}
	return out
}

// after returns the state after one more byte of a sequence.
func (d *drawing) after(b byte) drawState {
	switch {
	case d.state == drawCSI && (b < 0x40 || b > 0x7e):
		return drawCSI
	case d.state != drawEscape:
		return drawText
	case b == '[':
		return drawCSI
	case strings.IndexByte("]PX^_", b) >= 0:
		return drawString
	case b >= 0x20 && b <= 0x2f:
		return drawCharset
	}
	return drawText
}

// drawingSequence matches what draws: cursor, erasing, inserting, scrolling,
// colours; wrapping, the cursor's visibility and the other screen; saving the
// cursor, line feeds, reset; the line-drawing characters.
var drawingSequence = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\x1b(\[[0-9;]*[@A-HJ-MPSTXZ` + "`" + `adefmr]|\[\?(7|25|47|1047|1049)[hl]|[78DEMc]|\([0AB])$`)
})

func draws(seq []byte) bool { return drawingSequence().Match(seq) }

// shown makes bytes text: what is no text, or would not be seen, becomes a mark.
func shown(data []byte) string {
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("\r\n\t\b\x1b", r), unicode.IsPrint(r), unicode.Is(unicode.Zs, r):
			return r
		case r < 0x20 || r == 0x7f:
			return -1
		}
		return utf8.RuneError
	}, string(data))
}

// unfinished is how many bytes at the end may be the beginning of a character.
func unfinished(data []byte) int {
	for n := 1; n <= min(utf8.UTFMax-1, len(data)); n++ {
		b := data[len(data)-n]
		if utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRune(data[len(data)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
