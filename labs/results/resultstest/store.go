package resultstest

import (
	"context"
	"errors"
	"os"
	"time"

	"distrolab/labs/results"
)

// Keep puts a session with its runs into the store of a directory.
func Keep(ctx context.Context, dir string, s results.Session, runs []results.Run) (err error) {
	store, err := results.Open(ctx, dir, time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	record, err := store.Begin(ctx, s)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if err := record.Append(ctx, r); err != nil {
			return err
		}
	}
	return record.Finish(ctx, results.StateDone)
}

// Write makes a directory that holds a session with its runs, as an export does.
func Write(ctx context.Context, dir string, s results.Session, runs []results.Run) (err error) {
	home, err := os.MkdirTemp("", "store-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	if err := Keep(ctx, home, s, runs); err != nil {
		return err
	}
	store, err := results.Open(ctx, home, time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.Export(ctx, s.ID, dir, true)
}
