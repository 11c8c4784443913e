package distros

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compileSchema(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("entry.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("entry.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate checks a YAML text as an editor would.
func validate(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func TestSchemaFileIsFresh(t *testing.T) {
	want, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("catalog/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("catalog/schema.json is old; run `go generate ./distros`\n%s", diff)
	}
}

func TestEveryEntryFitsTheSchema(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	s := compileSchema(t, text)
	dir := os.DirFS("catalog")
	files, err := fs.Glob(dir, "*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		entry, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, entry); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaRefusesWhatLoadingRefuses(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	s := compileSchema(t, text)
	if err := validate(t, s, []byte(minimal)); err != nil {
		t.Errorf("the minimal entry: %v", err)
	}
	for old, replacement := range map[string]string{
		"kind: vendor":          "kind: real",
		"title: Mine\n":         "",
		"vendor: Me":            "vender: Me",
		"name: mine":            "name: my system",
		"key: shell,":           "key: colour,",
		"class: full":           "class: red",
		"class: full,":          "class: usr,", // of another criterion
		"class: full, ":         "",
		"key: shell, class":     "key: kernel, class",
		"value: bash":           "value: " + strings.Repeat("x", 201),
		"checked: 2026-11-22":   "checked: yesterday",
		"boot_complete":         "finished",
		"memory_mib: 512":       "memory_mib: much",
		"firmware: [bios]":      "firmware: [coreboot]",
		"resolver: local":       "resolver: ftp",
		"{resolver: local":      "{resolver: none",
		"{resolver: local}":     "{resolver: talos}",
		"release: {":            "release: {options: {colour: red}, base_url: 'https://a.example', ",
		"kind: volume":          "kind: floppy",
		"state: maintained":     "state: fine",
		"{state: maintained":    "{until: soon, state: maintained",
		"summary: A system of ": "aliases: [A B]\nsummary: A system of ",
	} {
		if err := validate(t, s, []byte(strings.Replace(minimal, old, replacement, 1))); err == nil {
			t.Errorf("accepted %q", replacement)
		}
		if len(problemsOf(t, old, replacement)) == 0 {
			t.Errorf("loading accepts %q, which the schema refuses", replacement)
		}
	}
}
