package terminal

// control obeys a CSI sequence that moves, erases or writes. Questions
// (c, n, x, DECRQM), window operations and everything else are read over.
func (e *emulator) control(s *sequence, final byte) {
	switch {
	case s.private == '?' && s.between == 0 && (final == 'h' || final == 'l'):
		for i := range s.n {
			e.setPrivate(s.params[i], final == 'h')
		}
	case s.private != 0 || s.between != 0:
		if s.between == '!' && final == 'p' { // soft reset
			e.modes, e.cur.pen, e.top, e.bottom = modes{}, pen{}, 0, e.screen.height
		}
	case !e.move(s, final) && !e.edit(s, final):
		e.adjust(s, final)
	}
}

// move obeys what moves the cursor.
func (e *emulator) move(s *sequence, final byte) bool {
	n, x, y := s.param(0, 1), e.cur.x, e.cur.y
	switch final {
	case 'A':
		e.moveTo(x, e.limited(y, y-n))
	case 'B', 'e':
		e.moveTo(x, e.limited(y, y+n))
	case 'C', 'a':
		e.moveTo(x+n, y)
	case 'D':
		e.moveTo(x-n, y)
	case 'E':
		e.moveTo(0, e.limited(y, y+n))
	case 'F':
		e.moveTo(0, e.limited(y, y-n))
	case 'G', '`':
		e.moveTo(n-1, y)
	case 'd':
		e.moveTo(x, e.addressed(n))
	case 'H', 'f':
		e.moveTo(s.param(1, 1)-1, e.addressed(n))
	case 'I':
		e.tab(min(n, e.screen.width))
	case 'Z':
		e.tab(-min(n, e.screen.width))
	case 's':
		e.saved = e.cur
	case 'u':
		e.restore()
	default:
		return false
	}
	return true
}

// limited keeps a vertical move that begins in the scrolling region in it.
func (e *emulator) limited(from, to int) int {
	if from >= e.top && from < e.bottom {
		return min(max(to, e.top), e.bottom-1)
	}
	return to
}

// addressed is the row that a guest names, from 1.
func (e *emulator) addressed(n int) int {
	if e.origin {
		return min(e.top+n-1, e.bottom-1)
	}
	return n - 1
}

// edit obeys what changes cells.
func (e *emulator) edit(s *sequence, final byte) bool {
	n, line := s.param(0, 1), e.screen.line(e.cur.y)
	inside := e.cur.y >= e.top && e.cur.y < e.bottom
	switch final {
	case '@':
		e.insertBlanks(min(n, e.screen.width))
	case 'P':
		e.deleteCells(min(n, e.screen.width))
	case 'X':
		e.erase(line, e.cur.x, min(e.cur.x+n, e.screen.width))
	case 'K':
		e.eraseLine(s.param(0, 0))
	case 'J':
		e.eraseScreen(s.param(0, 0))
	case 'L':
		if inside {
			e.screen.down(e.cur.y, e.bottom, n, e.cur.pen)
		}
	case 'M':
		if inside {
			e.deleteRows(n)
		}
	case 'S':
		e.screen.up(e.top, e.bottom, n, e.cur.pen)
	case 'T':
		e.screen.down(e.top, e.bottom, n, e.cur.pen)
	case 'b':
		for range min(n, e.screen.width*e.screen.height) {
			if e.last != 0 {
				e.put(e.last, runeWidth(e.last))
			}
		}
	default:
		return false
	}
	e.cur.wrap = e.cur.wrap && final == 'b'
	return true
}

// deleteRows takes rows away at the cursor. They have not scrolled away, so
// they are not kept.
func (e *emulator) deleteRows(n int) {
	if e.cur.y > 0 || e.bottom < e.screen.height {
		e.screen.up(e.cur.y, e.bottom, n, e.cur.pen)
		return
	}
	keep := e.screen.keep
	e.screen.keep = e.screen.height // up keeps nothing then
	e.screen.up(0, e.bottom, n, e.cur.pen)
	e.screen.keep = keep
}

func (e *emulator) erase(line *row, from, to int) {
	e.split(line, from)
	e.split(line, to)
	line.clear(from, to, e.cur.pen)
}

