package distros

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// maxEntryBytes bounds a catalog file; the longest of ours has some 12 kB.
const maxEntryBytes = 256 << 10

//go:embed catalog/*.yaml
var embedded embed.FS

// Catalog is the set of known systems. It does not change once loaded.
type Catalog struct {
	entries []Distro
}

// Load reads the embedded catalog. The error, of type [*InvalidError], lists
// every problem of every file.
func Load() (*Catalog, error) { return LoadWith(nil) }

// LoadWith reads the embedded catalog and lays the person's own directory over
// it: each *.yaml file there adds an entry or replaces the one of the same
// name. A nil directory adds nothing.
func LoadWith(overlay fs.FS) (*Catalog, error) {
	own, err := fs.Sub(embedded, "catalog")
	if err != nil {
		return nil, fmt.Errorf("opening the embedded catalog: %w", err)
	}
	entries, err := readEntries(own)
	if err != nil {
		return nil, err
	}
	if overlay != nil {
		theirs, err := readEntries(overlay)
		if err != nil {
			return nil, err
		}
		entries = lay(theirs, entries)
	}
	slices.SortFunc(entries, inCatalogOrder)
	return &Catalog{entries: entries}, nil
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

// Find returns the entry of a name. The error is an [*UnknownError].
func (c *Catalog) Find(name string) (Distro, error) {
	i := slices.IndexFunc(c.entries, func(d Distro) bool { return d.Name == name })
	if i < 0 {
		return Distro{}, unknown(name, c.Names())
	}
	return c.entries[i], nil
}

// lay puts the upper entries over the lower ones of the same name.
func lay(upper, lower []Distro) []Distro {
	covered := func(d Distro) bool {
		return slices.ContainsFunc(upper, func(u Distro) bool { return u.Name == d.Name })
	}
	return append(slices.DeleteFunc(lower, covered), upper...)
}

func inCatalogOrder(a, b Distro) int {
	order := []Kind{KindVendor, KindLocal, KindStandIn, KindProbe}
	return cmp.Or(
		slices.Index(order, a.Kind)-slices.Index(order, b.Kind),
		cmp.Compare(a.Name, b.Name))
}

// readEntries reads every *.yaml file of a directory and gathers the problems
// of all of them.
func readEntries(dir fs.FS) ([]Distro, error) {
	names, err := fs.Glob(dir, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the catalog: %w", err)
	}
	entries, bad := make([]Distro, len(names)), make([][]Problem, len(names))
	var wg sync.WaitGroup
	for i, name := range names { // side by side, because every command waits for the catalog
		wg.Go(func() { entries[i], bad[i] = readEntry(dir, name) })
	}
	wg.Wait()
	if problems := slices.Concat(bad...); len(problems) > 0 {
		return nil, &InvalidError{Problems: problems}
	}
	return entries, nil
}

func readEntry(dir fs.FS, name string) (Distro, []Problem) {
	text, err := readBounded(dir, name)
	if err != nil {
		return Distro{}, []Problem{{File: name, Message: err.Error()}}
	}
	return parseEntry(name, text)
}

func readBounded(dir fs.FS, name string) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(f, maxEntryBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxEntryBytes {
		return nil, errors.New("larger than 256 KiB, which no catalog entry needs")
	}
	return text, nil
}

// entryName is the name a file's entry must have.
func entryName(file string) string { return strings.TrimSuffix(path.Base(file), ".yaml") }
