package k3os_test

import (
	"encoding/base64"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/k3os"
)

var update = flag.Bool("update", false, "write the golden files")

// target is k3OS as the catalog has it, by one of its deliveries.
func target(t testing.TB, delivery string) provision.Target {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Find("k3os")
	if err != nil {
		t.Fatal(err)
	}
	chosen, ok := d.Config.Delivery(delivery)
	if !ok {
		t.Fatalf("k3os has no delivery %q", delivery)
	}
	return provision.Target{Distro: d, Profile: d.Config, Delivery: chosen}
}

func render(t rapid.TB, intent provision.Intent, target provision.Target) provision.Config {
	t.Helper()
	cfg, err := k3os.Render(intent, target)
	if err != nil {
		t.Fatal(err)
	}
	if missing := cfg.Unanswered(intent); len(missing) > 0 {
		t.Fatalf("nothing is said of %v", missing)
	}
	return cfg
}

func TestGolden(t *testing.T) {
	for _, delivery := range []string{"kernel", "cdrom", "install"} {
		to := target(t, delivery)
		intenttest.Golden(t, delivery+"-minimal.golden", render(t, intenttest.Minimal(), to), *update)
		intenttest.Golden(t, delivery+"-full.golden", render(t, intenttest.Full(), to), *update)
	}
}

// read is what these tests know of k3OS's types, by its own names.
type read struct {
	Hostname string   `yaml:"hostname"`
	Keys     []string `yaml:"ssh_authorized_keys"`
	Files    []struct {
		Path, Permissions, Owner, Encoding, Content string
	} `yaml:"write_files"`
	K3OS struct {
		Modules []string
		Sysctls map[string]string
		NTP     []string `yaml:"ntp_servers"`
		Labels  map[string]string
	} `yaml:"k3os"`
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

// item finds words as k3OS does: a quoted text, a key with a quoted value, or
// anything up to a space (rancher/k3os:pkg/config/read.go).
func items(line string) []string {
	return regexp.MustCompile(`("[^"]+")|([^\s]+=("[^"]+")|([^\s]+))`).FindAllString(line, -1)
}

// parseLine reads a command line as k3OS does. A key that comes twice is a
// list; the rest are words that are no config.
func parseLine(t rapid.TB, line string) (config read, rest []string) {
	t.Helper()
	config.K3OS.Sysctls = map[string]string{}
	for _, item := range items(line) {
		key, value, _ := strings.Cut(item, "=")
		value = strings.Trim(value, `"`)
		switch keys := strings.Split(key, "."); {
		case key == "hostname":
			if config.Hostname != "" {
				t.Fatalf("a second host name: %s", line)
			}
			config.Hostname = value
		case key == "ssh_authorized_keys":
			config.Keys = append(config.Keys, value)
		case key == "k3os.modules":
			config.K3OS.Modules = append(config.K3OS.Modules, value)
		case key == "k3os.ntp_servers":
			config.K3OS.NTP = append(config.K3OS.NTP, value)
		case len(keys) == 3 && keys[0] == "k3os" && keys[1] == "sysctls":
			config.K3OS.Sysctls[keys[2]] = value
		default:
			rest = append(rest, item)
		}
	}
	return config, rest
}

// checkHolds fails unless each part of the intent is in the config as it was
// said, or is a gap. On a command line keys come without their comments.
func checkHolds(t rapid.TB, intent provision.Intent, cfg provision.Config, got read, line bool) {
	t.Helper()
	gap := func(field string) bool {
		return slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool {
			return g.Field == field || strings.HasPrefix(g.Field, field+".") || strings.HasPrefix(g.Field, field+"[")
		})
	}
	if got.Hostname != intent.Hostname && !gap("hostname") {
		t.Fatalf("host name %q, want %q", got.Hostname, intent.Hostname)
	}
	contents := map[string]string{}
	for _, f := range got.Files {
		contents[f.Path] = f.Content
		if f.Encoding == "base64" {
			raw, err := base64.StdEncoding.DecodeString(f.Content)
			if err != nil {
				t.Fatal(err)
			}
			contents[f.Path] = string(raw)
		}
	}
	for i, f := range intent.Files {
		if content, ok := contents[f.Path]; (!ok || content != f.Content) && !gap(fmt.Sprintf("files[%d]", i)) {
			t.Fatalf("%s holds %q, want %q", f.Path, content, f.Content)
		}
	}
	for i, u := range intent.Users {
		for _, key := range u.SSHAuthorizedKeys {
			if line {
				key = strings.Join(strings.Fields(key)[:2], " ")
			}
			if !slices.Contains(got.Keys, key) && !gap(fmt.Sprintf("users[%d].ssh_authorized_keys", i)) {
				t.Fatalf("key %q is neither there nor a gap", key)
			}
		}
	}
	for _, m := range intent.Kernel.Modules {
		if !slices.Contains(got.K3OS.Modules, m) && !gap("kernel.modules") {
			t.Fatalf("module %s is neither there nor a gap", m)
		}
	}
	for name, value := range intent.Kernel.Sysctl {
		key := name
		if line {
			key = strings.ReplaceAll(name, ".", "/")
		}
		if set, ok := got.K3OS.Sysctls[key]; (!ok || set != value) && !gap("kernel.sysctl["+name+"]") {
			t.Fatalf("setting %s is %q, want %q", name, set, value)
		}
	}
	if !slices.Equal(got.K3OS.NTP, intent.Time.NTP) && !gap("time") {
		t.Fatalf("time servers %q, want %q", got.K3OS.NTP, intent.Time.NTP)
	}
	for _, host := range intent.Registries.Hosts() {
		for _, mirror := range intent.Registries.Mirrors[host] {
			if !strings.Contains(contents["/etc/rancher/k3s/registries.yaml"], mirror) && !gap("registries") {
				t.Fatalf("mirror %s is neither there nor a gap", mirror)
			}
		}
	}
	for _, address := range intent.Network.Addresses {
		host, _, _ := strings.Cut(address, "/")
		if !strings.Contains(contents["/var/lib/connman/distrolab.config"], host) && !gap("network") {
			t.Fatalf("address %s is neither there nor a gap", address)
		}
	}
}

