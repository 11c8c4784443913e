package observe

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	readSize = 32 << 10 // of the buffer of a stamped stream, in bytes

	// readPause passes between two reads, see [Observer.Unhurried].
	readPause = 500 * time.Microsecond
)

// chunk is what one read returned.
type chunk struct {
	data []byte
	at   time.Duration // when the read returned
	// waited says whether the bytes came while the read was waiting for them.
	// Otherwise they lay there already, since some time after the read before.
	waited bool
	since  time.Duration // time since the read before returned
}

// readStamped reads r to its end and hands each read to take, stamped in the
// goroutine that returned from the read, before anything else is done. The
// chunk's data is overwritten by the next read, which comes after the pause; nil is none.
func readStamped(ctx context.Context, r io.Reader, now func() time.Duration, pause func(), take func(chunk)) error {
	stop := interrupt(ctx, r)
	defer stop()
	buf := make([]byte, readSize)
	last := now()
	for {
		before := now()
		n, err := r.Read(buf)
		at := now()
		if n > 0 {
			take(chunk{data: buf[:n], at: at, waited: at-before > 100*time.Microsecond, since: at - last})
			last = at
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case ended(err):
			return nil
		case err != nil:
			return err
		}
		if pause != nil {
			pause()
		}
	}
}

// rest is the pause between two reads. Go's own timers would make it twice as
// long: they wait in whole milliseconds.
func rest() {
	ts := unix.NsecToTimespec(readPause.Nanoseconds())
	_ = unix.Nanosleep(&ts, nil) // a signal may cut it short
}

// interrupt makes a waiting read return when ctx ends, where r has deadlines.
// Other readers end when their owner closes them.
func interrupt(ctx context.Context, r io.Reader) (stop func() bool) {
	d, ok := r.(interface{ SetReadDeadline(time.Time) error })
	if !ok {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, func() {
		// A reader that refuses the deadline ends when its owner closes it.
		_ = d.SetReadDeadline(time.Unix(1, 0))
	})
}

// ended says whether the stream is over: closed by either side, or its other
// end was killed.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, os.ErrClosed) || errors.Is(err, syscall.ECONNRESET)
}
