package observe

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	maxLine    = 4096                  // longest line that patterns see, in bytes; a longer one is cut into several
	maxSegs    = 64                    // reads of one line that are told apart
	promptIdle = 50 * time.Millisecond // a line without an end is a prompt after this silence
	serialErr  = 2 * time.Millisecond  // error of a serial stamp
	maxHeld    = 256                   // stamps of reads kept before the request
)

// console turns the serial port's bytes into lines, and lines into milestones.
type console struct {
	o *Observer

	mu     sync.Mutex
	strip  stripper
	line   []byte    // the line so far, without escape sequences
	segs   []segment // which read brought which part of it
	tried  int       // length at which patterns last looked at it
	crlf   bool      // the last byte was a carriage return
	prompt *time.Timer
	first  bool // the first line was handled
	open   []pattern
	faults []fault
	ring   ring
	kernel envelope
	log    rawLog
	count  Counters
}

// segment says when the bytes of a line from an offset on had arrived.
type segment struct {
	from int
	at   time.Duration
	late time.Duration // how long they may have lain unread
	q    Quality
}

func (c *console) init(o *Observer) {
	c.o = o
	c.line = make([]byte, 0, maxLine)
	c.segs = make([]segment, 0, maxSegs)
	c.open = append([]pattern(nil), o.profile.patterns...)
	c.faults = append([]fault(nil), o.profile.faults...)
	c.log = rawLog{raw: o.opt.Console, left: o.opt.ConsoleLimit}
	c.log.init(o.opt.Stamps)
}

// ReadConsole reads the guest's serial port until it ends, returning nil, or
// until ctx does. A reader with deadlines is interrupted; another kind must be
// closed by its owner.
func (o *Observer) ReadConsole(ctx context.Context, r io.Reader) error {
	err := readStamped(ctx, r, o.now, o.console.take)
	o.console.flush()
	if err != nil {
		return fmt.Errorf("reading serial port: %w", err)
	}
	return nil
}

// take handles one read.
func (c *console) take(ch chunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count.Unwritten += c.log.write(ch)
	c.count.SerialBytes += int64(len(ch.data))
	c.count.SerialReads++
	if c.prompt != nil {
		c.prompt.Stop()
	}
	seg := c.segment(ch)
	for _, b := range ch.data {
		c.byte(b, seg)
	}
	if len(c.line) > c.tried {
		c.armPrompt()
	}
}

// segment judges how well a read's stamp stands for its bytes. Bytes that lay
// unread, and all but the first line of a read, came at its stamp or before.
func (c *console) segment(ch chunk) segment {
	s := segment{at: ch.at, late: serialErr, q: Exact}
	if !ch.waited && ch.since > serialErr {
		s.late, s.q = ch.since, AtMost
	}
	return s
}

func (c *console) byte(b byte, seg segment) {
	wasCR := c.crlf
	c.crlf = b == '\r'
	out, ok, breaks := c.strip.next(b)
	if breaks {
		if !(b == '\n' && wasCR) {
			c.endLine()
		}
		return
	}
	if !ok {
		return
	}
	if len(c.line) == maxLine {
		c.endLine()
	}
	if n := len(c.segs); n == 0 || c.segs[n-1].at != seg.at {
		seg.from = len(c.line)
		if n < maxSegs {
			c.segs = append(c.segs, seg)
		} else { // too many parts: the last one takes the later stamp
			last := &c.segs[n-1]
			last.late += seg.at - last.at
			last.at, last.q = seg.at, AtMost
		}
	}
	c.line = append(c.line, out)
}

// endLine handles the line and begins the next. An empty line is nothing.
func (c *console) endLine() {
	if len(c.line) == 0 {
		return
	}
	c.count.Lines++
	stamp, text, ok := parsePrintk(c.line)
	if ok {
		c.count.Stamped++
		if c.kernel.add(c.segs[0].at, stamp, text) {
			c.count.Reboots++
		}
	}
	c.look(stamp, ok)
	c.ring.add(c.line)
	c.line, c.segs, c.tried = c.line[:0], c.segs[:0], 0
}

