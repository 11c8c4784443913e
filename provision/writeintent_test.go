package provision

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// sameIntent compares intents; a list of nothing is no list.
func sameIntent(a, b Intent) string {
	return cmp.Diff(a, b, cmpopts.EquateEmpty(), cmp.Comparer(func(x, y Secret) bool { return x.Reveal() == y.Reveal() }))
}

func TestWrittenIntentIsTheIntent(t *testing.T) {
	text, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want, err := ParseIntent("full.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	written, err := want.YAML()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseIntent("written.yaml", written)
	if err != nil {
		t.Fatalf("%v\n%s", err, written)
	}
	if diff := sameIntent(want, got); diff != "" {
		t.Errorf("%s\n%s", diff, written)
	}
	if !strings.Contains(string(written), "mode: 0755\n") {
		t.Errorf("modes are not octal:\n%s", written)
	}
}

// Whatever text a file holds, it comes back.
func TestWrittenContentComesBack(t *testing.T) {
	contents := rapid.OneOf(rapid.String(), rapid.StringMatching(`([ \t\n:#|>'"-]|a|yes|1){0,12}`), rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "bytes"))
	}))
	rapid.Check(t, func(t *rapid.T) {
		want := Intent{Hostname: "node1", Files: []File{{Path: "/etc/x", Content: contents.Draw(t, "content"), Mode: 0o600}}}
		written, err := want.YAML()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseIntent("written.yaml", written)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if diff := sameIntent(want, got); diff != "" {
			t.Fatalf("%s\n%q", diff, written)
		}
	})
}
