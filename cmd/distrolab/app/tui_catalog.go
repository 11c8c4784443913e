package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"distrolab/distros"
	"distrolab/distros/release"
	"distrolab/distros/score"
)

// catalogScreen is what the Catalog screen asks for; what the Compare screen
// asks for is a part of it.
type catalogScreen struct{ *application }

// Known returns the releases of the embedded snapshot.
func (catalogScreen) Known() ([]release.Known, error) { return release.Snapshot() }

// Newest asks the vendor's index, as `distrolab releases --online` does.
func (s catalogScreen) Newest(ctx context.Context, d distros.Distro) (release.Summary, error) {
	store, err := s.store()
	if err != nil {
		return release.Summary{}, err
	}
	list, err := s.source(store).Releases(ctx, d, release.Query{Arch: arch})
	if err != nil {
		return release.Summary{}, err
	}
	if len(list) == 0 {
		return release.Summary{}, errors.New("its index knows no release")
	}
	return list[0], nil
}

// Profile reads a profile as `distrolab score --profile` does.
func (s catalogScreen) Profile(name string) (score.Profile, error) { return s.profile(name) }

// Profiles reads those that `distrolab score --profiles` lists.
func (s catalogScreen) Profiles() ([]score.Profile, error) {
	names, err := s.profileNames()
	if err != nil {
		return nil, err
	}
	all := make([]score.Profile, 0, len(names))
	for _, name := range names {
		p, err := s.profile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// Save writes a new file in the directory that the person is in, and never over
// another: a number makes the name new.
func (catalogScreen) Save(name, text string) (string, error) {
	ending := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ending)
	for n := 1; ; n++ {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) && n < 1000 {
			name = fmt.Sprintf("%s-%d%s", stem, n+1, ending)
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.WriteString(text)
		return name, errors.Join(err, f.Close())
	}
}
