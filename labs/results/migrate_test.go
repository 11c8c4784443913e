package results

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEveryEarlierVersionBecomesTheNewest makes a store of each version, the
// empty file among them, and opens it. Two steps that no release has show that
// a step is done whole or not at all.
func TestEveryEarlierVersionBecomesTheNewest(t *testing.T) {
	for version := range len(migrations()) + 1 {
		dir := t.TempDir()
		db := at(t, dir)
		if err := migrate(t.Context(), db, "x", migrations()[:version]); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), dir, time.Now)
		if err != nil {
			t.Fatalf("from version %d: %v", version, err)
		}
		if _, err := s.Begin(t.Context(), Session{ID: "x"}); err != nil {
			t.Errorf("from version %d: %v", version, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	dir := t.TempDir()
	db := at(t, dir)
	defer db.Close()
	next := append(migrations(), "CREATE TABLE next (x INTEGER); INSERT INTO next VALUES (1); INSERT INTO nowhere VALUES (1)")
	if err := migrate(t.Context(), db, "x", next); err == nil || !strings.Contains(err.Error(), "to 2") {
		t.Fatalf("a step that fails: %v", err)
	}
	var version, tables int
	err := errors.Join(db.QueryRow("PRAGMA user_version").Scan(&version), db.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name = 'next'").Scan(&tables))
	if err != nil || version != len(migrations()) || tables != 0 {
		t.Errorf("after it: version %d, %d tables, %v", version, tables, err)
	}
	next[len(next)-1] = "CREATE TABLE next (x INTEGER)"
	for range 2 {
		if err := migrate(t.Context(), db, "x", next); err != nil {
			t.Error(err)
		}
	}
	var later *LaterError
	if err := migrate(t.Context(), db, "x", migrations()); !errors.As(err, &later) || later.Version != len(next) || later.Known != len(migrations()) {
		t.Errorf("the program before: %v", err)
	}
}

func at(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, storeFile))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}
