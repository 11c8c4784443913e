package house

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/labs/observe"
	"distrolab/provision"
	"distrolab/provision/render"
)

// The catalog may not import the observer, so it has the milestones' names a
// second time; this keeps the two lists the same.
func TestCatalogAndObserverNameTheSameMilestones(t *testing.T) {
	var observed []string
	for _, info := range observe.Milestones() {
		if info.Milestone != observe.Request { // nothing on a console shows it
			observed = append(observed, string(info.Milestone))
		}
	}
	catalog := slices.DeleteFunc(distros.Milestones(), func(m string) bool { return m == string(observe.Request) })
	if diff := cmp.Diff(observed, catalog); diff != "" {
		t.Errorf("labs/observe and distros name other milestones (-observe +distros):\n%s", diff)
	}
}

func TestEveryEntryCanBeObservedAndRendered(t *testing.T) {
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := os.ReadFile("provision/talos/testdata/secrets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range catalog.All() {
		if _, err := observe.Compile(d.Boot); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
		intent := provision.Intent{Hostname: "node-1"}
		if d.Boot.User != "" {
			intent = provision.DefaultIntent("node-1", d.Boot.User, nil)
		}
		if _, err := render.Config(intent, d, render.Options{Secrets: secrets}); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}

// TestReadmeIsTrue checks what of the README a machine can: every file that it
// links to is there, and every system of the catalog has its row of proof.
func TestReadmeIsTrue(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllSubmatch(text, -1) {
		if _, err := os.Stat(string(m[1])); err != nil {
			t.Errorf("README.md links to %s: %v", m[1], err)
		}
	}
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range catalog.All() {
		if !strings.Contains(string(text), "| `"+d.Name+"` |") {
			t.Errorf("README.md does not say what is proven of %s", d.Name)
		}
	}
}
