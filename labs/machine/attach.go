package machine

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"distrolab/labs/hypervisor"
	"distrolab/labs/network"
	"distrolab/labs/observe"
)

// attach connects every source to the observer: libvirt's events, the serial
// port, the firmware's debug port, the network card, and the probe.
func (m *Machine) attach(ctx context.Context) error {
	watched, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	m.cancel = cancel
	events, err := m.env.Libvirt.Watch(watched)
	if err != nil {
		return err
	}
	m.run(func() { m.follow(watched, events) })
	if m.console, err = m.accept(ctx, consoleSocket); err != nil {
		return err
	}
	var firmware net.Conn
	if m.opt.Firmware {
		if firmware, err = m.accept(ctx, firmwareSocket); err != nil {
			return err
		}
	}
	m.makeRoom(m.console, firmware)
	m.run(func() {
		defer close(m.silent)
		_ = m.observer.ReadConsole(watched, m.console) // as in watch
	})
	if firmware != nil {
		m.watch(func() error { return m.observer.ReadFirmware(watched, firmware) })
	}
	cable, err := m.accept(ctx, networkSocket)
	if err != nil {
		return err
	}
	m.watch(func() error { return m.plug(watched, cable) })
	if m.opt.Probe {
		m.watch(func() error { return m.observer.Probe(watched, m.env.Network.Dial) })
	}
	if m.opt.Join != nil {
		m.watch(func() error { return m.observer.ProbeKubelet(watched, m.env.Network.Dial) })
	}
	return nil
}

// makeRoom lets the guest send ahead of its readers, who then need not hurry.
// Where that is not permitted they read every byte at once.
func (m *Machine) makeRoom(streams ...net.Conn) {
	for _, stream := range streams {
		if stream != nil && network.MakeRoom(stream) != nil {
			return
		}
	}
	m.observer.Unhurried()
}

// plug joins the network card to the lab's switch and shows its frames to the
// observer.
func (m *Machine) plug(ctx context.Context, cable net.Conn) error {
	return m.env.Network.Attach(ctx, cable, func(f network.Frame) {
		m.observer.Frame(f.At, f.FromGuest, f.Shared, f.Data)
	})
}

// Dial opens a TCP connection to a port of the machine through the lab.
func (m *Machine) Dial(ctx context.Context, port uint16) (net.Conn, error) {
	return m.env.Network.Dial(ctx, netip.AddrPortFrom(m.spec.Address, port))
}

// follow tells the observer what the hypervisor says of this machine. A stream
// that ends before the machine does means that libvirt's daemon is gone.
func (m *Machine) follow(ctx context.Context, events <-chan hypervisor.Event) {
	for e := range events {
		if e.Domain != m.name {
			continue
		}
		switch e.Kind {
		case hypervisor.QEMUResume:
			m.observer.Hypervisor(observe.SourceQMP, e.At, e.ErrBound)
		case hypervisor.LifecycleResumed:
			m.observer.Hypervisor(observe.SourceLifecycle, e.At, e.ErrBound)
		case hypervisor.LifecycleStopped, hypervisor.LifecycleCrashed:
			m.hearOut(ctx)
			m.ended(m.stopReason(ctx, e))
		}
	}
	m.ended("the connection to libvirt ended; is its daemon still running?")
}

// lastWords is how long the end of a machine waits for the end of its console.
// QEMU is gone by then, so the socket holds all there is.
const lastWords = 2 * time.Second

// hearOut lets the observer read what the guest said last before it learns that
// the guest has stopped: libvirt's event may overtake it.
func (m *Machine) hearOut(ctx context.Context) {
	timer := time.NewTimer(lastWords)
	defer timer.Stop()
	select {
	case <-m.silent:
	case <-ctx.Done():
	case <-timer.C:
	}
}

// stopReason puts libvirt's words for an end into plain ones, with QEMU's own
// where it has failed.
func (m *Machine) stopReason(ctx context.Context, e hypervisor.Event) string {
	said := "libvirt reports it " + string(e.Kind)
	if e.Detail != "" {
		said += " (" + e.Detail + ")"
	}
	switch e.Detail {
	case "shutdown":
		return "it powered off"
	case "failed", "crashed":
		words := m.env.Libvirt.LastWords(ctx, m.name)
		if words == "" {
			return "its QEMU was killed or crashed (`dmesg` and libvirt's log of the domain may say why); " + said
		}
		m.asserted.Store(strings.Contains(strings.ToLower(words), "assertion"))
		return "its QEMU crashed and said " + strconv.Quote(words) + "; " + said
	case "destroyed":
		return "it was destroyed from outside; " + said
	default:
		return said
	}
}

// run starts a task that Stop waits for.
func (m *Machine) run(task func()) { m.tasks.Go(task) }

// watch starts a task that reads a source until it ends. Its error says no more
// than that: what the source did not show is missing from the timeline, with a
// reason, and the guest's end is an event of the hypervisor.
func (m *Machine) watch(source func() error) {
	m.run(func() { _ = source() })
}
