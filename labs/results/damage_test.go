package results_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"distrolab/labs/results"
)

// database is the file of a store that is closed.
func database(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "results.db")
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Fatal("the store was not closed")
	}
	return path
}

// closed makes a store of two sessions with many runs and a raw log, and closes it.
func closed(t *testing.T, runs int) string {
	t.Helper()
	dir := t.TempDir()
	s, err := results.Open(t.Context(), dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"s1", "s2"} {
		r, err := s.Begin(t.Context(), results.Session{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		log := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(log, []byte("hello "+id), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := r.Keep(t.Context(), "serial", "logs/a", log)
		if err != nil {
			t.Fatal(err)
		}
		for i := range runs {
			run := boot("debian", i, time.Second)
			if i == 0 {
				run.Files = []results.File{f}
			}
			appendAll(t, r, run)
		}
		if err := r.Finish(t.Context(), results.StateDone); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestALaterOrForeignDatabaseIsRefused(t *testing.T) {
	for name, test := range map[string]struct{ change, want string }{
		"later":   {"PRAGMA user_version = 99", "version 99 of the format"},
		"foreign": {"PRAGMA application_id = 7", "a database of something else"},
	} {
		dir := closed(t, 1)
		db, err := sql.Open("sqlite", database(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(test.change); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(database(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		if s, err := results.Open(t.Context(), dir, now); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
		if after, err := os.ReadFile(database(t, dir)); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: what was refused was changed: %v", name, err)
		}
	}
}

func TestNoDatabaseIsSaidToBeDamaged(t *testing.T) {
	dir := closed(t, 1)
	if err := os.WriteFile(database(t, dir), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := results.Open(t.Context(), dir, now)
	var damaged *results.DamagedError
	if !errors.As(err, &damaged) || !strings.Contains(err.Error(), "distrolab results rescue") {
		t.Errorf("%v", err)
	}
	if saved, err := results.Rescue(t.Context(), dir, t.TempDir()); err == nil {
		t.Errorf("saved from nothing: %+v", saved)
	}
}

// TestRescueReadsAroundTheDamage destroys the page of one run, and other pages
// in turn: whatever is hit, the sentence names the way out, nothing
// crashes, and what is rescued can be imported.
func TestRescueReadsAroundTheDamage(t *testing.T) {
	const runs, page = 20, 4096
	dir := closed(t, runs)
	whole, err := os.ReadFile(database(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(whole, []byte(`"run_id":"debian-7"`)) / page
	best, tried := 0, 0
	for n := 1; n < len(whole)/page; n++ {
		if n%7 != 0 && n > 6 && n != at { // all of them take a minute under the race detector
			continue
		}
		tried++
		broken := bytes.Clone(whole)
		copy(broken[n*page:], bytes.Repeat([]byte{0xff}, page))
		if err := os.WriteFile(database(t, dir), broken, 0o600); err != nil {
			t.Fatal(err)
		}
		said := readWhole(t, dir)
		to := t.TempDir()
		saved, err := results.Rescue(t.Context(), dir, to)
		if n == at {
			if said == nil {
				t.Errorf("the damage of a run's page was not seen")
			}
			if err != nil || saved.Sessions != 2 || saved.Runs < 2*runs-8 || saved.Runs == 2*runs || saved.Lost == 0 || saved.Artefacts == 0 {
				t.Errorf("page %d: %+v, %v", n, saved, err)
			}
		}
		if err == nil && saved.Sessions == 2 {
			best++
			imported(t, to, saved.Runs)
		}
		for _, left := range []string{"-wal", "-shm"} {
			os.Remove(filepath.Join(dir, "results.db") + left)
		}
	}
	if best < tried/2 {
		t.Errorf("only %d of %d damages left the sessions", best, tried)
	}
}

// readWhole reads all that a store has and returns what it said of its damage.
func readWhole(t *testing.T, dir string) error {
	t.Helper()
	s, err := results.Open(t.Context(), dir, now)
	if err == nil {
		_, err = s.Sessions(t.Context(), results.Query{})
		for _, id := range []string{"s1", "s2"} {
			_, runs, warnings, failed := s.Read(t.Context(), id)
			if failed == nil && len(warnings) == 0 && len(runs) != 20 {
				t.Errorf("%d runs were read without a word", len(runs))
			}
			err = errors.Join(err, failed)
		}
		err = errors.Join(err, s.Close())
	}
	return err
}

// imported imports what was rescued.
func imported(t *testing.T, to string, runs int) {
	t.Helper()
	s, err := results.Open(t.Context(), t.TempDir(), now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := 0
	for _, id := range []string{"s1", "s2"} {
		in, err := s.Import(t.Context(), filepath.Join(to, id))
		if err != nil {
			t.Error(err)
		}
		got += in.Runs
	}
	if got != runs {
		t.Errorf("%d of %d rescued runs can be imported", got, runs)
	}
}
