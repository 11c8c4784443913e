package machine_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/labs/holder"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/internal/labtest"
	"distrolab/labs/ledger"
	"distrolab/labs/machine"
	"distrolab/labs/network"
	"distrolab/labs/observe"
	"distrolab/labs/probe"
	"distrolab/provision"
)

// bootLimit is far above what the probe needs even on a busy machine under TCG.
const bootLimit = 4 * time.Minute

// TestEveryDeliveryReachesTheGuest renders an intent for every system and every
// way in which it takes its config, delivers it to the probe guest, and
// compares what the guest read with what was rendered.
func TestEveryDeliveryReachesTheGuest(t *testing.T) {
	labtest.NeedMachines(t)
	all := loads(t)
	counts := map[distros.DeliveryKind]int{}
	for _, l := range all {
		counts[l.kind()] += len(l.systems)
	}
	for kind, least := range map[distros.DeliveryKind]int{
		distros.DeliverFWCfg: 8, distros.DeliverVolume: 36, distros.DeliverDisk: 1, distros.DeliverPartition: 1,
		distros.DeliverHTTP: 26, distros.DeliverKernel: 4,
	} {
		if counts[kind] < least {
			t.Errorf("%d deliveries are of kind %s; the catalog has %d at least", counts[kind], kind, least)
		}
	}
	boots := plan(all)
	drawTable(t, boots)
	h := labtest.Home(t)
	guest := labtest.Guest(t, h, "probe")
	disk := syntheticDisk(t, h)
	for i, b := range boots {
		t.Run(fmt.Sprintf("boot %d", i+1), func(t *testing.T) {
			report, timeline := bootProbe(t, h, guest, disk, b)
			compareBoot(t, b, report)
			checkFirstSteps(t, report, timeline)
		})
	}
}

// checkFirstSteps: whatever was delivered, the guest got its lease and the
// observer saw it boot.
func checkFirstSteps(t *testing.T, report probe.Report, timeline observe.Timeline) {
	t.Helper()
	if len(report.Network.Interfaces) != 1 || report.Network.Interfaces[0].Lease == nil {
		t.Fatalf("the guest saw these interfaces: %+v", report.Network.Interfaces)
	}
	if got := report.Network.Interfaces[0].Lease.Address; got != "192.168.127.10/24" {
		t.Errorf("lease %s, not the one of its MAC", got)
	}
	for _, m := range []observe.Milestone{observe.VCPUStart, observe.FirmwareFirst, observe.KernelConsole, observe.InitStart,
		observe.NetFirstFrame, observe.DHCPDiscover, observe.DHCPAck, observe.BootComplete} {
		if _, ok := timeline.At(m); !ok {
			t.Errorf("milestone %s was not seen: %s", m, timeline.Why(m))
		}
	}
	if report.Kernel.Error != "" || report.Storage.Error != "" {
		t.Errorf("the guest says %q, %q", report.Kernel.Error, report.Storage.Error)
	}
}

// syntheticDisk has the partitions of a Bottlerocket image in their order, and
// nothing in them. The sizes are smaller where they do not matter.
func syntheticDisk(t *testing.T, h home.Home) string {
	t.Helper()
	path := filepath.Join(h.Data, "bottlerocket.raw")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, diskSize); err != nil {
		t.Fatal(err)
	}
	table := "label: gpt\n"
	for _, name := range []string{"BIOS-BOOT", "EFI-SYSTEM", "BOTTLEROCKET-BOOT-A", "BOTTLEROCKET-ROOT-A", "BOTTLEROCKET-HASH-A",
		"BOTTLEROCKET-RESERVED-A", "EFI-BACKUP", "BOTTLEROCKET-BOOT-B", "BOTTLEROCKET-ROOT-B", "BOTTLEROCKET-HASH-B", "BOTTLEROCKET-RESERVED-B"} {
		table += "name=" + name + ", size=5M\n"
	}
	table += "name=BOTTLEROCKET-PRIVATE, size=42M, type=440408bb-eb0b-4328-a6e5-a29038fad706\n"
	sfdisk := exec.CommandContext(t.Context(), "/usr/sbin/sfdisk", "-q", path)
	sfdisk.Stdin = strings.NewReader(table)
	if out, err := sfdisk.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// diskSize is the virtual size of the synthetic disk, in bytes.
const diskSize = 256 << 20

// bootProbe boots the probe guest with the configs and returns what it reports.
func bootProbe(t *testing.T, h home.Home, img image.Image, disk string, b *boot) (probe.Report, observe.Timeline) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	env, spec := prepareProbe(t, ctx, h, img, b.loads[0].config)
	spec.Files.Disk, spec.Files.DiskFormat, spec.Files.DiskVirtual = disk, "raw", diskSize
	var console safeBuffer
	m, err := prepareBoot(ctx, env, spec, machine.Options{Console: &console, OneBoot: true, Firmware: true}, b)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := m.Observer().Wait(ctx); err != nil {
		t.Fatalf("%v; console:\n%s", err, console.String())
	}
	timeline := m.Observer().Finish("")
	<-m.Gone() // it powers off by itself
	if err := m.Stop(context.WithoutCancel(ctx)); err != nil {
		t.Error(err)
	}
	report, err := probe.Decode(strings.NewReader(console.String()))
	if err != nil {
		t.Fatalf("%v; console:\n%s", err, console.String())
	}
	return report, timeline
}

// prepareBoot is machine.Prepare wherever a boot carries one config.
func prepareBoot(ctx context.Context, env machine.Environment, spec machine.Spec, opt machine.Options, b *boot) (*machine.Machine, error) {
	if b.alone {
		return machine.Prepare(ctx, env, spec, opt)
	}
	var configs []provision.Config
	for _, l := range b.loads {
		configs = append(configs, l.config)
	}
	return machine.PrepareWith(ctx, env, spec, opt, configs)
}

// prepareProbe makes the lab around a probe machine.
func prepareProbe(t *testing.T, ctx context.Context, h home.Home, img image.Image, cfg provision.Config) (machine.Environment, machine.Spec) {
	t.Helper()
	libvirt := labtest.Connect(t)
	host, err := libvirt.Host(ctx)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := machine.Assemble("m", labtest.Distro(t, "probe"), img, cfg, machine.Wishes{MemoryMiB: 512}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return surroundings(t, ctx, h, libvirt, host, spec, ""), spec
}

// surroundings makes a lab for one machine.
func surroundings(t *testing.T, ctx context.Context, h home.Home, libvirt *hypervisor.Connection, host hypervisor.Host, spec machine.Spec, suffix string) machine.Environment {
	t.Helper()
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
	lab := "t" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(t.Name()[max(0, len(t.Name())-12):])) + suffix
	record, err := ledger.Create(h.Lab(lab), ledger.Owner{Lab: lab, Purpose: "bench", Process: self})
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.MakeSockets(h.Sockets(lab)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := record.Remove(); err != nil {
			t.Error(err)
		}
	})
	return machine.Environment{Libvirt: libvirt, Host: host, Accelerator: hypervisor.TCG, Network: lan, Ledger: record,
		Home: h.Data, Lab: lab, Directory: h.Lab(lab), Sockets: h.Sockets(lab), Run: labtest.Run}
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
