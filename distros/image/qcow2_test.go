package image

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadQCOW2(t *testing.T) {
	put32, put64 := binary.BigEndian.PutUint32, binary.BigEndian.PutUint64
	for _, tt := range []struct {
		name   string
		change func(h []byte)
		want   string // part of the error; empty: accepted
	}{
		{"version 3", nil, ""},
		{"version 2 without features", func(h []byte) { put32(h[4:], 2); put64(h[72:], ^uint64(0)) }, ""},
		{"dirty, zstd, extended L2", func(h []byte) { put64(h[72:], 1|8|16) }, ""},
		{"version 1", func(h []byte) { put32(h[4:], 1) }, "version 1 is not 2 or 3"},
		{"another magic", func(h []byte) { h[3] = 'X' }, "does not start as a qcow2 image does"},
		{"backing file", func(h []byte) { put64(h[8:], 200) }, "backing file"},
		{"external data file", func(h []byte) { put64(h[72:], 4) }, "keeps its data in another file"},
		{"encrypted", func(h []byte) { put32(h[32:], 2) }, "encrypted"},
		{"corrupt", func(h []byte) { put64(h[72:], 2) }, "marked corrupt"},
		{"features of the future", func(h []byte) { put64(h[72:], 1<<40) }, "features this program does not know"},
		{"clusters of a byte", func(h []byte) { put32(h[20:], 0) }, "clusters of 2^0 bytes"},
		{"clusters of 4 GiB", func(h []byte) { put32(h[20:], 32) }, "clusters of 2^32 bytes"},
		{"no size", func(h []byte) { put64(h[24:], 0) }, "holds 0 bytes"},
		{"size of a universe", func(h []byte) { put64(h[24:], 1<<63) }, "holds 9223372036854775808 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReadQCOW2(bytes.NewReader(qcow2Bytes(tt.change)))
			if tt.want == "" {
				if err != nil || got.VirtualSize != 10<<30 {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want it to say %q", err, tt.want)
			}
		})
	}
	if _, err := ReadQCOW2(bytes.NewReader(qcow2Bytes(nil)[:90])); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("cut header: %v", err)
	}
}

// What QEMU's own tool writes must be judged rightly.
func TestReadQCOW2OfQEMU(t *testing.T) {
	tool, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Skip("qemu-img is not installed")
	}
	dir := t.TempDir()
	base := filepath.Join(dir, "base.qcow2")
	for _, tt := range []struct {
		name string
		args []string
		want string // part of the error; empty: accepted
	}{
		{"plain", []string{base, "3G"}, ""},
		{"version 2", []string{"-o", "compat=0.10", filepath.Join(dir, "v2.qcow2"), "3G"}, ""},
		{"zstd", []string{"-o", "compression_type=zstd", filepath.Join(dir, "zstd.qcow2"), "3G"}, ""},
		{"overlay", []string{"-b", base, "-F", "qcow2", filepath.Join(dir, "overlay.qcow2"), "3G"}, "backing file"},
		{"data file", []string{"-o", "data_file=" + filepath.Join(dir, "data.raw"), filepath.Join(dir, "external.qcow2"), "3G"}, "another file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if out, err := exec.Command(tool, append([]string{"create", "-q", "-f", "qcow2"}, tt.args...)...).CombinedOutput(); err != nil {
				t.Skipf("qemu-img cannot make it: %s", out)
			}
			f, err := os.Open(tt.args[len(tt.args)-2])
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got, err := ReadQCOW2(f)
			if tt.want == "" && (err != nil || got.VirtualSize != 3<<30) {
				t.Errorf("got %+v, %v", got, err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error is %v, want it to say %q", err, tt.want)
			}
		})
	}
}

