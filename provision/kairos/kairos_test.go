package kairos_test

import (
	"encoding/base64"
	"flag"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/kairos"
)

var update = flag.Bool("update", false, "write the golden files")

func target(t testing.TB) provision.Target {
	t.Helper()
	d := distros.Distro{Name: "kairos", Userland: distros.Userland{Init: "systemd", Network: "networkd", Time: "timesyncd", Registries: "k3s", Updates: "manual", Usr: "read-only-but-local", Cgroup: "v2"}}
	return provision.Target{Distro: d, Delivery: distros.Delivery{Kind: distros.DeliverVolume, Label: "cidata", Media: "cdrom"}}
}

func render(t rapid.TB, intent provision.Intent, target provision.Target) provision.Config {
	t.Helper()
	cfg, err := kairos.Render(intent, target)
	if err != nil {
		t.Fatal(err)
	}
	if missing := cfg.Unanswered(intent); len(missing) > 0 {
		t.Fatalf("nothing is said of %v", missing)
	}
	return cfg
}

func TestGolden(t *testing.T) {
	intenttest.Golden(t, "minimal.golden", render(t, intenttest.Minimal(), target(t)), *update)
	intenttest.Golden(t, "full.golden", render(t, intenttest.Full(), target(t)), *update)
}

// config is what yip reads of the document.
type config struct {
	Users []struct {
		Name string   `yaml:"name"`
		Keys []string `yaml:"ssh_authorized_keys"`
	} `yaml:"users"`
	Stages map[string][]struct {
		Files []struct {
			Path        string `yaml:"path"`
			Permissions uint32 `yaml:"permissions"`
			Encoding    string `yaml:"encoding"`
			Content     string `yaml:"content"`
		} `yaml:"files"`
		Commands []string `yaml:"commands"`
	} `yaml:"stages"`
}

// written does what yip does with files: decode, then run as a template.
func written(t rapid.TB, text string) (config, map[string]provision.File) {
	t.Helper()
	var c config
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	files := map[string]provision.File{}
	for _, step := range c.Stages["initramfs"] {
		for _, f := range step.Files {
			content := f.Content
			if f.Encoding == "b64" {
				content = string(decode(t, content))
			}
			parsed, err := template.New("file").Parse(content)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			if err := parsed.Execute(&out, nil); err != nil {
				t.Fatal(err)
			}
			files[f.Path] = provision.File{Path: f.Path, Content: out.String(), Mode: int(f.Permissions)}
		}
		for _, command := range step.Commands {
			if rest, ok := strings.CutPrefix(command, "base64 -d "); ok {
				name, _, _ := strings.Cut(rest, " ")
				_, after, _ := strings.Cut(rest, " && chmod ")
				mode := 0
				if _, err := fmt.Sscanf(after, "%o", &mode); err != nil {
					t.Fatal(err)
				}
				word := strings.TrimPrefix(after[5:], "'")
				path := strings.ReplaceAll(strings.TrimSuffix(word, "'"), `'\''`, "'")
				files[path] = provision.File{Path: path, Content: string(decode(t, files[name].Content)), Mode: mode}
			}
		}
	}
	return c, files
}

func decode(t rapid.TB, text string) []byte {
	t.Helper()
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func checkHolds(t rapid.TB, intent provision.Intent, cfg provision.Config) {
	t.Helper()
	c, files := written(t, cfg.Documents[0].Content)
	for i, f := range intent.Files {
		gap := slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == fmt.Sprintf("files[%d]", i) })
		got, ok := files[f.Path]
		if ok == gap {
			t.Fatalf("%s: written %v, a gap %v", f.Path, ok, gap)
		}
		if !gap && (got.Content != f.Content || got.Mode != f.EffectiveMode()) {
			t.Fatalf("%s: %q with mode %o, want %q with %o", f.Path, got.Content, got.Mode, f.Content, f.EffectiveMode())
		}
	}
	for i, u := range intent.Users {
		if c.Users[i].Name != u.Name || !slices.Equal(c.Users[i].Keys, u.SSHAuthorizedKeys) {
			t.Fatalf("user %+v became %+v", u, c.Users[i])
		}
	}
	for _, u := range intent.Units {
		if u.Content != "" && files[provision.UnitDir+"/"+u.Name].Content != u.Content {
			t.Fatalf("unit %s is missing or changed", u.Name)
		}
	}
}

// TestEveryIntentIsHeldExactly through the templates that yip runs over files.
func TestEveryIntentIsHeldExactly(t *testing.T) {
	system := target(t)
	rapid.Check(t, func(t *rapid.T) {
		intent := intenttest.Intents().Draw(t, "intent")
		for i := range intent.Files {
			if rapid.Bool().Draw(t, "writable") {
				intent.Files[i].Path = "/opt" + intent.Files[i].Path
			}
		}
		checkHolds(t, intent, render(t, intent, system))
	})
}

func TestHostileContentsAreHeldExactly(t *testing.T) {
	intent := intenttest.Minimal()
	for i, content := range append(intenttest.Hostile(), "{{ .Values }}", "a <!-- gone --> b", "<script>/* x */</script>", "{{", "</domain>", strings.Repeat("<", 1<<20)) {
		intent.Files = append(intent.Files, provision.File{Path: fmt.Sprintf("/etc/%d/it's", i), Content: content})
	}
	checkHolds(t, intent, render(t, intent, target(t)))
}

func TestCheckSaysWhereAndWhat(t *testing.T) {
	for text, says := range map[string]string{
		"#cloud-config\ninstall:\n  atuo: true\n":       "auto",
		"#cloud-config\nstages:\n  boot:\n  - file: []": "files",
		"#cloud-config\ndebug: maybe\n":                 "true or false",
		"hostname: a\n":                                 "#cloud-config",
		"#cloud-config\n\t":                             "",
	} {
		found := kairos.Check("user-data", text, provision.Target{})
		if len(found) == 0 || found[0].Line == 0 || !strings.Contains(found[0].Message, says) {
			t.Errorf("%q: %+v", text, found)
		}
	}
}

func TestValidateRefusesSpoiledDocuments(t *testing.T) {
	for _, content := range []string{"", "hostname: a\n", "#cloud-config\nusres: []\n", "#cloud-config\nusers: 1\n"} {
		if kairos.Validate(provision.Config{Documents: []provision.Document{{Name: "user-data", Content: content}}}) == nil {
			t.Errorf("%q: accepted", content)
		}
	}
	if kairos.Validate(provision.Config{}) == nil {
		t.Error("a config without a document is accepted")
	}
}

func BenchmarkRender(b *testing.B) {
	system := target(b)
	for b.Loop() {
		if _, err := kairos.Render(intenttest.Full(), system); err != nil {
			b.Fatal(err)
		}
	}
}
