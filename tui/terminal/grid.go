package terminal

// The bounds of what a terminal keeps, whatever a guest says.
const (
	maxScrollback      = 2000    // rows
	maxScrollbackBytes = 2 << 20 // of all rows together, twice that with what Go keeps in reserve
	cellBytes          = 24
	maxWidth           = 1000
	maxHeight          = 500
)

// pen is how characters are written: colours and attributes.
type pen struct {
	fg, bg colour
	attrs  attribute
}

// colour is the terminal's own (0), one of 256, or a mixture.
type colour uint32

const (
	indexed colour = 1 << 24
	mixed   colour = 2 << 24
)

type attribute uint8

const (
	bold attribute = 1 << iota
	faint
	italic
	underline
	reverse
	strike
)

// cell is one place of the grid. A wide character has its second cell empty
// (char 0). A zero cell in a row beyond what was written is blank too.
type cell struct {
	char  rune
	marks [2]rune // combining ones; more are read over
	pen   pen
}

// row is a line of cells as far as it was written.
type row struct{ cells []cell }

// at is the cell to write, with blanks before it.
func (r *row) at(x int) *cell {
	for len(r.cells) <= x {
		r.cells = append(r.cells, cell{char: ' '})
	}
	return &r.cells[x]
}

// clear blanks cells from..to-1. On the terminal's own background the end of a
// row is simply not there.
func (r *row) clear(from, to int, p pen) {
	if p.bg == 0 && to >= len(r.cells) {
		if from < len(r.cells) {
			r.cells = r.cells[:from]
		}
		return
	}
	for x := from; x < to; x++ {
		*r.at(x) = cell{char: ' ', pen: pen{bg: p.bg}}
	}
}

// grid is a ring of rows: those that scrolled away, oldest first, then the
// screen. Scrolling reuses the memory of the oldest row.
type grid struct {
	rows          []row
	first         int // index of the oldest row
	count         int // rows in use; the last height of them are the screen
	width, height int
	keep          int // rows at most, with the screen
}

func newGrid(width, height, scrollback int) *grid {
	g := &grid{width: width, height: height}
	g.keep = height + min(scrollback, maxScrollbackBytes/(cellBytes*width))
	g.grow(height)
	return g
}

// row is the i-th row counted from the oldest.
func (g *grid) row(i int) *row { return &g.rows[(g.first+i)%len(g.rows)] }

// line is the y-th row of the screen.
func (g *grid) line(y int) *row { return g.row(g.count - g.height + y) }

// history is how many rows have scrolled away and are kept.
func (g *grid) history() int { return g.count - g.height }

// grow adds blank rows at the end, over the oldest where it must.
func (g *grid) grow(n int) {
	for range n {
		if g.count < g.keep {
			if g.count == len(g.rows) {
				g.enlarge()
			}
			g.count++
		} else {
			g.first = (g.first + 1) % len(g.rows)
		}
		last := g.row(g.count - 1)
		last.cells = last.cells[:0]
	}
}

// enlarge makes room for more rows, with the oldest first again.
func (g *grid) enlarge() {
	larger := make([]row, min(max(2*len(g.rows), 64), g.keep))
	for i := range g.count {
		larger[i] = *g.row(i)
	}
	g.rows, g.first = larger, 0
}

// up scrolls the rows top..bottom-1 of the screen up. What leaves the whole
// screen is kept.
func (g *grid) up(top, bottom, n int, p pen) {
	n = min(n, bottom-top)
	if top == 0 && bottom == g.height && g.keep > g.height {
		g.grow(n)
	} else {
		for range n {
			lost := *g.line(top)
			for y := top; y < bottom-1; y++ {
				*g.line(y) = *g.line(y + 1)
			}
			lost.cells = lost.cells[:0]
			*g.line(bottom - 1) = lost
		}
	}
	for y := bottom - n; y < bottom; y++ {
		g.line(y).clear(0, g.width, p)
	}
}

// down scrolls the rows top..bottom-1 of the screen down.
func (g *grid) down(top, bottom, n int, p pen) {
	n = min(n, bottom-top)
	for range n {
		lost := *g.line(bottom - 1)
		for y := bottom - 1; y > top; y-- {
			*g.line(y) = *g.line(y - 1)
		}
		lost.cells = lost.cells[:0]
		*g.line(top) = lost
	}
	for y := top; y < top+n; y++ {
		g.line(y).clear(0, g.width, p)
	}
}

// resize gives the screen another size and returns by how many rows what is on
// it has moved down. Rows are not wrapped anew: what a guest wrote for another
// width stays as it was, cut where it is shown.
func (g *grid) resize(width, height, scrollback, cursor int) (moved int) {
	blank := 0 // rows below the cursor that hold nothing
	for y := g.height - 1; y > cursor && len(g.line(y).cells) == 0; y-- {
		blank++
	}
	old := g.height
	keep := height + min(scrollback, maxScrollbackBytes/(cellBytes*width))
	kept := g.count - min(blank, max(old-height, 0)) // a smaller screen loses its blank rows first
	start := max(kept-keep, 0)
	if scrollback == 0 {
		start = max(kept-height, 0)
	}
	fresh := make([]row, 0, min(keep, max(kept-start, height)))
	for i := start; i < kept; i++ {
		fresh = append(fresh, *g.row(i))
	}
	had := g.count - old - start // history before, of what is kept
	for len(fresh) < height {
		fresh = append(fresh, row{})
	}
	g.rows, g.first, g.count = fresh, 0, len(fresh)
	g.width, g.height, g.keep = width, height, keep
	return had - g.history()
}
