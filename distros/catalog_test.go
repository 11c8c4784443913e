package distros

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T) *Catalog {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCatalogListsVendorsFirst(t *testing.T) {
	all := load(t).All()
	if !slices.IsSortedFunc(all, inCatalogOrder) {
		t.Errorf("the order is %v", load(t).Names())
	}
	if first, last := all[0], all[len(all)-1]; first.Kind != KindVendor || last.Name != "probe" {
		t.Errorf("the first is %s, the last %s", first.Name, last.Name)
	}
}

// The questions the article's reader decides by must be answered for every
// vendor's system.
func TestVendorsAnswerTheDecidingCriteria(t *testing.T) {
	for _, d := range load(t).All() {
		if d.Kind != KindVendor {
			continue
		}
		for _, c := range Criteria() {
			if !c.Classed() {
				continue // prose, which only some have
			}
			if _, ok := d.Fact(c.Key); !ok {
				t.Errorf("%s says nothing on %s", d.Name, c.Key)
			}
		}
	}
}

func TestUnbuiltFormatsExcuseThemselves(t *testing.T) {
	for _, d := range load(t).All() {
		built := slices.Contains([]string{"cloud-init", "combustion", "ignition", "k3os", "rancheros", "talos"}, d.Config.Format)
		if !built && d.Config.Note == "" {
			t.Errorf("%s: format %s cannot be rendered, and no note says so", d.Name, d.Config.Format)
		}
	}
}

func TestCriteriaHaveShortUniqueTitles(t *testing.T) {
	keys, titles := map[string]bool{}, map[string]bool{}
	for _, c := range Criteria() {
		if keys[c.Key] || titles[c.Title] || len(c.Title) > 24 || c.Title == "" {
			t.Errorf("criterion %+v is not short and unique", c)
		}
		keys[c.Key], titles[c.Title] = true, true
	}
}

// small is a catalog of our own, so that a new entry does not change what is
// near to a name.
func small() *Catalog {
	return &Catalog{entries: []Distro{
		{Name: "debian"}, {Name: "fedora-coreos", Aliases: []string{"fcos"}}, {Name: "flatcar"}, {Name: "k3os"},
		{Name: "ubuntu-2404", Aliases: []string{"ubuntu-24.04", "noble"}}, {Name: "coreos-standin"},
	}}
}

func TestFindNamesTheNearest(t *testing.T) {
	for wanted, nearest := range map[string][]string{
		"flatcat":           {"flatcar"},
		"Flatcar":           {"flatcar"},
		"fedora":            {"fedora-coreos"},
		"k3s":               {"k3os"},
		"coreos":            {"fedora-coreos", "coreos-standin"},
		"debain":            {"debian"},
		"nobel":             {"noble"},
		"24.04":             {"ubuntu-24.04"},
		"fcosx":             {"fcos"},
		"zzzzzzzzzz":        nil,
		"":                  nil,
		"../../etc/passwd":  nil,
		"a\x1b[31mb name\"": nil,
	} {
		_, err := small().Find(wanted)
		var unknown *UnknownError
		if !errors.As(err, &unknown) {
			t.Errorf("Find(%q) = %v, want an UnknownError", wanted, err)
			continue
		}
		if diff := cmp.Diff(nearest, unknown.Nearest); diff != "" {
			t.Errorf("nearest to %q: %s", wanted, diff)
		}
		if strings.ContainsFunc(err.Error(), unprintable) || strings.Contains(err.Error(), "\n") {
			t.Errorf("the error %q plays with the terminal", err)
		}
	}
}

func TestFindKnowsAliases(t *testing.T) {
	for name, want := range map[string]string{"fcos": "fedora-coreos", "noble": "ubuntu-2404", "ubuntu-24.04": "ubuntu-2404", "flatcar": "flatcar"} {
		if d, err := small().Find(name); err != nil || d.Name != want {
			t.Errorf("Find(%s) = %q, %v; want %s", name, d.Name, err, want)
		}
	}
}

const minimal = `name: mine
title: Mine
kind: vendor
vendor: Me
summary: A system of mine.
support: {state: maintained}
facts:
  - {key: shell, class: full, value: bash, source: "me/mine:README.md", checked: 2026-11-22}
release: {resolver: local}
config: {format: cloud-init, deliveries: [{kind: volume, label: cidata}]}
hardware: {memory_mib: 512, disk_gib: 2, firmware: [bios]}
boot: {management_port: 22, patterns: {boot_complete: 'done'}}
`

func TestOverlayAddsAndReplaces(t *testing.T) {
	overlay := fstest.MapFS{
		"mine.yaml":    {Data: []byte(minimal)},
		"flatcar.yaml": {Data: []byte(strings.Replace(minimal, "name: mine", "name: flatcar", 1))},
		"README.md":    {Data: []byte("not an entry")},
	}
	c, err := LoadWith(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if want := len(load(t).All()) + 1; len(c.All()) != want {
		t.Errorf("%d entries, want %d", len(c.All()), want)
	}
	if d, err := c.Find("flatcar"); err != nil || d.Title != "Mine" {
		t.Errorf("flatcar is %q, %v; want the person's own", d.Title, err)
	}
	if !slices.Contains(c.Names(), "mine") {
		t.Errorf("mine is missing from %v", c.Names())
	}
}

func TestOwnAliasesWinOverTheCatalogs(t *testing.T) {
	own := strings.Replace(minimal, "name: mine", "name: mine\naliases: [trixie]", 1)
	c, err := LoadWith(fstest.MapFS{"mine.yaml": {Data: []byte(own)}, "fcos.yaml": {Data: []byte(strings.Replace(minimal, "name: mine", "name: fcos", 1))}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"trixie": "mine", "fcos": "fcos", "debian-13": "debian-13"} {
		if d, err := c.Find(name); err != nil || d.Name != want {
			t.Errorf("Find(%s) = %q, %v; want %s", name, d.Name, err, want)
		}
	}
	if d, err := load(t).Find("trixie"); err != nil || d.Name != "debian-13" {
		t.Errorf("without them trixie is %q, %v", d.Name, err)
	}
}

func TestSeveralNumbersAreAllowed(t *testing.T) {
	number := "  - {key: numbers, value: 9 s to boot, source: a/b, checked: 2026-11-22}\n"
	entry := strings.Replace(minimal, "facts:\n", "facts:\n"+number+number, 1)
	if _, err := LoadWith(fstest.MapFS{"mine.yaml": {Data: []byte(entry)}}); err != nil {
		t.Error(err)
	}
}

// What the rules for everybody leave open, our own entries keep.
func TestOurFactsAreShortAndSourced(t *testing.T) {
	for _, d := range load(t).All() {
		if f, ok := d.Fact("support"); !ok || f.Class == "" && d.Support.State != "unconfirmed" {
			t.Errorf("%s does not say whether it is maintained", d.Name)
		}
		for _, f := range d.Facts {
			if strings.HasSuffix(f.Value, ".") {
				t.Errorf("%s: the fact on %s ends with a period", d.Name, f.Key)
			}
			if strings.Contains(strings.ToLower(f.Source), "dossier") {
				t.Errorf("%s: the fact on %s names a dossier as its source", d.Name, f.Key)
			}
			if f.Unconfirmed && strings.Contains(f.Value, "unconfirmed") {
				t.Errorf("%s: the fact on %s says unconfirmed twice", d.Name, f.Key)
			}
		}
		if d.Support.State == "ended" && d.Support.ReplacedBy == "" {
			t.Errorf("%s has ended, and nothing says what replaced it", d.Name)
		}
	}
}

func TestAllIsTheCallersOwn(t *testing.T) {
	c := load(t)
	c.All()[0].Name = "changed"
	if c.All()[0].Name == "changed" {
		t.Error("a caller can change the catalog")
	}
}