func TestEveryValidIntentIsHeldExactly(t *testing.T) {
	targets := map[string]provision.Target{}
	for _, delivery := range []string{"kernel", "cdrom", "install"} {
		targets[delivery] = target(t, delivery)
	}
	rapid.Check(t, func(t *rapid.T) {
		intent := intenttest.Intents().Draw(t, "intent")
		for delivery, to := range targets {
			cfg := render(t, intent, to)
			if diff := cmp.Diff(cfg, render(t, intent, to)); diff != "" {
				t.Fatalf("rendered twice, the results differ:\n%s", diff)
			}
			if delivery != "kernel" {
				checkHolds(t, intent, cfg, decode(t, cfg.Documents[0].Content), false)
				continue
			}
			got, rest := parseLine(t, cfg.Documents[0].Content)
			checkHolds(t, intent, cfg, got, true)
			for _, word := range rest {
				if !slices.Contains(intent.Kernel.Args, word) {
					t.Fatalf("the word %q was not asked for", word)
				}
			}
		}
	})
}

func TestHostileContentsAreHeldExactly(t *testing.T) {
	to := target(t, "cdrom")
	for _, content := range append(intenttest.Hostile(), "</domain>", "${IFS}", strings.Repeat("🙂\"'\n", 200_000)) {
		intent := intenttest.Minimal()
		intent.Files = []provision.File{{Path: "/a", Content: content}}
		cfg := render(t, intent, to)
		checkHolds(t, intent, cfg, decode(t, cfg.Documents[0].Content), false)
	}
}

// TestNothingAddsWords: k3OS's scripts split the line at every space, whatever
// the quotes, and obey words such as rescue and k3os.mode=shell. The comment
// of a key and the value of a setting are free text.
func TestNothingAddsWords(t *testing.T) {
	to := target(t, "kernel")
	for _, text := range []string{
		"rescue", "a rescue b", "a k3os.mode=shell b", `a" k3os.mode=shell "`, "x k3os.password=x", "a\u00a0b", "' rescue '", `\" rescue`, "-- rescue", "é rescue", "1 2 rescue",
	} {
		intent := intenttest.Minimal()
		intent.Users[0].SSHAuthorizedKeys = []string{intenttest.Key(1, text)}
		intent.Kernel.Sysctl = map[string]string{"net.a.b": text}
		if err := intent.Validate(); err != nil {
			t.Fatal(err)
		}
		line := render(t, intent, to).Documents[0].Content
		for _, word := range strings.Fields(line) {
			ours := strings.HasPrefix(word, "hostname=") || strings.HasPrefix(word, "ssh_authorized_keys=") || strings.HasPrefix(word, "AAAA") || strings.HasPrefix(word, "k3os.sysctls.net/a/b=")
			if !ours {
				t.Errorf("%q added the word %q", text, word)
			}
		}
	}
	intent := intenttest.Minimal()
	intent.Kernel.Args = []string{"rescue", "k3os.token=x", "hostname=evil", "sshAuthorizedKey=x", "a='b'", `a\b`, "--", "quiet"}
	cfg := render(t, intent, to)
	if got := cfg.Documents[0].Content; !strings.HasPrefix(got, "quiet hostname=node1 ") || len(cfg.Gaps) != 1+7 {
		t.Errorf("the line is %q, gaps %v", got, cfg.Gaps)
	}
}