// look tries the patterns on the line so far.
func (c *console) look(stamp time.Duration, stamped bool) {
	if !c.first {
		c.first = true
		c.firstText(stamped)
	}
	for i := 0; i < len(c.open); {
		end := c.open[i].match(c.line)
		if end < 0 && !(stamped && c.open[i].m == KernelConsole && !c.open[i].declared) {
			i++
			continue
		}
		c.o.see(c.open[i].m, c.sighting(max(end, 1), stamp, stamped))
		c.open = append(c.open[:i], c.open[i+1:]...)
	}
	for i := 0; i < len(c.faults); i++ {
		f := c.faults[i]
		if f.match(c.line) < 0 {
			continue
		}
		c.faults = append(c.faults[:i], c.faults[i+1:]...)
		c.o.sawFault(FaultLine{Line: printable(c.line, maxRaw), Cause: f.cause, At: c.segs[0].at, Fatal: f.fatal})
		return // the first cause of a line is the closest one
	}
	c.tried = len(c.line)
}

// firstText takes the first serial text for the firmware's where there is no
// debug port, unless it is the kernel's.
func (c *console) firstText(stamped bool) {
	if stamped || c.o.firmwareAttached.Load() {
		return
	}
	for _, p := range c.open {
		if (p.m == KernelConsole || p.m == LoaderFirst || p.m == InitStart) && p.match(c.line) >= 0 {
			return
		}
	}
	s := c.sighting(1, 0, false)
	s.q = AtMost
	c.o.see(FirmwareFirst, s)
}

// sighting is what the line shows at the byte before end: the stamp of the
// read that brought that byte, which is never earlier than the truth.
func (c *console) sighting(end int, stamp time.Duration, stamped bool) sighting {
	seg := c.segs[0]
	for _, s := range c.segs[1:] {
		if s.from >= end {
			break
		}
		seg = s
	}
	return sighting{
		at: seg.at, src: SourceSerial, err: seg.late, q: seg.q,
		raw: printable(c.line, maxRaw), stamp: stamp, hasPK: stamped,
	}
}

// armPrompt looks at a line without an end once the guest has been silent: a
// login prompt has no newline. The stamps are those of its bytes.
func (c *console) armPrompt() {
	if c.prompt == nil {
		c.prompt = time.AfterFunc(promptIdle, c.lookAtPrompt)
		return
	}
	c.prompt.Reset(promptIdle)
}

func (c *console) lookAtPrompt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.line) > c.tried {
		stamp, _, ok := parsePrintk(c.line)
		c.look(stamp, ok)
	}
}

// begin tells when the request was; reads held back are logged then.
func (c *console) begin(b0 time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log.begin(b0)
}

// flush handles a last line without an end and writes what is buffered.
func (c *console) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.prompt != nil {
		c.prompt.Stop()
	}
	c.endLine()
	c.log.flush()
}

func (c *console) counters() Counters {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

func (c *console) kernelZero() kernelMap {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kernel.result()
}

// Tail returns the last n lines of the console, oldest first, without escape
// sequences and with everything unprintable escaped.
func (o *Observer) Tail(n int) []string {
	o.console.mu.Lock()
	defer o.console.mu.Unlock()
	lines := o.console.ring.last(n)
	if len(o.console.line) > 0 {
		lines = append(lines, printable(o.console.line, ringLine))
	}
	return lines[max(0, len(lines)-max(n, 0)):]
}

// ReadFirmware reads the firmware's debug port (QEMU's isa-debugcon at 0x402)
// until it ends, returning nil, or until ctx does. Only the first byte's time
// and the number of bytes are kept.
func (o *Observer) ReadFirmware(ctx context.Context, r io.Reader) error {
	o.firmwareAttached.Store(true)
	err := readStamped(ctx, r, o.now, func(ch chunk) {
		if o.firmwareBytes.Add(int64(len(ch.data))) == int64(len(ch.data)) {
			o.see(FirmwareFirst, sighting{at: ch.at, src: SourceFirmware, err: time.Millisecond, q: Exact})
		}
	})
	if err != nil {
		return fmt.Errorf("reading firmware debug port: %w", err)
	}
	return nil
}
