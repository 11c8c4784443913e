package talos_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/types/v1alpha1"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/talos"
)

var update = flag.Bool("update", false, "write the golden files")

// deliveries are those of the catalog, by name.
func deliveries() map[string]distros.Delivery {
	return map[string]distros.Delivery{
		"volume":    {Kind: distros.DeliverVolume, Label: "cidata"},
		"smbios":    {Name: "smbios", Kind: distros.DeliverHTTP, SMBIOS: "ds=nocloud-net;s={url}"},
		"metal-iso": {Name: "metal-iso", Kind: distros.DeliverVolume, Label: "metal-iso", File: "config.yaml", Kernel: "talos.config=metal-iso"},
		"url":       {Name: "url", Kind: distros.DeliverHTTP, File: "config.yaml", Kernel: "talos.config={url}config.yaml"},
		"inline":    {Name: "inline", Kind: distros.DeliverKernel},
		"api":       {Kind: distros.DeliverAPI, File: "config.yaml"},
	}
}

// testSecrets are the public secrets of this package's tests.
func testSecrets(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "secrets.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func target(t testing.TB, delivery string) provision.Target {
	t.Helper()
	return provision.Target{
		Distro:   distros.Distro{Name: "talos"},
		Profile:  distros.ConfigProfile{Format: talos.Format, Version: "1.13"},
		Delivery: deliveries()[delivery],
		Secrets:  testSecrets(t),
	}
}

func render(t rapid.TB, intent provision.Intent, target provision.Target) provision.Config {
	t.Helper()
	cfg, err := talos.Render(intent, target)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// worker asks for a join and for what Talos can write.
func worker() provision.Intent {
	intent := intenttest.Full()
	intent.Files = append(intent.Files,
		provision.File{Path: "/var/lib/lab/note", Content: "Welcome to the lab.\nBreak things.\n"},
		provision.File{Path: "/var/lib/lab/blob", Content: "\x00\x01\xfe\xff", Mode: 0o600},
	)
	return intent
}

func minimalWorker() provision.Intent {
	intent := intenttest.Minimal()
	intent.Join = intenttest.Join()
	return intent
}

// The golden files hide what is secret, as a screen does.
func TestGolden(t *testing.T) {
	intenttest.Golden(t, "worker-full.golden", render(t, worker(), target(t, "volume")).Redacted(), *update)
	intenttest.Golden(t, "worker-minimal.golden", render(t, minimalWorker(), target(t, "url")).Redacted(), *update)
	intenttest.Golden(t, "controlplane-minimal.golden", render(t, intenttest.Minimal(), target(t, "smbios")).Redacted(), *update)
}

// machine reads the v1alpha1 document back by Talos's own loader.
func machine(t rapid.TB, cfg provision.Config) *v1alpha1.Config {
	t.Helper()
	loaded, err := configloader.NewFromBytes([]byte(mainText(cfg)))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, mainText(cfg))
	}
	return loaded.RawV1Alpha1()
}

// mainText is the machine config of a Config.
func mainText(cfg provision.Config) string {
	if len(cfg.Sources) > 0 {
		return cfg.Sources[0].Content
	}
	return cfg.Documents[0].Content
}

func TestEveryDeliveryHoldsTheSameMachineConfig(t *testing.T) {
	want := map[string][]string{
		"volume":    {"user-data", "meta-data"},
		"smbios":    {"user-data", "meta-data", "network-config"},
		"metal-iso": {"config.yaml"},
		"url":       {"config.yaml"},
		"inline":    {"cmdline"},
		"api":       {"config.yaml"},
	}
	for name := range deliveries() {
		cfg := render(t, minimalWorker(), target(t, name))
		var names []string
		for _, doc := range cfg.Documents {
			names = append(names, doc.Name)
		}
		if diff := cmp.Diff(want[name], names); diff != "" {
			t.Errorf("%s: documents (-want +got):\n%s", name, diff)
		}
		installs := machine(t, cfg).MachineConfig.MachineInstall != nil
		if nocloud := name == "volume" || name == "smbios"; installs == nocloud {
			t.Errorf("%s: machine.install is there: %v", name, installs)
		}
	}
}

func TestInlineIsOneShortWord(t *testing.T) {
	cfg := render(t, minimalWorker(), target(t, "inline"))
	word := cfg.Documents[0].Content
	if !strings.HasPrefix(word, "talos.config.inline=") || strings.ContainsAny(word, " \n\"'") || len(word) > 1800 {
		t.Errorf("%d bytes: %q", len(word), word)
	}
	t.Logf("a minimal worker takes %d bytes of the command line", len(word))
	if redacted := cfg.Redacted().Documents[0].Content; redacted != "talos.config.inline=(secret)" {
		t.Errorf("the packed config is shown: %q", redacted)
	}
	_, err := talos.Render(intenttest.Minimal(), target(t, "inline"))
	var long *talos.TooLongError
	if !errors.As(err, &long) || long.Bytes <= long.Limit || !strings.Contains(err.Error(), "volume") {
		t.Errorf("the keys of a control plane cannot fit: %v", err)
	}
}

