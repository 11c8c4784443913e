package observe

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

const (
	maxLine    = 4096                   // longest line that patterns see, in bytes; a longer one is cut into several
	maxSegs    = 64                     // reads of one line that are told apart
	promptIdle = 50 * time.Millisecond  // a line without an end is a prompt after this silence
	serialErr  = 2 * time.Millisecond   // error of a serial stamp
	sameStamp  = 100 * time.Microsecond // reads closer than this count as one
)

// console turns the serial port's bytes into lines, and lines into findings.
// Its lock is never held while an event is told.
type console struct {
	o *Observer

	mu     sync.Mutex
	strip  stripper
	line   []byte    // the line so far, without escape sequences
	segs   []segment // which read brought which part of it
	tried  int       // length at which patterns last looked at it
	first  bool      // the first line was handled
	open   []pattern // not yet seen
	faults []fault   // not yet seen
	joins  []bool    // faults of a join that were seen; nil: no join is watched
	found  []finding // not yet told
	ring   ring
	kernel envelope
	log    rawLog
	count  Counters

	prompt *time.Timer
	armed  bool
	reads  int64 // count.SerialReads when the timer was armed
}

// segment says when the bytes of a line from an offset on had arrived.
type segment struct {
	from int
	at   time.Duration
	late time.Duration // how much earlier they may have come
	q    Quality
}

// finding is a milestone or a fault line to be told once the lock is released.
type finding struct {
	m     Milestone
	s     sighting
	fault *hint
}

func (c *console) init(o *Observer) {
	c.o = o
	c.line = make([]byte, 0, maxLine)
	c.segs = make([]segment, 0, maxSegs)
	c.open = slices.Clone(o.profile.patterns)
	c.faults = slices.Clone(o.profile.faults)
	if o.opt.Join != nil {
		c.joins = make([]bool, len(joinFaults()))
	}
	c.log = rawLog{raw: o.opt.Console, left: o.opt.ConsoleLimit}
	c.log.init(o.opt.Stamps)
}

// ReadConsole reads the guest's serial port until it ends, returning nil, or
// until ctx does. A reader with deadlines is interrupted; another kind must be
// closed by its owner.
func (o *Observer) ReadConsole(ctx context.Context, r io.Reader) error {
	err := readStamped(ctx, r, o.now, o.pause(), o.console.take)
	o.console.flush()
	if err != nil {
		return fmt.Errorf("reading serial port: %w", err)
	}
	return nil
}

// take handles one read.
func (c *console) take(ch chunk) {
	c.mu.Lock()
	c.count.Unwritten += c.log.write(ch)
	c.count.SerialBytes += int64(len(ch.data))
	c.count.SerialReads++
	c.split(ch)
	if len(c.line) > c.tried && !c.armed {
		c.armPrompt()
	}
	c.unlockAndTell()
}

// unlockAndTell releases the lock and tells what was found under it.
func (c *console) unlockAndTell() {
	found := c.found
	c.found = nil
	c.mu.Unlock()
	for _, f := range found {
		if f.fault != nil {
			c.o.sawFault(*f.fault)
		} else {
			c.o.see(f.m, f.s)
		}
	}
}

// split cuts a read into lines. Bytes that lay unread, and all but the first
// line of a read, came at its stamp or before.
func (c *console) split(ch chunk) {
	seg := segment{at: ch.at, late: serialErr, q: Exact}
	if !ch.waited && ch.since > serialErr {
		seg.late, seg.q = ch.since, AtMost
	}
	for b := ch.data; len(b) > 0; {
		if n := c.strip.plain(b); n > 0 {
			c.text(b[:n], seg)
			b = b[n:]
			continue
		}
		if c.strip.next(b[0]) && len(c.line) > 0 {
			c.endLine()
			seg.q = AtMost
		}
		b = b[1:]
	}
}

// text appends to the line. A line that is too long is cut into several.
func (c *console) text(b []byte, seg segment) {
	for len(b) > 0 {
		if len(c.line) == maxLine {
			c.endLine()
		}
		c.mark(seg)
		n := min(len(b), maxLine-len(c.line))
		c.line = append(c.line, b[:n]...)
		b = b[n:]
	}
}

// mark remembers that the bytes from here on have the stamp of seg. A port that
// is read byte by byte gives stamps microseconds apart; they count as one.
func (c *console) mark(seg segment) {
	n := len(c.segs)
	if n > 0 && seg.at-c.segs[n-1].at < sameStamp && seg.q == c.segs[n-1].q {
		return
	}
	seg.from = len(c.line)
	if n < maxSegs {
		c.segs = append(c.segs, seg)
		return
	}
	// Too many parts: the last one takes the later stamp.
	last := &c.segs[n-1]
	last.late += seg.at - last.at
	last.at, last.q = seg.at, AtMost
}

