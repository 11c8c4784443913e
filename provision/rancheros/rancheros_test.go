package rancheros_test

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/rancheros"
)

var update = flag.Bool("update", false, "write the golden files")

// target is a catalog entry by one of its deliveries.
func target(t testing.TB, name, delivery string) provision.Target {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	chosen, ok := d.Config.Delivery(delivery)
	if !ok {
		t.Fatalf("%s has no delivery %q", name, delivery)
	}
	return provision.Target{Distro: d, Profile: d.Config, Delivery: chosen}
}

func render(t rapid.TB, intent provision.Intent, target provision.Target) provision.Config {
	t.Helper()
	cfg, err := rancheros.Render(intent, target)
	if err != nil {
		t.Fatal(err)
	}
	if missing := cfg.Unanswered(intent); len(missing) > 0 {
		t.Fatalf("nothing is said of %v", missing)
	}
	return cfg
}

func TestGolden(t *testing.T) {
	for _, delivery := range []string{"volume", "http", "kernel"} {
		to := target(t, "rancheros", delivery)
		intenttest.Golden(t, delivery+"-minimal.golden", render(t, intenttest.Minimal(), to), *update)
		intenttest.Golden(t, delivery+"-full.golden", render(t, intenttest.Full(), to), *update)
	}
}

// TestHeirReadsTheSame: BurmillaOS gets the documents of RancherOS.
func TestHeirReadsTheSame(t *testing.T) {
	for _, delivery := range []string{"volume", "http", "kernel"} {
		one := render(t, intenttest.Full(), target(t, "rancheros", delivery))
		heir := render(t, intenttest.Full(), target(t, "burmillaos", delivery))
		if diff := cmp.Diff(one.Documents, heir.Documents); diff != "" {
			t.Errorf("%s (-RancherOS +BurmillaOS):\n%s", delivery, diff)
		}
	}
}

// read is what these tests know of the system's types, by its own names.
type read struct {
	Hostname string   `yaml:"hostname"`
	Keys     []string `yaml:"ssh_authorized_keys"`
	Files    []struct {
		Path, Permissions, Owner, Encoding, Content, Container string
	} `yaml:"write_files"`
	Rancher struct {
		Modules []string
		Sysctl  map[string]string
		Network struct {
			Interfaces map[string]struct {
				Match     string
				DHCP      bool `yaml:"dhcp"`
				Addresses []string
				Gateway   string
				Gateway6  string `yaml:"gateway_ipv6"`
			}
			DNS struct{ Nameservers []string } `yaml:"dns"`
		}
		Docker struct {
			Mirror    string   `yaml:"registry_mirror"`
			Insecure  []string `yaml:"insecure_registry"`
			ExtraArgs []string `yaml:"extra_args"`
		}
		CloudInit struct{ Datasources []string } `yaml:"cloud_init"`
	}
}

