package cloudinit_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/cloudinit"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/linux"
)

var update = flag.Bool("update", false, "write the golden files")

// systems are the catalog's entries that cloud-init configures.
func systems(t rapid.TB) []distros.Distro {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(catalog.All(), func(d distros.Distro) bool { return d.Config.Format != cloudinit.Format })
}

// target is one of the systems with one of its deliveries.
func target(t rapid.TB, name, delivery string) provision.Target {
	t.Helper()
	for _, d := range systems(t) {
		if d.Name == name {
			channel, ok := d.Config.Delivery(delivery)
			if !ok {
				t.Fatalf("%s has no delivery %q", name, delivery)
			}
			return provision.Target{Distro: d, Profile: d.Config, Delivery: channel}
		}
	}
	t.Fatalf("no system %q", name)
	return provision.Target{}
}

// targets are all systems with all their deliveries.
func targets(t rapid.TB) []provision.Target {
	t.Helper()
	var list []provision.Target
	for _, d := range systems(t) {
		for _, channel := range d.Config.Deliveries {
			list = append(list, provision.Target{Distro: d, Profile: d.Config, Delivery: channel})
		}
	}
	return list
}

func render(t rapid.TB, intent provision.Intent, target provision.Target) provision.Config {
	t.Helper()
	cfg, err := cloudinit.Render(intent, target)
	if err != nil {
		t.Fatalf("%s by %s: %v", target.Distro.Name, target.Delivery, err)
	}
	return cfg
}

// document is a document of a config, and whether there is one of that name.
func document(cfg provision.Config, name string) (string, bool) {
	for _, doc := range cfg.Documents {
		if doc.Name == name {
			return doc.Content, true
		}
	}
	return "", false
}

func userData(cfg provision.Config) string {
	text, _ := document(cfg, "user-data")
	return text
}

// TestGolden has one system of each family, the full intent by each way in
// which families differ.
func TestGolden(t *testing.T) {
	for _, d := range systems(t) {
		name := d.Name
		t.Run(name, func(t *testing.T) {
			intenttest.Golden(t, name+"-full.golden", render(t, intenttest.Full(), target(t, name, "")), *update)
			intenttest.Golden(t, name+"-minimal.golden", render(t, intenttest.Minimal(), target(t, name, "")), *update)
		})
	}
	intenttest.Golden(t, "debian-13-http-full.golden", render(t, intenttest.Full(), target(t, "debian-13", "http")), *update)
	intenttest.Golden(t, "debian-12-http-full.golden", render(t, intenttest.Full(), target(t, "debian-12", "http")), *update)
}

// cloudConfig is user-data as these tests read it back.
type cloudConfig struct {
	Files []struct {
		Path, Permissions, Encoding, Content string
	} `yaml:"write_files" json:"write_files"`
	Users []struct {
		Name string
		Keys []string `yaml:"ssh_authorized_keys" json:"ssh_authorized_keys"`
	}
	Packages []string
	NTP      struct{ Servers []string } `yaml:"ntp" json:"ntp"`
	Commands [][]string                 `yaml:"runcmd" json:"runcmd"`
}

// checkHolds fails unless every part of the intent that is no gap is in the
// config, byte by byte.
func checkHolds(t rapid.TB, intent provision.Intent, target provision.Target, got cloudConfig) {
	t.Helper()
	files := map[string]string{}
	modes := map[string]string{}
	for _, f := range got.Files {
		content := f.Content
		if f.Encoding == "b64" {
			raw, err := base64.StdEncoding.DecodeString(content)
			if err != nil {
				t.Fatal(err)
			}
			content = string(raw)
		}
		files[f.Path], modes[f.Path] = content, f.Permissions
	}
	// What the plan says is on an ordinary Linux; the network and the clock aside.
	asked := intent
	asked.Time = provision.Time{}
	plan, err := linux.Make(asked, target.Distro.Userland, linux.FetchByUnit)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range plan.Files {
		if got, ok := files[f.Path]; !ok || got != f.Content {
			t.Fatalf("%s: content %q, want %q", f.Path, got, f.Content)
		}
		if want := fmt.Sprintf("%#04o", f.EffectiveMode()); modes[f.Path] != want {
			t.Fatalf("%s: mode %q, want %q", f.Path, modes[f.Path], want)
		}
	}
	for _, u := range plan.Units {
		if got := files[path.Join(provision.UnitDir, u.Name)]; got != u.Content {
			t.Fatalf("%s: content %q, want %q", u.Name, got, u.Content)
		}
		enabled := slices.ContainsFunc(got.Commands, func(words []string) bool {
			return len(words) > 4 && slices.Equal(words[:4], []string{"systemctl", "enable", "--now", "--no-block"}) && slices.Contains(words[4:], u.Name)
		})
		if enabled != u.Enabled {
			t.Fatalf("%s: enabled %v, want %v", u.Name, enabled, u.Enabled)
		}
	}
	if len(got.Users) != len(intent.Users) {
		t.Fatalf("%d users, want %d", len(got.Users), len(intent.Users))
	}
	for i, u := range intent.Users {
		if got.Users[i].Name != u.Name || !slices.Equal(got.Users[i].Keys, u.SSHAuthorizedKeys) {
			t.Fatalf("user %d is %+v, want %+v", i, got.Users[i], u)
		}
	}
	if !slices.Equal(got.Packages, intent.Packages) {
		t.Fatalf("packages %q, want %q", got.Packages, intent.Packages)
	}
	if len(got.NTP.Servers) > 0 && !slices.Equal(got.NTP.Servers, intent.Time.NTP) {
		t.Fatalf("time servers %q, want %q", got.NTP.Servers, intent.Time.NTP)
	}
}

