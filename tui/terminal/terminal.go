package terminal

import (
	"sync"
	"sync/atomic"

	"distrolab/tui/screen"
)

// Terminal shows one guest's console. Its methods may be called from several
// goroutines: one writes what the guest says, another draws.
type Terminal struct {
	version atomic.Uint64
	mu      sync.Mutex
	em      *emulator
}

// New makes a terminal of a size in cells.
func New(width, height int) *Terminal {
	return &Terminal{em: newEmulator(bounded(width, maxWidth), bounded(height, maxHeight))}
}

func bounded(n, most int) int { return min(max(n, 1), most) }

// Write takes what the guest said. It never fails, and never answers.
func (t *Terminal) Write(p []byte) (int, error) {
	const piece = 16 << 10 // between two of them a drawing gets its turn
	for rest := p; len(rest) > 0; {
		n := min(len(rest), piece)
		t.mu.Lock()
		t.em.write(rest[:n], t.em)
		t.mu.Unlock()
		rest = rest[n:]
	}
	t.version.Add(1)
	return len(p), nil
}

// Resize gives the terminal another size in cells. What was written stays as
// it is; the guest's serial port is not told, for it cannot be.
func (t *Terminal) Resize(width, height int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	width, height = bounded(width, maxWidth), bounded(height, maxHeight)
	if width != t.em.screen.width || height != t.em.screen.height {
		t.em.resize(width, height)
		t.version.Add(1)
	}
}

// Version changes whenever what is to be drawn may have.
func (t *Terminal) Version() uint64 { return t.version.Load() }

// Frame is what a terminal shows.
type Frame struct {
	Lines   []string // exactly the height, each exactly the width in cells
	X, Y    int      // of the cursor
	Cursor  bool     // whether it is seen
	Back    int      // rows scrolled back, at most History
	History int      // rows that can be scrolled back to
}

// Draw draws the terminal as it is, or scrolled back by rows.
func (t *Terminal) Draw(back int, look screen.Look) Frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.em.screen
	back = min(max(back, 0), g.history())
	f := Frame{X: t.em.cur.x, Y: t.em.cur.y + back, Back: back, History: g.history(),
		Lines: make([]string, g.height)}
	f.Cursor = !t.em.hidden && f.Y < g.height
	ink := newInk(look)
	for y := range f.Lines {
		f.Lines[y] = ink.draw(g.row(g.count-g.height-back+y).cells, g.width)
	}
	return f
}

// Tail are the last rows that hold anything, as plain clean text, oldest first.
func (t *Terminal) Tail(rows int, look screen.Look) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, ink := t.em.screen, newInk(look)
	var lines []string
	last := g.count - 1
	for last >= 0 && len(g.row(last).cells) == 0 {
		last--
	}
	for i := max(last-rows+1, 0); i <= last; i++ {
		lines = append(lines, ink.text(g.row(i).cells))
	}
	return lines
}
