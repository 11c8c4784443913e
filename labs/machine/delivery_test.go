package machine_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	"distrolab/provision/render"
)

// bootLimit is far above what the probe needs even on a busy machine under TCG.
const bootLimit = 4 * time.Minute

// TestConfigReachesTheGuest renders an intent for every system whose format is
// built, delivers it to the probe guest in that system's way, and compares what
// the guest read with what was rendered.
func TestConfigReachesTheGuest(t *testing.T) {
	labtest.NeedMachines(t)
	h := labtest.Home(t)
	guest := labtest.Guest(t, h, "probe")
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, d := range catalog.All() {
		if !canRender(d) {
			continue
		}
		tried++
		t.Run(d.Name, func(t *testing.T) {
			cfg, err := render.Config(fullIntent(d), d, render.Options{})
			if err != nil {
				t.Fatal(err)
			}
			report, timeline := bootProbe(t, h, guest, cfg)
			compareDelivery(t, cfg, report)
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
		})
	}
	if tried < 4 {
		t.Errorf("only %d systems could be rendered", tried)
	}
}

func canRender(d distros.Distro) bool {
	if d.Config.Delivery.Kind == distros.DeliverNone {
		return false
	}
	_, err := render.Config(fullIntent(d), d, render.Options{})
	return err == nil
}

func fullIntent(d distros.Distro) provision.Intent {
	intent := provision.DefaultIntent("node-1", d.Boot.User, []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA test"})
	intent.Files = []provision.File{{Path: "/etc/motd", Content: "quotes \" ' and $(things), \u00e4\n"}}
	intent.Units = []provision.Unit{{Name: "hello.service", Enabled: true, Content: "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"}}
	return intent
}

// compareDelivery looks for every rendered document where its delivery puts it.
func compareDelivery(t *testing.T, cfg provision.Config, got probe.Report) {
	t.Helper()
	for _, doc := range cfg.Documents {
		switch cfg.Delivery.Kind {
		case distros.DeliverFWCfg:
			entry, ok := got.FWCfg.Entry(cfg.Delivery.Key)
			if !ok {
				t.Fatalf("no fw_cfg entry %s; the guest saw %+v", cfg.Delivery.Key, got.FWCfg)
			}
			if diff := cmp.Diff(doc.Content, string(entry.Data)); diff != "" {
				t.Errorf("fw_cfg %s differs (-rendered +seen):\n%s", cfg.Delivery.Key, diff)
			}
		case distros.DeliverVolume:
			if diff := cmp.Diff(doc.Content, onVolume(t, got, cfg.Delivery.Label, doc.Name)); diff != "" {
				t.Errorf("%s differs (-rendered +seen):\n%s", doc.Name, diff)
			}
		default:
			t.Fatalf("no comparison for delivery %s", cfg.Delivery.Kind)
		}
	}
}

func onVolume(t *testing.T, got probe.Report, label, name string) string {
	t.Helper()
	for _, d := range got.Storage.Devices {
		if d.Label != label {
			continue
		}
		if f, ok := d.File(name); ok {
			return string(f.Data)
		}
		t.Fatalf("the volume %s has no file %s: %+v", label, name, d.Files)
	}
	t.Fatalf("no volume is labelled %s: %+v", label, got.Storage.Devices)
	return ""
}

// bootProbe boots the probe guest with a config and returns what it reports.
func bootProbe(t *testing.T, h home.Home, img image.Image, cfg provision.Config) (probe.Report, observe.Timeline) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	env, spec := prepareProbe(t, ctx, h, img, cfg)
	var console safeBuffer
	m, err := machine.Prepare(ctx, env, spec, machine.Options{Console: &console, OneBoot: true, Firmware: true})
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
	lab := "t" + strings.ToLower(t.Name()[len(t.Name())-3:])
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
		Home: h.Data, Lab: lab, Directory: h.Lab(lab), Sockets: h.Sockets(lab), Run: labtest.Run}, spec
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
