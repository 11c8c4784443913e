package terminal

import (
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// emulator is a terminal of the xterm kind, as far as it writes into its grid.
type emulator struct {
	parser
	main, other *grid // other is the alternate screen, without a history
	screen      *grid // the one in use
	cur, saved  cursor
	top, bottom int // of the scrolling region, bottom excluded
	last        rune
	drawing     [2]bool // whether G0 and G1 are the line-drawing set
	shifted     int     // which of them is in use
	tabs        []bool  // by column
	modes
}

// modes are switched by the guest.
type modes struct {
	noWrap, origin, insert, newline, hidden bool
	applicationKeys, bracketedPaste         bool
}

// cursor is where and how the next character is written. A character in the
// last column leaves it there, waiting to wrap.
type cursor struct {
	x, y int
	wrap bool
	pen  pen
}

func newEmulator(width, height int) *emulator {
	e := &emulator{}
	e.main, e.other = newGrid(width, height, maxScrollback), newGrid(width, height, 0)
	e.reset()
	return e
}

// reset is the state at power-on, with what was said still above.
func (e *emulator) reset() {
	e.screen, e.cur, e.saved, e.modes = e.main, cursor{}, cursor{}, modes{}
	e.top, e.bottom = 0, e.main.height
	e.drawing, e.shifted = [2]bool{}, 0
	e.tabs = tabStops(e.main.width)
}

func tabStops(width int) []bool {
	tabs := make([]bool, width)
	for x := 8; x < width; x += 8 {
		tabs[x] = true
	}
	return tabs
}

func (e *emulator) resize(width, height int) {
	if width == e.screen.width && height == e.screen.height {
		return
	}
	moved := e.main.resize(width, height, maxScrollback, e.cur.y)
	movedOther := e.other.resize(width, height, 0, e.cur.y)
	if e.screen == e.other {
		moved = movedOther
	}
	e.top, e.bottom, e.tabs = 0, height, tabStops(width)
	e.cur.wrap = false
	e.moveTo(e.cur.x, e.cur.y+moved)
	e.saved.x, e.saved.y = min(e.saved.x, width-1), min(e.saved.y, height-1)
}

// moveTo puts the cursor into the screen.
func (e *emulator) moveTo(x, y int) {
	e.cur.x = min(max(x, 0), e.screen.width-1)
	e.cur.y = min(max(y, 0), e.screen.height-1)
	e.cur.wrap = false
}

// printASCII writes a run of characters between space and tilde.
func (e *emulator) printASCII(text []byte) {
	e.last = rune(text[len(text)-1])
	if e.insert || e.drawing[e.shifted] {
		for _, b := range text {
			e.put(e.drawn(b), 1)
		}
		return
	}
	for len(text) > 0 {
		e.wrapNow()
		line := e.screen.line(e.cur.y)
		n := min(len(text), e.screen.width-e.cur.x)
		line.at(e.cur.x + n - 1)
		e.split(line, e.cur.x)
		e.split(line, e.cur.x+n)
		for i, b := range text[:n] {
			line.cells[e.cur.x+i] = cell{char: rune(b), pen: e.cur.pen}
		}
		e.advanceBy(n)
		text = text[n:]
	}
}

// print writes a character that is not ASCII, or adds a mark to the last one.
func (e *emulator) print(r rune) {
	width := runeWidth(r)
	if width == 0 {
		e.mark(r)
		return
	}
	e.last = r
	e.put(r, width)
}

func (e *emulator) put(r rune, width int) {
	if width > e.screen.width {
		r, width = '?', 1
	}
	e.wrapNow()
	if e.cur.x+width > e.screen.width {
		if e.noWrap {
			return
		}
		e.cur.wrap = true
		e.wrapNow()
	}
	line := e.screen.line(e.cur.y)
	if e.insert {
		e.insertBlanks(width)
	}
	line.at(e.cur.x + width - 1)
	e.split(line, e.cur.x)
	e.split(line, e.cur.x+width)
	line.cells[e.cur.x] = cell{char: r, pen: e.cur.pen}
	if width == 2 {
		line.cells[e.cur.x+1] = cell{pen: e.cur.pen}
	}
	e.advanceBy(width)
}

// advanceBy moves on after a character; in the last column the cursor waits.
func (e *emulator) advanceBy(n int) {
	e.cur.x += n
	if e.cur.x >= e.screen.width {
		e.cur.x, e.cur.wrap = e.screen.width-1, !e.noWrap
	}
}

func (e *emulator) wrapNow() {
	if e.cur.wrap {
		e.cur.x, e.cur.wrap = 0, false
		e.lineFeed()
	}
}

// split blanks a wide character that is cut in two at a column.
func (e *emulator) split(line *row, x int) {
	if x > 0 && x < len(line.cells) && line.cells[x].char == 0 {
		line.cells[x-1] = cell{char: ' ', pen: line.cells[x-1].pen}
		line.cells[x] = cell{char: ' ', pen: line.cells[x].pen}
	}
}

// mark adds a combining mark to the character before the cursor. Joiners and
// selectors of variants, on whose width terminals disagree, are read over.
func (e *emulator) mark(r rune) {
	if !unicode.In(r, unicode.Mn, unicode.Me) || r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0000 {
		return
	}
	line, x := e.screen.line(e.cur.y), e.cur.x
	if !e.cur.wrap {
		x--
	}
	if x > 0 && x < len(line.cells) && line.cells[x].char == 0 {
		x--
	}
	if x < 0 || x >= len(line.cells) {
		return
	}
	for i, m := range line.cells[x].marks {
		if m == 0 {
			line.cells[x].marks[i] = r
			return
		}
	}
}

// runeWidth is how many cells a character takes: 0, 1 or 2.
func runeWidth(r rune) int {
	switch {
	case r < 0x300 || r >= 0x2500 && r < 0x25a0:
		return 1
	case unicode.Is(unicode.Cf, r):
		return 0 // would turn or join what is beside it
	}
	return min(ansi.StringWidth(string(r)), 2)
}

// drawn is a character in the set in use: DEC's lines, or itself.
func (e *emulator) drawn(b byte) rune {
	const lines = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"
	if !e.drawing[e.shifted] || b < 0x60 || b > 0x7e {
		return rune(b)
	}
	return []rune(lines)[b-0x60]
}

func (e *emulator) execute(b byte) {
	switch b {
	case '\b':
		e.moveTo(e.cur.x-1, e.cur.y)
	case '\t':
		e.tab(1)
	case '\n', '\v', '\f':
		e.lineFeed()
		if e.newline {
			e.cur.x = 0
		}
	case '\r':
		e.moveTo(0, e.cur.y)
	case 0x0e:
		e.shifted = 1
	case 0x0f:
		e.shifted = 0
	}
}

// lineFeed moves down, and scrolls at the end of the region.
func (e *emulator) lineFeed() {
	e.cur.wrap = false
	switch {
	case e.cur.y == e.bottom-1:
		e.screen.up(e.top, e.bottom, 1, e.cur.pen)
	case e.cur.y < e.screen.height-1:
		e.cur.y++
	}
}

// tab moves to the n-th next stop; negative, to one before.
func (e *emulator) tab(n int) {
	x, step := e.cur.x, 1
	if n < 0 {
		step, n = -1, -n
	}
	for ; n > 0; n-- {
		for x += step; x > 0 && x < e.screen.width-1 && !e.tabs[x]; x += step {
		}
	}
	e.moveTo(x, e.cur.y)
}

func (e *emulator) escape(between, final byte) {
	switch {
	case between == '(' || between == ')':
		e.drawing[between-'('] = final == '0'
	case between == '#' && final == '8':
		for y := range e.screen.height {
			for x := range e.screen.width {
				*e.screen.line(y).at(x) = cell{char: 'E'}
			}
		}
	case between != 0:
	case final == '7':
		e.saved = e.cur
	case final == '8':
		e.restore()
	case final == 'D':
		e.lineFeed()
	case final == 'E':
		e.lineFeed()
		e.cur.x = 0
	case final == 'H':
		e.tabs[e.cur.x] = true
	case final == 'M':
		e.reverseFeed()
	case final == 'c':
		e.screen.up(0, e.screen.height, e.screen.height, pen{})
		e.reset()
	}
}

func (e *emulator) restore() {
	e.cur = e.saved
	e.moveTo(e.cur.x, e.cur.y)
}

func (e *emulator) reverseFeed() {
	e.cur.wrap = false
	switch {
	case e.cur.y == e.top:
		e.screen.down(e.top, e.bottom, 1, e.cur.pen)
	case e.cur.y > 0:
		e.cur.y--
	}
}
