package observe

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"net"
)

// A port that hands over single bytes wakes the reader once a pause, not once a
// byte; the first byte after a silence is stamped when it comes.
func TestReaderPausesBetweenBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bytes = 1000
		every := readPause / 10
		zero := time.Now()
		guest := &slowPort{zero: zero, every: every, left: bytes}
		var reads int
		var last time.Duration
		err := readStamped(t.Context(), guest, func() time.Duration { return time.Since(zero) }, func() { time.Sleep(readPause) }, func(ch chunk) {
			for i := range ch.data {
				sent := guest.sent(guest.taken - len(ch.data) + i)
				if late := ch.at - sent; late < 0 || late > readPause+every {
					t.Fatalf("a byte sent at %s is stamped at %s", sent, ch.at)
				}
			}
			if reads == 0 && ch.at != guest.sent(0) {
				t.Errorf("the first byte is sent at %s and stamped at %s", guest.sent(0), ch.at)
			}
			reads++
			last = ch.at
		})
		if err != nil {
			t.Fatal(err)
		}
		if most := int(last/readPause) + 2; reads > most {
			t.Errorf("%d reads of %d bytes; at most %d", reads, bytes, most)
		}
	})
}

// slowPort gives a byte after each interval, from the first on.
type slowPort struct {
	zero        time.Time
	every       time.Duration
	left, taken int
}

func (p *slowPort) sent(i int) time.Duration { return time.Duration(i+1) * p.every }

func (p *slowPort) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, net.ErrClosed
	}
	if wait := p.sent(p.taken) - time.Since(p.zero); wait > 0 {
		time.Sleep(wait)
	}
	n := 0
	for n < len(b) && p.left > 0 && p.sent(p.taken) <= time.Since(p.zero) {
		b[n] = 'x'
		n++
		p.left--
		p.taken++
	}
	return n, nil
}

// A writer of the raw log that stands still delays the next stamp, which then
// is a bound.
func TestStalledReaderClaimsNothingExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zero := time.Now()
		port := &slowPort{zero: zero, every: 10 * time.Millisecond, left: 20}
		var bounds int
		err := readStamped(context.Background(), port, func() time.Duration { return time.Since(zero) }, func() { time.Sleep(readPause) }, func(ch chunk) {
			first := port.sent(port.taken - len(ch.data))
			if late := ch.at - first; late > readPause && (ch.waited || ch.since < late) {
				t.Errorf("%s late, and the reader says it waited: %v, since the read before: %s", late, ch.waited, ch.since)
			} else if late > readPause {
				bounds++
			}
			if port.taken == 5 {
				time.Sleep(75 * time.Millisecond)
			}
		})
		if err != nil || bounds == 0 {
			t.Errorf("%d late reads, %v", bounds, err)
		}
	})
}
