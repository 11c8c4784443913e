// Command pack checks the catalog's YAML files and writes what the program
// embeds: catalog.json and the schema for editors. It reads and writes below
// the directory distros, in which `go generate ./distros` starts it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"distrolab/distros"
)

func main() {
	check := flag.Bool("check", false, "only check; with names, report on those files alone")
	anyway := flag.Bool("anyway", false, "write also what has problems")
	flag.Parse()
	if err := run(*check, *anyway, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(check, anyway bool, names []string) error {
	dir := "."
	if _, err := os.Stat("distros/catalog"); err == nil {
		dir = "distros"
	}
	text, err := distros.Pack(os.DirFS(filepath.Join(dir, "catalog")))
	err = only(err, names)
	if check || err != nil && !anyway {
		return err
	}
	schema, schemaErr := distros.Schema()
	return errors.Join(err, schemaErr,
		os.WriteFile(filepath.Join(dir, "catalog.json"), text, 0o644),
		os.WriteFile(filepath.Join(dir, "catalog", "schema.json"), schema, 0o644))
}

// only keeps the problems of the named files.
func only(err error, names []string) error {
	var invalid *distros.InvalidError
	if len(names) == 0 || !errors.As(err, &invalid) {
		return err
	}
	other := func(p distros.Problem) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return filepath.Base(n) == p.File })
	}
	if invalid.Problems = slices.DeleteFunc(invalid.Problems, other); len(invalid.Problems) == 0 {
		return nil
	}
	return invalid
}
