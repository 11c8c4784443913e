package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"distrolab/labs/ledger"
)

// Recorder writes one session: its runs, each on the disk when Append returns,
// and their raw logs. It may be used from several goroutines.
type Recorder struct {
	store   *Store
	n       int64
	session Session
}

// Begin writes the design of a session down, before its first run.
func (s *Store) Begin(ctx context.Context, session Session) (*Recorder, error) {
	session.Schema = SessionSchema
	text, err := json.MarshalIndent(session, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding session %s: %w", session.ID, err)
	}
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		return nil, err
	}
	r := &Recorder{store: s, session: session}
	err = s.change(ctx, "beginning session "+bounded(session.ID), func(tx *sql.Tx) error {
		var known int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM session WHERE id = ?", session.ID).Scan(&known); err != nil {
			return err
		}
		if known > 0 {
			return errors.New("there is one of that id already")
		}
		r.n, err = s.addSession(ctx, tx, session, append(text, '\n'), self.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// addSession writes a session's text and what lists need of it.
func (s *Store) addSession(ctx context.Context, tx *sql.Tx, session Session, text []byte, recorder string) (int64, error) {
	if err := checkSession(session); err != nil {
		return 0, err
	}
	if len(text) > maxSession {
		return 0, fmt.Errorf("%d bytes are more than the %d that a session may have", len(text), maxSession)
	}
	row, err := tx.ExecContext(ctx, `INSERT INTO session (id, started, changed, mode, scenario, blocks, warmups, fingerprint, recorder)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, session.ID, session.Started.UnixMicro(), s.now().UnixMicro(), session.Mode, session.Scenario,
		session.Blocks, session.Warmups, session.Env.Fingerprint, recorder)
	if err != nil {
		return 0, err
	}
	n, err := row.LastInsertId()
	if err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO session_text (session, text) VALUES (?, ?)", n, string(text)); err != nil {
		return 0, err
	}
	for i, subject := range session.Subjects {
		if _, err := tx.ExecContext(ctx, "INSERT INTO subject (session, place, os) VALUES (?, ?, ?)", n, i, subject.OS); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// Resume goes on with a session that was not recorded to its end. It refuses
// one that a living process records.
func (s *Store) Resume(ctx context.Context, id string) (*Recorder, error) {
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		return nil, err
	}
	r := &Recorder{store: s}
	err = s.change(ctx, "resuming session "+bounded(id), func(tx *sql.Tx) error {
		found, err := find(ctx, tx, id)
		if err != nil {
			return err
		}
		switch found.state() {
		case StateRecording:
			return found.busy()
		case StateDone:
			return errors.New("it was measured to its end")
		}
		r.n = found.n
		if r.session, err = readDesign(ctx, tx, found); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE session SET recorder = ?, ended = '', changed = ? WHERE n = ?", self.String(), s.now().UnixMicro(), r.n)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Session is the design as it was written down.
func (r *Recorder) Session() Session { return r.session }

// Append records one finished run. It is on the disk when Append returns nil,
// and no part of it otherwise. Schema and Session are filled in.
func (r *Recorder) Append(ctx context.Context, run Run) error {
	run.Schema, run.Session = RunSchema, r.session.ID
	text, err := json.Marshal(run)
	if err != nil {
		return fmt.Errorf("encoding run %s: %w", bounded(run.RunID), err)
	}
	return r.store.change(ctx, "recording run "+bounded(run.RunID), func(tx *sql.Tx) error {
		added, err := r.store.addRun(ctx, tx, r.n, run, text)
		if err == nil && !added {
			err = errors.New("the session has a run of that id already")
		}
		return err
	})
}

// addRun writes a run's text and what lists need of it, unless the session has
// a run of that id.
func (s *Store) addRun(ctx context.Context, tx *sql.Tx, session int64, run Run, text []byte) (added bool, err error) {
	if err := check(run); err != nil {
		return false, err
	}
	if len(text) >= maxLine {
		return false, fmt.Errorf("%d bytes are more than the %d that a run may have", len(text), maxLine)
	}
	var runs int
	if err := tx.QueryRowContext(ctx, "SELECT runs FROM session WHERE n = ?", session).Scan(&runs); err != nil {
		return false, fmt.Errorf("looking for the session: %w", err)
	}
	if runs >= maxRuns {
		return false, fmt.Errorf("the session has %d runs, and none may have more", runs)
	}
	var headline sql.NullInt64
	if d, ok := run.Headline(); ok {
		headline = sql.NullInt64{Int64: int64(d), Valid: true}
	}
	row, err := tx.ExecContext(ctx, `INSERT INTO run (session, id, os, phase, outcome, accel, headline, bytes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session, id) DO NOTHING`,
		session, run.RunID, run.Subject.OS, run.Phase, run.Outcome, run.VM.Accel, headline, len(text))
	if err != nil {
		return false, err
	}
	if n, err := row.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	n, err := row.LastInsertId()
	if err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO run_text (run, text) VALUES (?, ?)", n, string(text)); err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, "UPDATE session SET changed = ? WHERE n = ?", s.now().UnixMicro(), session)
	return true, err
}

// Keep moves a raw log of a run into the store: the file at path is gone after
// it. The name is that of the file in an export, below the session's directory.
// What it returns goes into [Run.Files].
func (r *Recorder) Keep(ctx context.Context, kind, name, path string) (File, error) {
	doing := "keeping " + bounded(name)
	f, err := openRegular(path)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer f.Close()
	file := File{Kind: kind, Name: name}
	if err := r.store.keep(ctx, r.n, &file, f); err != nil {
		return File{}, r.store.failed(doing, err)
	}
	return file, os.Remove(path)
}

// Finish says how the session ended: done, stopped or failed. A session without
// it, whose process has ended, counts as interrupted.
func (r *Recorder) Finish(ctx context.Context, how State) error {
	switch how {
	case StateDone, StateStopped, StateFailed:
	default:
		return fmt.Errorf("ending session %s: %q is no end", r.session.ID, how)
	}
	return r.store.change(ctx, "ending session "+r.session.ID, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE session SET ended = ?, changed = ? WHERE n = ?", how, r.store.now().UnixMicro(), r.n)
		return err
	})
}
