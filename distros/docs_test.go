package distros

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// manual is docs/catalog.md, by which people write entries.
func manual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/catalog.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block is the first code block of a language.
func block(t *testing.T, text, language string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "```"+language+"\n")
	inside, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatalf("docs/catalog.md has no %s block", language)
	}
	return inside
}

func TestManualsExampleIsAnEntry(t *testing.T) {
	text := block(t, manual(t), "yaml")
	c, err := LoadWith(fstest.MapFS{"acme.yaml": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	if d, err := c.Find("acme-2.1"); err != nil || d.Support.On(on(t, "2028-01-01")).State != "extended" {
		t.Errorf("it is %q in 2028, %v", d.Support.On(on(t, "2028-01-01")), err)
	}
	schema, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, compileSchema(t, schema), []byte(text)); err != nil {
		t.Error(err)
	}
}

func TestManualShowsTheErrors(t *testing.T) {
	broken := strings.NewReplacer("name: acme\n", "name: acme-os\n", "aliases: [acme-os, ", "aliases: [", "extended_until: 2029", "extended_until: 2026",
		"class: none", "class: nothing", "key: kernel", "key: kernle").Replace(block(t, manual(t), "yaml"))
	_, err := LoadWith(fstest.MapFS{"acme.yaml": {Data: []byte(broken)}})
	if err == nil {
		t.Fatal("no error")
	}
	want := strings.TrimSpace(block(t, manual(t), "text"))
	head, _, _ := strings.Cut(want, "…") // the list of all criteria is long
	if got := err.Error(); !strings.HasPrefix(got, head) {
		t.Error(cmp.Diff(head, got))
	}
}

func TestManualListsWhatIsAllowed(t *testing.T) {
	text := manual(t)
	for _, c := range Criteria() {
		row := fmt.Sprintf("| `%s` | %s | %s |", c.Key, c.Title, strings.Join(c.Classes, ", "))
		if c.Classes == nil {
			row = fmt.Sprintf("| `%s` | %s | |", c.Key, c.Title)
		}
		if !strings.Contains(text, row+"\n") {
			t.Errorf("docs/catalog.md has not the row\n%s", row)
		}
	}
	for _, name := range resolvers() {
		row := ""
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "| `"+name+"` | ") {
				row = line
			}
		}
		if row == "" {
			t.Errorf("docs/catalog.md has no row of the resolver %s", name)
		}
		for option, needed := range resolverOptions()[name] {
			if !strings.Contains(row, "`"+option+"`") || strings.Contains(row, "`"+option+"`\\*") != needed {
				t.Errorf("the row of resolver %s says otherwise of %s, needed %v", name, option, needed)
			}
		}
	}
	if formats := strings.Join(formats(), ", "); !strings.Contains(strings.Join(strings.Fields(text), " "), formats) {
		t.Errorf("docs/catalog.md does not list the formats %s", formats)
	}
	for _, kind := range deliveries() {
		if !strings.Contains(text, "\n| `"+kind+"` | ") {
			t.Errorf("docs/catalog.md has no row of the delivery %s", kind)
		}
	}
}

// Every field of a config, a delivery and a userland is explained, with the
// values that it takes.
func TestManualExplainsConfigAndUserland(t *testing.T) {
	_, text, _ := strings.Cut(manual(t), "\n## Config\n")
	for _, of := range []reflect.Type{reflect.TypeFor[ConfigProfile](), reflect.TypeFor[Delivery](), reflect.TypeFor[Userland]()} {
		for field := range of.Fields() {
			if !strings.Contains(text, "`"+yamlName(field)) {
				t.Errorf("docs/catalog.md says nothing of the field %s of %s", yamlName(field), of.Name())
			}
		}
	}
	for field, values := range userlands() {
		row := regexp.MustCompile("\n\\| `" + field + "` \\| .* \\| " + regexp.QuoteMeta(strings.Join(values, ", ")) + " \\|\n")
		if !row.MatchString(text) {
			t.Errorf("docs/catalog.md has no row of userland.%s with the values %v", field, values)
		}
	}
}