// checkHolds fails unless each part of the intent is in the document as it was
// said, or is a gap.
func checkHolds(t rapid.TB, intent provision.Intent, cfg provision.Config, got read) {
	t.Helper()
	gap := func(field string) bool {
		return slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool {
			return g.Field == field || strings.HasPrefix(g.Field, field+".") || strings.HasPrefix(g.Field, field+"[")
		})
	}
	if got.Hostname != intent.Hostname && !gap("hostname") {
		t.Fatalf("host name %q, want %q", got.Hostname, intent.Hostname)
	}
	for i, f := range intent.Files {
		at := slices.IndexFunc(got.Files, func(o struct{ Path, Permissions, Owner, Encoding, Content, Container string }) bool {
			return o.Path == f.Path && o.Container == ""
		})
		if at < 0 {
			if !gap(fmt.Sprintf("files[%d]", i)) {
				t.Fatalf("%s is neither there nor a gap", f.Path)
			}
			continue
		}
		content := got.Files[at].Content
		if got.Files[at].Encoding == "base64" {
			raw, err := base64.StdEncoding.DecodeString(content)
			if err != nil {
				t.Fatal(err)
			}
			content = string(raw)
		}
		if content != f.Content || got.Files[at].Permissions != fmt.Sprintf("%#04o", f.EffectiveMode()) {
			t.Fatalf("%s: content %q mode %s, want %q %o", f.Path, content, got.Files[at].Permissions, f.Content, f.EffectiveMode())
		}
	}
	for i, u := range intent.Users {
		for _, key := range u.SSHAuthorizedKeys {
			if !slices.Contains(got.Keys, key) && !gap(fmt.Sprintf("users[%d]", i)) {
				t.Fatalf("key %q is neither there nor a gap", key)
			}
		}
	}
	for _, m := range intent.Kernel.Modules {
		if !slices.Contains(got.Rancher.Modules, m) && !gap("kernel.modules") {
			t.Fatalf("module %s is neither there nor a gap", m)
		}
	}
	for name, value := range intent.Kernel.Sysctl {
		set, ok := got.Rancher.Sysctl[name]
		if !ok {
			set, ok = got.Rancher.Sysctl[strings.ReplaceAll(name, ".", "/")]
		}
		if (!ok || set != value) && !gap("kernel.sysctl["+name+"]") {
			t.Fatalf("setting %s is %q, want %q", name, set, value)
		}
	}
	link := got.Rancher.Network.Interfaces["lab0"]
	if net := intent.Network; net.MAC != "" && !gap("network") {
		want := append([]string{"mac=" + strings.ToLower(net.MAC), net.Gateway}, append(net.Addresses, net.DNS...)...)
		have := append([]string{link.Match, link.Gateway + link.Gateway6}, append(link.Addresses, got.Rancher.Network.DNS.Nameservers...)...)
		if !slices.Equal(want, have) || link.DHCP != net.DHCP {
			t.Fatalf("network %q dhcp %v, want %q %v", have, link.DHCP, want, net.DHCP)
		}
	}
	for _, mirror := range intent.Registries.Mirrors["docker.io"] {
		mirror = strings.TrimSuffix(mirror, "/")
		if got.Rancher.Docker.Mirror != mirror && !slices.Contains(got.Rancher.Docker.ExtraArgs, "--registry-mirror="+mirror) && !gap("registries") {
			t.Fatalf("mirror %s is neither there nor a gap", mirror)
		}
	}
}

func decode(t rapid.TB, text string) read {
	t.Helper()
	dec := yaml.NewDecoder(strings.NewReader(text))
	dec.KnownFields(true)
	var got read
	if err := dec.Decode(&got); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return got
}

// parseLine reads a command line as the system does: at every space, cc. cut
// off, keys between dots, values as YAML in which colons mean nothing.
func parseLine(t rapid.TB, line string) (config read, rest []string) {
	t.Helper()
	root := map[string]any{}
	for _, word := range strings.Split(line, " ") {
		key, value, _ := strings.Cut(word, "=")
		key, short := strings.CutPrefix(key, "cc.")
		if !short && !strings.HasPrefix(key, "rancher.") {
			rest = append(rest, word)
			continue
		}
		var parsed any
		if err := yaml.Unmarshal([]byte(strings.ReplaceAll(value, ":", "V0Rc21pIVknMm2rr")), &parsed); err != nil {
			t.Fatalf("%q: %v", word, err)
		}
		at, keys := root, strings.Split(key, ".")
		for _, k := range keys[:len(keys)-1] {
			if _, ok := at[k]; !ok {
				at[k] = map[string]any{}
			}
			at = at[k].(map[string]any)
		}
		at[keys[len(keys)-1]] = parsed
	}
	text, err := yaml.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, strings.ReplaceAll(string(text), "V0Rc21pIVknMm2rr", ":")), rest
}

