package observe

import (
	"bytes"
	"time"
)

// parsePrintk reads the stamp of a kernel console line, as CONFIG_PRINTK_TIME
// writes it: "[    1.234567] text", with "[    1.234567][    T1] text" where
// CONFIG_PRINTK_CALLER is set, and "<6>" in front on some early consoles.
func parsePrintk(line []byte) (stamp time.Duration, text []byte, ok bool) {
	b := line
	if len(b) > 3 && b[0] == '<' && b[2] == '>' && isDigit(b[1]) {
		b = b[3:]
	}
	if len(b) == 0 || b[0] != '[' {
		return 0, nil, false
	}
	b = bytes.TrimLeft(b[1:], " ")
	seconds, b, ok := digits(b, 9)
	if !ok || len(b) == 0 || b[0] != '.' {
		return 0, nil, false
	}
	rest := b[1:]
	micros, b, ok := digits(rest, 6)
	if !ok || len(rest)-len(b) != 6 || len(b) == 0 || b[0] != ']' {
		return 0, nil, false
	}
	b = b[1:]
	if len(b) > 0 && b[0] == '[' {
		if i := bytes.IndexByte(b[:min(len(b), 16)], ']'); i > 0 {
			b = b[i+1:]
		}
	}
	return time.Duration(seconds)*time.Second + time.Duration(micros)*time.Microsecond, bytes.TrimLeft(b, " "), true
}

// digits reads a number of 1 to most digits.
func digits(b []byte, most int) (n int64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && isDigit(b[i]) {
		if i == most {
			return 0, b, false
		}
		n = n*10 + int64(b[i]-'0')
		i++
	}
	return n, b[i:], i > 0
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// maxBuckets bounds the memory of an envelope.
const maxBuckets = 1024

// halvesApart is how far the minima of the two halves of a boot may be from
// each other before the kernel's clock is not believed.
const halvesApart = 20 * time.Millisecond

// envelope finds the host's time at which the kernel's clock was zero. A line
// stamped s by the kernel arrives at a; the delay can only be positive, so that
// the smallest a-s is the best estimate. Lines are kept in buckets that grow,
// so that a console of any length fits.
type envelope struct {
	buckets []time.Duration // least a-s of size lines each
	size    int
	filled  int // lines in the last bucket
	lines   int
	last    time.Duration // stamp before this one
	closed  bool          // the kernel started again: later lines are another kernel's
}

// kernelMap is what an envelope found.
type kernelMap struct {
	ok     bool
	zero   time.Duration // since the observer was made
	spread time.Duration // how far the halves' minima are apart
	lines  int
	why    string // not ok: the reason
}

// add takes a line and says whether it is the first of another boot.
func (e *envelope) add(at, stamp time.Duration, text []byte) (rebooted bool) {
	rebooted = e.lines > 0 && stamp+time.Second < e.last && bytes.HasPrefix(text, []byte("Linux version "))
	e.last = stamp
	e.closed = e.closed || rebooted
	if e.closed {
		return rebooted
	}
	// A stamp from before the observer was made is forged or of a broken clock.
	d := at - stamp
	if d < 0 {
		return false
	}
	e.lines++
	if e.size == 0 {
		e.size = 1
	}
	if len(e.buckets) == 0 || e.filled == e.size {
		if len(e.buckets) == maxBuckets {
			e.halve()
		}
		e.buckets = append(e.buckets, d)
		e.filled = 1
		return false
	}
	e.filled++
	e.buckets[len(e.buckets)-1] = min(e.buckets[len(e.buckets)-1], d)
	return false
}

// halve merges neighbours, so that half as many buckets hold twice the lines.
func (e *envelope) halve() {
	n := len(e.buckets) / 2
	for i := range n {
		e.buckets[i] = min(e.buckets[2*i], e.buckets[2*i+1])
	}
	e.buckets = e.buckets[:n]
	e.size *= 2
}

func (e *envelope) result() kernelMap {
	if e.lines == 0 {
		return kernelMap{why: "no console line with a stamp of the kernel"}
	}
	all := least(e.buckets)
	if len(e.buckets) < 2 {
		return kernelMap{ok: true, zero: all, lines: e.lines}
	}
	half := len(e.buckets) / 2
	spread := (least(e.buckets[:half]) - least(e.buckets[half:])).Abs()
	m := kernelMap{zero: all, spread: spread, lines: e.lines, ok: spread <= halvesApart}
	if !m.ok {
		m.why = "the kernel's clock jumped: the two halves of its lines disagree by " + spread.Round(time.Millisecond).String()
	}
	return m
}

func least(ds []time.Duration) time.Duration {
	m := ds[0]
	for _, d := range ds[1:] {
		m = min(m, d)
	}
	return m
}
