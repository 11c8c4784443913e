package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"distrolab/labs/holder"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/network"
	"distrolab/labs/observe"
	"distrolab/labs/stats"
)

const bootUsage = `usage: scripts/bench-overhead [--pairs N] [--guest NAME] [--seed N] [--record FILE]

Measures whether watching disturbs: boots of a guest with every observer of
"bench boot" attached against boots of the same domain started by "virsh
create", its serial port and debug port only drained, its network switched with
nobody looking, and no probes. The libvirt documents of both arms are compared
first. Both arms begin with QEMU's RESUME event and end alike: a guest with SSH
at its banner, asked for every 100 ms; one that powers off at QEMU's SHUTDOWN
event. The target is a ratio equal to 1 within 2 %.

  --pairs N       boots of each arm (default 10); which goes first is shuffled
  --guest NAME    guest of scripts/guests (default probe, 10 s a boot; debian-local
                  is the one that counts, some 2 minutes without KVM)
  --seed N        seed of the order (default 1)
  --record FILE   append the samples to this file, a JSON object a line
  --binary FILE   the distrolab to measure (default bin/distrolab)

Exit status: 0 done (met, or too few pairs to tell, which it says), 1 failed,
2 wrong usage, 3 the target was missed.

example:
  scripts/bench-overhead --guest debian-local --pairs 20 --record overhead.jsonl
`

const (
	bootTolerance = 0.02
	bootPairs     = 10
	bootLimit     = 20 * time.Minute
	askEvery      = 100 * time.Millisecond
	answerLimit   = 10 * time.Second // for the banner, once the port is open
	fullLab       = "full"
	bareLab       = "bare"
)

// boots measures both arms.
type boots struct {
	w        *workbench
	original original
	bare     *bare
	full     machine.Environment
	compared bool
	samples  []float64 // 99th percentile of the canary of each watched boot, in ms
}

func measureBoot(ctx context.Context, opt options) (ok bool, err error) {
	if opt.pairs == 0 {
		opt.pairs = bootPairs
	}
	w, err := openWorkbench(ctx, opt)
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	if err != nil {
		return false, err
	}
	b, err := newBoots(ctx, w, opt.guest)
	if err != nil {
		return false, err
	}
	p := pairs{Measurement: "boot", Guest: opt.guest, Seed: opt.seed, Started: time.Now(),
		Names: [2]string{"virsh, nobody watching", "distrolab, fully watched"}}
	if _, _, err := b.pair(ctx, 0); err != nil { // warm-up, not kept
		return false, err
	}
	b.samples = nil
	for i, first := range firstArm(opt.seed, opt.pairs) {
		wall, cpu, err := b.pair(ctx, first)
		if err != nil {
			return false, err
		}
		p.Seconds, p.CPU = append(p.Seconds, wall), append(p.CPU, cpu)
		fmt.Fprintf(opt.log, "pair %d of %d: bare %s, watched %s\n", i+1, opt.pairs, seconds(wall[0]), seconds(wall[1]))
	}
	b.describe(&p)
	p.print(opt)
	return judgeBoot(p, opt) != missed, p.keep(opt.record)
}

// describe adds what the observer itself used.
func (b *boots) describe(p *pairs) {
	boot, watching, idle := stats.Median(column(p.Seconds, 1)), stats.Median(column(p.CPU, 1)), stats.Median(column(p.CPU, 0))
	p.Note = append(p.Note,
		fmt.Sprintf("CPU of this process a boot: %s bare, %s watching, which is %.2f %% of one core", seconds(idle), seconds(watching), 100*watching/boot),
		fmt.Sprintf("canary p99, median of the boots: %.2f ms", stats.Median(b.samples)))
}

func judgeBoot(p pairs, opt options) verdict {
	v := within(p.ratio(), bootTolerance)
	fmt.Fprintf(opt.out, "target equal within %.0f %%: %s\n", 100*bootTolerance, v)
	if v != open {
		return v
	}
	if n := p.pairsNeeded(bootTolerance); n > 0 {
		fmt.Fprintf(opt.out, "%d pairs are too few to tell: one pair's ratio varies by %.1f %%, so about %d would do\n",
			len(p.Seconds), 100*p.spread(), n)
	} else {
		fmt.Fprintf(opt.out, "%d pairs are too few to tell, and their estimate is outside: take more, on a quieter machine (one pair's ratio varies by %.1f %%)\n",
			len(p.Seconds), 100*p.spread())
	}
	return v
}

func newBoots(ctx context.Context, w *workbench, guest string) (*boots, error) {
	o, err := w.capture(ctx, guest)
	if err != nil {
		return nil, err
	}
	if o.spec.Boot.ManagementPort == 0 && !o.spec.Boot.PowersOff {
		return nil, fmt.Errorf("guest %s shows no end that both arms can see: it neither answers on a port nor powers off", guest)
	}
	b := &boots{w: w, original: o}
	if b.bare, err = w.newBare(o, bareLab); err != nil {
		return nil, err
	}
	record, err := w.record(fullLab)
	if err != nil {
		return nil, err
	}
	w.onClose(func(context.Context) error { return record.Remove() })
	b.full = machine.Environment{Libvirt: w.libvirt, Host: w.host, Accelerator: o.lab.Accelerator, Ledger: record,
		Home: w.home.Data, Lab: fullLab, Directory: w.home.Lab(fullLab), Sockets: w.home.Sockets(fullLab), Run: w.runProgram}
	return b, nil
}

