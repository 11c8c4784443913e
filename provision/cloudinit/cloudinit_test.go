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
)

var update = flag.Bool("update", false, "write the golden files")

// volume is the delivery of Debian's images.
func volume() distros.Delivery {
	return distros.Delivery{Kind: distros.DeliverVolume, Label: "cidata"}
}

func render(t rapid.TB, intent provision.Intent) provision.Config {
	t.Helper()
	cfg, err := cloudinit.Render(intent, volume())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func document(cfg provision.Config, name string) string {
	for _, doc := range cfg.Documents {
		if doc.Name == name {
			return doc.Content
		}
	}
	return ""
}

func TestGoldenMinimal(t *testing.T) {
	intenttest.Golden(t, "minimal.golden", render(t, intenttest.Minimal()), *update)
}

func TestGoldenFull(t *testing.T) {
	intenttest.Golden(t, "full.golden", render(t, intenttest.Full()), *update)
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
	Commands [][]string `yaml:"runcmd" json:"runcmd"`
}

// checkHolds fails unless every part of the intent is in the config, byte by byte.
func checkHolds(t rapid.TB, intent provision.Intent, got cloudConfig) {
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
	for _, f := range intent.AllFiles() {
		if got, ok := files[f.Path]; !ok || got != f.Content {
			t.Fatalf("%s: content %q, want %q", f.Path, got, f.Content)
		}
		if want := fmt.Sprintf("%#04o", f.EffectiveMode()); modes[f.Path] != want {
			t.Fatalf("%s: mode %q, want %q", f.Path, modes[f.Path], want)
		}
	}
	for _, u := range intent.Units {
		if got := files[path.Join(provision.UnitDir, u.Name)]; got != u.Content {
			t.Fatalf("%s: content %q, want %q", u.Name, got, u.Content)
		}
		enabled := slices.ContainsFunc(got.Commands, func(words []string) bool {
			return slices.Equal(words, []string{"systemctl", "enable", "--now", "--no-block", u.Name})
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
}

func TestEveryValidIntentIsHeldExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		intent := intenttest.Intents().Draw(t, "intent")
		cfg := render(t, intent)
		var got cloudConfig
		if err := yaml.Unmarshal([]byte(document(cfg, "user-data")), &got); err != nil {
			t.Fatal(err)
		}
		checkHolds(t, intent, got)
		if len(intent.Kernel.Args) > 0 && len(cfg.Gaps) == 0 {
			t.Fatal("kernel arguments vanished without a gap")
		}
	})
}

// cloud-init reads YAML by PyYAML, a reader of YAML 1.1: what it sees must be
// what was asked for. One process reads all the documents.
func TestPyYAMLReadsTheSame(t *testing.T) {
	python := pythonWithYAML(t)
	var intents []provision.Intent
	for _, content := range intenttest.Hostile() {
		intent := intenttest.Minimal()
		intent.Files = []provision.File{{Path: "/a", Content: content}}
		intents = append(intents, intent)
	}
	generator := intenttest.Intents()
	for seed := range 150 {
		intents = append(intents, generator.Example(seed))
	}
	var texts []string
	for _, intent := range intents {
		texts = append(texts, document(render(t, intent), "user-data"))
	}
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", "import json,sys,yaml\nprint(json.dumps([yaml.safe_load(t) for t in json.load(sys.stdin)]))")
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
		checkHolds(t, intent, read[i])
	}
}

// pythonWithYAML finds a Python that has PyYAML, the distribution's first.
func pythonWithYAML(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import yaml").Run() == nil {
			return python
		}
	}
	t.Skip("no python3 with PyYAML here; scripts/test installs python3-yaml")
	return ""
}

// The real cloud-init accepts what is rendered, deprecation warnings too.
func TestSchemaOfCloudInit(t *testing.T) {
	program, err := exec.LookPath("cloud-init")
	if err != nil {
		t.Skip("cloud-init is not installed; scripts/test installs it")
	}
	noUsers := intenttest.Full()
	noUsers.Users = nil
	noKeys := provision.DefaultIntent("node1", "core", nil)
	for name, intent := range map[string]provision.Intent{
		"minimal": intenttest.Minimal(), "full": intenttest.Full(), "no users": noUsers, "no keys": noKeys,
	} {
		t.Run(name, func(t *testing.T) {
			files := intenttest.Files(t, t.TempDir(), render(t, intent).Documents)
			out, err := exec.Command(program, "schema", "--config-file", files["user-data"]).CombinedOutput()
			if err != nil || strings.Contains(strings.ToLower(string(out)), "deprecat") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestInstanceFollowsTheConfig(t *testing.T) {
	one := render(t, intenttest.Minimal())
	if diff := cmp.Diff(one, render(t, intenttest.Minimal())); diff != "" {
		t.Errorf("two renderings differ:\n%s", diff)
	}
	changed := intenttest.Minimal()
	changed.Files = []provision.File{{Path: "/a", Content: "x"}}
	if document(one, "meta-data") == document(render(t, changed), "meta-data") {
		t.Error("the instance-id must change with the config, or cloud-init skips its first-boot steps")
	}
}

func TestNetworkConfigOnlyWhenAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		network provision.Network
		want    bool
	}{
		"default":       {provision.Network{}, false},
		"dhcp":          {provision.Network{DHCP: true}, false},
		"dhcp of a mac": {provision.Network{DHCP: true, MAC: "52:54:00:00:00:01"}, true},
		"fixed":         {intenttest.Full().Network, true},
	} {
		intent := intenttest.Minimal()
		intent.Network = c.network
		if got := document(render(t, intent), "network-config") != ""; got != c.want {
			t.Errorf("%s: network-config written: %v, want %v", name, got, c.want)
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
		"old network":     {"network-config", "version: 2", "version: 1", "version 2"},
		"network nowhere": {"network-config", "macaddress: ", "macaddress: ''\n#", "macaddress"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := render(t, intenttest.Full())
			for i, doc := range cfg.Documents {
				if doc.Name == c.file {
					cfg.Documents[i].Content = strings.Replace(doc.Content, c.old, c.replacement, 1)
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
