package distros

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
)

// Pack reads a directory of catalog files and returns all entries in the form
// that this package embeds: a JSON array with one entry on each line, so that
// a change of one entry is one line. An error of type [*InvalidError] lists
// what is wrong with the files.
func Pack(dir fs.FS) ([]byte, error) {
	files, err := readFiles(dir)
	if err != nil {
		return nil, err
	}
	entries := decoded(files)
	if err := invalid(files, entries); err != nil {
		return nil, err
	}
	slices.SortFunc(entries, inCatalogOrder)
	lines := make([][]byte, 0, len(entries))
	for _, d := range entries {
		line, err := json.Marshal(d)
		if err != nil {
			return nil, fmt.Errorf("packing %s: %w", d.Name, err)
		}
		lines = append(lines, line)
	}
	return slices.Concat([]byte("[\n"), bytes.Join(lines, []byte(",\n")), []byte("\n]\n")), nil
}
