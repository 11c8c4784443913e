package lab

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
	"distrolab/tui/terminal"
)

// maxConsoles is how many consoles stay open while the selection moves about.
const maxConsoles = 4

// maxTail is how much of a log is read for a console that is not live, in bytes.
const maxTail = 256 << 10

// console is the console of one boot of a machine: what it says goes into a
// terminal in the background, whether it is seen or not.
type console struct {
	of    key
	boots int
	term  *terminal.Terminal

	mu     sync.Mutex
	link   io.ReadWriteCloser // nil: not open yet, or not live
	closed bool               // nobody wants it any more
	ended  atomic.Bool        // it has said its last
	live   atomic.Bool
	broken atomic.Bool // there is neither a console nor a log
	typed  chan []byte // what is on its way to the guest
	seen   atomic.Bool // its changes are to be drawn

	cache drawnConsole
}

// drawnConsole is the last picture of a console and what it was drawn from.
type drawnConsole struct {
	version uint64
	back    int
	look    string
	dark    bool
	frame   terminal.Frame
}

// consoles are those that are open, the one that was wanted last at the end.
type consoles struct {
	open    []*console
	changed chan struct{} // one signal for all
	waiting bool
}

// find is the console of a boot, moved to the end.
func (c *consoles) find(of key, boots int) *console {
	for i, x := range c.open {
		if x.of == of && x.boots == boots {
			c.open = append(append(c.open[:i:i], c.open[i+1:]...), x)
			return x
		}
	}
	return nil
}

// add opens room for one more, and takes it from the one not wanted longest.
func (c *consoles) add(x *console) {
	if len(c.open) == maxConsoles {
		c.open[0].close()
		c.open = append(c.open[:0:0], c.open[1:]...)
	}
	c.open = append(c.open, x)
}

// drop closes one.
func (c *consoles) drop(x *console) {
	x.close()
	c.open = slices.DeleteFunc(c.open, func(y *console) bool { return x == y })
}

func (c *consoles) closeAll() {
	for _, x := range c.open {
		x.close()
	}
	c.open = nil
}

// consoleChanged says that a console that is seen has something new.
type consoleChanged struct{}

// await waits for something new, and never brings two in one frame's time.
func (c *consoles) await(ctx context.Context) tea.Cmd {
	if c.waiting {
		return nil
	}
	c.waiting = true
	signal := c.changed
	return func() tea.Msg {
		select {
		case <-signal:
			time.Sleep(frameTime)
		case <-ctx.Done():
		}
		return consoleChanged{}
	}
}

func (c *consoles) signal() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// consoleOpened says that a console is open, or why it is not.
type consoleOpened struct {
	console *console
	err     error
}

// openConsole opens the console of the selected machine, when there is one that
// is not open yet.
func (m *Model) openConsole() tea.Cmd {
	s, x := m.machine()
	for _, c := range m.consoles.open {
		c.seen.Store(x != nil && c.of == key{s.Lab, x.Name} && c.boots == x.Boots)
	}
	if x == nil {
		return nil
	}
	at := key{s.Lab, x.Name}
	live := s.Running && runs(x.State)
	if c := m.consoles.find(at, x.Boots); c != nil && !c.broken.Load() && !(live && c.failed()) {
		return nil
	} else if c != nil {
		m.consoles.drop(c)
	}
	c := &console{of: at, boots: x.Boots, term: terminal.New(80, 24), typed: make(chan []byte, 64)}
	c.seen.Store(true)
	m.consoles.add(c)
	ctx, backend := m.eye, m.backend
	return func() tea.Msg {
		if live {
			link, err := backend.Console(ctx, at.lab, at.machine)
			if err == nil {
				if !c.hold(link) {
					link.Close()
				}
				return consoleOpened{c, nil}
			}
		}
		log, err := backend.Log(at.lab, at.machine, maxTail)
		if err != nil {
			return consoleOpened{c, err}
		}
		_, err = io.Copy(c.term, io.LimitReader(log, maxTail))
		c.ended.Store(true)
		return consoleOpened{c, errors.Join(err, log.Close())}
	}
}

// consoleIs begins to read a console that is open. One that could not be opened
// is forgotten: the next news of its machine tries again.
func (m *Model) consoleIs(msg consoleOpened) tea.Cmd {
	c := msg.console
	if msg.err != nil {
		c.broken.Store(true)
		c.ended.Store(true)
	}
	if link := c.linked(); link != nil && !c.live.Load() {
		c.live.Store(true)
		go c.read(link, m.consoles.signal)
		go c.write(link)
	}
	return nil
}

// read takes what a guest says until its end.
func (c *console) read(link io.Reader, signal func()) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := link.Read(buffer)
		_, _ = c.term.Write(buffer[:n])
		if err != nil {
			c.ended.Store(true)
		}
		if c.seen.Load() {
			signal()
		}
		if err != nil {
			c.close()
			return
		}
	}
}

func (c *console) hold(link io.ReadWriteCloser) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.link = link
	return true
}

func (c *console) linked() io.ReadWriteCloser {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link
}

func (c *console) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if c.link != nil {
		c.link.Close()
	}
	c.link, c.closed = nil, true
	close(c.typed)
}

// write takes what is typed to the guest, which may be slow to read.
func (c *console) write(link io.Writer) {
	for b := range c.typed {
		if _, err := link.Write(b); err != nil {
			return
		}
	}
}

// failed says that the console was never live and nobody tries to open it.
func (c *console) failed() bool { return c.ended.Load() && !c.live.Load() }

// send types into the guest. It never waits.
func (c *console) send(b []byte) tea.Cmd {
	if len(b) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || !c.live.Load() {
		return screen.Tell("the console has ended")
	}
	select {
	case c.typed <- b:
		return nil
	default:
		return screen.Tell("the guest does not read what is typed")
	}
}

// console is the open console of the selected machine.
func (m *Model) console() *console {
	s, x := m.machine()
	if x == nil {
		return nil
	}
	for _, c := range m.consoles.open {
		if (c.of == key{s.Lab, x.Name}) && c.boots == x.Boots {
			return c
		}
	}
	return nil
}

// draw draws the console, or gives the last picture when nothing has changed.
func (c *console) draw(width, height, back int, look screen.Look) terminal.Frame {
	c.term.Resize(width, height)
	want := drawnConsole{version: c.term.Version(), back: back, look: look.Glyphs.Name, dark: look.Styles.Dark}
	if got := c.cache; got.frame.Lines != nil && got.version == want.version && got.back == back && got.look == want.look && got.dark == want.dark {
		return got.frame
	}
	want.frame = c.term.Draw(back, look)
	c.cache = want
	return want.frame
}
