package clc_test

import (
	"flag"
	"slices"
	"strings"
	"testing"

	old "github.com/flatcar/ignition/config/v2_3"
	"github.com/google/go-cmp/cmp"
	"github.com/vincent-petithory/dataurl"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/clc"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/linux"
)

var update = flag.Bool("update", false, "write the golden files")

// flatcar is the target: the format clc of Flatcar in the catalog.
func flatcar(t rapid.TB) provision.Target {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Find("flatcar")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(d.Others, func(p distros.ConfigProfile) bool { return p.Format == clc.Format })
	if i < 0 {
		t.Fatal("Flatcar has no format clc in the catalog")
	}
	return provision.Target{Distro: d, Profile: d.Others[i], Delivery: d.Others[i].Deliveries[0]}
}

func render(t rapid.TB, intent provision.Intent) provision.Config {
	t.Helper()
	cfg, err := clc.Render(intent, flatcar(t))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestGolden(t *testing.T) {
	intenttest.Golden(t, "flatcar-minimal.golden", render(t, intenttest.Minimal()), *update)
	intenttest.Golden(t, "flatcar-full.golden", render(t, intenttest.Full()), *update)
}

// TestEveryValidIntentIsHeldExactly: the files and units are in the JSON byte
// by byte, as Ignition of spec 2 reads it, and each part is answered.
func TestEveryValidIntentIsHeldExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		intent := intenttest.Intents().Draw(t, "intent")
		cfg := render(t, intent)
		if diff := cmp.Diff(cfg, render(t, intent)); diff != "" {
			t.Fatalf("rendered twice, the results differ:\n%s", diff)
		}
		if missing := cfg.Unanswered(intent); len(missing) > 0 {
			t.Fatalf("nothing is said of %v", missing)
		}
		checkHolds(t, intent, cfg)
	})
}

func TestHostileContentsAreHeldExactly(t *testing.T) {
	for _, content := range append(intenttest.Hostile(), "</domain>", "{PRIVATE_IPV4}", strings.Repeat("1 MB of it\n", 95325)) {
		intent := intenttest.Minimal()
		intent.Files = []provision.File{{Path: "/a", Content: content}}
		checkHolds(t, intent, render(t, intent))
	}
}

func checkHolds(t rapid.TB, intent provision.Intent, cfg provision.Config) {
	t.Helper()
	doc, _, err := old.Parse([]byte(cfg.Documents[0].Content))
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{}
	for _, f := range doc.Storage.Files {
		data, err := dataurl.DecodeString(f.Contents.Source)
		if err != nil {
			t.Fatal(err)
		}
		contents[f.Path] = string(data.Data)
	}
	for _, f := range append(slices.Clone(intent.Files), provision.File{Path: "/etc/hostname", Content: intent.Hostname + "\n"}) {
		if f.Source != "" {
			// The old Ignition knows SHA-512 alone, so a unit fetches.
			if !strings.Contains(contents[provision.FetchPath], " "+f.SHA256+" "+linux.Quote(f.Source)+"\n") {
				t.Fatalf("nothing fetches %s:\n%s", f.Path, contents[provision.FetchPath])
			}
			continue
		}
		if got, ok := contents[f.Path]; !ok || got != f.Content {
			t.Fatalf("%s: content %q, want %q", f.Path, got, f.Content)
		}
	}
	for _, want := range intent.Units {
		found := false
		for _, got := range doc.Systemd.Units {
			found = found || got.Name == want.Name && got.Contents == want.Content && *got.Enabled == want.Enabled
		}
		if !found {
			t.Fatalf("unit %+v is missing or changed", want)
		}
	}
	if len(doc.Passwd.Users) != len(intent.Users) {
		t.Fatalf("%d users, want %d", len(doc.Passwd.Users), len(intent.Users))
	}
}

// TestRenderedConfigsConvert: what is rendered here becomes Butane without loss.
func TestRenderedConfigsConvert(t *testing.T) {
	for name, intent := range map[string]provision.Intent{"minimal": intenttest.Minimal(), "full": intenttest.Full()} {
		_, lost, err := clc.ToButane(name, []byte(render(t, intent).Sources[0].Content))
		if err != nil || len(lost) > 0 {
			t.Errorf("%s: %v %v", name, err, lost)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		text, severity, message string
		line                    int
	}{
		"fine":          {"storage:\n  files:\n    - {filesystem: root, path: /a, mode: 0644}\n", "", "", 0},
		"unknown key":   {"storage:\n  filez: []\n", provision.SeverityWarning, "unrecognized key: filez", 2},
		"bad unit name": {"systemd:\n  units:\n    - name: a.nothing\n", provision.SeverityError, "invalid", 3},
		"no YAML":       {"storage:\n\tfiles: []\n", provision.SeverityError, "cannot start any token", 2},
		"Butane":        {"variant: flatcar\nversion: 1.1.0\n", provision.SeverityError, "this is Butane", 1},
		"JSON":          {"{\"ignition\": {}}", provision.SeverityError, "JSON", 1},
		"local file":    {"storage: {files: [{path: /a, mode: 0644, contents: {local: a}}]}\n", provision.SeverityError, "inline", 0},
		"dynamic data":  {"etcd: {name: \"{HOSTNAME}\"}\n", provision.SeverityError, "platform must be specified", 0},
	} {
		t.Run(name, func(t *testing.T) {
			findings := clc.Check("x.yaml", c.text, flatcar(t))
			if c.severity == "" {
				if len(findings) > 0 {
					t.Errorf("%+v", findings)
				}
				return
			}
			if len(findings) == 0 || findings[0].Severity != c.severity || findings[0].Line != c.line || !strings.Contains(findings[0].Message, c.message) {
				t.Errorf("got %+v", findings)
			}
		})
	}
}

func TestValidateRefusesSpoiledDocuments(t *testing.T) {
	good := render(t, intenttest.Full()).Documents[0].Content
	for name, text := range map[string]string{
		"no JSON": good[1:], "empty": "", "unknown key": strings.Replace(good, `"storage"`, `"storagex"`, 1),
		"spec unknown": strings.Replace(good, `"2.3.0"`, `"2.9.0"`, 1), "bad unit": strings.Replace(good, "hello.service", "hello.servicex", 1),
	} {
		if clc.Validate(provision.Config{Documents: []provision.Document{{Name: "x", Content: text}}}) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if clc.Validate(provision.Config{}) == nil {
		t.Error("a config without document must be refused")
	}
}

func BenchmarkRender(b *testing.B) {
	catalog, err := distros.Load()
	if err != nil {
		b.Fatal(err)
	}
	d, err := catalog.Find("flatcar")
	if err != nil {
		b.Fatal(err)
	}
	target := provision.Target{Distro: d, Delivery: d.Config.Deliveries[0]}
	for b.Loop() {
		if _, err := clc.Render(intenttest.Full(), target); err != nil {
			b.Fatal(err)
		}
	}
}
