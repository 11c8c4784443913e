package bottlerocket_test

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/bottlerocket"
	"distrolab/provision/internal/intenttest"
)

var update = flag.Bool("update", false, "write the golden files")

// metal is a target whose files lie in a partition of the image.
func metal() provision.Target {
	return provision.Target{Delivery: distros.Delivery{Kind: distros.DeliverPartition, Label: "BOTTLEROCKET-PRIVATE"}}
}

// vmware is a target that reads a CD-ROM.
func vmware() provision.Target {
	return provision.Target{Delivery: distros.Delivery{Name: "cdrom", Kind: distros.DeliverVolume, Media: distros.MediaCDROM, Label: "bottlerocket", File: "user-data"}}
}

func render(t rapid.TB, intent provision.Intent, target provision.Target) provision.Config {
	t.Helper()
	cfg, err := bottlerocket.Render(intent, target)
	if err != nil {
		t.Fatal(err)
	}
	if missing := cfg.Unanswered(intent); len(missing) > 0 {
		t.Fatalf("nothing is said of %v", missing)
	}
	return cfg
}

// content is the document of the name.
func content(t rapid.TB, cfg provision.Config, name string) string {
	t.Helper()
	i := slices.IndexFunc(cfg.Documents, func(d provision.Document) bool { return d.Name == name })
	if i < 0 {
		t.Fatalf("there is no document %s", name)
	}
	return cfg.Documents[i].Content
}

// decoded reads TOML by the library's own reader.
func decoded(t rapid.TB, text string) map[string]any {
	t.Helper()
	var document map[string]any
	if err := toml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return document
}

// at follows keys into a decoded document.
func at(document any, keys ...string) any {
	for _, key := range keys {
		table, _ := document.(map[string]any)
		document = table[key]
	}
	return document
}

func TestGolden(t *testing.T) {
	for name, test := range map[string]struct {
		intent provision.Intent
		target provision.Target
	}{
		"metal-full.golden":     {intenttest.Full(), metal()},
		"metal-minimal.golden":  {intenttest.Minimal(), metal()},
		"vmware-full.golden":    {intenttest.Full(), vmware()},
		"vmware-minimal.golden": {intenttest.Minimal(), vmware()},
	} {
		t.Run(name, func(t *testing.T) {
			intenttest.Golden(t, name, render(t, test.intent, test.target), *update)
		})
	}
}

func TestEveryIntentRendersTheSameTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		intent := intenttest.Intents().Draw(t, "intent")
		target := rapid.SampledFrom([]provision.Target{metal(), vmware()}).Draw(t, "target")
		first := render(t, intent, target)
		if diff := cmp.Diff(first, render(t, intent, target)); diff != "" {
			t.Fatalf("the second rendering differs:\n%s", diff)
		}
	})
}

// TestTextsComeThroughExactly reads every text back by the TOML library and
// from the base64 of the admin container.
func TestTextsComeThroughExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		motd := strings.ToValidUTF8(intenttest.Contents().Draw(t, "motd"), "?")
		intent := intenttest.Intents().Draw(t, "intent")
		intent.Files = append(intent.Files, provision.File{Path: "/etc/motd", Content: motd})
		settings := at(decoded(t, content(t, render(t, intent, metal()), "user-data.toml")), "settings")
		if got := at(settings, "motd"); got != motd {
			t.Fatalf("motd is %q, want %q", got, motd)
		}
		if got := at(settings, "network", "hostname"); got != intent.Hostname {
			t.Fatalf("host name is %v, want %s", got, intent.Hostname)
		}
		for key, value := range intent.Kernel.Sysctl {
			if got := at(settings, "kernel", "sysctl", key); got != value {
				t.Fatalf("%s is %v, want %s", key, got, value)
			}
		}
		for _, module := range intent.Kernel.Modules {
			if at(settings, "kernel", "modules", module, "autoload") != true {
				t.Fatalf("%s is not loaded", module)
			}
		}
		var keys []string
		for _, u := range intent.Users {
			keys = append(keys, u.SSHAuthorizedKeys...)
		}
		if diff := cmp.Diff(keys, adminKeys(t, settings)); diff != "" {
			t.Fatalf("the keys of the admin container differ (-want +got):\n%s", diff)
		}
		joined(t, settings, intent.Join)
	})
}

