package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"distrolab/labs/machine"
	"distrolab/labs/observe"
	"distrolab/labs/probe"
	"distrolab/labs/stats"
)

// arm is a boot with one known delay in it.
type arm struct {
	name   string
	words  string                            // of the kernel command line, besides those of all arms
	hold   func() func([]byte) time.Duration // of the network; nil: none
	length time.Duration                     // of the delay
	grain  time.Duration                     // in which the guest notices its end
	from   string                            // the line, or milestone, that comes just before the delay
	to     string                            // and the one just after
	moves  []observe.Milestone               // what comes later because of it
}

// arms are the plain boot and the delays of T6 that one guest can show. The
// approval of a certificate is delayed in labs/cluster, where there is an API
// server.
func arms() []arm {
	return []arm{
		{name: "none"},
		{name: "DHCP offer 2 s late", hold: lateOffer(2 * time.Second), length: 2 * time.Second,
			from: string(observe.DHCPDiscover), to: string(observe.DHCPAck), moves: []observe.Milestone{observe.DHCPAck, observe.BootComplete}},
		{name: "a step sleeps 3 s", words: probe.WordSleep + "3s", length: 3 * time.Second,
			from: probe.LineSleeps, to: string(observe.BootComplete), moves: []observe.Milestone{observe.BootComplete}},
		{name: "time server silent 4 s", hold: silentClock(4 * time.Second), length: 4 * time.Second, grain: probe.AskEvery,
			from: probe.LineAsksTime, to: probe.LineKnowsTime, moves: []observe.Milestone{observe.BootComplete}},
	}
}

// watched are the milestones whose place is compared, in the guest's order.
func watched() []observe.Milestone {
	return []observe.Milestone{observe.KernelConsole, observe.InitStart, observe.NetFirstFrame, observe.DHCPDiscover, observe.DHCPAck, observe.BootComplete}
}

const (
	bootLimit = 5 * time.Minute
	tolerance = 20 * time.Millisecond
)

// lateOffer holds every offer back until so long after the first.
func lateOffer(late time.Duration) func() func([]byte) time.Duration {
	return func() func([]byte) time.Duration {
		until := onceFrom(late)
		return func(f []byte) time.Duration {
			if m, err := dhcpv4.FromBytes(datagramTo(f, 68)); err == nil && m.MessageType() == dhcpv4.MessageTypeOffer {
				return max(0, until())
			}
			return 0
		}
	}
}

// silentClock loses every answer of the time server until so long after the
// first.
func silentClock(silent time.Duration) func() func([]byte) time.Duration {
	return func() func([]byte) time.Duration {
		until := onceFrom(silent)
		return func(f []byte) time.Duration {
			if datagramFrom(f, 123) != nil && until() > 0 {
				return -1
			}
			return 0
		}
	}
}

// onceFrom returns what is left of a time that begins at the first call.
func onceFrom(length time.Duration) func() time.Duration {
	first := sync.OnceValue(time.Now)
	return func() time.Duration { return length - time.Since(first()) }
}

// datagram is the UDP datagram in a frame, header included, or nil.
func datagram(f []byte) []byte {
	const ethernet, udp, protocolUDP = 14, 8, 17
	if len(f) < ethernet+20+udp || binary.BigEndian.Uint16(f[12:]) != 0x0800 || f[ethernet+9] != protocolUDP {
		return nil
	}
	header := int(f[ethernet]&15) * 4
	if header < 20 || len(f) < ethernet+header+udp {
		return nil
	}
	return f[ethernet+header:]
}

func datagramTo(f []byte, port uint16) []byte {
	if d := datagram(f); d != nil && binary.BigEndian.Uint16(d[2:]) == port {
		return d[8:]
	}
	return nil
}

func datagramFrom(f []byte, port uint16) []byte {
	if d := datagram(f); d != nil && binary.BigEndian.Uint16(d) == port {
		return d[8:]
	}
	return nil
}

// boot is when the lines and milestones of one boot were seen.
type boot map[string]time.Duration

// measureDelays boots every arm once in each block.
func measureDelays(ctx context.Context, opt options) (r record, err error) {
	if opt.blocks < stats.MinimumRuns(stats.Confidence95) {
		return r, fmt.Errorf("%d blocks give no interval; take %d or more", opt.blocks, stats.MinimumRuns(stats.Confidence95))
	}
	b, err := openBench(ctx)
	defer func() { err = errors.Join(err, b.close()) }()
	if err != nil {
		return r, err
	}
	r = b.newRecord(fmt.Sprintf("injected delays, %d shuffled blocks, seed %d", opt.blocks, opt.seed))
	all := arms()
	boots := make([][]boot, len(all)) // of each arm, one of each block
	order := rand.New(rand.NewPCG(opt.seed, 0))
	if _, err := b.boot(ctx, all[0]); err != nil { // warm-up
		return r, err
	}
	for block := range opt.blocks {
		for _, i := range order.Perm(len(all)) {
			seen, err := b.boot(ctx, all[i])
			if err != nil {
				return r, fmt.Errorf("%s: %w", all[i].name, err)
			}
			boots[i] = append(boots[i], seen)
		}
		fmt.Fprintf(opt.log, "block %d of %d\n", block+1, opt.blocks)
	}
	r.Took = time.Since(r.Started).Seconds()
	for i, a := range all[1:] {
		r.Shifts = append(r.Shifts, a.shifts(boots[0], boots[i+1])...)
	}
	return r, nil
}