// endLine handles the line and begins the next.
func (c *console) endLine() {
	c.count.Lines++
	stamp, text, ok := parsePrintk(c.line)
	if ok {
		c.count.Stamped++
	}
	if ok && !(c.joins != nil && ofJoinUnit(text)) {
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
	c.tried = len(c.line)
	if !c.first {
		c.first = true
		c.firstText(stamped)
	}
	for i := 0; i < len(c.open); {
		p := &c.open[i]
		end := p.match(c.line)
		if end < 0 && stamped && p.m == KernelConsole && !p.declared {
			end = 1 // any stamped line is the kernel's
		}
		if end < 0 {
			i++
			continue
		}
		c.found = append(c.found, finding{m: p.m, s: c.sighting(end, stamp, stamped)})
		kernel := p.m == KernelConsole
		c.open = slices.Delete(c.open, i, i+1)
		if kernel {
			i = 0
			c.open = slices.DeleteFunc(c.open, beforeKernel)
		}
	}
	c.lookForFault()
}

// lookForFault looks for a line that explains a failure. A join's are looked
// for once the guest was told to join: before that, a kubelet that ends because
// it has no configuration is usual.
func (c *console) lookForFault() {
	if c.joins != nil && c.o.joining.Load() {
		if h, ok := joinFault(c.line, c.joins); ok {
			seen := h // most lines show none, and cost no memory
			seen.At = c.segs[0].at
			c.found = append(c.found, finding{fault: &seen})
			return
		}
	}
	for i := range c.faults {
		f := c.faults[i]
		if f.match(c.line) < 0 {
			continue
		}
		c.faults = slices.Delete(c.faults, i, i+1)
		c.found = append(c.found, finding{fault: &hint{FaultLine: FaultLine{
			Line: printable(c.line, maxRaw), Cause: f.cause, At: c.segs[0].at, Fatal: f.fatal,
		}}})
		return // the list begins with the closest causes
	}
}

// beforeKernel tells patterns of what is over when the kernel speaks: a later
// line that looks like a boot loader's, such as that of a service called
// grub-common, is not one.
func beforeKernel(p pattern) bool { return p.m == FirmwareFirst || p.m == LoaderFirst }

// firstText takes the first serial text for the firmware's where there is no
// debug port and no pattern, unless a loader or the kernel wrote it.
func (c *console) firstText(stamped bool) {
	if stamped || c.o.firmwareAttached.Load() || notFirmware(c.line) {
		return
	}
	for _, p := range c.open {
		if p.m == FirmwareFirst || p.match(c.line) >= 0 {
			return
		}
	}
	s := c.sighting(1, 0, false)
	s.q = AtMost
	c.found = append(c.found, finding{m: FirmwareFirst, s: s})
}

// notFirmware knows the texts that a kernel writes before its first line.
func notFirmware(line []byte) bool {
	for _, prefix := range []string{"EFI stub: ", "early console in ", "Probing EDD", "Decompressing Linux"} {
		if bytes.HasPrefix(line, []byte(prefix)) {
			return true
		}
	}
	return false
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
	c.armed, c.reads = true, c.count.SerialReads
	if c.prompt == nil {
		c.prompt = time.AfterFunc(promptIdle, c.lookAtPrompt)
		return
	}
	c.prompt.Reset(promptIdle)
}

func (c *console) lookAtPrompt() {
	c.mu.Lock()
	c.armed = false
	switch {
	case len(c.line) <= c.tried:
	case c.count.SerialReads != c.reads:
		c.armPrompt() // not silent
	default:
		stamp, _, ok := parsePrintk(c.line)
		c.look(stamp, ok)
	}
	c.unlockAndTell()
}

// begin tells when the request was. Milestones seen before it were forgotten,
// so all are open again.
func (c *console) begin(b0 time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log.begin(b0)
	c.open = slices.Clone(c.o.profile.patterns)
}

// flush handles a last line without an end and writes what is buffered.
func (c *console) flush() {
	c.mu.Lock()
	if c.armed && c.prompt.Stop() {
		c.armed = false
	}
	if len(c.line) > 0 {
		c.endLine()
	}
	c.log.flush()
	c.unlockAndTell()
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
	err := readStamped(ctx, r, o.now, o.pause(), func(ch chunk) {
		if o.firmwareBytes.Add(int64(len(ch.data))) == int64(len(ch.data)) {
			o.see(FirmwareFirst, sighting{at: ch.at, src: SourceFirmware, err: time.Millisecond, q: Exact})
		}
	})
	if err != nil {
		return fmt.Errorf("reading firmware debug port: %w", err)
	}
	return nil
}
