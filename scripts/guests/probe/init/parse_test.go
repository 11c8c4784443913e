//go:build linux

package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"distrolab/labs/probe"

	"github.com/google/go-cmp/cmp"
)

// structure builds one SMBIOS structure.
func structure(kind byte, formatted []byte, texts string) []byte {
	s := append([]byte{kind, byte(4 + len(formatted)), 0, 0}, formatted...)
	return append(append(s, texts...), 0, 0)
}

func TestParseSMBIOSReadsSystemAndOEMStrings(t *testing.T) {
	system := make([]byte, 23)
	copy(system, []byte{1, 2, 0, 3}) // manufacturer, product, no version, serial
	copy(system[4:], []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff})
	table := structure(0, []byte{1}, "SeaBIOS")
	table = append(table, structure(1, system, "QEMU\x00q35\x00ds=nocloud;s=http://x/")...)
	table = append(table, structure(11, []byte{2}, "one\x00two=2")...)
	table = append(table, structure(127, nil, "")...)
	want := probe.SMBIOS{
		System: probe.System{Manufacturer: "QEMU", Product: "q35", Serial: "ds=nocloud;s=http://x/",
			UUID: "00112233-4455-6677-8899-aabbccddeeff"},
		OEMStrings: []string{"one", "two=2"},
	}
	if diff := cmp.Diff(want, parseSMBIOS(table)); diff != "" {
		t.Error(diff)
	}
}

