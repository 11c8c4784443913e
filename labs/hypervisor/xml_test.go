package hypervisor

import (
	"context"
	"encoding/xml"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"libvirt.org/go/libvirtxml"
)

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	os.Exit(m.Run())
}

// goldenDomains are descriptions that together use every field.
func goldenDomains() map[string]Domain {
	tag := Tag{Home: "/home/ann/.local/share/distrolab", Owner: "class", Machine: "node-1"}
	return map[string]Domain{
		"minimal": {Name: "distrolab-class-node-1", Tag: tag, VCPUs: 1, MemoryMiB: 512, Accelerator: TCG},
		"disk-kvm": {
			Name: "distrolab-class-node-1", UUID: "6695eb01-f6a4-8304-79aa-97f2502e193f", Tag: tag, VCPUs: 2, MemoryMiB: 2048, Accelerator: KVM,
			Disks: []Disk{
				{Path: "/data/run/1/disk.qcow2", Format: QCOW2, Serial: "system", Backing: []Backing{{Path: "/data/images/abc.qcow2", Format: QCOW2}}},
				{Path: "/data/run/1/seed.iso", Format: Raw, ReadOnly: true, Serial: "seed"},
			},
			ConsoleSocket: "/run/user/1000/dl/1/console", FirmwareSocket: "/run/user/1000/dl/1/firmware",
			Network:  &NetworkPort{Socket: "/run/user/1000/dl/1/net", MAC: "52:54:00:12:34:56"},
			OnReboot: RebootDestroys,
		},
		"uefi-ignition": {
			Name: "distrolab-bench-fcos", Tag: tag, VCPUs: 2, MemoryMiB: 3072, Accelerator: TCG,
			Firmware: Firmware{Kind: UEFI, Code: "/usr/share/OVMF/OVMF_CODE_4M.fd", VarsTemplate: "/usr/share/OVMF/OVMF_VARS_4M.fd", Vars: "/data/run/1/vars.fd"},
			Disks:    []Disk{{Path: "/data/run/1/disk.qcow2", Format: QCOW2}},
			FWCfg:    []FWCfg{{Name: "opt/com.coreos/config", Path: "/data/run/1/config.ign"}},
			SMBIOS:   SMBIOS{Serial: "ds=nocloud;h=node-1", OEMStrings: []string{"io.systemd.credential:vmm.notify_socket=vsock:2:1234"}},
		},
		"kernel": {
			Name: "distrolab-probe", Tag: tag, VCPUs: 1, MemoryMiB: 256, Accelerator: TCG,
			Kernel:        &DirectKernel{Kernel: "/data/vmlinuz", Initrd: "/data/initrd", Cmdline: "console=ttyS0 a=\"b c\""},
			Disks:         []Disk{{Path: "/data/seed.img", Format: Raw, ReadOnly: true}, {Path: "/data/seed.iso", Format: Raw, CDROM: true}},
			ConsoleSocket: "/run/dl/console",
		},
		"hostile": {
			Name: `it's, "a" <name>&`, Tag: Tag{Home: `/h"'<&>`, Owner: "a,b", Machine: "../../etc"}, VCPUs: 1, MemoryMiB: 64, Accelerator: TCG,
			Disks:         []Disk{{Path: `/data/../a, "b" 'c' <d>&.raw`, Format: Raw}},
			FWCfg:         []FWCfg{{Name: "opt/a,b c", Path: "/data/a,b.ign"}},
			SMBIOS:        SMBIOS{Serial: `s,"<&>`},
			ConsoleSocket: "/run/a,b c/console", FirmwareSocket: "/run/a,,b/'f'", Network: &NetworkPort{Socket: `/run/a,b "c"/net,id=x`, MAC: "52:54:00:00:00:01"},
		},
	}
}