func TestWorkerHoldsNoKeyOfACA(t *testing.T) {
	intent := minimalWorker()
	cfg := render(t, intent, target(t, "volume"))
	m := machine(t, cfg)
	if m.MachineConfig.MachineType != "worker" || len(m.MachineConfig.MachineCA.Key) > 0 || len(m.ClusterConfig.ClusterCA.Key) > 0 {
		t.Errorf("not a worker without keys: %s", mainText(cfg))
	}
	if got := string(m.ClusterConfig.ClusterCA.Crt); got != intent.Join.CA {
		t.Errorf("the cluster's CA is %q", got)
	}
	got := []string{m.ClusterConfig.BootstrapToken, m.ClusterConfig.ControlPlane.Endpoint.String(), m.MachineConfig.MachineKubelet.KubeletImage}
	want := []string{"abcdef.0123456789abcdef", "https://192.168.50.2:6443", "ghcr.io/siderolabs/kubelet:v1.36.1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestControlPlaneSaysThatNothingIsBootstrapped(t *testing.T) {
	cfg := render(t, intenttest.Minimal(), target(t, "volume"))
	if got := machine(t, cfg).MachineConfig.MachineType; got != "controlplane" {
		t.Errorf("type %s", got)
	}
	if !slices.ContainsFunc(cfg.Steps, func(s provision.Step) bool { return strings.Contains(s.Does, "talosctl bootstrap") }) {
		t.Error("no step says that somebody must run talosctl bootstrap")
	}
}

func TestKubernetesThatTalosCannotRunIsAGap(t *testing.T) {
	for _, version := range []string{"v1.22.0", "v1.40.0"} {
		intent := minimalWorker()
		intent.Join.Kubernetes = version
		cfg := render(t, intent, target(t, "volume"))
		if i := slices.IndexFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == "join" }); i < 0 || !strings.Contains(cfg.Gaps[i].Reason, version[1:]) {
			t.Errorf("%s: gaps %v", version, cfg.Gaps)
		}
		if strings.Contains(mainText(cfg), intent.Join.Token.Reveal()) {
			t.Errorf("%s: the token of a cluster that is not joined is in the config", version)
		}
	}
}

func TestOneFileOfContainerdMayLieOutsideVar(t *testing.T) {
	intent := minimalWorker()
	intent.Files = []provision.File{{Path: "/etc/cri/conf.d/20-customization.part", Content: "[plugins]\n"}}
	cfg := render(t, intent, target(t, "volume"))
	if files := machine(t, cfg).MachineConfig.MachineFiles; len(files) != 1 || files[0].FileContent != "[plugins]\n" {
		t.Errorf("files %+v", files)
	}
	if !slices.ContainsFunc(cfg.Steps, func(s provision.Step) bool {
		return strings.Contains(s.Does, "0600") && slices.Contains(s.Fields, "files[0]")
	}) {
		t.Errorf("no step says that the mode is always 0600: %v", cfg.Steps)
	}
}

func TestReleasesThatReadOtherDocumentsAreRefused(t *testing.T) {
	for _, release := range []string{"1.11.6", "v1.8.0"} {
		old := target(t, "volume")
		old.Release = release
		_, err := talos.Render(minimalWorker(), old)
		var refused *talos.OldReleaseError
		if !errors.As(err, &refused) || refused.Release != release || !strings.Contains(err.Error(), "1.12") {
			t.Errorf("%s: %v", release, err)
		}
	}
	for _, release := range []string{"", "1.12.0", "v1.13.9", "1.14.0-rc.1", "2.0.0"} {
		fits := target(t, "volume")
		fits.Release = release
		intent := minimalWorker()
		intent.Join.Kubernetes = "v1.34.1"
		if cfg := render(t, intent, fits); machine(t, cfg).MachineConfig.MachineType != "worker" {
			t.Errorf("%s: no worker", release)
		}
	}
	broken := target(t, "volume")
	broken.Release = "latest"
	if _, err := talos.Render(minimalWorker(), broken); err == nil {
		t.Error("latest is no release")
	}
}

func TestNoSecretIsShown(t *testing.T) {
	for _, intent := range []provision.Intent{intenttest.Minimal(), minimalWorker()} {
		cfg := render(t, intent, target(t, "volume"))
		shown := fmt.Sprint(cfg.Redacted().Documents, cfg.Steps, cfg.Gaps)
		for line := range strings.Lines(string(testSecrets(t))) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			secret := key == "key" || strings.Contains(key, "token") || strings.Contains(key, "secret")
			if secret && value != "" && strings.Contains(shown, value) {
				t.Errorf("%s is shown", key)
			}
		}
		if strings.Contains(shown, "0123456789abcdef") {
			t.Error("the bootstrap token is shown")
		}
	}
}