func TestKeysWithOptionsAreGapsOnTheLine(t *testing.T) {
	intent := intenttest.Minimal()
	key := `command="reboot",from="10.0.0.0/8" ` + intenttest.Key(1, "x")
	intent.Users[0].SSHAuthorizedKeys = []string{key, intenttest.Key(2, "y")}
	cfg := render(t, intent, target(t, "kernel"))
	if strings.Contains(cfg.Documents[0].Content, "reboot") || !slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == "users[0].ssh_authorized_keys[0]" }) {
		t.Errorf("%s\n%v", cfg.Documents[0].Content, cfg.Gaps)
	}
	got := decode(t, render(t, intent, target(t, "cdrom")).Documents[0].Content)
	if !slices.Contains(got.Keys, key) {
		t.Errorf("a document takes any key: %q", got.Keys)
	}
}

func TestLongLinesBecomeGaps(t *testing.T) {
	intent := intenttest.Minimal()
	for i := range 40 {
		intent.Users = append(intent.Users, provision.User{Name: fmt.Sprintf("u%d", i), SSHAuthorizedKeys: []string{intenttest.Key(byte(i+10), "")}})
	}
	to := target(t, "kernel")
	cfg := render(t, intent, to)
	if n := len(cfg.Documents[0].Content) + 1 + len(to.Delivery.Kernel); n > 1500 {
		t.Errorf("the line has %d bytes", n)
	}
	long := 0
	for _, g := range cfg.Gaps {
		if strings.Contains(g.Reason, "does not fit") && strings.Contains(g.Reason, "--delivery") {
			long++
		}
	}
	if long < 10 {
		t.Errorf("%d keys are said not to fit", long)
	}
}

// TestOwnFilesWin: what the intent writes to a path that another part needs is
// kept, and the part is a gap.
func TestOwnFilesWin(t *testing.T) {
	intent := intenttest.Full()
	intent.Files = []provision.File{{Path: "/var/lib/connman/distrolab.config", Content: "mine"}, {Path: "/etc/rancher/k3s/registries.yaml", Content: "mine"}}
	cfg := render(t, intent, target(t, "install"))
	got := decode(t, cfg.Documents[0].Content)
	for _, f := range got.Files {
		if f.Content != "mine" {
			t.Errorf("%s holds %q", f.Path, f.Content)
		}
	}
	for _, field := range []string{"network", "registries"} {
		if !slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == field }) {
			t.Errorf("%s is no gap", field)
		}
	}
}

