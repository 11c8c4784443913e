package yamldoc_test

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	v3 "go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"distrolab/provision/internal/intenttest"
	"distrolab/provision/internal/yamldoc"
)

func TestMarshalIsReadable(t *testing.T) {
	got, err := yamldoc.Marshal(yamldoc.Map(
		yamldoc.Pair{Key: "b", Value: yamldoc.Text("two\nlines\n")},
		yamldoc.Pair{Key: "a", Value: yamldoc.Words("systemctl", "--now", "a, b", "two\nlines\n")},
		yamldoc.Pair{Key: "left out", Value: yamldoc.Texts(nil)},
		yamldoc.Pair{Key: "yes", Value: yamldoc.Text("12:30:45")},
		yamldoc.Pair{Key: "mode", Value: yamldoc.Octal(0o644)},
	))
	if err != nil {
		t.Fatal(err)
	}
	want := "b: |\n  two\n  lines\na: [systemctl, \"--now\", \"a, b\", \"two\\nlines\\n\"]\n\"yes\": \"12:30:45\"\nmode: 0644\n"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// Two readers of different YAML versions read every plain text as it was, in
// each place where text may stand.
func TestEveryReaderReadsTheSame(t *testing.T) {
	check := func(t rapid.TB, want string) {
		if !yamldoc.Plain(want) {
			return
		}
		out, err := yamldoc.Marshal(yamldoc.Map(
			yamldoc.Pair{Key: "deep", Value: yamldoc.List(yamldoc.Map(yamldoc.Pair{Key: "text", Value: yamldoc.Text(want)}))},
			yamldoc.Pair{Key: "words", Value: yamldoc.Words(want, "end")},
		))
		if err != nil {
			t.Fatal(err)
		}
		for name, unmarshal := range map[string]func([]byte, any) error{
			"yaml.v3": v3.Unmarshal,
			"goccy":   func(b []byte, v any) error { return yaml.Unmarshal(b, v) },
		} {
			var got struct {
				Deep  []struct{ Text any }
				Words []any
			}
			if err := unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
			if got.Deep[0].Text != want || got.Words[0] != want {
				t.Fatalf("%s: want %q, got %q and %q from:\n%s", name, want, got.Deep[0].Text, got.Words[0], out)
			}
		}
	}
	for _, s := range intenttest.Hostile() {
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, intenttest.Contents().Draw(t, "text")) })
}

func TestPlain(t *testing.T) {
	for _, s := range []string{"", "a\tb\n", "é🙂", strings.Repeat("x", 1<<16), "\u00a0", "\ufffd"} {
		if !yamldoc.Plain(s) {
			t.Errorf("%q must be plain", s)
		}
	}
	for _, s := range []string{"\x00", "\r\n", "\x7f", "\u0085", "\u2028", "\ufeff", "\uffff", "\xff"} {
		if yamldoc.Plain(s) {
			t.Errorf("%q must not be plain", s)
		}
	}
}
