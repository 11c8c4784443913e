package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Rescued says what could be read of a damaged store.
type Rescued struct {
	Sessions  int `json:"sessions"`
	Runs      int `json:"runs"`
	Artefacts int `json:"artefacts"`
	Lost      int `json:"lost"` // records that could not be read
}

// Rescue writes what can be read of the store in a directory as sessions below
// another one, in the form of [Store.Export]. It reads the texts record by
// record and needs neither indexes nor the rows that lists are made of. Of a
// session whose design is lost, the runs are written without it.
func Rescue(ctx context.Context, dir, to string) (Rescued, error) {
	s := &Store{dir: dir}
	doing := "rescuing " + s.path()
	u := url.URL{Scheme: "file", OmitHost: true, Path: s.path(), RawQuery: url.Values{"mode": {"ro"}, "_pragma": {"query_only(on)"}}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return Rescued{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer db.Close()
	r := &rescue{store: s, db: db, to: to}
	if err := r.sessions(ctx); err != nil {
		return r.found, fmt.Errorf("%s: %w", doing, err)
	}
	if err := r.runs(ctx); err != nil {
		return r.found, fmt.Errorf("%s: %w", doing, err)
	}
	return r.found, nil
}

type rescue struct {
	store *Store
	db    *sql.DB
	to    string
	found Rescued
}

// each gives the texts of a table, whose keys are numbers from 1, as far as
// they can be read. Only an error of yield ends it.
func (r *rescue) each(ctx context.Context, table, key, counted string, yield func(text string) error) error {
	last, err := r.last(ctx, table, key, counted)
	if err != nil {
		return err
	}
	query := fmt.Sprintf("SELECT text FROM %s WHERE %s = ?", table, key)
	for n := int64(1); n <= last; n++ {
		var text string
		err := r.db.QueryRowContext(ctx, query, n).Scan(&text)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, sql.ErrNoRows): // it was deleted
			continue
		case err != nil:
			r.found.Lost++
			continue
		}
		if err := yield(text); err != nil {
			return err
		}
	}
	return nil
}

// last is the highest number that a table can have: what SQLite has given out,
// or what is there.
func (r *rescue) last(ctx context.Context, table, key, counted string) (int64, error) {
	var given, there sql.NullInt64
	err1 := r.db.QueryRowContext(ctx, "SELECT seq FROM sqlite_sequence WHERE name = ?", counted).Scan(&given)
	if errors.Is(err1, sql.ErrNoRows) {
		err1 = nil
	}
	err2 := r.db.QueryRowContext(ctx, fmt.Sprintf("SELECT max(%s) FROM %s", key, table)).Scan(&there)
	if err1 != nil && err2 != nil {
		return 0, errors.Join(err1, err2)
	}
	return max(given.Int64, there.Int64), nil
}

func (r *rescue) sessions(ctx context.Context) error {
	return r.each(ctx, "session_text", "session", "session", func(text string) error {
		s, err := decodeSession([]byte(text))
		if err == nil {
			err = checkSession(s)
		}
		if err != nil {
			r.found.Lost++
			return nil
		}
		r.found.Sessions++
		return (&directorySink{dir: filepath.Join(r.to, s.ID)}).file(SessionFile, 0, strings.NewReader(text))
	})
}

func (r *rescue) runs(ctx context.Context) error {
	var open *os.File
	defer func() { open.Close() }() // of nil too: each write was checked
	at := ""
	return r.each(ctx, "run_text", "run", "run", func(text string) error {
		var run Run
		err := json.Unmarshal([]byte(text), &run)
		if err == nil {
			err = errors.Join(check(run), checkSession(Session{ID: run.Session}))
		}
		if err != nil {
			r.found.Lost++
			return nil
		}
		if run.Session != at {
			if open, err = r.next(open, run.Session); err != nil {
				return err
			}
			at = run.Session
		}
		if _, err := io.WriteString(open, text+"\n"); err != nil {
			return err
		}
		r.found.Runs++
		return r.artefacts(ctx, run)
	})
}

// next closes the runs of one session and opens those of another.
func (r *rescue) next(open *os.File, session string) (*os.File, error) {
	if open != nil {
		if err := open.Close(); err != nil {
			return nil, err
		}
	}
	dir := filepath.Join(r.to, session)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, RunsFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// artefacts copies the raw logs of a run that are there and whole.
func (r *rescue) artefacts(ctx context.Context, run Run) error {
	to := &directorySink{dir: filepath.Join(r.to, run.Session)}
	for _, f := range run.Files {
		if checkFileName(f.Name) != nil {
			continue
		}
		content, err := r.store.Artefact(ctx, f.SHA256)
		if err != nil {
			r.found.Lost++
			continue
		}
		err = errors.Join(to.file(f.Name, f.Bytes, content), content.Close())
		if err != nil {
			return err
		}
		r.found.Artefacts++
	}
	return nil
}
