package distros

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// maxEntryBytes bounds a catalog file; the longest of ours has some 12 kB.
const maxEntryBytes = 256 << 10

// file is one catalog file that was read: its entry, as far as it could be
// decoded, with the checker that holds its problems.
type file struct {
	entry   Distro
	checker *checker
}

// readFiles reads every *.yaml file of a directory.
func readFiles(dir fs.FS) ([]file, error) {
	names, err := fs.Glob(dir, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the catalog: %w", err)
	}
	files := make([]file, len(names))
	var wg sync.WaitGroup
	for i, name := range names { // side by side, because every command waits for the catalog
		wg.Go(func() { files[i] = readFile(dir, name) })
	}
	wg.Wait()
	return files, nil
}

func readFile(dir fs.FS, name string) file {
	text, err := readBounded(dir, name)
	if err != nil {
		return file{checker: &checker{file: name, problems: []Problem{{File: name, Message: err.Error()}}}}
	}
	entry, c := parseEntry(name, text)
	return file{entry, c}
}

// decoded returns the entries of files, also of those with problems.
func decoded(files []file) []Distro {
	var entries []Distro
	for _, f := range files {
		if f.entry.Name != "" {
			entries = append(entries, f.entry)
		}
	}
	return entries
}

// invalid gathers the problems of files, together with what their entries may
// not have in common with any of a whole catalog. It is nil if all is well.
func invalid(files []file, whole []Distro) error {
	var problems []Problem
	for _, f := range files {
		f.checker.foreignAliases(f.entry, whole)
		problems = append(problems, f.checker.problems...)
	}
	if len(problems) == 0 {
		return nil
	}
	return &InvalidError{Problems: problems}
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
