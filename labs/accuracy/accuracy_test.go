// Package accuracy tests with real machines that what goes wrong with the
// observer's own sources never becomes a plausible number: a milestone is then
// missing with a reason, a bound, or part of a tainted run. It holds tests only;
// the figures of the observer's errors are from scripts/bench-observer.
package accuracy

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"distrolab/distros"
	"distrolab/labs/holder"
	"distrolab/labs/hypervisor"
	"distrolab/labs/internal/labtest"
	"distrolab/labs/ledger"
	"distrolab/labs/machine"
	"distrolab/labs/network"
	"distrolab/labs/observe"
	"distrolab/provision"
)

// patience is far above what a boot of the probe guest needs.
const patience = 4 * time.Minute

// probeMachine prepares a probe guest, watched as a measured boot is.
func probeMachine(t *testing.T, ctx context.Context, onEvent func(observe.Event)) *machine.Machine {
	t.Helper()
	labtest.NeedMachines(t)
	h := labtest.Home(t)
	libvirt := labtest.Connect(t)
	host, err := libvirt.Host(ctx)
	if err != nil {
		t.Fatal(err)
	}
	none := provision.Config{Delivery: distros.Delivery{Kind: distros.DeliverNone}}
	spec, err := machine.Assemble("m", labtest.Distro(t, "probe"), labtest.Guest(t, h, "probe"), none, machine.Wishes{MemoryMiB: 512}, 0)
	if err != nil {
		t.Fatal(err)
	}
	leases, err := holder.Leases([]machine.Spec{spec})
	if err != nil {
		t.Fatal(err)
	}
	lan, err := network.New(ctx, network.Config{Leases: leases, Isolated: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lan.Close() })
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	const lab = "accuracy"
	record, err := ledger.Create(h.Lab(lab), ledger.Owner{Lab: lab, Purpose: "bench", Process: self})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { record.Remove() })
	if err := holder.MakeSockets(h.Sockets(lab)); err != nil {
		t.Fatal(err)
	}
	m, err := machine.Prepare(ctx, machine.Environment{
		Libvirt: libvirt, Host: host, Accelerator: hypervisor.TCG, Network: lan, Ledger: record,
		Home: h.Data, Lab: lab, Directory: h.Lab(lab), Sockets: h.Sockets(lab), Run: labtest.Run,
	}, spec, machine.Options{OnEvent: onEvent, OneBoot: true, Firmware: true, Probe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return m
}

// QEMU closes the serial port in the middle of a boot. What it would have shown
// later is missing, although the guest goes on to its end.
func TestSerialPortThatEndsEarlyShowsNothingLater(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	speaks := make(chan struct{})
	once := sync.OnceFunc(func() { close(speaks) })
	m := probeMachine(t, ctx, func(e observe.Event) {
		if e.M == observe.KernelConsole {
			once()
		}
	})
	if err := m.Start(ctx); err != nil {
		t.Fatal(err)
	}
	select {
	case <-speaks:
	case <-ctx.Done():
		t.Fatal("the kernel never spoke")
	}
	uri := hypervisor.DefaultURI(os.Geteuid())
	out, err := exec.CommandContext(ctx, "virsh", "-c", uri, "qemu-monitor-command", m.Domain(), "--hmp", "chardev-change charserial0 null").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "" {
		t.Fatalf("closing the serial port: %v: %s", err, out)
	}
	ended := m.Observer().Wait(ctx)
	var stopped *observe.StoppedError
	if !errors.As(ended, &stopped) {
		t.Errorf("the wait for the end of the boot ended with %v; the guest powered off unseen", ended)
	}
	timeline := m.Observer().Finish("its end was not seen")
	if at, seen := timeline.At(observe.BootComplete); seen {
		t.Errorf("the end of the boot was seen at %s, on a port that had ended", at)
	}
	if why := timeline.Why(observe.BootComplete); why == "" {
		t.Error("no reason is given")
	}
	// What other sources show is as good as ever.
	for _, x := range []observe.Milestone{observe.VCPUStart, observe.FirmwareFirst, observe.KernelConsole, observe.DHCPAck} {
		if _, seen := timeline.At(x); !seen {
			t.Errorf("%s is missing: %s", x, timeline.Why(x))
		}
	}
}
