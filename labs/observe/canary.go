package observe

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	canaryEvery   = 10 * time.Millisecond
	canaryLimit   = 5 * time.Millisecond // a slower 99th percentile taints a run
	canarySamples = 1 << 16              // newest samples kept, 11 minutes
	maxStalls     = 1 << 10              // stalls kept; later ones lengthen the last
)

// Stall is a time in which the observer was late: by at least what is between
// From and To, for what came at From.
type Stall struct{ From, To time.Time }

// Canary measures how late this process stamps. It sends itself a stamped
// message every 10 ms through a socket, to the code that reads the guest's
// serial port, while a boot is observed.
type Canary struct {
	cancel context.CancelFunc
	ends   [2]net.Conn
	wg     sync.WaitGroup
	zero   time.Time

	mu      sync.Mutex
	delays  []time.Duration
	next    int
	max     time.Duration
	partial []byte
	stalls  []Stall
}

// CanaryResult is the delay between sending and stamping, in microseconds.
type CanaryResult struct {
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
	Max     float64 `json:"max"`
	Samples int     `json:"samples"` // 0: the canary saw nothing, and the rest means nothing
}

// StartCanary starts a canary. It runs until Stop.
func StartCanary() (*Canary, error) {
	a, b, err := socketPair()
	if err != nil {
		return nil, fmt.Errorf("starting canary: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Canary{cancel: cancel, ends: [2]net.Conn{a, b}, zero: time.Now(), delays: make([]time.Duration, 0, 4096)}
	c.wg.Go(func() { c.send(ctx) })
	c.wg.Go(func() {
		// It ends when Stop closes the socket, or with too few samples, which
		// the result says.
		_ = readStamped(ctx, b, c.now, rest, c.take)
	})
	return c, nil
}

func (c *Canary) now() time.Duration { return time.Since(c.zero) }

// send writes the present time into the socket every 10 ms.
func (c *Canary) send(ctx context.Context) {
	tick := time.NewTicker(canaryEvery)
	defer tick.Stop()
	last := c.now()
	for {
		var message [8]byte
		now := c.now()
		c.late(last+canaryEvery, now)
		last = now
		binary.BigEndian.PutUint64(message[:], uint64(now))
		if _, err := c.ends[0].Write(message[:]); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// take compares the times of the messages in a read with its stamp.
func (c *Canary) take(ch chunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.partial = append(c.partial, ch.data...)
	for len(c.partial) >= 8 {
		sent := time.Duration(binary.BigEndian.Uint64(c.partial))
		c.add(ch.at - sent)
		c.stalled(sent, ch.at)
		c.partial = c.partial[:copy(c.partial, c.partial[8:])]
	}
}

// late notes that what should have happened at due happened at the time at.
func (c *Canary) late(due, at time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stalled(due, at)
}

// stalled keeps the times in which the observer was later than its limit; the
// caller holds mu. Those that touch are one: the process stood still, and
// sender and reader both tell of it.
func (c *Canary) stalled(due, at time.Duration) {
	if at-due <= canaryLimit {
		return
	}
	s := Stall{From: c.zero.Add(due), To: c.zero.Add(at)}
	n := len(c.stalls)
	if n > 0 && (n == maxStalls || !s.From.After(c.stalls[n-1].To)) {
		last := &c.stalls[n-1]
		if s.From.Before(last.From) {
			last.From = s.From
		}
		if s.To.After(last.To) {
			last.To = s.To
		}
		return
	}
	c.stalls = append(c.stalls, s)
}

// Stalls returns the times in which the observer was late, oldest first, for
// [Observer.Doubt].
func (c *Canary) Stalls() []Stall {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.stalls)
}

func (c *Canary) add(delay time.Duration) {
	c.max = max(c.max, delay)
	if len(c.delays) < canarySamples {
		c.delays = append(c.delays, delay)
		return
	}
	c.delays[c.next] = delay
	c.next = (c.next + 1) % canarySamples
}

// Stop ends the canary and returns what it saw. It may be called again.
func (c *Canary) Stop() CanaryResult {
	c.cancel()
	for _, end := range c.ends {
		_ = end.Close() // nothing is left to write
	}
	c.wg.Wait()
	return c.result()
}

func (c *Canary) result() CanaryResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.delays) == 0 {
		return CanaryResult{}
	}
	sorted := slices.Sorted(slices.Values(c.delays))
	return CanaryResult{
		P50: micros(quantile(sorted, 0.50)), P99: micros(quantile(sorted, 0.99)),
		Max: micros(c.max), Samples: len(sorted),
	}
}

// quantile is the smallest value that a share q of all does not exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// Taint returns why a run with this result is not valid, or "".
func (r CanaryResult) Taint() string {
	switch {
	case r.Samples == 0:
		return "the observer's own delay was not measured"
	case r.P99 > micros(canaryLimit):
		return fmt.Sprintf("the observer was late: 99 %% of its stamps within %.1f ms, limit %s", r.P99/1000, canaryLimit)
	}
	return ""
}

// socketPair makes two connected sockets that wait in Go's poller, as the
// sockets of a guest do.
func socketPair() (a, b net.Conn, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("making a socket pair: %w", err)
	}
	var conns [2]net.Conn
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "canary")
		conn, fileErr := net.FileConn(file)
		_ = file.Close() // the connection has its own copy
		conns[i] = conn
		if fileErr != nil {
			err = fmt.Errorf("using a socket pair: %w", fileErr)
		}
	}
	if err == nil {
		return conns[0], conns[1], nil
	}
	for _, conn := range conns {
		if conn != nil {
			_ = conn.Close()
		}
	}
	return nil, nil, err
}
