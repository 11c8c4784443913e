package distros

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// The catalog that people edit is checked here, not at each start.
func TestPackedCatalogIsFresh(t *testing.T) {
	want, err := Pack(os.DirFS("catalog"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(want, packed) {
		return
	}
	t.Error("catalog.json is old: run `go generate ./distros` and commit it with the YAML. These entries differ:")
	for _, name := range changed(t, packed, want) {
		t.Errorf("  %s", name)
	}
}

// changed names the entries that two packed catalogs do not have in common.
func changed(t *testing.T, old, now []byte) []string {
	t.Helper()
	var before, after []Distro
	if err := errors.Join(json.Unmarshal(old, &before), json.Unmarshal(now, &after)); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range after {
		if other, err := (&Catalog{entries: before}).Find(d.Name); err != nil || !cmp.Equal(d, other) {
			names = append(names, d.Name)
		}
	}
	for _, d := range before {
		if _, err := (&Catalog{entries: after}).Find(d.Name); err != nil {
			names = append(names, d.Name+" (gone)")
		}
	}
	return names
}

func TestPackKeepsEverything(t *testing.T) {
	dir := os.DirFS("catalog")
	files, err := readFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	loaded := load(t)
	for _, f := range files {
		d, err := loaded.Find(f.entry.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(f.entry, d); diff != "" {
			t.Errorf("%s is changed by packing:\n%s", d.Name, diff)
		}
	}
	if len(files) != len(loaded.All()) {
		t.Errorf("%d files, %d entries", len(files), len(loaded.All()))
	}
}

func TestPackRefusesWhatIsWrong(t *testing.T) {
	other := strings.Replace(minimal, "name: mine", "name: other\naliases: [mine, theirs]", 1)
	third := strings.Replace(minimal, "name: mine", "name: third\naliases: [theirs]", 1)
	text, err := Pack(fstest.MapFS{"mine.yaml": {Data: []byte(minimal)}, "other.yaml": {Data: []byte(other)}, "third.yaml": {Data: []byte(third)}})
	if text != nil || err == nil {
		t.Fatalf("packed %d bytes, error %v", len(text), err)
	}
	want := `reading the catalog: 3 to correct
  other.yaml:2: aliases[0]: "mine" is a name of mine already
  other.yaml:2: aliases[1]: "theirs" is a name of third already
  third.yaml:2: aliases[0]: "theirs" is a name of other already`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}
