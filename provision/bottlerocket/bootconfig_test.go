package bottlerocket_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/provision"
	"distrolab/provision/bottlerocket"
	"distrolab/provision/internal/intenttest"
)

// vendors is the file that Bottlerocket's own script puts into its machines
// (bottlerocket-os/bottlerocket:tools/bootconfig).
const vendors = "6b65726e656c207b0a20202020636f6e736f6c653d74747953302c3131353230306e380a7d0a0000" +
	"28000000" + "460b0000" + "23424f4f54434f4e4649470a"

func TestBootConfigIsPackedAsTheVendorDoes(t *testing.T) {
	text := "kernel {\n    console=ttyS0,115200n8\n}\n"
	packed, err := bottlerocket.EncodeBootConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(vendors, hex.EncodeToString(packed)); diff != "" || len(packed) != 60 {
		t.Errorf("%d bytes differ (-want +got):\n%s", len(packed), diff)
	}
	if got, err := bottlerocket.DecodeBootConfig(packed); err != nil || got != text {
		t.Errorf("unpacked to %q, %v", got, err)
	}
}

func TestPackedBootConfigsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ReplaceAll(rapid.String().Draw(t, "text"), "\x00", "")
		packed, err := bottlerocket.EncodeBootConfig(text)
		if err != nil {
			t.Fatal(err)
		}
		if len(packed)%4 != 0 {
			t.Fatalf("%d bytes are no multiple of 4", len(packed))
		}
		got, err := bottlerocket.DecodeBootConfig(packed)
		if err != nil || got != text {
			t.Fatalf("unpacked to %q, %v", got, err)
		}
		i := rapid.IntRange(0, len(packed)-1).Draw(t, "byte")
		packed[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if got, err := bottlerocket.DecodeBootConfig(packed); err == nil {
			t.Fatalf("a flipped bit in byte %d goes unseen: %q", i, got)
		}
	})
}

func TestTooMuchForTheKernel(t *testing.T) {
	if _, err := bottlerocket.EncodeBootConfig(strings.Repeat("#", 1<<15)); err == nil {
		t.Error("32 KiB are packed")
	}
	if _, err := bottlerocket.EncodeBootConfig("kernel.a\x00"); err == nil {
		t.Error("a NUL is packed")
	}
}

// TestArgumentsComeThroughExactly reads the packed file back by an own reading
// of the kernel's rules and compares it with what was asked.
func TestArgumentsComeThroughExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		intent := intenttest.Minimal()
		intent.Network = provision.Network{DHCP: true, MAC: "52:54:00:00:00:01"}
		intent.Kernel.Args = rapid.SliceOfN(rapid.StringMatching(`[a-z._-]{1,6}(=[!#-~]{0,12})?`), 0, 6).Draw(t, "arguments")
		cfg := render(t, intent, metal())
		text, err := bottlerocket.DecodeBootConfig([]byte(content(t, cfg, "bootconfig.data")))
		if err != nil {
			t.Fatal(err)
		}
		got := words(t, text)
		want := []string{"console=ttyS0,115200n8"}
		for i, argument := range intent.Kernel.Args {
			bare := !strings.Contains(argument, "=")
			if !hasGap(cfg, "kernel.args["+string(rune('0'+i))+"]") && !(bare && slices.Contains(want, argument)) {
				want = append(want, argument)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("the kernel's words differ (-want +got):\n%s\n%s", diff, text)
		}
	})
}

// words reads the one block that is written: a key a line, values in double
// quotes with commas between them.
func words(t rapid.TB, text string) []string {
	t.Helper()
	body, ok := strings.CutPrefix(text, "kernel {\n")
	body, ended := strings.CutSuffix(body, "}\n")
	if !ok || !ended {
		t.Fatalf("it is no block of the kernel's: %q", text)
	}
	var list []string
	for line := range strings.Lines(body) {
		key, rest, valued := strings.Cut(strings.TrimSpace(line), " = ")
		if !valued {
			list = append(list, key)
		}
		for rest != "" {
			value, more, closed := strings.Cut(rest[1:], `"`)
			if rest[0] != '"' || !closed {
				t.Fatalf("no quoted value in %q", line)
			}
			list = append(list, key+"="+value)
			rest = strings.TrimPrefix(more, ", ")
		}
	}
	return list
}

func FuzzDecodeBootConfig(f *testing.F) {
	packed, err := hex.DecodeString(vendors)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte("#BOOTCONFIG\n"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		text, err := bottlerocket.DecodeBootConfig(packed)
		if err == nil && strings.Contains(text, "\x00") {
			t.Errorf("a NUL is in %q", text)
		}
	})
}