func TestFormatsByFirstBytes(t *testing.T) {
	at := func(offset int, magic string) []byte {
		b := make([]byte, 2048)
		copy(b[offset:], magic)
		return b
	}
	for _, tt := range []struct {
		format string
		bytes  []byte
		ok     bool
	}{
		{"raw", at(510, "\x55\xaa"), true},
		{"raw", at(0, ""), false},
		{"raw", append([]byte("QFI\xfb"), at(506, "\x55\xaa")...), false},
		{"bzImage", at(0x202, "HdrS"), true},
		{"bzImage", at(0, "\x7fELF"), false},
		{"bzImage", []byte("short"), false},
		{"Image", at(0x38, "ARM\x64"), true},
		{"cpio", at(0, "070701"), true},
		{"cpio", at(0, "\x28\xb5\x2f\xfd"), true},
		{"cpio", at(0, "QFI\xfb"), false},
		{"qcow2", at(0, "KDMV"), false},
	} {
		if err := checkFormat(bytes.NewReader(tt.bytes), tt.format); (err == nil) != tt.ok {
			t.Errorf("%s with %q…: %v", tt.format, tt.bytes[:5], err)
		}
	}
}

func FuzzReadQCOW2(f *testing.F) {
	f.Add(qcow2Bytes(nil))
	f.Add(qcow2Bytes(func(h []byte) { h[15] = 1 }))
	f.Add([]byte("QFI\xfb"))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := ReadQCOW2(bytes.NewReader(b))
		if err != nil {
			return
		}
		if q.VirtualSize <= 0 || q.VirtualSize > maxVirtualSize || q.ClusterBits < 9 || q.ClusterBits > 21 {
			t.Errorf("accepted %+v", q)
		}
		if binary.BigEndian.Uint64(b[8:]) != 0 {
			t.Error("accepted a backing file")
		}
	})
}

// Whatever is taken for a format passes the check of that format and of the
// role, and never starts as a qcow2 that it is not said to be.
func FuzzFormat(f *testing.F) {
	// Given in pieces, because whole heads are too long to be varied.
	f.Add([]byte(""), []byte("\x55\xaa"), []byte("CD001"), RoleISO)
	f.Add(qcow2Bytes(nil)[:104], []byte(""), []byte(""), RoleDisk)
	f.Add([]byte(""), []byte("\x00\x00EFI PART"), []byte("\x00"), "")
	f.Add([]byte("QFI\xfb"), []byte("\x55\xaa"), []byte("CD001"), "")
	f.Add([]byte("<html>"), []byte("\x00\x00\x00\x00HdrS"), []byte(""), RoleKernel)
	f.Fuzz(func(t *testing.T, start, sector, mark []byte, role string) {
		head := append([]byte{}, start...)
		for _, piece := range []struct {
			at   int
			text []byte
		}{{510, sector}, {isoMark, mark}} {
			if len(piece.text) > 0 {
				head = append(head, make([]byte, max(0, piece.at-len(head)))...)
				head = append(head[:piece.at], piece.text...)
			}
		}
		format, err := formatFor(head[:min(len(head), headBytes)], Remote{Role: role})
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		if role != "" && (File{Name: "a", Format: format, SHA256: strings.Repeat("0", 64), Size: 1}).validate(role) != nil {
			t.Errorf("%s may not have the format %s", role, format)
		}
		if (format == "raw" || format == "iso9660") && bytes.HasPrefix(head, []byte("QFI\xfb")) {
			t.Errorf("a qcow2 passes for %s", format)
		}
		if format == "iso9660" && (len(head) < headBytes || string(head[isoMark:isoMark+5]) != isoMagic) {
			t.Error("accepted a medium without its mark")
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"schema":"distrolab.image/1","distro":"a","version":"1","arch":"amd64","files":{"disk":{"name":"d","sha256":"` + strings.Repeat("0", 64) + `","size":1,"format":"raw"}},"trust":"local"}`))
	f.Add([]byte(`{"files":{"disk":null}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := readManifest(bytes.NewReader(text))
		if err != nil {
			return
		}
		for role, file := range m.Files {
			if filepath.Base(file.Name) != file.Name || strings.ContainsAny(file.Name, "/,\x00 ") || file.Size <= 0 {
				t.Errorf("accepted %s %+v", role, file)
			}
		}
		if !isID(m.id()) {
			t.Errorf("address is %q", m.id())
		}
	})
}
