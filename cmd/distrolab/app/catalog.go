package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"distrolab/distros"
)

// catalog reads the embedded catalog and the person's own entries over it.
func (a *application) catalog() (*distros.Catalog, error) {
	dir := filepath.Join(a.configDir(), "distros")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return distros.Load()
	}
	catalog, err := distros.LoadWith(os.DirFS(dir))
	if err != nil {
		return nil, usage(fmt.Errorf("reading your own catalog entries in %s: %w", dir, err))
	}
	return catalog, nil
}

// find looks names up; a wrong name is wrong usage.
func (a *application) find(names []string) ([]distros.Distro, error) {
	catalog, err := a.catalog()
	if err != nil {
		return nil, err
	}
	found := make([]distros.Distro, 0, len(names))
	for _, name := range names {
		d, err := catalog.Find(name)
		if err != nil {
			return nil, usage(err)
		}
		found = append(found, d)
	}
	return found, nil
}

// completeDistros completes names of the catalog.
func (a *application) completeDistros(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	catalog, err := a.catalog()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, d := range catalog.All() {
		names = append(names, cobra.CompletionWithDesc(d.Name, d.Title))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// aSystem asks for what most commands take.
const aSystem = "a system; `distrolab list` shows what there is"

// minimum is a check of the number of arguments that counts as usage.
func minimum(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < n {
			return usage(fmt.Errorf("name %s", what))
		}
		return nil
	}
}

// exactly is a check for one exact number of arguments.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usage(fmt.Errorf("name %s", what))
		}
		return nil
	}
}

// none refuses arguments.
func none(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Errorf("%q is not expected here", args[0]))
	}
	return nil
}
