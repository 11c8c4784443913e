package probe

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sample is a report with every kind of content, long enough for many frames.
func sample() Report {
	return Report{
		Schema:  Schema,
		Kernel:  Kernel{Release: "6.12", CommandLine: `a="b c" distrolab-probe 1/1`, Modules: []string{"virtio_blk"}},
		Machine: Machine{Firmware: "bios", MemoryKiB: 2 << 20, CPUs: 2, CPUFlags: []string{"sse2"}},
		FWCfg:   FWCfg{Entries: []FWCfgEntry{{Name: "opt/com.coreos/config", Size: 4000, Data: bytes.Repeat([]byte{0, 255, '\n', '\\'}, 1000)}}},
		SMBIOS:  SMBIOS{System: System{Serial: "ds=nocloud;h=é"}, OEMStrings: []string{"one", "two"}},
		Storage: Storage{Devices: []Device{{Name: "vda", Size: 1 << 20, Label: "cidata", FileSystem: "iso9660",
			Files: []File{{Path: "user-data", Mode: "-r--r--r--", Size: 3, Data: []byte("abc")}}}}},
		Network: Network{Interfaces: []Interface{{Name: "eth0", MAC: "52:54:00:00:00:01", Lease: &Lease{Address: "192.168.127.3/24"}}}},
	}
}

// frames is the sample as console lines.
func frames(t *testing.T) []string {
	t.Helper()
	var b strings.Builder
	if err := Encode(&b, sample()); err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestDecodeReadsWhatEncodePrinted(t *testing.T) {
	tests := map[string]func(lines []string) string{
		"plain": func(l []string) string { return strings.Join(l, "") },
		"serial line ends and kernel messages between": func(l []string) string {
			return "[    0.0] Linux version\r\n" + strings.ReplaceAll(strings.Join(l, "[ 1.2] virtio\n"), "\n", "\r\n")
		},
		"a frame after the rest of a message": func(l []string) string {
			return "[ 1.0] no line end here " + strings.Join(l, "")
		},
		"out of order and repeated": func(l []string) string {
			return strings.Join(l[2:], "") + "\n" + l[1] + l[1] + l[0]
		},
		"damaged once, then repeated whole": func(l []string) string {
			return l[0][:40] + "[ 1.0] oops\n" + strings.Join(l, "")
		},
		"after a longer line than is looked at": func(l []string) string {
			return strings.Repeat("x", 3*maxLine) + "\n" + strings.Join(l, "")
		},
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(strings.NewReader(arrange(frames(t))))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sample(), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeRefusesWhatIsNotWhole(t *testing.T) {
	tests := map[string]struct {
		arrange func(lines []string) string
		want    error
	}{
		"nothing":         {func([]string) string { return "" }, ErrNoReport},
		"only messages":   {func([]string) string { return LineStarted + "\nlogin:\n" }, ErrNoReport},
		"a frame missing": {func(l []string) string { return strings.Join(l[1:], "") }, ErrIncomplete},
		"a byte changed": {func(l []string) string {
			all := []byte(strings.Join(l, ""))
			all[60] ^= 1
			return string(all)
		}, ErrIncomplete},
		"two frames swapped places": {func(l []string) string {
			return strings.Replace(strings.Replace(strings.Join(l, ""), " 1/", " X/", 1), " 2/", " 1/", 1)
		}, ErrIncomplete},
		"too many frames announced": {func([]string) string { return "distrolab-probe 1/99999999 00000000 AA==\n" }, ErrIncomplete},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(strings.NewReader(tc.arrange(frames(t))))
			if !errors.Is(err, tc.want) {
				t.Errorf("got error %v, want %v", err, tc.want)
			}
		})
	}
}

func TestDecodeStopsAtTheEndOfTheReport(t *testing.T) {
	in := strings.NewReader(strings.Join(frames(t), "") + "\n" + strings.Repeat("x\n", maxLine))
	if _, err := Decode(in); err != nil {
		t.Fatal(err)
	}
	if in.Len() == 0 {
		t.Error("the stream was read to its end: a live console has none")
	}
}

func TestDecodeRefusesAnotherSchema(t *testing.T) {
	var b strings.Builder
	if err := Encode(&b, Report{}); err != nil {
		t.Fatal(err)
	}
	seq, total, chunk, ok := parseFrame(strings.TrimPrefix(strings.TrimSpace(b.String()), framePrefix))
	if !ok {
		t.Fatal("the printed frame does not parse")
	}
	a := assembly{total: total, chunks: map[int][]byte{seq: bytes.Replace(chunk, []byte(Schema), []byte("other/1"), 1)}}
	if _, err := a.report(); err == nil || !strings.Contains(err.Error(), "other/1") {
		t.Errorf("got error %v, want one that names the schema", err)
	}
}

func FuzzDecode(f *testing.F) {
	var b strings.Builder
	if err := Encode(&b, sample()); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(b.String()))
	f.Add([]byte("distrolab-probe 1/2 00000000 AA==\ndistrolab-probe 2/2 x y"))
	f.Fuzz(func(t *testing.T, console []byte) {
		r, err := Decode(bytes.NewReader(console))
		if err == nil && r.Schema != Schema {
			t.Errorf("accepted schema %q", r.Schema)
		}
	})
}

func FuzzDecodeFindsTheReportInNoise(f *testing.F) {
	f.Add([]byte("[ 1.0] message\n"), []byte("distrolab-probe 3/9 0 x\r\n"))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		var b bytes.Buffer
		b.Write(bytes.ReplaceAll(before, []byte(framePrefix), nil))
		b.WriteByte('\n')
		if err := Encode(&b, sample()); err != nil {
			t.Fatal(err)
		}
		b.Write(after)
		got, err := Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sample(), got); diff != "" {
			t.Error(diff)
		}
	})
}