// TestEveryValidIntentIsHeldExactly on every system by every delivery, with
// every part answered, and the same bytes when rendered again.
func TestEveryValidIntentIsHeldExactly(t *testing.T) {
	all := targets(t)
	rapid.Check(t, func(t *rapid.T) {
		intent := intenttest.Intents().Draw(t, "intent")
		target := rapid.SampledFrom(all).Draw(t, "target")
		cfg := render(t, intent, target)
		var got cloudConfig
		if err := yaml.Unmarshal([]byte(userData(cfg)), &got); err != nil {
			t.Fatal(err)
		}
		checkHolds(t, intent, target, got)
		if missing := cfg.Unanswered(intent); len(missing) > 0 {
			t.Fatalf("nothing is said of %v", missing)
		}
		if diff := cmp.Diff(cfg, render(t, intent, target)); diff != "" {
			t.Fatalf("two renderings differ:\n%s", diff)
		}
		for _, s := range cfg.Steps {
			for _, secret := range intent.Secrets() {
				if strings.Contains(s.Does, secret) {
					t.Fatalf("a step tells a secret: %s", s.Does)
				}
			}
		}
	})
}

// TestStepsAreInOrder of cloud-init's stages.
func TestStepsAreInOrder(t *testing.T) {
	order := []string{"init-local", "init", "modules:config", "modules:final"}
	for _, target := range targets(t) {
		last := 0
		for _, s := range render(t, intenttest.Full(), target).Steps {
			at := slices.Index(order, s.Stage)
			if at < last {
				t.Errorf("%s: %q of stage %q comes after stage %q", target.Distro.Name, s.Does, s.Stage, order[last])
			}
			last = at
		}
	}
}

// cloud-init reads YAML by PyYAML, a reader of YAML 1.1: what it sees must be
// what was asked for. One process reads all the documents.
func TestPyYAMLReadsTheSame(t *testing.T) {
	python := pythonWithYAML(t)
	all := targets(t)
	var intents []provision.Intent
	for _, content := range append(intenttest.Hostile(), "${a}</domain>\x00é\n#cloud-config", strings.Repeat("a: b\n", 1<<20/5)) {
		intent := intenttest.Minimal()
		intent.Files = []provision.File{{Path: "/a", Content: content}}
		intents = append(intents, intent)
	}
	generator := intenttest.Intents()
	for seed := range 150 {
		intents = append(intents, generator.Example(seed))
	}
	var texts []string
	for i, intent := range intents {
		texts = append(texts, userData(render(t, intent, all[i%len(all)])))
	}
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", "import json,sys,yaml\nloader=getattr(yaml,'CSafeLoader',yaml.SafeLoader)\nprint(json.dumps([yaml.load(t,loader) for t in json.load(sys.stdin)]))")
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("reading by PyYAML: %v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	var read []cloudConfig
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatal(err)
	}
	for i, intent := range intents {
		checkHolds(t, intent, all[i%len(all)], read[i])
	}
}

// pythonWithYAML finds a Python that has PyYAML, the distribution's first.
func pythonWithYAML(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import yaml").Run() == nil {
			return python
		}
	}
	t.Skip("no python3 with PyYAML here; scripts/test installs python3-yaml")
	return ""
}

