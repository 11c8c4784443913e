package bottlerocket_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/provision"
	"distrolab/provision/bottlerocket"
	"distrolab/provision/internal/intenttest"
)

// said puts findings into lines.
func said(name, text string) []string {
	var lines []string
	for _, f := range bottlerocket.Check(name, text, metal()) {
		lines = append(lines, fmt.Sprintf("%s %d:%d %s: %s", f.Severity, f.Line, f.Column, f.Path, f.Message))
	}
	return lines
}

// alone lets the kubelet run without a cluster.
const alone = "[settings.kubernetes]\nstandalone-mode = true\n"

func TestCheckOfSettings(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"good": {"[settings.kubernetes]\nstandalone-mode = true\ncluster-dns-ip = [\"10.96.0.10\", \"fd00::a\"]\nmax-pods = 40\nimage-gc-low-threshold-percent = \"40\"\n" +
			"[settings.kubernetes.node-taints]\ndedicated = [\"lab:NoSchedule\"]\n[settings.container-registry.mirrors]\n\"docker.io\" = [\"https://m.example.org\"]\n" +
			"[settings.network]\nhosts = [[\"10.0.0.1\", [\"a.lab\", \"b.lab\"]]]\n", nil},
		"no cluster": {"[settings.kubernetes]\napi-server = \"https://a:6443\"\nbootstrap-token = \"abcdef.0123456789abcdef\"\n",
			[]string{"warning 1:11 settings.kubernetes: without cluster-certificate, cluster-dns-ip the kubelet joins no cluster; give them, or standalone-mode = true"}},
		"unknown key": {"[settings.kubernetes]\nstandalone-mode = true\napi_server = \"https://a:6443\"\n",
			[]string{"error 3:1 settings.kubernetes.api_server: there is no such setting; did you mean api-server?"}},
		"unknown table": {"[settings.kubernets]\n" + alone,
			[]string{"error 1:11 settings.kubernets: there is no such setting"}},
		"all at once": {"[settings.kubernetes]\nbootstrap-token = \"secret\"\nmax-pods = \"ten\"\nlog-level = 300\nstandalone-mode = true\nseccomp-default = 1\n",
			[]string{
				"error 2:1 settings.kubernetes.bootstrap-token: must be a bootstrap token: 6 characters, a dot, 16 characters of a-z and 0-9",
				"error 3:1 settings.kubernetes.max-pods: must be a whole number, not a text; leave the quotes out",
				"error 4:1 settings.kubernetes.log-level: must be from 0 to 255",
				"error 6:1 settings.kubernetes.seccomp-default: must be true or false, not a number",
			}},
		"array of tables": {"[[settings.container-registry.mirrors]]\nregistry = \"docker.io\"\n[[settings.container-registry.mirrors]]\nendpoint = [\"two words\"]\n" + alone,
			[]string{"error 4:1 settings.container-registry.mirrors[1].endpoint[0]: must be a URL, or a host with or without port; an IPv6 address needs brackets"}},
		"base64": {"[settings.host-containers.admin]\nuser-data = \"{}\"\n" + alone,
			[]string{"error 2:1 settings.host-containers.admin.user-data: must be base64 with its padding, such as the output of base64 -w0"}},
		"a key's own rule": {"[settings.host-containers.my_own]\nenabled = true\n" + alone,
			[]string{"error 1:27 settings.host-containers.my_own: the key must be at most 76 letters, digits and hyphens"}},
		"hosts": {"[settings.network]\nhosts = [[\"10.0.0.1\"]]\n" + alone,
			[]string{`error 2:1 settings.network.hosts[0]: must be an address and a list of names, such as ["10.0.0.1", ["a.lab"]]`}},
		"no settings": {"motd = \"hello\"\n", []string{
			"error 0:0 : holds no [settings], so nothing would be set",
			"error 1:1 motd: there is no such setting; here are settings",
		}},
		"no TOML": {"[settings]\nmotd = \"a\nb\"\n", []string{"error 2:10 : basic strings cannot have new lines"}},
	} {
		if diff := cmp.Diff(test.want, said("user-data.toml", test.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestCheckOfTheNetwork(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"good":         {"version = 3\n[eth0]\ndhcp4 = {enabled = true, route-metric = 5}\nprimary = true\n[vlan9]\nkind = \"vlan\"\ndevice = \"eth0\"\nid = 9\ndhcp6 = true\n", nil},
		"no version":   {"[eth0]\ndhcp4 = true\n", []string{"error 0:0 version: must be there, and 1, 2 or 3"}},
		"no interface": {"version = 3\n", []string{"error 0:0 : names no interface: neither the network nor containerd nor the kubelet will start"}},
		"routes beside DHCP": {"version = 3\n[eth0]\ndhcp4 = true\n[[eth0.route]]\nto = \"default\"\nvia = \"10.0.0.1\"\n",
			[]string{"error 4:8 eth0.route: routes are not possible beside DHCP"}},
		"MAC address in an old version": {"version = 2\n[\"52:54:00:00:00:01\"]\ndhcp4 = true\n",
			[]string{"error 2:2 52:54:00:00:00:01: a MAC address names an interface from version = 3 on"}},
		"wrong family and no length": {"version = 3\n[eth0.static4]\naddresses = [\"fd00::1/64\", \"10.0.0.1\"]\n", []string{
			"error 3:1 eth0.static4.addresses[1]: must be an address with its prefix length, such as 192.168.50.10/24",
			"error 3:1 eth0.static4.addresses[0]: fd00::1/64 is of the other family",
		}},
		"two primaries": {"version = 3\n[eth0]\ndhcp4 = true\nprimary = true\n[eth1]\ndhcp4 = true\nprimary = true\n",
			[]string{`error 7:1 eth1.primary: "eth0" is primary already; only one can be`}},
		"nothing to do": {"version = 3\n[eth0]\nmtu = 1500\n", []string{"error 2:2 eth0: must have dhcp4, dhcp6, static4 or static6"}},
		"half a bond": {"version = 3\n[bond0]\nkind = \"bond\"\nmode = \"lacp\"\nid = 1\ndhcp4 = false\n", []string{
			"error 2:2 bond0: interfaces is missing, which a bond needs",
			"error 2:2 bond0: monitoring is missing, which a bond needs",
			"error 4:1 bond0.mode: must be active-backup, the only mode that Bottlerocket has",
			`error 5:1 bond0.id: is for kind = "vlan" only`,
		}},
		"a route to nowhere": {"version = 3\n[eth0.static4]\naddresses = [\"10.0.0.2/8\"]\n[[eth0.route]]\nvia = \"10.0.0.1\"\n",
			[]string{"error 4:8 eth0.route[0]: to is missing"}},
	} {
		if diff := cmp.Diff(test.want, said("/mnt/net.toml", test.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestCheckOfTheBootConfiguration(t *testing.T) {
	packed, err := bottlerocket.EncodeBootConfig("kernel.console = \"ttyS0\"\nother = 1\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"good":              {"kernel {\n  console = tty0, \"ttyS0,115200n8\" # both\n  quiet; audit = 0\n}\ninit.systemd.log_level = debug\n", nil},
		"the vendor's trap": {"kernel {\n    console=ttyS0,115200n8\n}\n", []string{`warning 2:5 kernel.console: the comma makes two values of it; write "ttyS0,115200n8" in quotes`}},
		"no console":        {"kernel.quiet\n", []string{`warning 0:0 kernel.console: is missing: a metal variant then shows nothing on the serial port; add kernel.console = "ttyS0,115200n8"`}},
		"packed":            {string(packed), []string{"error 2:1 other: Bottlerocket allows keys below kernel and init only, and generates no settings from others"}},
		"packed and cut":    {string(packed[4:]), []string{"error 0:0 : unpacking a boot configuration: its size says 36, and 32 bytes are there"}},
		"open brace":        {"kernel {\n console = a\n", []string{"error 3:1 : a brace is not closed"}},
		"too many braces":   {"kernel.console = a\n}\n", []string{"error 2:1 : this brace closes nothing"}},
		"open quote":        {"kernel.console = \"a\n", []string{"error 1:18 : the quote is not closed"}},
		"bad key":           {"kernel.a/b = 1\n", []string{"error 1:1 : a key must be words of letters, digits, - and _, joined by dots, of at most 255 characters"}},
		"no statement":      {"kernel console\n", []string{"error 1:8 : after a key comes =, a brace, or the end of the line"}},
	} {
		if diff := cmp.Diff(test.want, said("bootconfig.data", test.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestCheckAcceptsWhatIsRendered also holds the model against the renderer.
func TestCheckAcceptsWhatIsRendered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := render(t, intenttest.Intents().Draw(t, "intent"), metal())
		for _, doc := range append(cfg.Documents, cfg.Sources...) {
			if lines := said(doc.Name, doc.Content); len(lines) > 0 {
				t.Fatalf("%s: %v\n%s", doc.Name, lines, doc.Content)
			}
		}
	})
}

func TestValidateRefusesABrokenDocument(t *testing.T) {
	for _, name := range []string{"user-data.toml", "net.toml", "bootconfig.data"} {
		cfg := render(t, intenttest.Full(), metal())
		for i, doc := range cfg.Documents {
			if doc.Name == name {
				cfg.Documents[i].Content = "surprise = 1\n" + doc.Content
			}
		}
		if err := bottlerocket.Validate(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := bottlerocket.Validate(provision.Config{}); err == nil {
		t.Error("no document is valid")
	}
}

func FuzzCheck(f *testing.F) {
	for _, name := range []string{"user-data.toml", "net.toml", "bootconfig.data"} {
		f.Add(name, "[settings]\n")
		f.Add(name, "version = 3\n[eth0]\ndhcp4 = true\n")
		f.Add(name, "kernel { a = \"b\", 'c' }\n")
		f.Add(name, "[[a]]\n[[a.b]]\nc = {d = [1, {e = 2}]}\n")
		for _, hostile := range intenttest.Hostile() {
			f.Add(name, hostile)
		}
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		findings := bottlerocket.Check(name, text, metal())
		if len(findings) > 102 {
			t.Errorf("%d findings", len(findings))
		}
		for _, finding := range findings {
			if finding.Message == "" || len(finding.Message) > 4096 {
				t.Errorf("a message of %d bytes", len(finding.Message))
			}
		}
	})
}