func TestEveryValidIntentRendersOrSaysWhy(t *testing.T) {
	targets := map[string]provision.Target{}
	for name := range deliveries() {
		targets[name] = target(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"volume", "smbios", "metal-iso", "url", "inline", "api"}).Draw(t, "delivery")
		intent := intenttest.Intents().Draw(t, "intent")
		for i := range intent.Files {
			if rapid.Bool().Draw(t, "in /var") {
				intent.Files[i].Path = "/var" + intent.Files[i].Path
			}
		}
		cfg, err := talos.Render(intent, targets[name])
		var long *talos.TooLongError
		if name == "inline" && errors.As(err, &long) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if missing := cfg.Unanswered(intent); len(missing) > 0 {
			t.Fatalf("nothing is said of %v", missing)
		}
		again, err := talos.Render(intent, targets[name])
		if err != nil || !cmp.Equal(cfg, again) {
			t.Fatalf("rendered twice, it differs: %v", err)
		}
		checkHolds(t, intent, cfg)
	})
}

// Talos's reader takes every content, also what is not UTF-8: YAML has
// !!binary for it.
func TestHostileContentsAreHeldExactly(t *testing.T) {
	to := target(t, "volume")
	for _, content := range append(intenttest.Hostile(), strings.Repeat("x\x00</domain>${a}", 1<<16), "a\n---\nkind: HostnameConfig\n") {
		intent := minimalWorker()
		intent.Files = []provision.File{{Path: "/var/a", Content: content}}
		intent.Kernel.Sysctl = map[string]string{"net.a": "yes", "net.b": "0644", "net.c": "a: b # c"}
		checkHolds(t, intent, render(t, intent, to))
	}
}

// checkHolds fails unless every part of the intent that is no gap is in the
// documents, as Talos itself reads them.
func checkHolds(t rapid.TB, intent provision.Intent, cfg provision.Config) {
	t.Helper()
	loaded, err := configloader.NewFromBytes([]byte(mainText(cfg)))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, mainText(cfg))
	}
	if got := loaded.NetworkHostnameConfig().Hostname(); got != intent.Hostname {
		t.Fatalf("host name %q, want %q", got, intent.Hostname)
	}
	m := loaded.RawV1Alpha1().MachineConfig
	held := map[string]*v1alpha1.MachineFile{}
	for _, f := range m.MachineFiles {
		held[f.FilePath] = f
	}
	for i, want := range intent.Files {
		gap := slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == fmt.Sprintf("files[%d]", i) })
		if got := held[want.Path]; gap == (got != nil) || got != nil && (got.FileContent != want.Content || int(got.FilePermissions) != want.EffectiveMode()) {
			t.Fatalf("%s: gap %v, held %+v", want.Path, gap, got)
		}
	}
	if diff := cmp.Diff(len(intent.Kernel.Sysctl), len(m.MachineSysctls)); diff != "" {
		t.Fatal(diff)
	}
	for key, want := range intent.Kernel.Sysctl {
		if m.MachineSysctls[key] != want {
			t.Fatalf("%s = %q, want %q", key, m.MachineSysctls[key], want)
		}
	}
	if sync := loaded.NetworkTimeSyncConfig(); len(intent.Time.NTP) > 0 && !slices.Equal(sync.Servers(), intent.Time.NTP) {
		t.Fatalf("time servers %v", sync.Servers())
	}
	for host, want := range intent.Registries.Mirrors {
		var got []string
		for _, e := range loaded.RegistryMirrorConfigs()[host].Endpoints() {
			got = append(got, e.Endpoint())
		}
		if !slices.Equal(got, want) {
			t.Fatalf("mirrors of %s: %v, want %v", host, got, want)
		}
	}
	for _, link := range loaded.NetworkCommonLinkConfigs() {
		var got []string
		for _, a := range link.Addresses() {
			got = append(got, a.Address().String())
		}
		if !slices.Equal(got, intent.Network.Addresses) {
			t.Fatalf("addresses %v, want %v", got, intent.Network.Addresses)
		}
	}
	if (intent.Network.MAC != "") != (len(loaded.NetworkLinkAliasConfigs()) == 1) {
		t.Fatal("the interface is not chosen by its MAC address")
	}
}

func BenchmarkRender(b *testing.B) {
	intent, to := worker(), target(b, "volume")
	for b.Loop() {
		if _, err := talos.Render(intent, to); err != nil {
			b.Fatal(err)
		}
	}
}