func TestEveryValidIntentIsHeldExactly(t *testing.T) {
	targets := map[string]provision.Target{}
	for _, delivery := range []string{"volume", "http", "kernel"} {
		targets[delivery] = target(t, "rancheros", delivery)
	}
	rapid.Check(t, func(t *rapid.T) {
		intent := intenttest.Intents().Draw(t, "intent")
		for delivery, to := range targets {
			cfg := render(t, intent, to)
			if diff := cmp.Diff(cfg, render(t, intent, to)); diff != "" {
				t.Fatalf("rendered twice, the results differ:\n%s", diff)
			}
			if delivery != "kernel" {
				checkHolds(t, intent, cfg, decode(t, cfg.Documents[0].Content))
				continue
			}
			got, rest := parseLine(t, cfg.Documents[0].Content)
			checkHolds(t, intent, cfg, got)
			for _, word := range rest {
				if !slices.Contains(intent.Kernel.Args, word) {
					t.Fatalf("the word %q was not asked for", word)
				}
			}
		}
	})
}

func TestHostileContentsAreHeldExactly(t *testing.T) {
	to := target(t, "rancheros", "volume")
	hostile := append(intenttest.Hostile(), "a $private_ipv4 b", "</domain>", "\x00", strings.Repeat("🙂\"'\n", 200_000))
	for _, content := range hostile {
		intent := intenttest.Minimal()
		intent.Files = []provision.File{{Path: "/a", Content: content}}
		cfg := render(t, intent, to)
		checkHolds(t, intent, cfg, decode(t, cfg.Documents[0].Content))
		if strings.Contains(cfg.Documents[0].Content, "$private_ipv4") {
			t.Error("some releases would replace $private_ipv4 before they read the document")
		}
	}
}

// TestMetaDataSaysTheSame, because it counts more than the user data.
func TestMetaDataSaysTheSame(t *testing.T) {
	cfg := render(t, intenttest.Full(), target(t, "rancheros", "volume"))
	var meta struct {
		Hostname string            `json:"hostname"`
		Keys     map[string]string `json:"public_keys"`
	}
	if err := json.Unmarshal([]byte(cfg.Documents[1].Content), &meta); err != nil {
		t.Fatal(err)
	}
	user := decode(t, cfg.Documents[0].Content)
	var keys []string
	for i := range len(meta.Keys) {
		keys = append(keys, meta.Keys[fmt.Sprintf("%05d", i)])
	}
	if diff := cmp.Diff(user.Keys, keys); diff != "" || meta.Hostname != user.Hostname {
		t.Errorf("host name %q and %q; keys (-user data +meta data):\n%s", user.Hostname, meta.Hostname, diff)
	}
}

// TestNothingIsThereTwice: the system refuses lists that hold a string twice,
// and two users may have one key.
func TestNothingIsThereTwice(t *testing.T) {
	intent := intenttest.Minimal()
	intent.Users = append(intent.Users, provision.User{Name: "rancher", SSHAuthorizedKeys: intent.Users[0].SSHAuthorizedKeys})
	intent.Kernel.Modules = []string{"overlay", "overlay"}
	got := decode(t, render(t, intent, target(t, "rancheros", "volume")).Documents[0].Content)
	if len(got.Keys) != 1 || len(got.Rancher.Modules) != 1 {
		t.Errorf("keys %q, modules %q", got.Keys, got.Rancher.Modules)
	}
}