func TestUpdates(t *testing.T) {
	on := true
	intent := intenttest.Minimal()
	intent.Update.Auto = &on
	if got := decode(t, render(t, intent, target(t, "install")).Documents[0].Content); got.K3OS.Labels["k3os.io/upgrade"] != "latest" {
		t.Errorf("labels %v", got.K3OS.Labels)
	}
	cfg := render(t, intent, target(t, "kernel"))
	if !slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == "update" }) {
		t.Error("a label with a dot cannot be said on the command line")
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		file, text   string
		line, column int
		path, says   string
	}{
		"key of others":     {"config.yaml", "packages: [a]\n", 1, 1, "packages", "no key that the system knows"},
		"slip":              {"config.yaml", "hostname: a\nk3os:\n  modulse: [a]\n", 3, 3, "k3os.modulse", "did you mean modules?"},
		"bare mode":         {"config.yaml", "write_files:\n- {path: /a, permissions: 0644}\n", 2, 27, "write_files[0].permissions", "in quotes"},
		"text for a list":   {"config.yaml", "run_cmd: a\n", 1, 10, "run_cmd", "must be a list"},
		"list for text":     {"config.yaml", "k3os: {token: [a]}\n", 1, 15, "k3os.token", "this is a list"},
		"unknown source":    {"config.yaml", "k3os: {data_sources: [floppy]}\n", 1, 23, "k3os.data_sources[0]", "cdrom"},
		"http server":       {"user-data", "k3os:\n  server_url: http://a\n", 2, 15, "k3os.server_url", "https"},
		"no YAML":           {"config.yaml", "a: b: c\n", 1, 0, "", "is not YAML"},
		"empty":             {"config.yaml", "", 0, 0, "", "is empty"},
		"line, slip":        {"cmdline", "quiet k3os.tokn=a", 1, 7, "k3os.tokn", "did you mean token?"},
		"line, brackets":    {"cmdline", `quiet k3os.sysctl[kernel.printk]="4 4 1 7"`, 1, 7, "k3os.sysctl[kernel.printk]", "with slashes"},
		"line, twice":       {"cmdline", "hostname=a hostname=b", 1, 12, "hostname", "no list"},
		"line, wrong type":  {"cmdline", "k3os.install.silent=maybe", 1, 1, "k3os.install.silent", "true or false"},
		"line, below a key": {"cmdline", "k3os.token=a k3os.token.b=c", 1, 14, "k3os.token", "no list"},
		"line, quote":       {"cmdline", `hostname="a`, 1, 0, "", "not closed"},
		"line, too long":    {"cmdline", strings.Repeat("a", 3000), 1, 2049, "", "2048"},
	} {
		t.Run(name, func(t *testing.T) {
			found := k3os.Check("/tmp/"+c.file, c.text, provision.Target{})
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

func TestCheckAcceptsWhatK3OSReads(t *testing.T) {
	for name, c := range map[string]struct{ file, text string }{
		"other spellings": {"config.yaml", "ssh_authorized_key: [a]\nk3os:\n  sysctl: {kernel.printk: 4 4 1 7, vm.swappiness: 1}\n  dnsNameservers: [8.8.8.8]\n  labels: {a: b}\n  password:\n"},
		"commands":        {"config.yaml", "boot_cmd: [\"echo a\"]\nwrite_files:\n- {path: /a, content: !!binary AAA=, encoding: \"\"}\n"},
		"script":          {"user-data", "#!/bin/sh\n"},
		"line":            {"cmdline", `console=ttyS0 printk.devkmsg=on k3os.mode=live hostname=a ssh_authorized_keys="ssh-ed25519 AAAA a" ssh_authorized_keys=b k3os.server_url=https://a:6443 k3os.token=K10a::server:b k3os.install.silent k3os.labels.region=a k3os.sysctls.kernel/printk="4 4 1 7"` + "\n"},
	} {
		if found := k3os.Check(c.file, c.text, provision.Target{}); len(found) != 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// TestFindingsTellNoSecret: a value may be a token.
func TestFindingsTellNoSecret(t *testing.T) {
	for _, c := range []struct{ file, text string }{
		{"config.yaml", "k3os: {token: [hunter2], tokn: hunter2, server_url: hunter2}"}, {"cmdline", "k3os.tokn=hunter2 k3os.server_url=hunter2"},
	} {
		found := k3os.Check(c.file, c.text, provision.Target{})
		if len(found) < 2 || strings.Contains(fmt.Sprint(found), "hunter2") {
			t.Errorf("%s: %+v", c.file, found)
		}
	}
}

func TestValidateRefusesSpoiledDocuments(t *testing.T) {
	cfg := render(t, intenttest.Full(), target(t, "cdrom"))
	cfg.Documents[0].Content = strings.Replace(cfg.Documents[0].Content, "ntp_servers:", "ntp_serverz:", 1)
	if err := k3os.Validate(cfg); err == nil || !strings.Contains(err.Error(), "did you mean ntp_servers?") {
		t.Errorf("got %v", err)
	}
	if k3os.Validate(provision.Config{}) == nil {
		t.Error("a config without a document must be refused")
	}
}

func TestCheckRefusesHugeFiles(t *testing.T) {
	found := k3os.Check("config.yaml", strings.Repeat("#", 3<<20), provision.Target{})
	if len(found) != 1 || !strings.Contains(found[0].Message, "limit") {
		t.Errorf("%+v", found)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("config.yaml", "a: &a [*a]\n? [b]\n: c\n<<: {}\n")
	f.Add("cmdline", `k3os.a.b="x y" hostname hostname.a k3os=1`)
	f.Fuzz(func(t *testing.T, name, text string) {
		for _, finding := range k3os.Check(name, text, provision.Target{}) {
			if finding.Message == "" || finding.Line < 0 || finding.Column < 0 {
				t.Errorf("%+v", finding)
			}
		}
	})
}

func BenchmarkRender(b *testing.B) {
	for _, delivery := range []string{"kernel", "cdrom"} {
		to, intent := target(b, delivery), intenttest.Full()
		b.Run(delivery, func(b *testing.B) {
			for b.Loop() {
				if _, err := k3os.Render(intent, to); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
