package observe

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
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

// Canary measures how late this process stamps. A timer of the kernel becomes
// readable every 10 ms, and is read by the code that reads the guest's serial
// port, while a boot is observed. When it was due is known without asking: no
// goroutine of ours has to wake up in time to send anything, so that a process
// which stood still counts for as long as it did.
type Canary struct {
	timer *os.File
	wg    sync.WaitGroup
	zero  time.Time

	mu     sync.Mutex
	delays []time.Duration
	next   int
	max    time.Duration
	ticks  int64 // of the timer, so far
	stalls []Stall
}

// CanaryResult is the delay between due and stamped, in microseconds.
type CanaryResult struct {
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
	Max     float64 `json:"max"`
	Samples int     `json:"samples"` // 0: the canary saw nothing, and the rest means nothing
}

// StartCanary starts a canary. It runs until Stop.
func StartCanary() (*Canary, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("starting canary: %w", err)
	}
	c := &Canary{timer: os.NewFile(uintptr(fd), "canary"), delays: make([]time.Duration, 0, 4096), zero: time.Now()}
	every := unix.NsecToTimespec(canaryEvery.Nanoseconds())
	if err := unix.TimerfdSettime(fd, 0, &unix.ItimerSpec{Interval: every, Value: every}, nil); err != nil {
		_ = c.timer.Close() // nothing was written
		return nil, fmt.Errorf("starting canary: %w", err)
	}
	c.wg.Go(func() {
		// It ends when Stop closes the timer, or with too few samples, which the
		// result says.
		_ = readStamped(context.Background(), c.timer, c.now, nil, c.take)
	})
	return c, nil
}

func (c *Canary) now() time.Duration { return time.Since(c.zero) }

// take compares when the timer was due with the stamp. A read gives how often
// it was due since the read before, as timerfd_create(2) has it.
func (c *Canary) take(ch chunk) {
	if len(ch.data) != 8 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	first := c.ticks + 1
	c.ticks += int64(min(binary.NativeEndian.Uint64(ch.data), math.MaxInt32))
	for tick := max(first, c.ticks-canarySamples); tick <= c.ticks; tick++ {
		c.add(ch.at - time.Duration(tick)*canaryEvery)
	}
	c.stalled(time.Duration(first)*canaryEvery, ch.at)
}

// stalled keeps the times in which what was due came later than the limit; the
// caller holds mu. Those that touch are one.
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
	_ = c.timer.Close() // nothing is left to write
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
