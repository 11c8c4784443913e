package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/probe"
)

// The limits of T1 and T2, in milliseconds.
const (
	limitP50, limitP99, limitMost = 1, 5, 20
	limitLoaded                   = 20 // p99 under load, unless the canary taints
)

const clapLimit = 20 * time.Minute

// measureClap boots the clapping guest and compares.
func measureClap(ctx context.Context, opt options) (r record, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, clapLimit, fmt.Errorf("the guest did not clap to its end within %s", clapLimit))
	defer cancel()
	b, err := openBench(ctx)
	defer func() { err = errors.Join(err, b.close()) }()
	if err != nil {
		return r, err
	}
	r = b.newRecord(fmt.Sprintf("%d marks by three ways, %d programs beside it", opt.marks, opt.burners))
	canary, err := observe.StartCanary()
	if err != nil {
		return r, err
	}
	g, err := b.newRig(ctx, fmt.Sprintf("%s%d", probe.WordClap, opt.marks))
	err = errors.Join(err, func() error {
		if err != nil {
			return nil
		}
		return g.clap(ctx, opt)
	}(), g.stop(ctx))
	lateness := canary.Stop()
	if err != nil {
		return r, err
	}
	c, err := newComparison(g, canary.Stalls(), opt.marks)
	if err != nil {
		return r, err
	}
	r.Took = time.Since(r.Started).Seconds()
	c.judge(&r, lateness, opt.burners > 0)
	return r, nil
}

