package ignition_test

import (
	"encoding/json"
	"flag"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	types "github.com/coreos/ignition/v2/config/v3_7_experimental"
	"github.com/google/go-cmp/cmp"
	"github.com/vincent-petithory/dataurl"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/ignition"
	"distrolab/provision/internal/intenttest"
)

var update = flag.Bool("update", false, "write the golden files")

func flatcar() ignition.Target {
	return ignition.Target{Variant: "flatcar", Version: "1.1.0", Network: ignition.Networkd,
		Delivery: distros.Delivery{Kind: distros.DeliverFWCfg, Key: "opt/org.flatcar-linux/config"}}
}

func fcos() ignition.Target {
	return ignition.Target{Variant: "fcos", Version: "1.5.0", Network: ignition.NetworkManager, UsrLocal: true,
		Delivery: distros.Delivery{Kind: distros.DeliverFWCfg, Key: "opt/com.coreos/config"}}
}

// standIn is Debian with Ignition 2.14, whose newest spec is 3.3.0.
func standIn() ignition.Target {
	target := fcos()
	target.Version, target.Network, target.UsrLocal = "1.4.0", ignition.NetworkFixed, false
	return target
}

func targets() map[string]ignition.Target {
	return map[string]ignition.Target{"flatcar": flatcar(), "fcos": fcos(), "standin": standIn()}
}

func render(t rapid.TB, intent provision.Intent, target ignition.Target) provision.Config {
	t.Helper()
	cfg, err := ignition.Render(intent, target)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestGolden(t *testing.T) {
	for name, target := range targets() {
		intenttest.Golden(t, name+"-minimal.golden", render(t, intenttest.Minimal(), target), *update)
		intenttest.Golden(t, name+"-full.golden", render(t, intenttest.Full(), target), *update)
	}
}

func TestSpecVersionFollowsTheTarget(t *testing.T) {
	for name, want := range map[string]string{"flatcar": "3.4.0", "fcos": "3.4.0", "standin": "3.3.0"} {
		var doc struct{ Ignition struct{ Version string } }
		cfg := render(t, intenttest.Minimal(), targets()[name])
		if err := json.Unmarshal([]byte(cfg.Documents[0].Content), &doc); err != nil {
			t.Fatal(err)
		}
		if doc.Ignition.Version != want {
			t.Errorf("%s: spec %s, want %s", name, doc.Ignition.Version, want)
		}
	}
}

func TestEveryValidIntentIsHeldExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"flatcar", "fcos", "standin"}).Draw(t, "target")
		intent := intenttest.Intents().Draw(t, "intent")
		checkHolds(t, intent, render(t, intent, targets()[name]))
	})
}

func TestHostileContentsAreHeldExactly(t *testing.T) {
	for _, content := range intenttest.Hostile() {
		intent := intenttest.Minimal()
		intent.Files = []provision.File{{Path: "/a", Content: content}}
		checkHolds(t, intent, render(t, intent, standIn()))
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
	for _, f := range doc.Storage.Files {
		url, err := dataurl.DecodeString(*f.Contents.Source)
		if err != nil {
			t.Fatal(err)
		}
		contents[f.Path], modes[f.Path] = string(url.Data), *f.Mode
	}
	wanted := append(intent.AllFiles(), provision.File{Path: "/etc/hostname", Content: intent.Hostname + "\n"})
	for _, f := range wanted {
		if got, ok := contents[f.Path]; !ok || got != f.Content {
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
		cfg := render(t, intent, standIn())
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
	cfg := render(t, intenttest.Full(), standIn())
	var fields []string
	for _, gap := range cfg.Gaps {
		fields = append(fields, gap.Field)
	}
	if diff := cmp.Diff([]string{"network", "files[1]", "kernel.args"}, fields); diff != "" {
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
	good := render(t, intenttest.Full(), fcos())
	for name, spoil := range map[string]func(string) string{
		"no JSON":      func(s string) string { return s[1:] },
		"empty":        func(string) string { return "" },
		"spec unknown": func(s string) string { return strings.Replace(s, `"3.4.0"`, `"9.0.0"`, 1) },
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
