package labs_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"distrolab/labs"
	"distrolab/labs/home"
	"distrolab/labs/ledger"
)

// watched gives the names of the labs whenever they are told.
func watched(t *testing.T, h home.Home) <-chan []string {
	t.Helper()
	told := make(chan []string, 100)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- labs.Watch(ctx, h, func(all []labs.Status) {
			names := []string{}
			for _, s := range all {
				names = append(names, s.Lab)
			}
			told <- names
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return told
}

func await(t *testing.T, told <-chan []string, want ...string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case got := <-told:
			if slices.Equal(got, want) {
				return
			}
		case <-deadline:
			t.Fatalf("never told of %v", want)
		}
	}
}

func TestWatchTellsOfLabsThatComeAndGo(t *testing.T) {
	dir := t.TempDir()
	h := home.Home{Data: filepath.Join(dir, "data"), Run: filepath.Join(dir, "run")}
	if err := h.Prepare(); err != nil {
		t.Fatal(err)
	}
	told := watched(t, h)
	await(t, told)
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	record, err := ledger.Create(h.Lab("one"), ledger.Owner{Lab: "one", Purpose: "lab", Process: self, Created: time.Unix(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	await(t, told, "one")
	if err := record.Remove(); err != nil {
		t.Fatal(err)
	}
	await(t, told)
}