// clap runs the guest to its last mark.
func (g *rig) clap(ctx context.Context, opt options) error {
	if err := g.start(ctx); err != nil {
		return err
	}
	if err := g.until(ctx, probe.LineClapsSoon); err != nil {
		return err
	}
	// All I/O of the machine is too much to trace for a whole boot.
	if err := g.monitor(ctx, "trace-event memory_region_ops_write on"); err != nil {
		return err
	}
	burning, stop := context.WithCancel(ctx)
	defer stop()
	for range opt.burners {
		burner := exec.CommandContext(burning, "/bin/sh", "-c", "while :; do :; done")
		if err := burner.Start(); err != nil {
			return fmt.Errorf("starting a program that keeps a processor busy: %w", err)
		}
		defer func() { stop(); _ = burner.Wait() }()
	}
	if err := g.until(ctx, probe.LineClapsDone); err != nil {
		return err
	}
	return wait(ctx, 500*time.Millisecond) // for what is under way
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// comparison is the observer's stamps beside the truth.
type comparison struct {
	rig      *rig
	timeline observe.Timeline
	stalls   []observe.Stall
	serial   []stamped // every byte of the console
	debug    []stamped // every byte of the debug port that was traced
	frames   []stamped // every frame of the guest
	marks    []stamped // the last byte of each mark on the serial port
	debugs   []mapped  // marks on the debug port
	cable    []stamped // marks on the network
	pairs    []probe.ClockPair
}

// stamped is one stamp and the truth about it, since the CPUs ran.
type stamped struct{ at, truth time.Duration }

// mapped is a mark whose clock can be compared with the host's.
type mapped struct {
	stamped
	clock time.Duration
}

func newComparison(g *rig, stalls []observe.Stall, marks int) (*comparison, error) {
	f, err := os.Open(g.tracePath())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := readTrace(f)
	if err != nil {
		return nil, err
	}
	c := &comparison{rig: g, timeline: g.console.Finish(""), stalls: stalls}
	// The guest still prints: what was under way when it ended is in the trace only.
	if c.serial, err = g.align("serial port", &g.serial, t.serial[:min(len(t.serial), len(g.serial.raw.String()))]); err != nil {
		return nil, err
	}
	if c.debug, err = g.align("debug port", &g.firmware, t.debug); err != nil {
		return nil, err
	}
	if len(g.frames) == 0 || len(t.frames) < len(g.frames) {
		return nil, fmt.Errorf("%d frames were seen; QEMU's trace has %d", len(g.frames), len(t.frames))
	}
	for i, f := range g.frames {
		c.frames = append(c.frames, stamped{f.at, g.since(t.frames[i].wall)})
	}
	c.findMarks()
	if len(c.marks) != marks || len(c.debugs) != marks || len(c.cable) != marks {
		return nil, fmt.Errorf("of %d marks %d came by the serial port, %d by the debug port, %d by the network", marks, len(c.marks), len(c.debugs), len(c.cable))
	}
	return c, nil
}

// align puts the trace's last bytes beside the stream's last bytes: they must
// be the same. A trace that began later covers the end only.
func (g *rig) align(name string, l *log, truth []sent) ([]stamped, error) {
	raw := []byte(l.raw.String())
	reads, err := readsOf(l.stamps.String())
	if err != nil {
		return nil, fmt.Errorf("reading the stamps of the %s: %w", name, err)
	}
	skip := len(raw) - len(truth)
	if skip < 0 || len(truth) == 0 {
		return nil, fmt.Errorf("the %s gave %d bytes; QEMU's trace has %d", name, len(raw), len(truth))
	}
	all := make([]stamped, len(truth))
	for i, s := range truth {
		if raw[skip+i] != s.value {
			return nil, fmt.Errorf("byte %d of the %s is %#x; QEMU's trace has %#x; before it %q", skip+i, name, raw[skip+i], s.value, raw[max(0, skip+i-60):skip+i])
		}
		all[i] = stamped{reads.at(int64(skip + i)), g.since(s.wall)}
	}
	return all, nil
}

// reads are the stamps of a stream, as the observer wrote them.
type reads []struct {
	Offset int64 `json:"offset"`
	Count  int64 `json:"n"`
	At     int64 `json:"t_ns"`
}

func readsOf(text string) (reads, error) {
	all := make(reads, strings.Count(text, "\n"))
	for i, line := range slices.Collect(strings.Lines(text)) {
		if err := json.Unmarshal([]byte(line), &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// at is the stamp of the read that brought a byte.
func (r reads) at(offset int64) time.Duration {
	i, found := slices.BinarySearchFunc(r, offset, func(x struct {
		Offset int64 `json:"offset"`
		Count  int64 `json:"n"`
		At     int64 `json:"t_ns"`
	}, o int64) int {
		return int(x.Offset - o)
	})
	if !found {
		i--
	}
	return time.Duration(r[i].At)
}

// findMarks finds the marks in what came.
func (c *comparison) findMarks() {
	raw := []byte(c.rig.serial.raw.String())
	skip := len(raw) - len(c.serial)
	for line, end := range linesOf(raw) {
		if _, ok := probe.ParseMark(line); ok && end >= skip {
			c.marks = append(c.marks, c.serial[end-skip])
		}
		if p, ok := probe.ParseClockPair(line); ok {
			c.pairs = append(c.pairs, p)
		}
	}
	raw = []byte(c.rig.firmware.raw.String())
	skip = len(raw) - len(c.debug)
	for line, end := range linesOf(raw) {
		first := end - len(line)
		if m, ok := probe.ParseMark(line); ok && first >= skip {
			c.debugs = append(c.debugs, mapped{c.debug[first-skip], m.Clock})
		}
	}
	for i, f := range c.rig.frames {
		if _, ok := probe.ParseMark(f.mark); ok {
			c.cable = append(c.cable, c.frames[i])
		}
	}
}

// linesOf yields each line without its end, and the offset of its newline.
func linesOf(raw []byte) func(yield func(string, int) bool) {
	return func(yield func(string, int) bool) {
		for start := 0; start < len(raw); {
			n := bytes.IndexByte(raw[start:], '\n')
			if n < 0 || !yield(strings.TrimSuffix(string(raw[start:start+n]), "\r"), start+n) {
				return
			}
			start += n + 1
		}
	}
}

// markOf is the payload of a datagram to the port of marks, or "".
func markOf(f []byte) string { return string(datagramTo(f, probe.ClapUDPPort)) }
