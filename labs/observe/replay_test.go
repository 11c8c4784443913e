package observe

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"distrolab/distros"
)

// fakeClock is a clock that stands still until it is moved.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func newFakeClock() *fakeClock { return &fakeClock{now: time.Unix(1000, 0)} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// step is what arrives at a time after the request.
type step struct {
	at   time.Duration
	text string
}

// script is a serial port that delivers steps and moves the clock to each.
type script struct {
	clock *fakeClock
	zero  time.Time
	steps []step
}

func (s *script) Read(b []byte) (int, error) {
	if len(s.steps) == 0 {
		return 0, io.EOF
	}
	s.clock.set(s.zero.Add(s.steps[0].at))
	n := copy(b, s.steps[0].text)
	if s.steps[0].text = s.steps[0].text[n:]; s.steps[0].text == "" {
		s.steps = s.steps[1:]
	}
	return n, nil
}

// scripted returns an observer that has begun and was fed the steps.
func scripted(t *testing.T, boot distros.BootProfile, opt Options, steps []step) *Observer {
	t.Helper()
	clock := newFakeClock()
	opt.Clock = clock.Now
	o := New(compile(t, boot), opt)
	o.Begin(clock.Now())
	s := &script{clock: clock, zero: clock.Now(), steps: steps}
	if err := o.ReadConsole(t.Context(), s); err != nil {
		t.Fatalf("ReadConsole: %v", err)
	}
	return o
}

// wait is Wait with a bound, so that a miss fails instead of hanging.
func wait(t *testing.T, o *Observer) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return o.Wait(ctx)
}

func compile(t testing.TB, boot distros.BootProfile) Profile {
	t.Helper()
	p, err := Compile(boot)
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	return p
}

// recording reads a console that was recorded with the time of each line, in
// seconds after QEMU was started.
func recording(t *testing.T, name string) []step {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var steps []step
	for lines := bufio.NewScanner(f); lines.Scan(); {
		at, text, _ := strings.Cut(strings.TrimLeft(lines.Text(), " "), " ")
		seconds, err := strconv.ParseFloat(at, 64)
		if err != nil {
			t.Fatalf("reading recording %s: %v", name, err)
		}
		steps = append(steps, step{time.Duration(seconds * float64(time.Second)), text + "\r\n"})
	}
	return steps
}

// lines are steps of whole lines, one millisecond count and one text each.
func line(ms int, text string) step {
	return step{time.Duration(ms) * time.Millisecond, text + "\r\n"}
}
