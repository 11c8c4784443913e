package results

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
)

// Remove deletes a session with its runs, and the raw logs that no other
// session has. It refuses one that a living process records.
func (s *Store) Remove(ctx context.Context, ref string) error {
	doing := "deleting session " + bounded(ref)
	err := s.change(ctx, doing, func(tx *sql.Tx) error {
		f, err := find(ctx, tx, ref)
		if err != nil {
			return err
		}
		if f.state() == StateRecording {
			return f.busy()
		}
		// What only this session names is written down before the names go, so
		// that a crash between the two transactions leaves nothing for ever.
		if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO garbage SELECT DISTINCT sha256 FROM artefact AS mine WHERE session = ?
			AND NOT EXISTS (SELECT 1 FROM artefact WHERE sha256 = mine.sha256 AND session <> mine.session)`, f.n); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM session WHERE n = ?", f.n)
		return err
	})
	if err != nil {
		return err
	}
	return s.sweep(ctx)
}

// sweep deletes the files that nothing names. No name can come meanwhile: names
// are written in transactions, and so is this.
func (s *Store) sweep(ctx context.Context) error {
	return s.change(ctx, "deleting raw logs", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT sha256 FROM garbage")
		if err != nil {
			return err
		}
		defer rows.Close()
		var digests []string
		for rows.Next() {
			var digest string
			if err := rows.Scan(&digest); err != nil {
				return err
			}
			digests = append(digests, digest)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, digest := range digests {
			if err := os.Remove(s.artefact(digest)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM garbage")
		return err
	})
}
