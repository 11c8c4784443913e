package observe

import (
	"bufio"
	"io"
	"strconv"
	"time"
)

// maxHeld bounds the stamps that are kept until the request.
const maxHeld = 256

// rawLog keeps the console as it came: its bytes, and when each read returned.
type rawLog struct {
	raw    io.Writer
	stamps *bufio.Writer
	left   int64 // bytes that may still be written
	offset int64
	b0     time.Duration
	begun  bool
	held   []heldRead // before the request
	line   []byte
}

type heldRead struct {
	offset int64
	n      int
	at     time.Duration
}

func (l *rawLog) init(stamps io.Writer) {
	if stamps != nil {
		l.stamps = bufio.NewWriterSize(stamps, 16<<10)
	}
}

// write logs one read and returns how many of its bytes it could not write.
func (l *rawLog) write(ch chunk) (lost int64) {
	offset := l.offset
	l.offset += int64(len(ch.data))
	if l.raw == nil && l.stamps == nil {
		return 0
	}
	data := ch.data[:min(int64(len(ch.data)), l.left)]
	l.left -= int64(len(data))
	lost = int64(len(ch.data) - len(data))
	if len(data) == 0 {
		return lost
	}
	if l.raw != nil {
		n, err := l.raw.Write(data)
		if err != nil {
			lost += int64(len(data) - max(n, 0))
			l.raw = nil // a file that is full stays full; the boot goes on
		}
	}
	l.stamp(heldRead{offset: offset, n: len(data), at: ch.at})
	return lost
}

func (l *rawLog) stamp(h heldRead) {
	switch {
	case l.stamps == nil:
	case l.begun:
		l.writeStamp(h)
	case len(l.held) < maxHeld:
		l.held = append(l.held, h)
	default: // many reads before the request: the last one grows
		last := &l.held[len(l.held)-1]
		last.n += h.n
		last.at = h.at
	}
}

func (l *rawLog) writeStamp(h heldRead) {
	b := append(l.line[:0], `{"offset":`...)
	b = strconv.AppendInt(b, h.offset, 10)
	b = append(b, `,"n":`...)
	b = strconv.AppendInt(b, int64(h.n), 10)
	b = append(b, `,"t_ns":`...)
	b = strconv.AppendInt(b, int64(h.at-l.b0), 10)
	l.line = append(b, "}\n"...)
	if _, err := l.stamps.Write(l.line); err != nil {
		l.stamps = nil
	}
}

func (l *rawLog) begin(b0 time.Duration) {
	l.b0, l.begun = b0, true
	for _, h := range l.held {
		if l.stamps != nil {
			l.writeStamp(h)
		}
	}
	l.held = nil
}

func (l *rawLog) flush() {
	if l.stamps != nil && l.stamps.Flush() != nil {
		l.stamps = nil
	}
}
