package ignition_test

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	v30 "github.com/coreos/ignition/v2/config/v3_0"
	v31 "github.com/coreos/ignition/v2/config/v3_1"
	v32 "github.com/coreos/ignition/v2/config/v3_2"
	v33 "github.com/coreos/ignition/v2/config/v3_3"
	v34 "github.com/coreos/ignition/v2/config/v3_4"
	v35 "github.com/coreos/ignition/v2/config/v3_5"
	types "github.com/coreos/ignition/v2/config/v3_7_experimental"
	"github.com/coreos/vcontext/report"
	"github.com/google/go-cmp/cmp"
	"github.com/vincent-petithory/dataurl"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/ignition"
	"distrolab/provision/internal/intenttest"
)

var update = flag.Bool("update", false, "write the golden files")

// target is a system of the catalog, with one of its deliveries.
func target(t rapid.TB, name, delivery, release string) provision.Target {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	channel, ok := d.Config.Delivery(delivery)
	if !ok {
		t.Fatalf("%s has no delivery %q", name, delivery)
	}
	return provision.Target{Distro: d, Profile: d.Config, Delivery: channel, Release: release}
}

// names are the systems that take Ignition first of all.
func names() []string { return []string{"flatcar", "fedora-coreos", "coreos-standin"} }

func render(t rapid.TB, intent provision.Intent, target provision.Target) provision.Config {
	t.Helper()
	cfg, err := ignition.Render(intent, target)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestGolden(t *testing.T) {
	for _, name := range names() {
		intenttest.Golden(t, name+"-minimal.golden", render(t, intenttest.Minimal(), target(t, name, "", "")), *update)
		intenttest.Golden(t, name+"-full.golden", render(t, intenttest.Full(), target(t, name, "", "")), *update)
	}
}

// specVersion is the spec that a document names.
func specVersion(t *testing.T, cfg provision.Config) string {
	t.Helper()
	var doc struct{ Ignition struct{ Version string } }
	if err := json.Unmarshal([]byte(cfg.Documents[0].Content), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Ignition.Version
}

// TestSpecFollowsTheRelease: an old release gets the spec that it reads, and
// the reader of that spec alone, which knows no newer one, accepts it.
func TestSpecFollowsTheRelease(t *testing.T) {
	parsers := map[string]func([]byte) (report.Report, error){
		"3.0.0": func(b []byte) (report.Report, error) { _, r, err := v30.Parse(b); return r, err },
		"3.1.0": func(b []byte) (report.Report, error) { _, r, err := v31.Parse(b); return r, err },
		"3.2.0": func(b []byte) (report.Report, error) { _, r, err := v32.Parse(b); return r, err },
		"3.3.0": func(b []byte) (report.Report, error) { _, r, err := v33.Parse(b); return r, err },
		"3.4.0": func(b []byte) (report.Report, error) { _, r, err := v34.Parse(b); return r, err },
		"3.5.0": func(b []byte) (report.Report, error) { _, r, err := v35.Parse(b); return r, err },
	}
	for _, c := range []struct{ system, release, want string }{
		{"flatcar", "", "3.4.0"},
		{"flatcar", "4593.2.5", "3.4.0"},
		{"flatcar", "4081.3.10", "3.4.0"},
		{"flatcar", "3535.0.0", "3.4.0"},
		{"flatcar", "3510.3.8", "3.3.0"},
		{"flatcar", "3185.0.0", "3.3.0"},
		{"fedora-coreos", "", "3.5.0"},
		{"fedora-coreos", "44.20260707.3.1", "3.5.0"},
		{"fedora-coreos", "41.20241122.3.0", "3.4.0"},
		{"fedora-coreos", "37.20230303.3.0", "3.3.0"},
		{"fedora-coreos", "34.20210427.3.0", "3.2.0"},
		{"fedora-coreos", "32.20201104.3.0", "3.1.0"},
		{"fedora-coreos", "31.20200108.3.0", "3.0.0"},
		{"coreos-standin", "", "3.3.0"},
	} {
		cfg := render(t, intenttest.Full(), target(t, c.system, "", c.release))
		if got := specVersion(t, cfg); got != c.want {
			t.Errorf("%s %s: spec %s, want %s", c.system, c.release, got, c.want)
			continue
		}
		if findings, err := parsers[c.want]([]byte(cfg.Documents[0].Content)); err != nil || len(findings.Entries) > 0 {
			t.Errorf("%s %s: the reader of spec %s refuses it: %v\n%s", c.system, c.release, c.want, err, findings)
		}
	}
}

// TestReleasesWithoutButane reads Ignition 2 only: that is said, with a way out.
func TestReleasesWithoutButane(t *testing.T) {
	_, err := ignition.Render(intenttest.Minimal(), target(t, "flatcar", "", "3033.2.4"))
	if err == nil || !strings.Contains(err.Error(), "format clc") {
		t.Errorf("got %v", err)
	}
}

func TestDocumentIsNamedAfterItsDelivery(t *testing.T) {
	for _, c := range []struct{ system, delivery, want string }{
		{"flatcar", "", "opt/org.flatcar-linux/config"},
		{"flatcar", "config-drive", "openstack/latest/user_data"},
		{"flatcar", "http", "config.ign"},
		{"fedora-coreos", "", "opt/com.coreos/config"},
		{"fedora-coreos", "virtio-blk", "config.ign"},
	} {
		cfg := render(t, intenttest.Minimal(), target(t, c.system, c.delivery, ""))
		if got := cfg.Documents[0].Name; got != c.want {
			t.Errorf("%s by %s: %s, want %s", c.system, c.delivery, got, c.want)
		}
	}
}

func TestEveryValidIntentIsHeldExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		to := target(t, rapid.SampledFrom(names()).Draw(t, "system"), "", "")
		intent := intenttest.Intents().Draw(t, "intent")
		cfg := render(t, intent, to)
		if diff := cmp.Diff(cfg, render(t, intent, to)); diff != "" {
			t.Fatalf("rendered twice, the results differ:\n%s", diff)
		}
		if missing := cfg.Unanswered(intent); len(missing) > 0 {
			t.Fatalf("nothing is said of %v", missing)
		}
		checkHolds(t, intent, cfg)
	})
}

