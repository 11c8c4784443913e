package score

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// small is a profile with each kind of criterion.
const small = `name: mine
title: My nodes
for: Me, since I decide alone.
systems:
  kind: [vendor]
criteria:
  - key: support
    weight: 10
    grades: {maintained: 1, extended: 0.5}
  - name: manage
    title: Manage
    weight: 5
    parts:
      - {key: shell, share: 2, grades: {full: 1, container: 0.5}}
      - {key: ssh, grades: {"yes": 1}}
  - measure: boot
    weight: 3
    best: 10
    worst: 60
disqualify:
  - key: nature
    is: [kit]
    reason: It must be built first.
`

func parse(t *testing.T, text string) Profile {
	t.Helper()
	p, err := Parse("mine.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func builtin(t testing.TB, name string) Profile {
	t.Helper()
	text, ok := BuiltinText(name)
	if !ok {
		t.Fatalf("there is no profile %s", name)
	}
	p, err := Parse(name+".yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func builtins(t testing.TB) []string {
	t.Helper()
	names, err := BuiltinNames()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestBuiltinProfilesParse(t *testing.T) {
	names := builtins(t)
	if diff := cmp.Diff([]string{"managed-kubernetes", "edge", "least-effort", "security", "training"}, names); diff != "" {
		t.Error(diff)
	}
	for _, name := range names {
		builtin(t, name)
	}
	if _, ok := BuiltinText("../parse"); ok {
		t.Error("a file beside the profiles is a profile")
	}
}

func TestNamesAndTitlesHaveDefaults(t *testing.T) {
	var got []string
	for _, c := range parse(t, small).Criteria {
		got = append(got, c.Name+": "+c.Title)
	}
	if diff := cmp.Diff([]string{"support: Maintained", "manage: Manage", "boot: Boot time"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestProblemsOfProfilesNameLineFieldAndWhatIsAllowed(t *testing.T) {
	for _, tt := range []struct{ name, old, replacement, want string }{
		{"unknown field", "title: My nodes", "titel: My nodes", `mine.yaml:2: titel: is not a field here; there are name, title, for, systems, criteria, disqualify`},
		{"unknown field deep inside", "share: 2", "part: 2", `mine.yaml:14: criteria[1].parts[0].part: is not a field here; there are key, share, grades, unknown`},
		{"name unlike the file", "name: mine", "name: other", `mine.yaml:1: name: must be "mine", as the file is called`},
		{"no words", "for: Me, since I decide alone.", "for: ''", `mine.yaml:3: for: is empty; say it in words`},
		{"unknown kind", "[vendor]", "[vendors]", `mine.yaml:5: systems.kind: "vendors" is not one of vendor, local, stand-in, probe`},
		{"unknown key", "key: support", "key: suport", `mine.yaml:7: criteria[0].key: "suport" is not one of nature, licence, cloud_coupling, documentation, support,`},
		{"key that has no classes", "key: support", "key: kernel", `mine.yaml:7: criteria[0].key: "kernel" is not one of nature,`},
		{"unknown class", "extended: 0.5", "extendet: 0.5", `mine.yaml:9: criteria[0].grades.extendet: "extendet" is not one of maintained, extended, ended`},
		{"grade above 1", "extended: 0.5", "extended: 5", `mine.yaml:9: criteria[0].grades.extended: 5 is not a grade from 0 to 1`},
		{"grade that is no number", "extended: 0.5", "extended: .nan", `mine.yaml:9: criteria[0].grades.extended: NaN is not a grade from 0 to 1`},
		{"grade in words", "extended: 0.5", "extended: half", `mine.yaml:9: `},
		{"negative weight", "weight: 10", "weight: -1", `mine.yaml:8: criteria[0].weight: -1 is not between 0 and 1000000`},
		{"endless weight", "weight: 10", "weight: .inf", `mine.yaml:8: criteria[0].weight: +Inf is not between 0 and 1000000`},
		{"two ways to answer", "- measure: boot", "- measure: boot\n    key: shell", `criteria[2]: needs one of key, parts and measure: what answers it`},
		{"no way to answer", "- measure: boot", "- title: Boot", `criteria[2]: needs one of key, parts and measure: what answers it`},
		{"parts without a name", "name: manage\n    title", "title", `criteria[1].name: is needed where parts are`},
		{"same name twice", "name: manage", "name: support", `criteria[1]: a second criterion is called "support"; give one of them another name`},
		{"share of nothing", "share: 2", "share: 0", `mine.yaml:14: criteria[1].parts[0].share: 0 is not above 0`},
		{"unknown measure", "measure: boot", "measure: speed", `criteria[2].measure: "speed" is not one of boot, join, memory, size`},
		{"best above worst", "best: 10", "best: 100", `criteria[2]: best 100 and worst 60: best must be at least 0 and below worst, because less is better`},
		{"best alone", "    worst: 60\n", "", `criteria[2]: best and worst belong together`},
		{"no grades", "grades: {maintained: 1, extended: 0.5}", "grades: {}", `criteria[0].grades: is empty; give at least one class a grade from 0 to 1`},
		{"rule without classes", "is: [kit]", "is: []", `disqualify[0].is: is empty; name one or more of container-os,`},
		{"rule of an unknown class", "is: [kit]", "is: [kits]", `mine.yaml:22: disqualify[0].is: "kits" is not one of container-os,`},
		{"rule without a reason", "reason: It must be built first.", "reason: ' '", `disqualify[0].reason: is empty; say it in words`},
		{"a control character", "title: My nodes", `title: "My \e[31m"`, `holds a control character`},
		{"no YAML", "name: mine", "name: [", `mine.yaml:`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(small, tt.old) {
				t.Fatalf("the small profile has no %q", tt.old)
			}
			_, err := Parse("mine.yaml", []byte(strings.Replace(small, tt.old, tt.replacement, 1)))
			var invalid *InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("error %v is not an InvalidError", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\ndoes not say:\n%s", err, tt.want)
			}
		})
	}
}

func TestEveryProblemIsListed(t *testing.T) {
	_, err := Parse("mine.yaml", []byte(strings.NewReplacer("key: nature", "key: natur", "weight: 10", "weight: -1").Replace(small)))
	var invalid *InvalidError
	if !errors.As(err, &invalid) || len(invalid.Problems) != 2 {
		t.Errorf("%v: want two problems", err)
	}
}

func TestWeightsThatAreAllNothingAreRefused(t *testing.T) {
	_, err := Parse("mine.yaml", []byte("name: mine\ntitle: a\nfor: b\ncriteria:\n- {key: shell, weight: 0, grades: {full: 1}}\n"))
	if err == nil || !strings.Contains(err.Error(), "all weights are 0") {
		t.Error(err)
	}
	if _, err := parse(t, small).WithWeight("colour", 1); err == nil || !strings.Contains(err.Error(), "it has support, manage, boot") {
		t.Error(err)
	}
	p := parse(t, small)
	for _, name := range []string{"support", "manage"} {
		var err error
		if p, err = p.WithWeight(name, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.WithWeight("boot", 0); err == nil || !strings.Contains(err.Error(), "all weights") {
		t.Error(err)
	}
	if got := parse(t, small).Criteria[0].Weight; got != 10 {
		t.Errorf("the weight of the profile itself became %v", got)
	}
}

func TestHugeProfilesAreRefused(t *testing.T) {
	if _, err := Parse("mine.yaml", bytes.Repeat([]byte("#"), maxProfileBytes+1)); err == nil {
		t.Error("accepted more than the bound")
	}
	many := "name: mine\ntitle: a\nfor: b\ncriteria:\n" + strings.Repeat("- {key: shell, weight: 1, grades: {full: 1}}\n", maxCriteria+1)
	if _, err := Parse("mine.yaml", []byte(many)); err == nil || !strings.Contains(err.Error(), "at most 50") {
		t.Error(err)
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("profile.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("profile.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fits(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

// Run with DISTROLAB_UPDATE=1 to write the file after a change of the types.
func TestSchemaOfProfilesIsFresh(t *testing.T) {
	want, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("DISTROLAB_UPDATE") == "1" {
		if err := os.WriteFile("profiles/schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("profiles/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("profiles/schema.json is old; run DISTROLAB_UPDATE=1 go test ./distros/score -run Schema\n%s", diff)
	}
}

func TestProfilesFitTheirSchema(t *testing.T) {
	s := compileSchema(t)
	if err := fits(t, s, small); err != nil {
		t.Error(err)
	}
	for _, name := range builtins(t) {
		text, _ := BuiltinText(name)
		if err := fits(t, s, string(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for old, replacement := range map[string]string{
		"title: My nodes": "titel: My nodes", "extended: 0.5": "extendet: 0.5",
		"key: support": "key: kernel", "weight: 10": "weight: -1", "share: 2": "share: 0", "[kit]": "[kits]",
		"measure: boot": "measure: speed", "    worst: 60\n": "", "[vendor]": "[vendors]", "container: 0.5": "container: 2",
		"- measure: boot": "- measure: boot\n    key: shell\n    grades: {full: 1}",
	} {
		if !strings.Contains(small, old) {
			t.Fatalf("the small profile has no %q", old)
		}
		if err := fits(t, s, strings.Replace(small, old, replacement, 1)); err == nil {
			t.Errorf("the schema accepts %q for %q", replacement, old)
		}
	}
}

// FuzzParse: whatever text is a profile can be scored.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	for _, name := range builtins(f) {
		text, _ := BuiltinText(name)
		f.Add(text)
	}
	f.Add([]byte("a: &a [*a, *a]\n"))
	f.Add([]byte("name: mine\ncriteria:\n- {key: shell, weight: 1e308, grades: {full: 1e-320}}\n"))
	systems := fixtures()
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse("mine.yaml", text)
		if err != nil {
			return
		}
		for _, place := range Rank(p, Input{Systems: systems}).Ranking {
			if !(place.Total >= 0 && place.Total <= 100+level) {
				t.Errorf("%s has a total of %v", place.Distro, place.Total)
			}
		}
	})
}

// The examples of the documentation are profiles.
func TestDocumentedProfilesParse(t *testing.T) {
	page, err := os.ReadFile("../../docs/score.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```yaml\n# profile\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("no example was found")
	}
	s := compileSchema(t)
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		text = strings.ReplaceAll(text, "NAME", "mine")
		if _, err := Parse("mine.yaml", []byte(text)); err != nil {
			t.Error(err)
		}
		if err := fits(t, s, text); err != nil {
			t.Error(err)
		}
	}
	for _, name := range builtins(t) {
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("docs/score.md does not say who %s is for", name)
		}
	}
}
