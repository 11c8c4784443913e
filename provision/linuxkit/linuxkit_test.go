package linuxkit_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/linuxkit"
)

var update = flag.Bool("update", false, "write the golden files")

func target() provision.Target {
	return provision.Target{Delivery: distros.Delivery{Kind: distros.DeliverVolume, Label: "cidata", Media: "cdrom", File: "user-data"}}
}

func render(t rapid.TB, intent provision.Intent) provision.Config {
	t.Helper()
	cfg, err := linuxkit.Render(intent, target())
	if err != nil {
		t.Fatal(err)
	}
	if missing := cfg.Unanswered(intent); len(missing) > 0 {
		t.Fatalf("nothing is said of %v", missing)
	}
	return cfg
}

func TestGolden(t *testing.T) {
	intenttest.Golden(t, "minimal.golden", render(t, intenttest.Minimal()), *update)
	intenttest.Golden(t, "full.golden", render(t, intenttest.Full()), *update)
}

// checkHolds reads both texts as LinuxKit does and looks for every byte.
func checkHolds(t rapid.TB, intent provision.Intent) {
	t.Helper()
	cfg := render(t, intent)
	var build struct {
		Kernel struct{ Cmdline string }
		Files  []struct{ Path, Contents, Mode string }
	}
	if err := yaml.Unmarshal([]byte(cfg.Sources[0].Content), &build); err != nil {
		t.Fatal(err)
	}
	for i, f := range intent.Files {
		gap := slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == fmt.Sprintf("files[%d]", i) })
		n := slices.IndexFunc(build.Files, func(b struct{ Path, Contents, Mode string }) bool { return "/"+b.Path == f.Path })
		if gap != (n < 0) {
			t.Fatalf("%s: a gap %v, place %d", f.Path, gap, n)
		}
		if n >= 0 && (build.Files[n].Contents != f.Content || build.Files[n].Mode != fmt.Sprintf("%04o", f.EffectiveMode())) {
			t.Fatalf("%s became %+v", f.Path, build.Files[n])
		}
	}
	if want := strings.Join(append(slices.Clone(intent.Kernel.Args), "console=tty0", "console=ttyS0"), " "); build.Kernel.Cmdline != want {
		t.Fatalf("command line %q, want %q", build.Kernel.Cmdline, want)
	}
	var metadata struct {
		Hostname struct{ Content string }
		SSH      struct {
			Entries map[string]struct{ Perm, Content string }
		}
	}
	if err := json.Unmarshal([]byte(cfg.Documents[0].Content), &metadata); err != nil {
		t.Fatal(err)
	}
	var keys string
	for _, u := range intent.Users {
		keys += strings.Join(append(slices.Clone(u.SSHAuthorizedKeys), ""), "\n")
	}
	got := metadata.SSH.Entries["authorized_keys"]
	if metadata.Hostname.Content != intent.Hostname || got.Content != keys || got.Perm != "0600" {
		t.Fatalf("metadata %+v", metadata)
	}
}

func TestEveryIntentIsHeldExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkHolds(t, intenttest.Intents().Draw(t, "intent")) })
}

func TestHostileContentsAreHeldExactly(t *testing.T) {
	intent := intenttest.Minimal()
	for i, content := range append(intenttest.Hostile(), "@pkg:x", "</domain>", strings.Repeat("x: y\n", 1<<17)) {
		intent.Files = append(intent.Files, provision.File{Path: fmt.Sprintf("/etc/%d/it's", i), Content: content})
	}
	checkHolds(t, intent)
}

func TestCheckSaysWhereAndWhat(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"lk.yml", "kernel:\n  imgae: x\n", "image"},
		{"lk.yml", "files:\n  - path: a\n    mode: 0644\n", "quote"},
		{"lk.yml", "services:\n  - name: a\n    binds.ad: []\n", "binds.add"},
		{"user-data", "{\"ssh\": {}}", "content"},
		{"config", "{\"a\": {\"contnet\": \"\"}}", "contnet"},
		{"user-data", "hello", "userdata"},
	} {
		found := linuxkit.Check(c.name, c.text, provision.Target{})
		if len(found) == 0 || found[0].Line == 0 || !strings.Contains(found[0].Message, c.says) {
			t.Errorf("%s %q: %+v", c.name, c.text, found)
		}
	}
	if found := linuxkit.Check("config", `{"a":{"entries":{"b":{"perm":"0600","content":""}}}}`, provision.Target{}); len(found) > 0 {
		t.Errorf("good metadata: %+v", found)
	}
}

func TestValidateRefusesSpoiledTexts(t *testing.T) {
	good := render(t, intenttest.Full())
	for _, spoil := range []func(*provision.Config){
		func(c *provision.Config) { c.Documents = nil },
		func(c *provision.Config) { c.Documents = []provision.Document{{Content: "{"}} },
		func(c *provision.Config) { c.Sources = []provision.Document{{Content: "kernal: {}\n"}} },
	} {
		cfg := good
		spoil(&cfg)
		if linuxkit.Validate(cfg) == nil {
			t.Errorf("accepted: %+v", cfg)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	for b.Loop() {
		if _, err := linuxkit.Render(intenttest.Full(), target()); err != nil {
			b.Fatal(err)
		}
	}
}