func TestHostileContentsAreHeldExactly(t *testing.T) {
	hostile := append(intenttest.Hostile(), "</domain>", "${HOME}", "#cloud-config\n\x00", strings.Repeat("1 MB of it\n", 95325))
	for _, content := range hostile {
		intent := intenttest.Minimal()
		intent.Files = []provision.File{{Path: "/a", Content: content}}
		checkHolds(t, intent, render(t, intent, target(t, "coreos-standin", "", "")))
	}
}

// TestSecretsAreKnownInEveryForm: Butane may write a file in base64, where the
// token is not seen; a redacted config holds it in no form.
func TestSecretsAreKnownInEveryForm(t *testing.T) {
	intent := intenttest.Full()
	cfg := render(t, intent, target(t, "flatcar", "", ""))
	cfg.Secrets = append(cfg.Secrets, intent.Secrets()...)
	token := intent.Join.Token.Reveal()
	text := cfg.Redacted().Sources[0].Content + cfg.Redacted().Documents[0].Content
	if strings.Contains(text, token) {
		t.Error("the token is in the redacted config")
	}
	for _, part := range regexp.MustCompile(`base64,([A-Za-z0-9+/=]+)`).FindAllStringSubmatch(text, -1) {
		if plain, err := base64.StdEncoding.DecodeString(part[1]); err == nil && strings.Contains(string(plain), token) {
			t.Error("the token is in the redacted config, in base64")
		}
	}
}

// TestOwnNetworkFileWins: the intent's own file of that name is kept, and the
// network is a gap.
func TestOwnNetworkFileWins(t *testing.T) {
	intent := intenttest.Full()
	intent.Files = []provision.File{{Path: "/etc/systemd/network/10-distrolab.network", Content: "mine"}}
	cfg := render(t, intent, target(t, "flatcar", "", ""))
	if !slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == "network" }) {
		t.Errorf("no gap: %v", cfg.Gaps)
	}
}

// checkHolds fails unless every part of the intent is in the document, byte by
// byte, as Ignition itself reads it.
func checkHolds(t rapid.TB, intent provision.Intent, cfg provision.Config) {
	t.Helper()
	doc, _, err := types.ParseCompatibleVersion([]byte(cfg.Documents[0].Content))
	if err != nil {
		t.Fatal(err)
	}
	contents, modes := map[string]string{}, map[string]int{}
	sources := map[string]string{}
	for _, f := range doc.Storage.Files {
		modes[f.Path] = *f.Mode
		if f.Contents.Verification.Hash != nil {
			sources[f.Path] = *f.Contents.Source + " " + *f.Contents.Verification.Hash
			continue
		}
		url, err := dataurl.DecodeString(*f.Contents.Source)
		if err != nil {
			t.Fatal(err)
		}
		contents[f.Path] = string(url.Data)
	}
	wanted := append(slices.Clone(intent.Files), provision.File{Path: "/etc/hostname", Content: intent.Hostname + "\n"})
	for _, module := range intent.Kernel.Modules {
		if !slices.Contains(strings.Split(contents[provision.ModulesPath], "\n"), module) {
			t.Fatalf("module %s is not loaded", module)
		}
	}
	for key, value := range intent.Kernel.Sysctl {
		if !strings.Contains(contents[provision.SysctlPath], key+" = "+value+"\n") {
			t.Fatalf("%s is not set", key)
		}
	}
	for _, f := range wanted {
		if f.Source != "" {
			if got, want := sources[f.Path], f.Source+" sha256-"+f.SHA256; got != want {
				t.Fatalf("%s: fetched from %q, want %q", f.Path, got, want)
			}
		} else if got, ok := contents[f.Path]; !ok || got != f.Content {
			t.Fatalf("%s: content %q, want %q", f.Path, got, f.Content)
		}
		if modes[f.Path] != f.EffectiveMode() {
			t.Fatalf("%s: mode %#o, want %#o", f.Path, modes[f.Path], f.EffectiveMode())
		}
	}
	for _, want := range intent.Units {
		found := false
		for _, got := range doc.Systemd.Units {
			content := ""
			if got.Contents != nil {
				content = *got.Contents
			}
			found = found || got.Name == want.Name && content == want.Content && *got.Enabled == want.Enabled
		}
		if !found {
			t.Fatalf("unit %+v is missing or changed", want)
		}
	}
	for _, want := range intent.Users {
		found := false
		for _, got := range doc.Passwd.Users {
			var keys []string
			for _, key := range got.SSHAuthorizedKeys {
				keys = append(keys, string(key))
			}
			slices.Sort(keys) // Ignition's translations may order them anew
			sorted := slices.Sorted(slices.Values(want.SSHAuthorizedKeys))
			found = found || got.Name == want.Name && slices.Equal(keys, sorted)
		}
		if !found {
			t.Fatalf("user %+v is missing or changed", want)
		}
		if !strings.Contains(contents[provision.SudoersPath], want.Name+" ALL=") {
			t.Fatalf("user %s may not become root", want.Name)
		}
	}
	if len(intent.Kernel.Args) > 0 && !slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == "kernel.args" }) {
		t.Fatal("kernel arguments vanished without a gap")
	}
}