// boot boots the probe guest once, watched as bench watches it.
func (b *bench) boot(ctx context.Context, a arm) (seen boot, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, bootLimit, fmt.Errorf("the guest did not boot within %s", bootLimit))
	defer cancel()
	var hold func([]byte) time.Duration
	if a.hold != nil {
		hold = a.hold()
	}
	lan, err := b.lan(ctx, hold)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lan.Close()) }()
	spec := b.spec
	spec.Files.Cmdline += " " + probe.WordTime + " " + a.words
	env := machine.Environment{Libvirt: b.libvirt, Host: b.host, Accelerator: b.accel, Network: lan, Ledger: b.record,
		Home: b.home.Data, Lab: lab, Directory: b.home.Lab(lab), Sockets: b.home.Sockets(lab), Run: runProgram}
	var console log
	m, err := machine.Prepare(ctx, env, spec, machine.Options{Console: &console.raw, Stamps: &console.stamps, OneBoot: true, Firmware: true, Probe: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Stop(context.WithoutCancel(ctx))) }()
	if err := m.Start(ctx); err != nil {
		return nil, err
	}
	if err := m.Observer().Wait(ctx); err != nil {
		return nil, err
	}
	return seenIn(m.Observer().Finish(""), &console)
}

func runProgram(ctx context.Context, program string, args ...string) error {
	_, err := output(ctx, program, args...)
	return err
}

// seenIn collects the milestones, and the lines by their newlines.
func seenIn(t observe.Timeline, l *log) (boot, error) {
	seen := boot{}
	for _, e := range t.Events {
		seen[string(e.M)] = e.T
	}
	stamps, err := readsOf(l.stamps.String())
	if err != nil {
		return nil, fmt.Errorf("reading the stamps of the console: %w", err)
	}
	for line, end := range linesOf([]byte(l.raw.String())) {
		if _, known := seen[line]; !known {
			seen[line] = stamps.at(int64(end))
		}
	}
	return seen, nil
}

// shifts compares the arm with the plain boots of the same blocks: the time in
// which the delay lies, and every milestone.
func (a arm) shifts(plain, delayed []boot) []shift {
	var inner []float64
	for i, d := range delayed {
		took, ok := d.between(a.from, a.to)
		if !ok {
			continue
		}
		without, _ := plain[i].between(a.from, a.to) // none where the line belongs to the delay
		inner = append(inner, millis(took-without))
	}
	out := []shift{a.judge("from its cause to its end", inner, a.length, true)}
	out[0].Kept = len(inner) == len(delayed) && out[0].Moved >= millis(a.length-tolerance) && out[0].Moved <= millis(a.length+a.grain+tolerance)
	for _, m := range watched() {
		var moved []float64
		for i, d := range delayed {
			t, ok1 := d[string(m)]
			t0, ok2 := plain[i][string(m)]
			if ok1 && ok2 {
				moved = append(moved, millis(t-t0))
			}
		}
		expected := time.Duration(0)
		for _, x := range a.moves {
			if x == m {
				expected = a.length
			}
		}
		out = append(out, a.judge(string(m), moved, expected, len(moved) == len(delayed)))
	}
	return out
}

func (b boot) between(from, to string) (time.Duration, bool) {
	t0, ok0 := b[from]
	t1, ok1 := b[to]
	if !ok0 || !ok1 {
		return 0, false
	}
	return t1 - t0, true
}

// judge asks whether the interval of the shift holds what was expected, give or
// take the tolerance and the grain.
func (a arm) judge(name string, moved []float64, expected time.Duration, all bool) shift {
	iv := stats.MedianInterval(moved, stats.Confidence95)
	s := shift{Delay: a.name, Milestone: name, N: iv.N, Expected: millis(expected), Judged: true}
	if !iv.Bounded() {
		return s
	}
	s.Moved, s.Low, s.High = iv.Median, iv.Low, iv.High
	late := tolerance
	if expected > 0 {
		late += a.grain
	}
	s.Kept = all && s.Low <= millis(expected+late) && s.High >= millis(expected-tolerance) && (expected == 0 || s.Low > millis(expected)/2)
	return s
}