// TestLineHoldsOnlyWhatYAMLLeavesAlone: a value that YAML would take for
// something else is a gap on the command line.
func TestLineHoldsOnlyWhatYAMLLeavesAlone(t *testing.T) {
	to := target(t, "rancheros", "kernel")
	for _, value := range []string{"yes", "0644", "1e3", "~", "1 2 3", "a: b", "[1]", "rancher.password=x rancher.autologin=ttyS0", "007"} {
		intent := intenttest.Minimal()
		intent.Kernel.Sysctl = map[string]string{"net.a.b": value}
		cfg := render(t, intent, to)
		if !slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == "kernel.sysctl[net.a.b]" }) {
			t.Errorf("%q is no gap: %s", value, cfg.Documents[0].Content)
		}
		if strings.Contains(cfg.Documents[0].Content, "password") {
			t.Errorf("%q added a word: %s", value, cfg.Documents[0].Content)
		}
	}
	intent := intenttest.Minimal()
	intent.Hostname = "on"
	intent.Kernel.Args = []string{"rancher.password=x", "cc.hostname=y", "a='b'", "--", "quiet"}
	cfg := render(t, intent, to)
	if got := cfg.Documents[0].Content; got != "quiet" {
		t.Errorf("the line is %q", got)
	}
	intent.Kernel.Args = nil
	if got := render(t, intent, to).Documents[0].Content; got == "" {
		t.Error("an empty command line is no config")
	}
}

func TestLongLinesBecomeGaps(t *testing.T) {
	intent := intenttest.Minimal()
	intent.Kernel.Sysctl = map[string]string{}
	for i := range 200 {
		intent.Kernel.Sysctl[fmt.Sprintf("net.x.s%d", i)] = "1"
	}
	cfg := render(t, intent, target(t, "rancheros", "kernel"))
	if n := len(cfg.Documents[0].Content); n > 1500 || len(cfg.Gaps) < 100 {
		t.Errorf("%d bytes, %d gaps", n, len(cfg.Gaps))
	}
}

func TestCheck(t *testing.T) {
	const head = "#cloud-config\n"
	for name, c := range map[string]struct {
		file, text   string
		line, column int
		path, says   string
	}{
		"no first line":     {"user_data", "hostname: a\n", 1, 1, "", "#cloud-config"},
		"key of others":     {"user_data", head + "packages: [a]\n", 2, 1, "packages", "no key that the system knows; there are bootcmd"},
		"slip":              {"user_data", head + "hostnam: a\n", 2, 1, "hostnam", "did you mean hostname?"},
		"slip below":        {"user_data", head + "rancher:\n  module: [a]\n", 3, 3, "rancher.module", "did you mean modules?"},
		"bare mode":         {"user_data", head + "write_files:\n- path: /a\n  permissions: 0644\n", 4, 16, "write_files[0].permissions", "put it in quotes"},
		"bad mode":          {"user_data", head + "write_files:\n- path: /a\n  permissions: rw\n", 4, 16, "write_files[0].permissions", `"0644"`},
		"relative path":     {"user_data", head + "write_files: [{path: a}]\n", 2, 22, "write_files[0].path", "absolute"},
		"text for a list":   {"user_data", head + "ssh_authorized_keys: a\n", 2, 22, "ssh_authorized_keys", "must be a list; this is text"},
		"yes is no name":    {"user_data", head + "hostname: yes\n", 2, 11, "hostname", "true or false"},
		"twice in a set":    {"user_data", head + "rancher: {modules: [a, a]}\n", 2, 24, "rancher.modules[1]", "twice"},
		"key twice":         {"user_data", head + "hostname: a\nhostname: b\n", 3, 1, "hostname", "twice"},
		"empty value":       {"user_data", head + "hostname:\n", 2, 10, "hostname", "no value"},
		"no YAML":           {"user_data", head + "hostname: [\n", 2, 0, "", "is not YAML"},
		"no UTF-8":          {"user_data", head + "hostname: \xff\n", 0, 0, "", "UTF-8"},
		"second document":   {"user_data", head + "hostname: a\n---\nhostname: b\n", 2, 1, "", "second document"},
		"meta data":         {"meta_data.json", "{\n \"hostname\": ,}", 2, 14, "", "JSON"},
		"meta data type":    {"meta_data.json", `{"hostname": 1}`, 0, 0, "hostname", "text"},
		"line, unknown":     {"cmdline", "quiet rancher.modul=[a]", 1, 7, "rancher.modul", "did you mean modules?"},
		"line, below a key": {"cmdline", "quiet rancher.doker.tls=true", 1, 7, "rancher.doker", "did you mean docker?"},
		"line with quotes":  {"cmdline", `quiet cc.ssh_authorized_keys="a b"`, 1, 7, "ssh_authorized_keys", "every space"},
		"line, wrong type":  {"cmdline", "rancher.debug=[a]", 1, 1, "rancher.debug", "true or false"},
		"line, two values":  {"cmdline", "rancher.docker=a rancher.docker.tls=true", 1, 18, "rancher.docker.tls", "before"},
	} {
		t.Run(name, func(t *testing.T) {
			found := rancheros.Check("/tmp/"+c.file, c.text, provision.Target{})
			if len(found) == 0 {
				t.Fatal("nothing was found")
			}
			f := found[0]
			if f.Severity != provision.SeverityError || f.Line != c.line || f.Column != c.column || f.Path != c.path || !strings.Contains(f.Message, c.says) {
				t.Errorf("found %+v", found)
			}
		})
	}
}