// The Ignition of Debian, which runs in the stand-in, accepts spec 3.3.0.
func TestIgnitionValidateOfDebian(t *testing.T) {
	program, err := exec.LookPath("ignition-validate")
	if err != nil {
		t.Skip("ignition-validate is not installed; scripts/test installs Debian's package ignition")
	}
	for name, intent := range map[string]provision.Intent{"minimal": intenttest.Minimal(), "full": intenttest.Full()} {
		cfg := render(t, intent, target(t, "coreos-standin", "", ""))
		cfg.Documents[0].Name = "config.ign"
		dir := t.TempDir()
		intenttest.Files(t, dir, cfg.Documents)
		out, err := exec.Command(program, filepath.Join(dir, "config.ign")).CombinedOutput()
		if err != nil || strings.Contains(string(out), "warning") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestWhatTheStandInCannotDoIsAGap(t *testing.T) {
	cfg := render(t, intenttest.Full(), target(t, "coreos-standin", "", ""))
	var fields []string
	for _, gap := range cfg.Gaps {
		fields = append(fields, gap.Field)
	}
	if diff := cmp.Diff([]string{"packages", "kernel.args"}, fields); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
}

func TestWarningsAreErrors(t *testing.T) {
	for name, source := range map[string]string{
		"unused key":      "variant: fcos\nversion: 1.4.0\nfoo: 1\n",
		"no install":      "variant: fcos\nversion: 1.4.0\nsystemd: {units: [{name: a.service, enabled: true, contents: \"[Service]\\nType=oneshot\"}]}\n",
		"unknown variant": "variant: debian\nversion: 1.0.0\n",
		"unknown version": "variant: fcos\nversion: 9.9.9\n",
		"no YAML":         "\t",
	} {
		if _, err := ignition.Translate(source); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestValidateRefusesSpoiledDocuments(t *testing.T) {
	good := render(t, intenttest.Full(), target(t, "fedora-coreos", "", ""))
	for name, spoil := range map[string]func(string) string{
		"no JSON":      func(s string) string { return s[1:] },
		"empty":        func(string) string { return "" },
		"spec unknown": func(s string) string { return strings.Replace(s, `"3.5.0"`, `"9.0.0"`, 1) },
		"unknown key":  func(s string) string { return strings.Replace(s, `"storage"`, `"storagex"`, 1) },
		"bad unit":     func(s string) string { return strings.Replace(s, `hello.service`, `hello.servicex`, 1) },
		"Butane":       func(string) string { return good.Sources[0].Content },
	} {
		cfg := provision.Config{Documents: []provision.Document{{Name: "x", Content: spoil(good.Documents[0].Content)}}}
		if err := ignition.Validate(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := ignition.Validate(provision.Config{}); err == nil {
		t.Error("a config without document must be refused")
	}
}

func BenchmarkRender(b *testing.B) {
	catalog, err := distros.Load()
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names() {
		d, err := catalog.Find(name)
		if err != nil {
			b.Fatal(err)
		}
		to := provision.Target{Distro: d, Profile: d.Config, Delivery: d.Config.Deliveries[0]}
		for size, intent := range map[string]provision.Intent{"minimal": intenttest.Minimal(), "full": intenttest.Full()} {
			b.Run(name+"/"+size, func(b *testing.B) {
				for b.Loop() {
					if _, err := ignition.Render(intent, to); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
