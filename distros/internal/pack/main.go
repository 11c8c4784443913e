// Command pack checks the catalog's YAML files and writes what the program
// embeds of them: distros/catalog.json, and the schema for editors. It is what
// `go generate ./distros` runs, and touches nothing else.
//
// With names of files it only checks those: go run ./distros/internal/pack FILE...
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"distrolab/distros"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run works in the directory distros, as go generate does, or above it.
func run(names []string) error {
	dir := "."
	if _, err := os.Stat("distros/catalog"); err == nil {
		dir = "distros"
	}
	text, err := distros.Pack(os.DirFS(filepath.Join(dir, "catalog")))
	if len(names) > 0 {
		return only(err, dir, names)
	}
	if err != nil {
		return err
	}
	schema, err := distros.Schema()
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "catalog.json"), text, 0o644),
		os.WriteFile(filepath.Join(dir, "catalog", "schema.json"), schema, 0o644))
}

// only keeps the problems of the named files, which must be in the catalog.
func only(err error, dir string, names []string) error {
	for i, n := range names {
		names[i] = filepath.Base(n)
		if _, err := os.Stat(filepath.Join(dir, "catalog", names[i])); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("checking %s: there is no such file in distros/catalog", n)
		}
	}
	var invalid *distros.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	invalid.Problems = slices.DeleteFunc(invalid.Problems, func(p distros.Problem) bool { return !slices.Contains(names, p.File) })
	if len(invalid.Problems) == 0 {
		return nil
	}
	return invalid
}