func TestCheckAcceptsWhatTheSystemReads(t *testing.T) {
	for name, c := range map[string]struct{ file, text string }{
		"services": {"user_data", "#cloud-config\nrancher:\n  services:\n    web:\n      image: nginx\n      ports: [\"80:80\"]\n  state: {autoformat: [/dev/vda], wait: true}\n  sysctl: {vm.swappiness: 0}\nmounts: [[/dev/vdb, /mnt, ext4, \"\"]]\nruncmd:\n- echo a\n- [sh, -c, b]\n"},
		"script":   {"user_data", "#!/bin/sh\nexit\n"},
		"meta":     {"meta_data.json", `{"hostname": "a", "public_keys": {"a": "ssh-ed25519 AAAA"}}`},
		"line":     {"cmdline", "console=ttyS0 rancher.state.autoformat=[/dev/vda] rancher.state.wait rancher.cloud_init.datasources=[url:http://192.168.122.1:8000/cc.yml] rancher.password=x rancher.autologin=ttyS0\n"},
	} {
		if found := rancheros.Check(c.file, c.text, provision.Target{}); len(found) != 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
	found := rancheros.Check("meta_data.json", `{"uuid": "1"}`, provision.Target{})
	if len(found) != 1 || found[0].Severity != provision.SeverityWarning {
		t.Errorf("a key that is not read must be a warning: %+v", found)
	}
}

func TestValidateRefusesSpoiledDocuments(t *testing.T) {
	cfg := render(t, intenttest.Full(), target(t, "rancheros", "volume"))
	cfg.Documents[0].Content = strings.Replace(cfg.Documents[0].Content, "write_files:", "write_file:", 1)
	if err := rancheros.Validate(cfg); err == nil || !strings.Contains(err.Error(), "did you mean write_files?") {
		t.Errorf("got %v", err)
	}
	if rancheros.Validate(provision.Config{}) == nil {
		t.Error("a config without documents must be refused")
	}
}

func TestCheckRefusesHugeFiles(t *testing.T) {
	found := rancheros.Check("user_data", strings.Repeat("#", 3<<20), provision.Target{})
	if len(found) != 1 || !strings.Contains(found[0].Message, "limit") {
		t.Errorf("%+v", found)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("user_data", "#cloud-config\na: &a [*a]\n")
	f.Add("cmdline", "rancher.a=[*x] cc.b={")
	f.Add("meta_data.json", "{")
	f.Fuzz(func(t *testing.T, name, text string) {
		for _, finding := range rancheros.Check(name, text, provision.Target{}) {
			if finding.Message == "" || finding.Line < 0 || finding.Column < 0 {
				t.Errorf("%+v", finding)
			}
		}
	})
}

func BenchmarkRender(b *testing.B) {
	for _, delivery := range []string{"volume", "kernel"} {
		to, intent := target(b, "rancheros", delivery), intenttest.Full()
		b.Run(delivery, func(b *testing.B) {
			for b.Loop() {
				if _, err := rancheros.Render(intent, to); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