// pair boots the guest once in each arm and returns the times and this
// process's CPU time, in seconds.
func (b *boots) pair(ctx context.Context, first int) (wall, cpu [2]float64, err error) {
	arms := []func(context.Context) (time.Duration, error){b.bootBare, b.bootWatched}
	for i := range arms {
		arm := (first + i) % len(arms)
		before := processorTime()
		limited, cancel := context.WithTimeoutCause(ctx, bootLimit, fmt.Errorf("the guest did not boot within %s", bootLimit))
		took, err := arms[arm](limited)
		cancel()
		if err != nil {
			return wall, cpu, err
		}
		wall[arm], cpu[arm] = took.Seconds(), (processorTime() - before).Seconds()
	}
	return wall, cpu, nil
}

// network is that of a measured boot: closed to the outside.
func (b *boots) network(ctx context.Context) (*network.Network, error) {
	leases, err := holder.Leases([]machine.Spec{b.original.spec})
	if err != nil {
		return nil, err
	}
	return network.New(ctx, network.Config{Leases: leases, Isolated: true})
}

// bootBare boots the domain by virsh, with nobody watching.
func (b *boots) bootBare(ctx context.Context) (took time.Duration, err error) {
	lan, err := b.network(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.bare.takeBack(ctx), lan.Close()) }()
	if err := b.bare.prepare(ctx); err != nil {
		return 0, err
	}
	b.bare.serve("con", drain)
	b.bare.serve("fw", drain)
	b.bare.serve("net", func(conn net.Conn) { _ = lan.Attach(ctx, conn, nil) })
	b.w.stamps.forget(b.bare.name)
	if err := b.bare.create(ctx); err != nil {
		return 0, err
	}
	return b.toTheEnd(ctx, b.bare.name, lan)
}

// bootWatched boots the same domain as bench boot does: console, debug port,
// frames, probes, events, logs on disk and the canary.
func (b *boots) bootWatched(ctx context.Context) (took time.Duration, err error) {
	lan, err := b.network(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, lan.Close()) }()
	logs, err := openLogs(b.full.Directory)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, logs[0].Close(), logs[1].Close()) }()
	env := b.full
	env.Network = lan
	name := machine.DomainName(fullLab, b.original.spec.Name)
	b.w.stamps.forget(name)
	m, err := machine.Prepare(ctx, env, b.original.spec, machine.Options{
		OnEvent: func(observe.Event) {}, Console: logs[0], Stamps: logs[1], Firmware: true, Probe: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, m.Stop(context.WithoutCancel(ctx))) }()
	if err := b.compare(ctx, name); err != nil {
		return 0, err
	}
	canary, err := observe.StartCanary()
	if err != nil {
		return 0, err
	}
	defer func() { b.samples = append(b.samples, canary.Stop().P99/1000) }()
	if err := m.Start(ctx); err != nil {
		return 0, err
	}
	return b.toTheEnd(ctx, name, lan)
}

// compare refuses to go on when the two arms' domains differ in anything but
// their names, places and UUIDs.
func (b *boots) compare(ctx context.Context, name string) error {
	if b.compared {
		return nil
	}
	document, err := b.w.virsh(ctx, "dumpxml", "--inactive", name)
	if err != nil {
		return err
	}
	watched := b.original
	watched.lab.Name, watched.document = fullLab, document
	watched.directory, watched.sockets = filepath.Join(b.full.Directory, b.original.spec.Name), b.full.Sockets
	if got, want := watched.rewrite("x", "/d", "/s"), b.original.rewrite("x", "/d", "/s"); got != want {
		return fmt.Errorf("the arms' domains are not the same:\n%s\nand\n%s", got, want)
	}
	b.compared = true
	return nil
}

// openLogs makes the two files that bench boot writes while a guest boots.
func openLogs(directory string) ([2]*os.File, error) {
	var logs [2]*os.File
	for i, name := range []string{"boot.console", "boot.stamps"} {
		f, err := os.Create(filepath.Join(directory, name))
		if err != nil {
			return logs, err
		}
		logs[i] = f
	}
	return logs, nil
}

// toTheEnd is the time from running CPUs to the end that both arms see alike.
func (b *boots) toTheEnd(ctx context.Context, domain string, lan *network.Network) (time.Duration, error) {
	began, err := b.w.running(ctx, domain)
	if err != nil {
		return 0, err
	}
	end, err := b.end(ctx, domain, lan)
	if err != nil {
		return 0, err
	}
	if took := end.Sub(began); took > 0 {
		return took, nil
	}
	return 0, fmt.Errorf("domain %s ended before it began: the clock was set", domain)
}

func (b *boots) end(ctx context.Context, domain string, lan *network.Network) (time.Time, error) {
	if b.original.spec.Boot.PowersOff {
		return b.w.stamps.wait(ctx, domain, hypervisor.QEMUShutdown)
	}
	return b.banner(ctx, lan)
}

// banner asks the management port every 100 ms until it says something. Up to
// then this is far less than the observer's own probe, and the same in both
// arms.
func (b *boots) banner(ctx context.Context, lan *network.Network) (time.Time, error) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		if at, ok := b.ask(ctx, lan); ok {
			return at, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return time.Time{}, context.Cause(ctx)
		}
	}
}

// ask makes one connection and waits for its first byte.
func (b *boots) ask(ctx context.Context, lan *network.Network) (time.Time, bool) {
	asking, cancel := context.WithTimeout(ctx, askEvery)
	defer cancel()
	conn, err := lan.Dial(asking, netip.AddrPortFrom(b.original.spec.Address, uint16(b.original.spec.Boot.ManagementPort)))
	if err != nil {
		return time.Time{}, false
	}
	defer conn.Close()
	if conn.SetReadDeadline(time.Now().Add(answerLimit)) != nil {
		return time.Time{}, false
	}
	var first [1]byte
	_, err = conn.Read(first[:])
	return time.Now(), err == nil
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0 // Linux never refuses this
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