func TestInstanceFollowsTheConfig(t *testing.T) {
	debian := target(t, "debian-13", "")
	one, _ := document(render(t, intenttest.Minimal(), debian), "meta-data")
	changed := intenttest.Minimal()
	changed.Files = []provision.File{{Path: "/a", Content: "x"}}
	if other, _ := document(render(t, changed, debian), "meta-data"); one == other {
		t.Error("the instance-id must change with the config, or cloud-init skips its first-boot steps")
	}
}

// TestNetworkConfig is written when a network is asked for, in the version
// that the system reads, and by no way that does not lead there.
func TestNetworkConfig(t *testing.T) {
	dhcp := provision.Network{DHCP: true, MAC: "52:54:00:00:00:01"}
	for name, c := range map[string]struct {
		system, delivery string
		network          provision.Network
		want             string // in network-config; empty: there is none
		gap              bool
	}{
		"default":                       {"debian-13", "", provision.Network{}, "", false},
		"dhcp":                          {"debian-13", "", provision.Network{DHCP: true}, "", false},
		"dhcp of a mac":                 {"debian-13", "", dhcp, "dhcp4: true", false},
		"fixed":                         {"debian-13", "", intenttest.Full().Network, "version: 2", false},
		"old cloud-init":                {"centos-7", "", intenttest.Full().Network, "version: 1", false},
		"old cloud-init, dhcp":          {"centos-7", "", dhcp, "type: dhcp4", false},
		"over HTTP":                     {"debian-13", "http", intenttest.Full().Network, "version: 2", false},
		"over HTTP, older":              {"debian-12", "http", intenttest.Full().Network, "", true},
		"over HTTP, older, not needed":  {"debian-12", "http", provision.Network{DHCP: true}, "", false},
		"cloud-init must not configure": {"amazon-linux-2023", "", intenttest.Full().Network, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			intent := intenttest.Minimal()
			intent.Network = c.network
			cfg := render(t, intent, target(t, c.system, c.delivery))
			if got, _ := document(cfg, "network-config"); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("network-config is %q, want %q in it", got, c.want)
			}
			gap := slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == "network" })
			if gap != c.gap {
				t.Errorf("gap %v, want %v", gap, c.gap)
			}
		})
	}
	amazon := render(t, intenttest.Full(), target(t, "amazon-linux-2023", ""))
	for _, want := range []string{"/etc/systemd/network/10-distrolab.network", "systemd-networkd.service"} {
		if !strings.Contains(userData(amazon), want) {
			t.Errorf("%s is not in Amazon's user-data", want)
		}
	}
}

