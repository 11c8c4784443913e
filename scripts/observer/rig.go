package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/network"
	"distrolab/labs/observe"
)

// rig is a machine as a lab makes it, with the readers of a lab on its serial
// port, debug port and network card, and with QEMU's trace of what the guest
// does at the other ends of them.
type rig struct {
	b         *bench
	domain    *hypervisor.Machine
	name      string
	directory string // of the trace
	listeners map[string]net.Listener
	zero      time.Time // of all stamps: the CPUs began to run

	console  *observe.Observer // as in a lab
	debug    *observe.Observer // the debug port by the code that reads the console: it keeps every stamp
	serial   log
	firmware log

	mu     sync.Mutex
	frames []frame
	clocks []clockPair

	tasks  sync.WaitGroup
	cancel context.CancelFunc
	done   chan struct{} // closed by stop
}

// log is one stream as it came: its bytes, and when each read returned.
type log struct{ raw, stamps safeBuffer }

// frame is one frame of the guest, as the switch saw it.
type frame struct {
	at   time.Duration
	mark string // payload of a datagram to the port of marks
}

// clockPair is the host's wall clock beside the clock of all stamps. QEMU's
// trace has the first, the observer the second.
type clockPair struct {
	wall time.Time
	at   time.Duration
}

// traceLimit bounds the wait for QEMU's monitor.
const traceLimit = 30 * time.Second

// newRig makes the machine, its CPUs stopped, and connects the readers.
func (b *bench) newRig(ctx context.Context, words string) (*rig, error) {
	r := &rig{b: b, name: machine.DomainName(lab, b.spec.Name), directory: b.trace,
		listeners: map[string]net.Listener{}, done: make(chan struct{})}
	profile, err := observe.Compile(b.spec.Boot)
	if err != nil {
		return r, err
	}
	mac, err := b.spec.Hardware.HardwareAddress()
	if err != nil {
		return r, err
	}
	r.console = observe.New(profile, observe.Options{Console: &r.serial.raw, Stamps: &r.serial.stamps, MAC: mac})
	r.debug = observe.New(observe.Profile{}, observe.Options{Console: &r.firmware.raw, Stamps: &r.firmware.stamps})
	if err := r.listen(); err != nil {
		return r, err
	}
	d := hypervisor.Domain{
		Name: r.name, Tag: hypervisor.Tag{Home: b.home.Data, Owner: lab, Machine: b.spec.Name},
		VCPUs: b.spec.Hardware.VCPUs, MemoryMiB: b.spec.Hardware.MemoryMiB, Accelerator: b.accel,
		ConsoleSocket: r.socket("con"), FirmwareSocket: r.socket("fw"),
		Network: &hypervisor.NetworkPort{Socket: r.socket("net"), MAC: b.spec.Hardware.MAC},
		Kernel:  &hypervisor.DirectKernel{Kernel: b.spec.Files.Kernel, Initrd: b.spec.Files.Initrd, Cmdline: b.spec.Files.Cmdline + " " + words},
	}
	r.domain, err = b.libvirt.Create(ctx, d, hypervisor.CreateOptions{AutoDestroy: true})
	if err != nil {
		return r, err
	}
	return r, r.attach(ctx)
}

func (r *rig) socket(suffix string) string {
	return filepath.Join(r.b.home.Sockets(lab), "probe."+suffix)
}

func (r *rig) listen() error {
	var owner *network.Owner
	if r.b.host.UID >= 0 {
		owner = &network.Owner{UID: r.b.host.UID, GID: r.b.host.GID}
	}
	for _, suffix := range []string{"con", "fw", "net"} {
		l, err := network.Listen(r.socket(suffix), owner)
		if err != nil {
			return err
		}
		r.listeners[suffix] = l
	}
	return nil
}

