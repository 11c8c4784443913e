package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
)

const startUsage = `usage: scripts/bench-start [--pairs N] [--guest NAME] [--seed N] [--record FILE]

Measures the time from "distrolab up" to running CPUs against a bare "virsh
create" of the same domain. Both arms begin when the program is executed and
end with QEMU's own RESUME event. The bare arm finds its disk, seed and sockets
made. The target is a ratio of at most 1.3.

  --pairs N       starts of each arm (default 15); which goes first is shuffled
  --guest NAME    guest of scripts/guests (default probe)
  --seed N        seed of the order (default 1)
  --record FILE   append the samples to this file, a JSON object a line
  --binary FILE   the distrolab to measure (default bin/distrolab)

Exit status: 0 done (met, or too few pairs to tell, which it says), 1 failed,
2 wrong usage, 3 the target was missed.

example:
  scripts/bench-start --pairs 30 --record starts.jsonl
`

const (
	startLimit   = 1.3
	defaultPairs = 15
)

// starts measures both arms.
type starts struct {
	w        *workbench
	guest    string
	original original
	bare     *bare
	returned [][2]float64 // when the programs returned, in seconds
}

func measureStart(ctx context.Context, opt options) (ok bool, err error) {
	if opt.pairs == 0 {
		opt.pairs = defaultPairs
	}
	w, err := openWorkbench(ctx, opt)
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	if err != nil {
		return false, err
	}
	s := &starts{w: w, guest: opt.guest}
	if s.original, err = w.capture(ctx, opt.guest); err != nil {
		return false, err
	}
	if s.bare, err = w.newBare(s.original, "bare"); err != nil {
		return false, err
	}
	p := pairs{Measurement: "start", Guest: opt.guest, Seed: opt.seed, Started: time.Now(),
		Names: [2]string{"virsh create", "distrolab up"}}
	if _, err := s.pair(ctx, 0, 0); err != nil { // warm-up, not kept
		return false, err
	}
	s.returned = nil
	for i, first := range firstArm(opt.seed, opt.pairs) {
		row, err := s.pair(ctx, i+1, first)
		if err != nil {
			return false, err
		}
		p.Seconds = append(p.Seconds, row)
		fmt.Fprintf(opt.log, "pair %d of %d: virsh %s, up %s\n", i+1, opt.pairs, seconds(row[0]), seconds(row[1]))
	}
	returned := pairs{Seconds: s.returned}.ratio()
	p.Note = append(p.Note, fmt.Sprintf("up to running CPUs over virsh's return: %.3f%s", returned.Ratio,
		interval(returned.Bounded(), fmt.Sprintf("%.3f", returned.Low), fmt.Sprintf("%.3f", returned.High))))
	p.print(opt)
	v := atMost(p.ratio(), startLimit)
	fmt.Fprintf(opt.out, "target at most %.1f: %s\n", startLimit, v)
	return v != missed, p.keep(opt.record)
}

// pair starts the machine once by each arm.
func (s *starts) pair(ctx context.Context, number, first int) (row [2]float64, err error) {
	var virsh time.Duration
	for i := range 2 {
		var took time.Duration
		arm := (first + i) % 2
		if arm == 0 {
			took, virsh, err = s.virsh(ctx)
		} else {
			took, err = s.up(ctx, fmt.Sprintf("up%d", number))
		}
		if err != nil {
			return row, err
		}
		row[arm] = took.Seconds()
	}
	s.returned = append(s.returned, [2]float64{virsh.Seconds(), row[1]})
	return row, nil
}

// virsh starts the bare machine and returns the time to running CPUs and to
// virsh's end.
func (s *starts) virsh(ctx context.Context) (running, returned time.Duration, err error) {
	defer func() { err = errors.Join(err, s.bare.takeBack(ctx)) }()
	if err := s.bare.prepare(ctx); err != nil {
		return 0, 0, err
	}
	for suffix := range s.bare.listeners {
		s.bare.serve(suffix, drain)
	}
	s.w.stamps.forget(s.bare.name)
	began := time.Now()
	if err := s.bare.create(ctx); err != nil {
		return 0, 0, err
	}
	returned = time.Since(began)
	at, err := s.w.running(ctx, s.bare.name)
	return at.Sub(began), returned, err
}

// up starts a lab of the guest.
func (s *starts) up(ctx context.Context, lab string) (running time.Duration, err error) {
	began := time.Now()
	if err := s.w.up(ctx, s.guest, lab); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.w.down(ctx, lab)) }()
	at, err := s.w.running(ctx, machine.DomainName(lab, s.original.spec.Name))
	return at.Sub(began), err
}

// running is when a domain's CPUs began to run.
func (w *workbench) running(ctx context.Context, domain string) (time.Time, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, eventLimit, fmt.Errorf("domain %s did not run within %s", domain, eventLimit))
	defer cancel()
	return w.stamps.wait(ctx, domain, hypervisor.QEMUResume)
}
