package probe_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/labs/probe"
	"distrolab/provision"
	"distrolab/provision/seed"
)

// guest builds the probe guest, or takes it from the builder's cache.
func guest(t *testing.T) string {
	t.Helper()
	if os.Getenv("DISTROLAB_TEST_VM") != "1" {
		t.Skip("boots a VM: set DISTROLAB_TEST_VM=1")
	}
	var stderr strings.Builder
	build := exec.Command("../../scripts/guests/probe/build")
	build.Stderr = &stderr
	out, err := build.Output()
	if err != nil {
		t.Fatalf("building the probe guest: %v\n%s", err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// boot runs the guest under plain QEMU with the arguments and decodes its
// report. On failure the command to repeat it and the console are printed.
func boot(t *testing.T, arguments ...string) probe.Report {
	t.Helper()
	dir := guest(t)
	base := []string{"-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "256",
		"-display", "none", "-serial", "stdio", "-no-reboot", "-nodefaults",
		"-kernel", filepath.Join(dir, "vmlinuz"), "-initrd", filepath.Join(dir, "initrd.img")}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	qemu := exec.CommandContext(ctx, "qemu-system-x86_64", append(base, arguments...)...)
	var stderr strings.Builder
	qemu.Stderr = &stderr
	console, err := qemu.Output() // ends by itself: the guest powers off
	if err != nil {
		t.Fatalf("running %s: %v\n%s\n%s", qemu, err, stderr.String(), console)
	}
	report, err := probe.Decode(strings.NewReader(string(console)))
	if err != nil {
		t.Fatalf("running %s: %v\n%s", qemu, err, console)
	}
	return report
}

func TestGuestReportsEveryDelivery(t *testing.T) {
	guest(t)
	userData := "#cloud-config\n# quotes \" and ' and é\n" + strings.Repeat("# long\n", 20_000)
	media, err := seed.Pack(provision.Config{
		Format:    "cloud-init",
		Documents: []provision.Document{{Name: "meta-data", Content: "{}"}, {Name: "user-data", Content: userData}},
		Delivery:  distros.Delivery{Kind: distros.DeliverVolume, Label: "cidata"},
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	volume, blob := filepath.Join(t.TempDir(), "seed.iso"), filepath.Join(t.TempDir(), "config.ign")
	config := `{"ignition":{"version":"3.3.0"}}` + strings.Repeat(" ", 100_000)
	for path, content := range map[string]string{volume: string(media.Volume.Image), blob: config} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const mac, line = "52:54:00:0a:0b:0c", `console=ttyS0,115200 panic=-1 talos.config=http://x/?a=b "quoted part"`
	r := boot(t,
		"-append", line,
		"-fw_cfg", "name=opt/com.coreos/config,file="+blob,
		"-fw_cfg", "name=opt/org.flatcar-linux/config,string=second",
		"-smbios", "type=1,serial=ds=nocloud;h=one",
		"-smbios", "type=11,value=io.systemd.credential:a=b,value=two",
		"-drive", "if=none,id=seed,format=raw,readonly=on,file="+volume,
		"-device", "virtio-blk-pci,drive=seed,serial=seed0",
		"-netdev", "user,id=n0,net=192.168.76.0/24,dhcpstart=192.168.76.9,hostname=probe1,domainname=lab.test,restrict=on",
		"-device", "virtio-net-pci,netdev=n0,mac="+mac)

	if r.Kernel.CommandLine != line {
		t.Errorf("command line %q, want %q", r.Kernel.CommandLine, line)
	}
	checkEntries(t, r.FWCfg, map[string]string{"opt/com.coreos/config": config, "opt/org.flatcar-linux/config": "second"})
	if got, want := r.SMBIOS.System.Serial, "ds=nocloud;h=one"; got != want {
		t.Errorf("SMBIOS serial %q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{"io.systemd.credential:a=b", "two"}, r.SMBIOS.OEMStrings); diff != "" {
		t.Error("OEM strings", diff)
	}
	checkVolume(t, r.Storage, media.Volume, userData)
	want := probe.Network{Interfaces: []probe.Interface{{Name: "eth0", MAC: mac, Lease: &probe.Lease{
		Address: "192.168.76.9/24", Server: "192.168.76.2", Hostname: "probe1", Domain: "lab.test", Seconds: 86400,
	}}}}
	if diff := cmp.Diff(want, r.Network); diff != "" {
		t.Error(diff)
	}
	if r.Kernel.Error != "" || r.Machine.Error != "" || r.Machine.CPUs != 2 || r.Machine.Firmware != "bios" {
		t.Errorf("kernel error %q, machine %+v", r.Kernel.Error, r.Machine)
	}
	t.Logf("the report was ready %d ms after the kernel started", r.Machine.UptimeMS)
}

func checkEntries(t *testing.T, got probe.FWCfg, want map[string]string) {
	t.Helper()
	seen := map[string]string{}
	for _, e := range got.Entries {
		seen[e.Name] = string(e.Data)
		if e.Error != "" || e.Size != int64(len(e.Data)) {
			t.Errorf("entry %s: %d of %d bytes, error %q", e.Name, len(e.Data), e.Size, e.Error)
		}
	}
	if diff := cmp.Diff(want, seen); diff != "" || got.Error != "" {
		t.Errorf("fw_cfg: error %q\n%s", got.Error, diff)
	}
}

func checkVolume(t *testing.T, got probe.Storage, packed *seed.Volume, userData string) {
	t.Helper()
	d, ok := got.Labelled(packed.Label)
	if !ok {
		t.Fatalf("no device is labelled %s: %+v", packed.Label, got)
	}
	if d.Serial != "seed0" || !d.ReadOnly || d.FileSystem != "iso9660" || d.Size != int64(len(packed.Image)) || d.Error != "" {
		t.Errorf("device %s: serial %q, read-only %v, %s, %d bytes, error %q", d.Name, d.Serial, d.ReadOnly, d.FileSystem, d.Size, d.Error)
	}
	f, ok := d.File("user-data")
	if !ok || string(f.Data) != userData {
		t.Errorf("user-data: found %v, %d bytes of %d", ok, len(f.Data), len(userData))
	}
}

func TestGuestReportsABareMachine(t *testing.T) {
	r := boot(t, "-append", "console=ttyS0,115200 panic=-1")
	if len(r.Storage.Devices) != 0 || len(r.Network.Interfaces) != 0 || len(r.FWCfg.Entries) != 0 {
		t.Errorf("got %v", fmt.Sprint(r.Storage, r.Network, r.FWCfg))
	}
	if r.Storage.Error+r.Network.Error+r.FWCfg.Error+r.SMBIOS.Error != "" {
		t.Errorf("missing hardware is not an error: %+v", r)
	}
}
