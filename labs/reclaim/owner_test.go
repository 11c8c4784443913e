package reclaim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/ledger"
)

func testHome() home.Home { return home.Home{Data: "/data/dl", Run: "/run/dl/12345678"} }

func line(words ...string) string { return strings.Join(words, "\x00") + "\x00" }

func TestOnlyOurQEMUWithoutALabIsAStray(t *testing.T) {
	h := testHome()
	guest := []string{"/usr/bin/qemu-system-x86_64", "-name", "guest=distrolab-trial-m,debug-threads=on"}
	disk := "file=" + h.Lab("trial") + "/m/disk.qcow2"
	socket := "addr.path=" + h.Sockets("trial") + "/m.net"
	tests := map[string]struct {
		line    string
		running []string
		stray   bool
	}{
		"its disk":                    {line(append(guest, "-blockdev", disk)...), nil, true},
		"its socket":                  {line(append(guest, "-netdev", socket)...), nil, true},
		"its lab runs":                {line(append(guest, "-blockdev", disk)...), []string{"trial"}, false},
		"its lab runs, by socket":     {line(append(guest, "-netdev", socket)...), []string{"other", "trial"}, false},
		"another lab runs":            {line(append(guest, "-blockdev", disk)...), []string{"tria", "trial2"}, true},
		"another home":                {line(append(guest, "-blockdev", "file=/data/dl2/labs/trial/m/disk.qcow2")...), nil, false},
		"a home whose name goes on":   {line(append(guest, "-blockdev", "file=/data/dl/labs2/x")...), nil, false},
		"a guest of someone else":     {line("/usr/bin/qemu-system-x86_64", "-name", "guest=web", "-blockdev", disk), nil, false},
		"a pager":                     {line("less", h.Lab("trial")+"/m.console"), nil, false},
		"an editor of a QEMU command": {line("vi", "-name", "guest=distrolab-trial-m", disk), nil, false},
		"qemu-img":                    {line("qemu-img", "info", h.Lab("trial")+"/m/disk.qcow2"), nil, false},
		"name at the very end":        {line("qemu", h.Labs()+"/x", "-name"), nil, false},
		"a kernel thread":             {"", nil, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := isStray(h, test.line, test.running); got != test.stray {
				t.Errorf("stray %v, want %v", got, test.stray)
			}
		})
	}
}

func TestProcessesReadsTheTable(t *testing.T) {
	got := processes(fstest.MapFS{
		"1/cmdline":        {Data: []byte(line("/sbin/init"))},
		"77/cmdline":       {Data: []byte(line("qemu", "-name"))},
		"78/status":        {Data: []byte("it ended while it was read")},
		"self/cmdline":     {Data: []byte(line("x"))},
		"sys/kernel/hosts": {Data: nil},
	})
	want := []process{{1, line("/sbin/init")}, {77, line("qemu", "-name")}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(process{})); diff != "" {
		t.Errorf("processes (-want +got):\n%s", diff)
	}
}

func TestStraysAreThoseOfNoRunningLab(t *testing.T) {
	h := testHome()
	seen := sight{
		domains: []hypervisor.Tagged{
			{Machine: &hypervisor.Machine{Name: "distrolab-a-m"}, Tag: hypervisor.Tag{Owner: "a"}},
			{Machine: &hypervisor.Machine{Name: "distrolab-b-m"}, Tag: hypervisor.Tag{Owner: "b"}},
		},
		processes: []process{{os.Getpid(), line("qemu", "-name", "guest=distrolab-b-m", h.Lab("b")+"/m/x")}},
		sockets:   []string{h.Sockets("a"), h.Sockets("b")},
	}
	var got []string
	for _, l := range seen.strays(h, []string{"a"}) {
		got = append(got, string(l.Kind)+" "+strings.SplitN(l.ID, ":", 2)[0])
	}
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"domain distrolab-b-m", "process " + strings.SplitN(self.String(), ":", 2)[0], "directory " + h.Sockets("b")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("strays (-want +got):\n%s", diff)
	}
}

// TestSweepWithoutLibvirt: what needs no libvirt is done, the rest is said, and
// a libvirt that hangs up is asked again.
func TestSweepWithoutLibvirt(t *testing.T) {
	base := t.TempDir()
	h := home.Home{Data: filepath.Join(base, "data"), Run: filepath.Join(base, "distrolab", "x")}
	if err := errors.Join(os.MkdirAll(h.Labs(), 0o700), os.MkdirAll(h.Sockets("gone"), 0o700)); err != nil {
		t.Fatal(err)
	}
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for name, process := range map[string]ledger.Identity{"alive": self, "dead": {PID: 1 << 30}, "stuck": {PID: 1 << 30}} {
		record, err := ledger.Create(h.Lab(name), ledger.Owner{Lab: name, Process: process})
		if err != nil {
			t.Fatal(err)
		}
		if name == "stuck" {
			if err := record.Record(ledger.Resource{Kind: ledger.Domain, ID: "distrolab-stuck-m"}); err != nil {
				t.Fatal(err)
			}
		}
		record.Close()
	}
	if err := os.MkdirAll(h.Sockets("alive"), 0o700); err != nil {
		t.Fatal(err)
	}
	refusal := errors.New("no libvirt here")
	asked := 0
	opt := Options{Home: h, URI: "qemu:///session", Connect: func(context.Context, string) (*hypervisor.Connection, error) {
		if asked++; asked == 1 {
			return nil, fmt.Errorf("x: %w", hypervisor.ErrDisconnected)
		}
		return nil, refusal
	}}
	report, err := Sweep(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range report.Leftovers {
		got = append(got, filepath.Base(l.ID)+" "+l.Error)
	}
	want := []string{"dead ", "stuck reclaiming domain distrolab-stuck-m: no libvirt here", filepath.Base(h.Sockets("gone")) + " "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("leftovers (-want +got):\n%s", diff)
	}
	if asked != 2 || len(report.Unchecked) != 1 || !strings.Contains(report.Unchecked[0], refusal.Error()) || !cmp.Equal(report.Running, []string{"alive"}) {
		t.Errorf("asked %d times; report %+v", asked, report)
	}
	for path, there := range map[string]bool{h.Lab("alive"): true, h.Sockets("alive"): true, h.Lab("dead"): false, h.Lab("stuck"): true, h.Sockets("gone"): false} {
		if _, err := os.Stat(path); (err == nil) != there {
			t.Errorf("%s: %v", path, err)
		}
	}
	left, err := Survey(t.Context(), opt)
	if err != nil || len(left.Leftovers) != 1 || left.Leftovers[0].Lab != "stuck" {
		t.Errorf("survey %+v, %v", left, err)
	}
}