func adminKeys(t rapid.TB, settings any) []string {
	t.Helper()
	data, _ := at(settings, "host-containers", "admin", "user-data").(string)
	if data == "" {
		return nil
	}
	text, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	var access struct {
		SSH map[string][]string `json:"ssh"`
	}
	if err := json.Unmarshal(text, &access); err != nil {
		t.Fatal(err)
	}
	return access.SSH["authorized-keys"]
}

func joined(t rapid.TB, settings any, j *provision.Join) {
	t.Helper()
	k := at(settings, "kubernetes")
	if j == nil {
		if at(k, "standalone-mode") != true || at(k, "api-server") != nil {
			t.Fatalf("without a join the kubelet has %v", k)
		}
		return
	}
	want := map[string]any{
		"api-server":           "https://" + j.Endpoint,
		"bootstrap-token":      j.Token.Reveal(),
		"cluster-certificate":  base64.StdEncoding.EncodeToString([]byte(j.CA)),
		"cluster-dns-ip":       "10.96.0.10",
		"cluster-domain":       "cluster.local",
		"authentication-mode":  "tls",
		"cloud-provider":       "",
		"server-tls-bootstrap": false,
	}
	if diff := cmp.Diff(any(want), k); diff != "" {
		t.Fatalf("the join differs (-want +got):\n%s", diff)
	}
}

func TestStaticNetwork(t *testing.T) {
	net := decoded(t, content(t, render(t, intenttest.Full(), metal()), "net.toml"))
	want := map[string]any{
		"version": int64(3),
		"52:54:00:12:34:56": map[string]any{
			"primary": true,
			"static4": map[string]any{"addresses": []any{"192.168.50.10/24"}},
			"static6": map[string]any{"addresses": []any{"fd00:50::10/64"}},
			"route":   []any{map[string]any{"to": "default", "via": "192.168.50.1"}},
		},
	}
	if diff := cmp.Diff(want, net); diff != "" {
		t.Errorf("net.toml differs (-want +got):\n%s", diff)
	}
}

// TestRoutesBesideDHCPAreAGap: netdog refuses them, and then there is no
// network at all.
func TestRoutesBesideDHCPAreAGap(t *testing.T) {
	intent := intenttest.Full()
	intent.Network.DHCP = true
	cfg := render(t, intent, metal())
	if strings.Contains(content(t, cfg, "net.toml"), "route") {
		t.Error("net.toml has a route beside DHCP")
	}
	if !hasGap(cfg, "network.gateway") {
		t.Errorf("no gap for the gateway in %v", cfg.Gaps)
	}
}

func hasGap(cfg provision.Config, field string) bool {
	return slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == field })
}

func TestWhatASettingCannotHoldIsAGap(t *testing.T) {
	intent := intenttest.Full()
	intent.Time.NTP = []string{"fd00::1", "time.example.org"}
	intent.Kernel.Sysctl = map[string]string{"net.ipv4.conf.eth0:1.forwarding": "1", "net.ipv4.ip_forward": "1"}
	intent.Kernel.Args = []string{"quiet", "quiet=1", "a[0]=b", "--", `x='`}
	intent.Files[0].Mode = 0o600
	cfg := render(t, intent, metal())
	for _, field := range []string{"time.ntp[0]", "kernel.sysctl[net.ipv4.conf.eth0:1.forwarding]", "kernel.args[1]", "kernel.args[2]", "kernel.args[3]", "files[0].mode", "join.kubernetes"} {
		if !hasGap(cfg, field) {
			t.Errorf("no gap for %s", field)
		}
	}
	if hasGap(cfg, "kernel.args[4]") || hasGap(cfg, "kernel.args[0]") {
		t.Error("an argument that can be said is a gap")
	}
}

func TestNoOtherDelivery(t *testing.T) {
	target := metal()
	target.Delivery = distros.Delivery{Kind: distros.DeliverFWCfg, Key: "opt/x"}
	if _, err := bottlerocket.Render(intenttest.Minimal(), target); err == nil || !strings.Contains(err.Error(), "fw_cfg") {
		t.Errorf("fw_cfg is taken: %v", err)
	}
}

func BenchmarkRender(b *testing.B) {
	intent := intenttest.Full()
	for b.Loop() {
		if _, err := bottlerocket.Render(intent, metal()); err != nil {
			b.Fatal(err)
		}
	}
}