// TestHTTPServesWhatIsAskedFor: an absent file would be asked for ten times.
func TestHTTPServesWhatIsAskedFor(t *testing.T) {
	for name, want := range map[string][]string{
		"debian-13": {"user-data", "vendor-data", "network-config", "meta-data"},
		"debian-12": {"user-data", "vendor-data", "meta-data"}, // 22.4 does not ask for network-config
	} {
		cfg := render(t, intenttest.Minimal(), target(t, name, "http"))
		var got []string
		for _, doc := range cfg.Documents {
			got = append(got, doc.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, tg := range targets(t) {
		if tg.Delivery.Kind == distros.DeliverHTTP && !strings.HasPrefix(tg.Delivery.SMBIOS, "ds=nocloud") {
			t.Errorf("%s: SMBIOS says %q, which cloud-init does not understand", tg.Distro.Name, tg.Delivery.SMBIOS)
		}
	}
}

// TestFamilies: nothing of one system is asked of another.
func TestFamilies(t *testing.T) {
	for name, c := range map[string]struct{ has, hasNot []string }{
		"alpine": {
			[]string{"shell: /bin/ash", "permit nopass core", `passwd: "*"`, "lock_passwd: false", "[modprobe, \"-a\", overlay, br_netfilter]", "[sysctl, \"-p\", /etc/sysctl.d/90-distrolab.conf]"},
			[]string{"bash", "sudo", "systemctl", "systemd"},
		},
		"debian-13":         {[]string{"shell: /bin/bash", "NOPASSWD", "lock_passwd: true", "ntp:", "/etc/apt/apt.conf.d/99-distrolab"}, []string{"doas", "passwd:  "}},
		"centos-7":          {[]string{"/etc/chrony.conf", "chronyd.service", "failCgroupV1: false"}, []string{"apt.conf.d", "ntp:\n"}},
		"amazon-linux-2023": {[]string{"/etc/chrony.conf", "chronyd.service"}, []string{"ntp:\n"}},
		"photon":            {[]string{"/etc/docker/daemon.json"}, []string{"certs.d"}},
	} {
		intent := intenttest.Full()
		intent.Join.Bundle = nil // which needs containerd, whatever else there is
		text := userData(render(t, intent, target(t, name, "")))
		for _, want := range c.has {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in its user-data", name, want)
			}
		}
		for _, unwanted := range c.hasNot {
			// The full intent's own units speak of systemd.
			if strings.Contains(text, unwanted) {
				t.Errorf("%s: %q is in its user-data", name, unwanted)
			}
		}
	}
}

// TestOwnFileBeforeNTPModule: the module would replace the intent's own file.
func TestOwnFileBeforeNTPModule(t *testing.T) {
	intent := intenttest.Minimal()
	intent.Time.NTP = []string{"10.0.0.1"}
	intent.Files = []provision.File{{Path: "/etc/chrony.conf", Content: "mine\n"}}
	cfg := render(t, intent, target(t, "rocky-9", ""))
	if strings.Contains(userData(cfg), "ntp:") {
		t.Error("cloud-init's module is used and replaces the intent's own file")
	}
	if missing := cfg.Unanswered(intent); len(missing) > 0 || len(cfg.Gaps) == 0 {
		t.Errorf("time must be a gap: %v, nothing is said of %v", cfg.Gaps, missing)
	}
}

// TestSecretsAreKnown also where base64 hides them.
func TestSecretsAreKnown(t *testing.T) {
	intent := intenttest.Minimal()
	intent.Join = intenttest.Join()
	token := intent.Join.Token.Reveal()
	intent.Files = []provision.File{{Path: "/root/copy", Content: "\x00" + token}}
	cfg := render(t, intent, target(t, "debian-13", ""))
	cfg.Secrets = append(cfg.Secrets, intent.Secrets()...) // as render.Config does
	shown := userData(cfg.Redacted())
	for _, text := range []string{token, base64.StdEncoding.EncodeToString([]byte("\x00" + token))} {
		if !strings.Contains(userData(cfg), text) {
			t.Errorf("the config does not hold %s", text)
		}
		if strings.Contains(shown, text) {
			t.Errorf("a screen would show %s", text)
		}
	}
}

func TestRenderRefusesDeliveriesItHasNot(t *testing.T) {
	for _, kind := range []distros.DeliveryKind{distros.DeliverFWCfg, distros.DeliverNone, distros.DeliverKernel} {
		tg := target(t, "debian-13", "")
		tg.Delivery = distros.Delivery{Kind: kind}
		if _, err := cloudinit.Render(intenttest.Minimal(), tg); err == nil || !strings.Contains(err.Error(), string(kind)) {
			t.Errorf("%s: got %v", kind, err)
		}
	}
}

func TestValidateRefusesSpoiledDocuments(t *testing.T) {
	for name, c := range map[string]struct{ file, old, replacement, want string }{
		"header":          {"user-data", "#cloud-config", "# cloud-config", "first line"},
		"unknown key":     {"user-data", "ssh_pwauth:", "ssh_pwauthx:", "ssh_pwauthx"},
		"password login":  {"user-data", "ssh_pwauth: false", "ssh_pwauth: true", "ssh_pwauth must be false"},
		"open password":   {"user-data", "lock_passwd: true", "lock_passwd: false", "lock_passwd"},
		"relative path":   {"user-data", "path: /etc/motd", "path: etc/motd", "absolute path"},
		"no instance":     {"meta-data", "instance-id: ", "instance-id: ''\n#", "instance-id"},
		"wrong network":   {"network-config", "version: 2", "version: 3", "1 or 2"},
		"network nowhere": {"network-config", "macaddress: ", "macaddress: ''\n#", "macaddress"},
		"unknown file":    {"meta-data", "", "", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := render(t, intenttest.Full(), target(t, "debian-13", ""))
			for i, doc := range cfg.Documents {
				if doc.Name != c.file {
					continue
				}
				cfg.Documents[i].Content = strings.Replace(doc.Content, c.old, c.replacement, 1)
				if c.old == "" {
					cfg.Documents[i].Name = "user-date"
				}
			}
			if err := cloudinit.Validate(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want an error about %q, got %v", c.want, err)
			}
		})
	}
	if err := cloudinit.Validate(provision.Config{}); err == nil {
		t.Error("an empty config must be refused")
	}
}

func BenchmarkRender(b *testing.B) {
	all := targets(b)
	intent := intenttest.Full()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := cloudinit.Render(intent, all[i%len(all)]); err != nil {
			b.Fatal(err)
		}
	}
}
