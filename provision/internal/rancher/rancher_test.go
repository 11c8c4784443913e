package rancher_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/provision"
	"distrolab/provision/internal/rancher"
	"distrolab/provision/internal/shape"
	"distrolab/provision/internal/yamldoc"
)

// TestSettingsWithDotsInTheirParts: sysctl(8) writes an interface's dot as a
// slash, or slashes between parts; the system knows dots only.
func TestSettingsWithDotsInTheirParts(t *testing.T) {
	for name, want := range map[string]string{"net.ipv4.ip_forward": "net/ipv4/ip_forward", "net/ipv4/ip_forward": "net/ipv4/ip_forward", "net.ipv4.conf.eth0/100.forwarding": "", "net/ipv4/conf/eth0.100/forwarding": ""} {
		if got, ok := rancher.SettingPath(name); ok != (want != "") || ok && got != want {
			t.Errorf("%s is %q, %v", name, got, ok)
		}
	}
}

func TestNamesOfSettingsComeBack(t *testing.T) {
	place, _ := rancher.SettingPath("net.ipv4.ip_forward")
	if got := rancher.SettingName(place); got != "net.ipv4.ip_forward" {
		t.Errorf("the name became %s", got)
	}
}

// TestSplitAndAddAreInverse: what was put on a line is found there.
func TestSplitAndAddAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-z.]{1,8}=([a-z0-9]{1,5}|"[a-z ]{1,9}")`), 1, 20).Draw(t, "words")
		line := rancher.NewLine("")
		if !line.Add(words...) {
			t.Fatal("20 short words fit")
		}
		got, err := rancher.Split(line.String())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(words, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		if !line.Has(words[0]) || line.Has("no such word") {
			t.Fatal("Has does not say what is on the line")
		}
	})
}

func TestSplitRefusesWhatDoesNotSurvive(t *testing.T) {
	for _, line := range []string{"", " a", "a ", "a  b", `a="b`, "a='b'", `a\b`, "a\tb", "a\nb", "é", "a\x00"} {
		if words, err := rancher.Split(line); err == nil {
			t.Errorf("%q became %q", line, words)
		}
	}
}

// TestAddTakesAllOrNothing, and leaves room for the delivery's words.
func TestAddTakesAllOrNothing(t *testing.T) {
	line := rancher.NewLine(strings.Repeat("d", 100))
	if !line.Add(strings.Repeat("a", 1000)) || line.Add("b", strings.Repeat("c", 500)) || line.Has("b") {
		t.Errorf("the line has %d bytes", len(line.String()))
	}
	if !line.Add(strings.Repeat("c", 390)) || line.Add(strings.Repeat("c", 20)) {
		t.Errorf("the line has %d bytes", len(line.String()))
	}
}

func TestForeignArguments(t *testing.T) {
	reserved := func(arg string) bool { return strings.HasPrefix(arg, "ours") }
	for arg, free := range map[string]bool{"quiet": true, "a=b=c,d": true, "--": false, "ours=1": false, "a='b'": false, `a="b"`: false, `a\b`: false, "a b": false, "": false} {
		if reason := rancher.Foreign(arg, reserved); (reason == "") != free {
			t.Errorf("%q: %q", arg, reason)
		}
	}
}

// TestFilesFitTheirModel: base64 where YAML would change a byte, or on request.
func TestFilesFitTheirModel(t *testing.T) {
	for content, encode := range map[string]bool{"a\n": false, "\x00": false, "b": true} {
		text, err := yamldoc.Marshal(rancher.File(provision.File{Path: "/a", Content: content, Mode: 0o4}, encode))
		if err != nil {
			t.Fatal(err)
		}
		if found := shape.Check(text, shape.Model{Root: shape.Object(rancher.FileFields())}); len(found) > 0 {
			t.Errorf("%s: %+v", text, found)
		}
		inBase64 := strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(content)))
		if want := encode || content == "\x00"; inBase64 != want || !strings.Contains(text, `"0004"`) {
			t.Errorf("base64 %v, want %v:\n%s", inBase64, want, text)
		}
	}
	for text, good := range map[string]bool{`"644"`: true, `"0644"`: true, `"04755"`: true, `"44"`: false, `"14755"`: false, `"0844"`: false, `"rw"`: false} {
		found := shape.Check("permissions: "+text, shape.Model{Root: shape.Object(rancher.FileFields())})
		if (len(found) == 0) != good {
			t.Errorf("permissions %s: %+v", text, found)
		}
	}
	for _, encoding := range []string{"base64", "gzip+base64", "rot13"} {
		found := shape.Check("encoding: "+encoding, shape.Model{Root: shape.Object(rancher.FileFields())})
		if (len(found) > 0) != slices.Contains([]string{"rot13"}, encoding) {
			t.Errorf("encoding %s: %+v", encoding, found)
		}
	}
}
