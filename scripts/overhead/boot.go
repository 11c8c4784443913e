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

	"distrolab/labs/holder"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/network"
	"distrolab/labs/observe"
	"distrolab/labs/stats"
)

const bootUsage = `usage: scripts/bench-overhead [--pairs N] [--guest NAME] [--seed N] [--record FILE]

Measures whether watching disturbs, in two arms. Full: every observer of "bench
boot" is attached. Minimal: the same domain started by "virsh create", its serial
port and debug port only drained, no probes, no canary, and its frames only
looked at for the DHCP acknowledgement. The libvirt documents of both arms are
compared first. Both begin with QEMU's RESUME event, and two ends are compared:
the acknowledgement (B10), and the guest's end: with SSH its banner, asked for
every 100 ms, otherwise QEMU's SHUTDOWN event. The target is a ratio equal to 1
within 2 %, or within 1 % where boots vary by 2 % or less. It also says what the
observer used: CPU on average and in windows of 100 ms, and memory.

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
	bootPairs   = 10
	bootLimit   = 20 * time.Minute
	askEvery    = 100 * time.Millisecond
	answerLimit = 10 * time.Second // for the banner, once the port is open
	fullLab     = "full"
	bareLab     = "bare"
)

// boots measures both arms.
type boots struct {
	w        *workbench
	original original
	bare     *bare
	full     machine.Environment
	compared bool
	canaries []float64 // 99th percentile of the canary of each watched boot, in ms
	used     []usage   // by this process while it watched
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
		Names: [2]string{"minimal", "full"}}
	if _, err := b.pair(ctx, 0); err != nil { // warm-up, not kept
		return false, err
	}
	b.canaries, b.used = nil, nil
	for i, first := range firstArm(opt.seed, opt.pairs) {
		pair, err := b.soundPair(ctx, first, opt)
		if err != nil {
			return false, err
		}
		p.Seconds, p.Lease, p.CPU = append(p.Seconds, pair.end), append(p.Lease, pair.lease), append(p.CPU, pair.cpu)
		fmt.Fprintf(opt.log, "pair %d of %d: minimal %s, full %s\n", i+1, opt.pairs, seconds(pair.end[0]), seconds(pair.end[1]))
	}
	b.describe(&p)
	fmt.Fprintln(opt.out, "to the guest's end")
	p.print(opt)
	end := judgeBoot(p, opt)
	p.Verdicts = map[string]verdict{"end": end}
	fmt.Fprintln(opt.out, "to the DHCP acknowledgement")
	lease := pairs{Names: p.Names, Seconds: p.Lease}
	lease.print(opt)
	p.Verdicts["lease"] = judgeBoot(lease, opt)
	return end != missed && p.Verdicts["lease"] != missed, p.keep(opt.record)
}

// describe adds what the observer itself used.
func (b *boots) describe(p *pairs) {
	p.Note = append(p.Note,
		fmt.Sprintf("CPU of this process a boot, making the machine included: %s minimal, %s full", seconds(stats.Median(column(p.CPU, 0))), seconds(stats.Median(column(p.CPU, 1)))),
		describeUsage(b.used),
		fmt.Sprintf("canary p99, median of the boots: %.2f ms; %s", stats.Median(b.canaries), loads()))
}

func judgeBoot(p pairs, opt options) verdict {
	tolerance := p.tolerance()
	v := within(p.ratio(), tolerance)
	fmt.Fprintf(opt.out, "target equal within %.0f %%: %s\n", 100*tolerance, v)
	if v != open {
		return v
	}
	if n := p.pairsNeeded(tolerance); n > 0 {
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

// onePair are the times of one boot in each arm, in seconds.
type onePair struct{ end, lease, cpu [2]float64 }

// soundPair boots a pair, and once more where QEMU failed by itself: such a boot
// says nothing of either arm.
func (b *boots) soundPair(ctx context.Context, first int, opt options) (onePair, error) {
	canaries, used := len(b.canaries), len(b.used)
	p, err := b.pair(ctx, first)
	if !errors.Is(err, errCrashed) {
		return p, err
	}
	fmt.Fprintf(opt.log, "a pair is made again: %v\n", err)
	b.canaries, b.used = b.canaries[:canaries], b.used[:used]
	return b.pair(ctx, first)
}

// pair boots the guest once in each arm.
func (b *boots) pair(ctx context.Context, first int) (p onePair, err error) {
	arms := []func(context.Context) (ends, error){b.bootMinimal, b.bootFull}
	for i := range arms {
		arm := (first + i) % len(arms)
		before := processorTime()
		limited, cancel := context.WithTimeoutCause(ctx, bootLimit, fmt.Errorf("the guest did not boot within %s", bootLimit))
		took, err := arms[arm](limited)
		cancel()
		if err != nil {
			return p, err
		}
		p.end[arm], p.lease[arm], p.cpu[arm] = took.end.Seconds(), took.lease.Seconds(), (processorTime() - before).Seconds()
	}
	return p, nil
}

// network is that of a measured boot: closed to the outside.
func (b *boots) network(ctx context.Context) (*network.Network, error) {
	leases, err := holder.Leases([]machine.Spec{b.original.spec})
	if err != nil {
		return nil, err
	}
	return network.New(ctx, network.Config{Leases: leases, Isolated: true})
}

// bootMinimal boots the domain by virsh. Only its frames are looked at.
func (b *boots) bootMinimal(ctx context.Context) (took ends, err error) {
	lan, err := b.network(ctx)
	if err != nil {
		return took, err
	}
	frames, err := b.passive()
	if err != nil {
		return took, err
	}
	defer func() { err = errors.Join(err, b.bare.takeBack(ctx), lan.Close()) }()
	if err := b.bare.prepare(ctx); err != nil {
		return took, err
	}
	b.bare.serve("con", drain)
	b.bare.serve("fw", drain)
	b.bare.serve("net", func(conn net.Conn) {
		_ = lan.Attach(ctx, conn, func(f network.Frame) { frames.Frame(f.At, f.FromGuest, f.Shared, f.Data) })
	})
	b.w.stamps.forget(b.bare.name)
	begun := time.Now()
	frames.Begin(begun)
	if err := b.bare.create(ctx); err != nil {
		return took, err
	}
	return b.toTheEnd(ctx, b.bare.name, lan, frames, begun)
}

// bootFull boots the same domain as bench boot does: console, debug port,
// frames, probes, events, logs on disk and the canary.
func (b *boots) bootFull(ctx context.Context) (took ends, err error) {
	lan, err := b.network(ctx)
	if err != nil {
		return took, err
	}
	defer func() { err = errors.Join(err, lan.Close()) }()
	logs, err := openLogs(b.full.Directory)
	if err != nil {
		return took, err
	}
	defer func() { err = errors.Join(err, logs[0].Close(), logs[1].Close()) }()
	env := b.full
	env.Network = lan
	name := machine.DomainName(fullLab, b.original.spec.Name)
	b.w.stamps.forget(name)
	m, err := machine.Prepare(ctx, env, b.original.spec, machine.Options{
		OnEvent: func(observe.Event) {}, Console: logs[0], Stamps: logs[1], Firmware: true, Probe: true})
	if err != nil {
		return took, err
	}
	defer func() { err = errors.Join(err, m.Stop(context.WithoutCancel(ctx))) }()
	if err := b.compare(ctx, name); err != nil {
		return took, err
	}
	canary, err := observe.StartCanary()
	if err != nil {
		return took, err
	}
	defer func() { b.canaries = append(b.canaries, canary.Stop().P99/1000) }()
	sampled := sampleUsage()
	defer func() { b.used = append(b.used, sampled()) }()
	begun := time.Now()
	if err := m.Start(ctx); err != nil {
		return took, err
	}
	return b.toTheEnd(ctx, name, lan, m.Observer(), begun)
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

// ends are the times from running CPUs to what both arms see alike.
type ends struct{ lease, end time.Duration }

// toTheEnd waits for both ends. The observer was begun at the time begun.
func (b *boots) toTheEnd(ctx context.Context, domain string, lan *network.Network, o *observe.Observer, begun time.Time) (ends, error) {
	began, err := b.w.running(ctx, domain)
	if err != nil {
		return ends{}, err
	}
	end, err := b.end(ctx, domain, lan)
	if err != nil {
		return ends{}, err
	}
	leased, ok := o.Finish("").At(observe.DHCPAck)
	if !ok {
		return ends{}, fmt.Errorf("domain %s ended without a lease", domain)
	}
	took := ends{lease: begun.Add(leased).Sub(began), end: end.Sub(began)}
	if took.lease > 0 && took.end > 0 {
		return took, nil
	}
	return ends{}, fmt.Errorf("domain %s ended before it began: the clock was set", domain)
}

// passive is an observer of frames alone.
func (b *boots) passive() (*observe.Observer, error) {
	mac, err := b.original.spec.Hardware.HardwareAddress()
	if err != nil {
		return nil, err
	}
	return observe.New(observe.Profile{}, observe.Options{MAC: mac, Subnet: netip.PrefixFrom(b.original.spec.Address, 24).Masked()}), nil
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