func TestParseSMBIOSReportsDamage(t *testing.T) {
	for name, table := range map[string][]byte{
		"longer than the table": {1, 200, 0, 0, 0},
		"shorter than a header": {1, 2, 0, 0, 0, 0},
		"strings without end":   {1, 4, 0, 0, 'a'},
	} {
		if parseSMBIOS(table).Error == "" {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzParseSMBIOS(f *testing.F) {
	f.Add(structure(1, []byte{1, 2, 3, 4}, "a\x00b"))
	f.Fuzz(func(_ *testing.T, table []byte) { parseSMBIOS(table) })
}

func TestIdentifyKnowsTheFileSystemsOfSeeds(t *testing.T) {
	head := func(offset int, text string, labelAt int, label string) []byte {
		b := make([]byte, headSize)
		copy(b[offset:], text)
		copy(b[labelAt:], label)
		return b
	}
	for name, tc := range map[string]struct {
		head        []byte
		kind, label string
	}{
		"iso9660": {head(32769, "CD001", 32808, "cidata                          "), "iso9660", "cidata"},
		"fat16":   {head(54, "FAT16   ", 43, "CIDATA     "), "vfat", "CIDATA"},
		"fat32":   {head(82, "FAT32   ", 71, "config-2   "), "vfat", "config-2"},
		"ext4":    {head(1080, "\x53\xef", 1144, "root"), "ext4", "root"},
		"empty":   {make([]byte, headSize), "", ""},
		"short":   {[]byte{1}, "", ""},
	} {
		if kind, label := identify(tc.head); kind != tc.kind || label != tc.label {
			t.Errorf("%s: got %q labelled %q, want %q labelled %q", name, kind, label, tc.kind, tc.label)
		}
	}
}

func TestReadTreeListsFilesInPathOrder(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "b", "data"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("b/data", filepath.Join(root, "a")); err != nil {
		t.Fatal(err)
	}
	files, err := readTree(root)
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		if files[i].Mode[0] != '-' {
			files[i].Size = 0 // of links and directories it depends on the file system
		}
	}
	want := []probe.File{
		{Path: "a", Mode: "Lrwxrwxrwx", Link: "b/data"},
		{Path: "b", Mode: "drwx------"},
		{Path: "b/data", Mode: "-rw-------", Size: 7, Data: []byte("content")},
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
}

func TestMissingHardwareIsAnErrorInTheReport(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for name, problem := range map[string]string{
		"fw_cfg":  readFWCfg(none).Error,
		"smbios":  readSMBIOS(none).Error,
		"storage": readStorage(none, none).Error,
		"machine": readMachine(none, none).Error,
	} {
		if problem == "" {
			t.Errorf("%s: no error where the kernel shows nothing", name)
		}
	}
}

func TestReadFWCfgReadsWhatAPersonMaySet(t *testing.T) {
	keys := t.TempDir()
	for key, name := range map[string]string{"41": "opt/z", "42": "etc/acpi/tables", "43": "opt/com.coreos/config"} {
		dir := filepath.Join(keys, key)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"name": name + "\n", "raw": "{}", "size": "2\n"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := probe.FWCfg{Entries: []probe.FWCfgEntry{
		{Name: "opt/com.coreos/config", Size: 2, Data: []byte("{}")}, {Name: "opt/z", Size: 2, Data: []byte("{}")}}}
	if diff := cmp.Diff(want, readFWCfg(keys)); diff != "" {
		t.Error(diff)
	}
}

// server answers the packets of an exchange in memory.
type server struct {
	queue  [][]byte
	silent int // requests to ignore first
	nak    bool
}

func (s *server) send(p []byte) error {
	if s.silent > 0 {
		s.silent--
		return nil
	}
	options := parseOptions(p[28+240:])
	kind := map[byte]byte{msgDiscover: msgOffer, msgRequest: msgAck}[options[optType][0]]
	if s.nak && kind == msgAck {
		kind = msgNak
	}
	answer := append([]byte(nil), p[:28+240]...)
	answer[22], answer[23] = 0, 68 // to the client's port
	answer[28] = 2
	copy(answer[28+16:], []byte{192, 168, 127, 3})
	answer = append(answer, optType, 1, kind, optServer, 4, 192, 168, 127, 1, optMask, 4, 255, 255, 255, 0,
		optHostname, 2, 'm', '1', optMTU, 2, 5, 220, optLeaseTime, 4, 0, 0, 14, 16, optDNS, 4, 192, 168, 127, 1, 0, optEnd)
	s.queue = append(s.queue, []byte("no IP packet"), answer)
	return nil
}

func (s *server) receive(b []byte, _ time.Duration) (int, error) {
	if len(s.queue) == 0 {
		return 0, errNothing
	}
	n := copy(b, s.queue[0])
	s.queue = s.queue[1:]
	return n, nil
}

// run does an exchange with a clock that moves a tenth of a second a look.
func run(s *server) (*probe.Lease, error) {
	clock := time.Unix(0, 0)
	now := func() time.Time { clock = clock.Add(100 * time.Millisecond); return clock }
	x := exchange{send: s.send, receive: s.receive, mac: net.HardwareAddr{2, 0, 0, 0, 0, 1}, id: 7, interval: time.Second, now: now}
	return x.run(time.Unix(10, 0))
}

func TestExchangeGetsALease(t *testing.T) {
	got, err := run(&server{silent: 2})
	if err != nil {
		t.Fatal(err)
	}
	want := &probe.Lease{Address: "192.168.127.3/24", Server: "192.168.127.1", DNS: []string{"192.168.127.1"},
		Hostname: "m1", MTU: 1500, Seconds: 3600}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExchangeGivesUp(t *testing.T) {
	for name, s := range map[string]*server{"silence": {silent: 1000}, "refusal": {nak: true}} {
		if l, err := run(s); err == nil {
			t.Errorf("%s: got lease %v and no error", name, l)
		}
	}
}

func TestPacketHeaderChecksumIsRight(t *testing.T) {
	p := exchange{mac: net.HardwareAddr{2, 0, 0, 0, 0, 1}}.packet(msgDiscover, nil)
	if sum := headerChecksum(p[:20]); sum != 0 {
		t.Errorf("the sum over header and checksum is %#x, want 0", sum)
	}
}

func FuzzParseReply(f *testing.F) {
	s := &server{}
	if err := s.send((exchange{mac: net.HardwareAddr{2, 0, 0, 0, 0, 1}, id: 7}).packet(msgDiscover, nil)); err != nil {
		f.Fatal(err)
	}
	f.Add(s.queue[1])
	f.Fuzz(func(_ *testing.T, packet []byte) {
		if r, ok := parseReply(packet, 7); ok {
			r.lease()
		}
	})
}