func (e *emulator) eraseLine(how int) {
	line := e.screen.line(e.cur.y)
	switch how {
	case 0:
		e.erase(line, e.cur.x, e.screen.width)
	case 1:
		e.erase(line, 0, e.cur.x+1)
	case 2:
		e.erase(line, 0, e.screen.width)
	}
}

// eraseScreen clears before or after the cursor, or all; then what was shown
// goes into the history, so that a guest that clears its screen hides nothing.
func (e *emulator) eraseScreen(how int) {
	from, to := 0, e.screen.height
	switch how {
	case 0:
		e.eraseLine(0)
		from = e.cur.y + 1
	case 1:
		e.eraseLine(1)
		to = e.cur.y
	case 2:
		used := 0
		for y := range e.screen.height {
			if len(e.screen.line(y).cells) > 0 {
				used = y + 1
			}
		}
		if e.screen == e.main {
			e.main.grow(used)
		}
	default:
		return
	}
	for y := from; y < to; y++ {
		e.screen.line(y).clear(0, e.screen.width, e.cur.pen)
	}
}

func (e *emulator) insertBlanks(n int) {
	line := e.screen.line(e.cur.y)
	e.split(line, e.cur.x)
	if e.cur.x >= len(line.cells) {
		return
	}
	n = min(n, e.screen.width-e.cur.x)
	old := len(line.cells)
	line.at(min(old+n, e.screen.width) - 1)
	copy(line.cells[e.cur.x+n:], line.cells[e.cur.x:old])
	for x := e.cur.x; x < e.cur.x+n && x < len(line.cells); x++ {
		line.cells[x] = cell{char: ' ', pen: pen{bg: e.cur.pen.bg}}
	}
	e.halved(line)
}

func (e *emulator) deleteCells(n int) {
	line := e.screen.line(e.cur.y)
	e.split(line, e.cur.x)
	e.split(line, e.cur.x+n)
	if e.cur.x >= len(line.cells) {
		return
	}
	n = min(n, len(line.cells)-e.cur.x)
	line.cells = append(line.cells[:e.cur.x], line.cells[e.cur.x+n:]...)
}

// halved blanks a wide character whose second half was pushed out.
func (e *emulator) halved(line *row) {
	line.cells = line.cells[:min(len(line.cells), e.screen.width)]
	if last := len(line.cells) - 1; last >= 0 && line.cells[last].char != 0 && runeWidth(line.cells[last].char) == 2 {
		line.cells[last].char = ' '
	}
}

// adjust obeys what changes how later characters are written.
func (e *emulator) adjust(s *sequence, final byte) {
	switch final {
	case 'm':
		e.cur.pen = e.cur.pen.with(s)
	case 'r':
		top, bottom := s.param(0, 1)-1, min(s.param(1, e.screen.height), e.screen.height)
		if top < bottom-1 {
			e.top, e.bottom = top, bottom
			e.moveTo(0, e.addressed(1))
		}
	case 'g':
		if how := s.param(0, 0); how == 3 {
			clear(e.tabs)
		} else if how == 0 {
			e.tabs[e.cur.x] = false
		}
	case 'h', 'l':
		for i := range s.n {
			switch s.params[i] {
			case 4:
				e.insert = final == 'h'
			case 20:
				e.newline = final == 'h'
			}
		}
	}
}

// setPrivate switches a mode of DEC or xterm. Those that make a terminal speak
// (mouse, focus, resize) are read over.
func (e *emulator) setPrivate(number int, on bool) {
	switch number {
	case 1:
		e.applicationKeys = on
	case 6:
		e.origin = on
		e.moveTo(0, e.addressed(1))
	case 7:
		e.noWrap = !on
	case 25:
		e.hidden = !on
	case 47, 1047, 1049:
		e.alternate(on, number == 1049)
	case 1048:
		if on {
			e.saved = e.cur
		} else {
			e.restore()
		}
	case 2004:
		e.bracketedPaste = on
	}
}

// alternate switches to the screen without a history and back.
func (e *emulator) alternate(on, keepCursor bool) {
	if on == (e.screen == e.other) {
		return
	}
	if on {
		if keepCursor {
			e.saved = e.cur
		}
		e.screen = e.other
		for y := range e.other.height {
			e.other.line(y).clear(0, e.other.width, pen{})
		}
	} else {
		e.screen = e.main
		if keepCursor {
			e.restore()
		}
	}
	e.top, e.bottom = 0, e.screen.height
}