// attach takes QEMU's connections, which are there when the domain is.
func (r *rig) attach(ctx context.Context) error {
	watched, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel = cancel
	var conns [3]net.Conn
	for i, suffix := range []string{"con", "fw", "net"} {
		conn, err := r.listeners[suffix].Accept()
		if err != nil {
			return fmt.Errorf("waiting for QEMU: %w", err)
		}
		conns[i] = conn
	}
	for i, o := range []*observe.Observer{r.console, r.debug} {
		if err := network.MakeRoom(conns[i]); err != nil {
			return err
		}
		o.Unhurried()
	}
	lan, err := r.b.lan(ctx, nil)
	if err != nil {
		return err
	}
	context.AfterFunc(watched, func() {
		_ = conns[0].Close()
		_ = conns[1].Close()
		_ = lan.Close()
	})
	r.tasks.Go(func() { _ = r.console.ReadConsole(watched, conns[0]) }) // a guest that leaves is seen by its record
	r.tasks.Go(func() { _ = r.debug.ReadConsole(watched, conns[1]) })
	r.tasks.Go(func() { _ = lan.Attach(watched, conns[2], r.tap) })
	return nil
}

// tap keeps what the guest sends, and shows it to the observer as a lab does.
func (r *rig) tap(f network.Frame) {
	r.console.Frame(f.At, f.FromGuest, f.Shared, f.Data)
	if !f.FromGuest {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames = append(r.frames, frame{f.At.Sub(r.zero), markOf(f.Data)})
}

// start lets the CPUs run, with the trace on from the first instruction.
func (r *rig) start(ctx context.Context) error {
	for _, command := range []string{
		"logfile " + r.tracePath(),
		"log trace:serial_write,trace:virtqueue_pop,trace:virtio_queue_notify",
	} {
		if err := r.monitor(ctx, command); err != nil {
			return err
		}
	}
	r.zero = time.Now()
	r.console.Begin(r.zero)
	r.debug.Begin(r.zero)
	r.tasks.Go(r.readClocks)
	return r.domain.Resume(ctx)
}

func (r *rig) tracePath() string { return filepath.Join(r.directory, "trace.log") }

// monitor gives a command to QEMU's monitor for people.
func (r *rig) monitor(ctx context.Context, command string) error {
	ctx, cancel := context.WithTimeout(ctx, traceLimit)
	defer cancel()
	said, err := output(ctx, "virsh", "-c", r.b.uri, "qemu-monitor-command", r.name, "--hmp", command)
	if said = strings.TrimSpace(said); err == nil && said != "" {
		err = fmt.Errorf("QEMU's monitor answers %q to %q", said, command)
	}
	return err
}

// readClocks notes both clocks every 50 ms. A wall clock that somebody slows or
// hastens is so taken out of the comparison.
func (r *rig) readClocks() {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		now := time.Now()
		r.mu.Lock()
		r.clocks = append(r.clocks, clockPair{now.Round(0), now.Sub(r.zero)})
		r.mu.Unlock()
		select {
		case <-tick.C:
		case <-r.done:
			return
		}
	}
}

// until waits for a line on the console.
func (r *rig) until(ctx context.Context, line string) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		said := r.serial.raw.String()
		if strings.Contains(said, line) {
			return nil
		}
		if i := strings.Index(said, "distrolab-probe: errand:"); i >= 0 {
			return fmt.Errorf("the guest says: %s", strings.TrimSpace(said[i:]))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %q on the console, which ends with %q: %w", line, said[max(0, len(said)-200):], context.Cause(ctx))
		}
	}
}

// stop ends the machine, also after Ctrl-C, and waits for the readers.
func (r *rig) stop(ctx context.Context) error {
	var err error
	if r.domain != nil {
		err = r.domain.Destroy(context.WithoutCancel(ctx))
	}
	close(r.done)
	for _, l := range r.listeners {
		_ = l.Close()
	}
	if r.cancel != nil {
		r.cancel()
	}
	r.tasks.Wait()
	if r.debug != nil {
		r.debug.Finish("")
	}
	return err
}

// since converts the trace's wall clock to the clock of all stamps, by the
// reading of both that is closest.
func (r *rig) since(wall time.Time) time.Duration {
	i, _ := slices.BinarySearchFunc(r.clocks, wall, func(p clockPair, w time.Time) int { return p.wall.Compare(w) })
	p := r.clocks[min(i, len(r.clocks)-1)]
	return p.at + wall.Sub(p.wall)
}

// safeBuffer is a buffer for one writer and one reader.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
