package provision_test

import (
	"encoding/base64"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/internal/yamldoc"
)

func TestParseIntentReadsEveryPart(t *testing.T) {
	text, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := provision.ParseIntent("full.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(intenttest.Full(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseIntentTakesForeignLineBreaksAndBOM(t *testing.T) {
	text := "\ufeffhostname: a\r\nfiles:\r\n- path: /a\r\n  content: |\r\n    one\r\n    two\r\n"
	got, err := provision.ParseIntent("windows.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if want := "one\ntwo\n"; got.Files[0].Content != want {
		t.Errorf("content %q, want %q", got.Files[0].Content, want)
	}
}

func TestParseIntentModesAreOctal(t *testing.T) {
	for _, text := range []string{"0644", "0o644"} {
		got, err := provision.ParseIntent("f", []byte("hostname: a\nfiles: [{path: /a, content: x, mode: "+text+"}]"))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got.Files[0].Mode != 0o644 {
			t.Errorf("%s was read as %#o", text, got.Files[0].Mode)
		}
	}
}

func TestParseIntentRefusesWithPlaceAndAdvice(t *testing.T) {
	file := "hostname: a\nfiles:\n- path: /a\n  content: x\n  mode: "
	for name, c := range map[string]struct{ text, want string }{
		"empty":                {"", "it is empty"},
		"comments only":        {"# hello\n", "it is empty"},
		"list":                 {"- a\n", "an intent is a mapping"},
		"unknown key":          {"hostname: a\nhostnam: b\n", "unknown field \"hostnam\"\n    f.yaml:2:1\n       2 | hostnam: b"},
		"unknown nested key":   {"hostname: a\nusers:\n- name: u\n  passwd: x\n", "f.yaml:4:3"},
		"repeated key":         {"hostname: a\nhostname: b\n", "f.yaml:2:1"},
		"wrong type":           {"hostname: [a]\n", "f.yaml:1"},
		"not a bool":           {"hostname: a\nnetwork: {dhcp: maybe}\n", "f.yaml:2"},
		"syntax":               {"hostname: a\nusers: [\n", "f.yaml:"},
		"control character":    {"hostname: \x1b[31m\n", "control characters"},
		"second document":      {"hostname: a\n---\nhostname: b\n", "more than one YAML document"},
		"broken second":        {"hostname: a\n---\n[\n", "f.yaml:"},
		"anchor":               {"hostname: &x a\n", "anchors and aliases"},
		"alias":                {"kernel: {modules: &m [a], args: *m}\nhostname: a\n", "anchors and aliases"},
		"merge":                {"<<: {hostname: a}\n", "merge keys"},
		"tag":                  {"hostname: !foo a\n", "tags are not read"},
		"deep":                 {"hostname: " + strings.Repeat("[", 20) + strings.Repeat("]", 20), "levels deep"},
		"very deep":            {"hostname: " + strings.Repeat("[", 20000), "depth"},
		"many":                 {"hostname: a\nkernel: {modules: [" + strings.Repeat("a,", 30000) + "]}", "at most 20000 values"},
		"large":                {"#" + strings.Repeat("a", 1<<20), "more than the limit"},
		"not UTF-8":            {"hostname: \xff\n", "not UTF-8"},
		"mode without zero":    {file + "644\n", "must be octal"},
		"mode in quotes":       {file + "'0644'\n", "must be octal"},
		"mode in hexadecimal":  {file + "0x1A4\n", "must be octal"},
		"mode zero":            {file + "0\n", "not zero"},
		"mode with setuid":     {file + "04755\n", "files[0].mode: 04755 must be 0 to 0777"},
		"problem deep inside":  {"hostname: a\nusers:\n- name: ok\n- name: Bad\n", "users[1].name: \"Bad\" must begin with a-z or _ and go on with a-z, 0-9, _ and -, at most 32 characters\n    f.yaml:4:9\n       4 | - name: Bad\n         |         ^"},
		"problem in a setting": {"hostname: a\nkernel:\n  sysctl:\n    a.b: ''\n", "f.yaml:4:10"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := provision.ParseIntent("f.yaml", []byte(c.text))
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error must contain %q, is:\n%v", c.want, err)
			}
		})
	}
}

func TestParseIntentErrorsShowNoTerminalCodes(t *testing.T) {
	_, err := provision.ParseIntent("a\x1b[2Jb", []byte("hostname: \"a\\eb\" # \u009b31m \u202e\n"))
	if err == nil || strings.ContainsAny(err.Error(), "\x1b\u009b\u202e") {
		t.Errorf("the error must be without terminal codes: %q", err)
	}
}

func TestParseIntentReturnsTypedProblems(t *testing.T) {
	_, err := provision.ParseIntent("f", []byte("hostname: A\nusers: [{name: B}]\n"))
	var invalid *provision.InvalidIntentError
	if !errors.As(err, &invalid) || len(invalid.Problems) != 2 {
		t.Fatalf("want 2 problems, got %v", err)
	}
}

// Contents come back byte by byte, from literal blocks, quotes and base64.
func TestParseIntentReadsContentsExactly(t *testing.T) {
	check := func(t rapid.TB, want string) {
		text := "hostname: a\nfiles: [{path: /a, content: !!binary " + base64.StdEncoding.EncodeToString([]byte(want)) + "}]\n"
		if yamldoc.Plain(want) {
			text = written(t, want)
		}
		got, err := provision.ParseIntent("written.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if got.Files[0].Content != want {
			t.Fatalf("content %q, want %q, from:\n%s", got.Files[0].Content, want, text)
		}
	}
	for _, want := range intenttest.Hostile() {
		check(t, want)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, intenttest.Contents().Draw(t, "content")) })
}

// written is an intent with one file, as our own writer puts it.
func written(t rapid.TB, content string) string {
	text, err := yamldoc.Marshal(yamldoc.Map(
		yamldoc.Pair{Key: "hostname", Value: yamldoc.Text("a")},
		yamldoc.Pair{Key: "files", Value: yamldoc.List(yamldoc.Map(
			yamldoc.Pair{Key: "path", Value: yamldoc.Text("/a")},
			yamldoc.Pair{Key: "content", Value: yamldoc.Text(content)},
		))},
	))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func FuzzParseIntent(f *testing.F) {
	full, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	for _, s := range []string{"", "hostname: a", "hostname: &a *a", "[[[", "a: |\n b", "files: [{mode: 08}]", "users: {0: a}", "kernel: {sysctl: {[a]: b}}", "? a\n: b", "hostname: !!binary A"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		intent, err := provision.ParseIntent("fuzz.yaml", text)
		if err != nil {
			if strings.ContainsRune(err.Error(), '\x1b') {
				t.Errorf("terminal code in the error: %q", err)
			}
			return
		}
		if err := intent.Validate(); err != nil {
			t.Errorf("accepted but not valid: %v", err)
		}
	})
}

// The examples of the documentation are intents.
func TestDocumentedExamplesParse(t *testing.T) {
	page, err := os.ReadFile("../docs/intent.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```yaml\n# intent\n")[1:]
	if len(blocks) < 2 {
		t.Fatalf("%d examples found, want 2 or more", len(blocks))
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		if _, err := provision.ParseIntent("docs/intent.md", []byte(text)); err != nil {
			t.Error(err)
		}
	}
}
