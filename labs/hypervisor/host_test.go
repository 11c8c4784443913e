package hypervisor

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestReadCapabilities(t *testing.T) {
	const caps = `<capabilities><host><cpu><arch>x86_64</arch></cpu>
<secmodel><model>apparmor</model><baselabel type='kvm'>x</baselabel></secmodel>
<secmodel><model>dac</model><baselabel type='kvm'>+64055:+107</baselabel></secmodel></host>
<guest><os_type>hvm</os_type><arch name='i686'><emulator>/bin/i386</emulator></arch></guest>
<guest><os_type>hvm</os_type><arch name='x86_64'><emulator>/bin/q</emulator><domain type='qemu'/><domain type='kvm'/></arch></guest></capabilities>`
	host := Host{UID: -1, GID: -1}
	if err := host.readCapabilities(caps); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Host{Emulator: "/bin/q", KVM: true, UID: 64055, GID: 107}, host); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, text := range map[string]string{"no emulator": "<capabilities/>", "no XML": "<cap"} {
		if err := (&Host{}).readCapabilities(text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestParseOwnerRefusesNames(t *testing.T) {
	for label, want := range map[string][2]int{"+1:+2": {1, 2}, "root:root": {-1, -1}, "": {-1, -1}, "-5:3": {-1, 3}} {
		if uid, gid := parseOwner(label); uid != want[0] || gid != want[1] {
			t.Errorf("%q: got %d, %d, want %v", label, uid, gid, want)
		}
	}
}

func TestVersion(t *testing.T) {
	v := version(7_002_022)
	if v.String() != "7.2.22" || !v.AtLeast(7, 2) || !v.AtLeast(6, 9) || v.AtLeast(7, 3) || v.AtLeast(8, 0) {
		t.Error(v)
	}
}

func TestFindUEFIPicksThePlainOne(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	describe := func(code, features, machine string) string {
		return `{"interface-types":["uefi"],"mapping":{"device":"flash","executable":{"filename":"` + code + `","format":"raw"},
"nvram-template":{"filename":"/fw/vars","format":"raw"}},"targets":[{"architecture":"x86_64","machines":["` + machine + `"]}],"features":[` + features + `]}`
	}
	root := fstest.MapFS{
		"fw/plain": file("x"), "fw/vars": file("x"), "fw/secure": file("x"), "fw/mine": file("x"),
		"usr/share/qemu/firmware/10-broken.json":  file("{"),
		"usr/share/qemu/firmware/20-secure.json":  file(describe("/fw/secure", `"requires-smm"`, "pc-q35-*")),
		"usr/share/qemu/firmware/30-microvm.json": file(describe("/fw/plain", "", "microvm")),
		"usr/share/qemu/firmware/40-gone.json":    file(describe("/fw/gone", "", "pc-q35-*")),
		"usr/share/qemu/firmware/60-plain.json":   file(describe("/fw/plain", "", "pc-q35-*")),
		"usr/share/qemu/firmware/70-late.json":    file(describe("/fw/secure", "", "pc-q35-*")),
	}
	if diff := cmp.Diff(&UEFIFirmware{Code: "/fw/plain", VarsTemplate: "/fw/vars"}, findUEFI(root)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	root["etc/qemu/firmware/60-plain.json"] = file(describe("/fw/mine", "", "pc-q35-*"))
	if got := findUEFI(root); got == nil || got.Code != "/fw/mine" {
		t.Errorf("got %+v, want the one of /etc", got)
	}
	if got := findUEFI(fstest.MapFS{}); got != nil {
		t.Errorf("got %+v on a machine without firmware", got)
	}
}

func TestGiveDoesNothingWhereQEMURunsAsThisUser(t *testing.T) {
	for _, uid := range []int{-1, os.Geteuid()} {
		if err := (Host{UID: uid, GID: uid}).Give("/nonexistent"); err != nil {
			t.Errorf("uid %d: %v", uid, err)
		}
	}
	if err := (Host{UID: os.Geteuid() + 1, GID: 1}).Give("/nonexistent"); err == nil {
		t.Error("no error for a path that does not exist")
	}
}

func FuzzDescriptor(f *testing.F) {
	f.Add(`{"interface-types":["uefi"],"mapping":{"device":"flash"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if got := findUEFI(fstest.MapFS{"etc/qemu/firmware/1.json": &fstest.MapFile{Data: []byte(text)}}); got != nil {
			t.Errorf("found %+v, though no file of that name exists", got)
		}
	})
}
