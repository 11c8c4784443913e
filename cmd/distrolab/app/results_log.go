package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"distrolab/labs/results"
)

// runNamed finds the place of a run in its session.
func runNamed(s results.Session, runs []results.Run, id string) (int, error) {
	i := slices.IndexFunc(runs, func(r results.Run) bool { return r.RunID == id })
	if i < 0 {
		return 0, usage(fmt.Errorf("session %s has no run %.64q; `distrolab results show %s` lists them", s.ID, id, s.ID))
	}
	return i, nil
}

// rawLog opens a raw log of a run, from the store or from the directory of an
// exported session.
func (a *application) rawLog(ctx context.Context, ref string, run results.Run, kind string) (io.ReadCloser, error) {
	i := slices.IndexFunc(run.Files, func(f results.File) bool { return f.Kind == kind })
	if i < 0 {
		var kinds []string
		for _, f := range run.Files {
			kinds = append(kinds, f.Kind)
		}
		return nil, usage(fmt.Errorf("run %s has no raw log %.64q; it has: %s", run.RunID, kind, strings.Join(kinds, ", ")))
	}
	file := run.Files[i]
	if _, err := os.Stat(filepath.Join(ref, results.SessionFile)); err == nil {
		return os.OpenInRoot(ref, filepath.FromSlash(file.Name)) // a name of others does not leave the directory
	}
	store, err := a.results(ctx)
	if err != nil {
		return nil, err
	}
	content, err := store.Artefact(ctx, file.SHA256)
	return content, errors.Join(err, store.Close()) // an opened artefact does without its store
}
