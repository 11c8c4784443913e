package distros

import (
	"cmp"
	_ "embed" // catalog.json
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
)

// packed is the catalog as [Pack] writes it: every command loads it, and JSON
// is read many times faster than the YAML that people edit.
//
//go:generate go run ./internal/pack
//go:embed catalog.json
var packed []byte

// Catalog is the set of known systems. It does not change once loaded.
type Catalog struct {
	entries []Distro
}

// Load reads the embedded catalog.
func Load() (*Catalog, error) { return LoadWith(nil) }

// LoadWith reads the embedded catalog and lays the person's own directory over
// it: each *.yaml file there adds an entry or replaces the one of the same
// name. A nil directory adds nothing. An error of type [*InvalidError] lists
// every problem of every file.
func LoadWith(overlay fs.FS) (*Catalog, error) {
	var entries []Distro
	if err := json.Unmarshal(packed, &entries); err != nil {
		return nil, fmt.Errorf("reading the embedded catalog: %w", err)
	}
	if overlay != nil {
		files, err := readFiles(overlay)
		if err != nil {
			return nil, err
		}
		theirs := decoded(files)
		entries = lay(theirs, entries)
		if err := invalid(files, entries); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(entries, inCatalogOrder)
	return &Catalog{entries: entries}, nil
}

// CatalogOf makes a catalog of entries that are taken as they are, for tests
// and for what reads entries from elsewhere.
func CatalogOf(entries []Distro) *Catalog {
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, inCatalogOrder)
	return &Catalog{entries: entries}
}

// All returns every entry: vendors' systems first, then those built here, each
// group by name.
func (c *Catalog) All() []Distro { return slices.Clone(c.entries) }

// Names returns the names of all entries in the order of [Catalog.All].
func (c *Catalog) Names() []string {
	names := make([]string, 0, len(c.entries))
	for _, d := range c.entries {
		names = append(names, d.Name)
	}
	return names
}

// Find returns the entry of a name or alias. The error is an [*UnknownError].
func (c *Catalog) Find(name string) (Distro, error) {
	if i := slices.IndexFunc(c.entries, func(d Distro) bool { return d.Name == name }); i >= 0 {
		return c.entries[i], nil
	}
	if i := slices.IndexFunc(c.entries, func(d Distro) bool { return slices.Contains(d.Aliases, name) }); i >= 0 {
		return c.entries[i], nil
	}
	return Distro{}, unknown(name, c.entries)
}

// lay puts the upper entries over the lower ones of the same name. Other names
// that both use belong to the upper ones, so that a person's own entries keep
// working when the catalog learns new aliases.
func lay(upper, lower []Distro) []Distro {
	taken := func(name string) bool {
		return slices.ContainsFunc(upper, func(u Distro) bool { return u.answersTo(name) })
	}
	covered := func(d Distro) bool {
		return slices.ContainsFunc(upper, func(u Distro) bool { return u.Name == d.Name })
	}
	lower = slices.DeleteFunc(lower, covered)
	for i := range lower {
		lower[i].Aliases = slices.DeleteFunc(lower[i].Aliases, taken)
	}
	return append(lower, upper...)
}

func inCatalogOrder(a, b Distro) int {
	order := []Kind{KindVendor, KindLocal, KindStandIn, KindProbe}
	return cmp.Or(
		slices.Index(order, a.Kind)-slices.Index(order, b.Kind),
		cmp.Compare(a.Name, b.Name))
}