func TestXMLIsTheGoldenAndValid(t *testing.T) {
	validator, err := exec.LookPath("virt-xml-validate")
	if err != nil && liveWanted() {
		t.Error(err)
	} else if err != nil {
		t.Log("virt-xml-validate (Debian: libvirt-clients) is not installed; libvirt's schema is not checked")
	}
	for name, domain := range goldenDomains() {
		t.Run(name, func(t *testing.T) {
			got, err := domain.XML()
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".xml")
			if updating() {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("differs from %s (-want +got):\n%s", golden, diff)
			}
			if validator == "" {
				return
			}
			if output, err := exec.Command(validator, golden, "domain").CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}

func TestXMLKeepsHostileTextInItsPlace(t *testing.T) {
	domain := goldenDomains()["hostile"]
	text, err := domain.XML()
	if err != nil {
		t.Fatal(err)
	}
	var back libvirtxml.Domain
	if err := xml.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, arg := range back.QEMUCommandline.Args {
		args = append(args, arg.Value)
	}
	want := []string{
		"-fw_cfg", "name=opt/a,,b c,file=/data/a,,b.ign",
		"-netdev", `stream,id=lab0,server=off,addr.type=unix,addr.path=/run/a,,b "c"/net,,id=x`,
		"-device", "virtio-net-pci,netdev=lab0,id=labnic0,mac=52:54:00:00:00:01,bus=pcie.0,addr=0x10,romfile=",
		"-chardev", "socket,id=firmware0,server=off,path=/run/a,,,,b/'f'",
		"-device", "isa-debugcon,iobase=0x402,chardev=firmware0",
	}
	if diff := cmp.Diff(want, args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	if back.Name != domain.Name || back.Devices.Disks[0].Source.File.File != domain.Disks[0].Path {
		t.Errorf("name %q, disk %q", back.Name, back.Devices.Disks[0].Source.File.File)
	}
	tag, err := parseTag(back.Metadata.XML)
	if err != nil || tag != domain.Tag {
		t.Errorf("tag %+v, %v, want %+v", tag, err, domain.Tag)
	}
}

func TestXMLRefusesWhatCannotWork(t *testing.T) {
	base := Domain{Name: "a", VCPUs: 1, MemoryMiB: 64, Accelerator: TCG}
	long := "/" + strings.Repeat("x", 107)
	for want, change := range map[string]func(*Domain){
		"name: must have 1":            func(d *Domain) { d.Name = "" },
		"slash":                        func(d *Domain) { d.Name = "../../etc/passwd" },
		"blank":                        func(d *Domain) { d.Name = "  " },
		"name: \"a\\nb\" has":          func(d *Domain) { d.Name = "a\nb" },
		"not UTF-8":                    func(d *Domain) { d.Tag.Owner = "\xff" },
		"vcpus":                        func(d *Domain) { d.VCPUs = 0 },
		"memory":                       func(d *Domain) { d.MemoryMiB = -1 },
		"accelerator":                  func(d *Domain) { d.Accelerator = "xen" },
		"reboot action":                func(d *Domain) { d.OnReboot = "preserve" },
		"firmware: \"coreboot\"":       func(d *Domain) { d.Firmware.Kind = "coreboot" },
		"firmware.vars: path":          func(d *Domain) { d.Firmware = Firmware{Kind: UEFI, Code: "/c"} },
		"kernel: path \"vmlinuz\"":     func(d *Domain) { d.Kernel = &DirectKernel{Kernel: "vmlinuz"} },
		"cmdline: \"a\\x00b\"":         func(d *Domain) { d.Kernel = &DirectKernel{Kernel: "/k", Cmdline: "a\x00b"} },
		"disks[0]: path":               func(d *Domain) { d.Disks = []Disk{{Path: "disk.raw", Format: Raw}} },
		"disks[0]: format":             func(d *Domain) { d.Disks = []Disk{{Path: "/d"}} },
		"a raw image has none":         func(d *Domain) { d.Disks = []Disk{{Path: "/d", Format: Raw, Backing: []Backing{{"/b", Raw}}}} },
		"serial":                       func(d *Domain) { d.Disks = []Disk{{Path: "/d", Format: Raw, Serial: "a,b"}} },
		"cdrom":                        func(d *Domain) { d.Disks = []Disk{{Path: "/d", Format: QCOW2, CDROM: true}} },
		"are too many":                 func(d *Domain) { d.Disks = make([]Disk, 25) },
		"at most 107":                  func(d *Domain) { d.ConsoleSocket = long },
		"firmware socket":              func(d *Domain) { d.FirmwareSocket = "x" },
		"six pairs":                    func(d *Domain) { d.Network = &NetworkPort{Socket: "/s", MAC: "52-54-00-12-34-56"} },
		"multicast":                    func(d *Domain) { d.Network = &NetworkPort{Socket: "/s", MAC: "01:00:5e:00:00:01"} },
		"must begin with opt/":         func(d *Domain) { d.FWCfg = []FWCfg{{Name: "etc/x", Path: "/f"}} },
		"smbios serial: \"a\\rb\"":     func(d *Domain) { d.SMBIOS.Serial = "a\rb" },
		"smbios oem string 0: \"\\a\"": func(d *Domain) { d.SMBIOS.OEMStrings = []string{"\a"} },
	} {
		d := base
		change(&d)
		if _, err := d.XML(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to contain %q", err, want)
		}
	}
	if _, err := base.XML(); err != nil {
		t.Errorf("the base is fine, got %v", err)
	}
}

func TestCreateRefusesBeforeItAsksLibvirt(t *testing.T) {
	if _, err := (&Connection{}).Create(context.Background(), Domain{}, CreateOptions{}); err == nil {
		t.Error("no error for an empty description")
	}
}

func FuzzXML(f *testing.F) {
	f.Add("name", "/path", "text")
	f.Add("a,b", "/a,b\"<", "<&>")
	f.Fuzz(func(t *testing.T, name, path, text string) {
		d := Domain{Name: name, Tag: Tag{Home: text, Owner: text, Machine: name}, VCPUs: 1, MemoryMiB: 64, Accelerator: TCG,
			Disks: []Disk{{Path: path, Format: Raw}}, SMBIOS: SMBIOS{Serial: text}, FirmwareSocket: path,
			Kernel: &DirectKernel{Kernel: path, Cmdline: text}}
		document, err := d.XML()
		if err != nil {
			return
		}
		var back libvirtxml.Domain
		if err := xml.Unmarshal([]byte(document), &back); err != nil {
			t.Fatalf("our own XML cannot be read: %v", err)
		}
		if back.Name != name || back.Devices.Disks[0].Source.File.File != path || back.OS.Cmdline != text {
			t.Errorf("name %q, path %q, text %q came back as %q, %q, %q", name, path, text, back.Name, back.Devices.Disks[0].Source.File.File, back.OS.Cmdline)
		}
		if tag, err := parseTag(back.Metadata.XML); err != nil || tag != d.Tag {
			t.Errorf("tag %+v came back as %+v, %v", d.Tag, tag, err)
		}
	})
}

func FuzzParseTag(f *testing.F) {
	f.Add(`<distrolab:domain xmlns:distrolab="https://distrolab.dev/domain/1" home="/h" owner="o" machine="m"/>`)
	f.Add(`<domain home=`)
	f.Fuzz(func(t *testing.T, text string) {
		if tag, err := parseTag(text); err != nil && tag != (Tag{}) {
			t.Errorf("got %+v beside %v", tag, err)
		}
	})
}

func BenchmarkXML(b *testing.B) {
	domain := goldenDomains()["disk-kvm"]
	for b.Loop() {
		if _, err := domain.XML(); err != nil {
			b.Fatal(err)
		}
	}
}
