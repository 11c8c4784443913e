package results

import (
	"context"
	"database/sql"
	"fmt"
)

// Read returns the session that a reference means, with its runs in the order
// in which they were recorded: an id, the beginning of one, "last" or "last~1".
// Records that this program cannot read are skipped, each with a warning for
// people.
func (s *Store) Read(ctx context.Context, ref string) (Session, []Run, []string, error) {
	// One transaction: a session that is being measured stands still in it.
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return Session{}, nil, nil, s.failed("reading session "+bounded(ref), err)
	}
	defer tx.Rollback() // it only read
	f, err := find(ctx, tx, ref)
	if err != nil {
		return Session{}, nil, nil, s.failed("reading session "+bounded(ref), err)
	}
	session, err := readDesign(ctx, tx, f)
	if err != nil {
		return Session{}, nil, nil, s.failed("reading session "+f.id, err)
	}
	var runs []Run
	var warnings []string
	err = eachRun(ctx, tx, f.n, func(id, text string) error {
		run, err := decodeRun([]byte(text), f.id)
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("run %s: %v: skipped", bounded(id), err))
			return nil
		}
		runs = append(runs, run)
		return nil
	})
	if err != nil {
		return Session{}, nil, nil, s.failed("reading the runs of session "+f.id, err)
	}
	if len(runs)+len(warnings) == 0 {
		warnings = []string{noRuns}
	}
	return session, runs, warnings, nil
}

// noRuns is the warning of a session that has none.
const noRuns = "no run was recorded"

// readDesign reads the text of a session.
func readDesign(ctx context.Context, q querier, f found) (Session, error) {
	var text string
	if err := q.QueryRowContext(ctx, "SELECT text FROM session_text WHERE session = ?", f.n).Scan(&text); err != nil {
		return Session{}, fmt.Errorf("its design: %w", err)
	}
	return decodeSession([]byte(text))
}

// eachRun gives the texts of a session's runs in their order.
func eachRun(ctx context.Context, tx *sql.Tx, session int64, yield func(id, text string) error) error {
	rows, err := tx.QueryContext(ctx, "SELECT run.id, run_text.text FROM run JOIN run_text ON run_text.run = run.n WHERE run.session = ? ORDER BY run.n", session)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return err
		}
		if err := yield(id, text); err != nil {
			return err
		}
	}
	return rows.Err()
}
