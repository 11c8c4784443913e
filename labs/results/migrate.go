package results

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
)

//go:embed schema/*.sql
var schema embed.FS

// applicationID marks a database as a store of results (schema/1.sql).
const applicationID = 1145852531

// migrations are the changes of the schema in order: the first n of them make
// version n of the store. One that was ever released is never changed.
func migrations() []string {
	var list []string
	for n := 1; ; n++ {
		text, err := schema.ReadFile(fmt.Sprintf("schema/%d.sql", n))
		if err != nil {
			return list
		}
		list = append(list, string(text))
	}
}

// migrate brings a database to the newest version, each step whole or not at
// all. It refuses what is not a store, and a store of a later program.
func migrate(ctx context.Context, db *sql.DB, path string, steps []string) error {
	var application, version, tables int
	err := db.QueryRowContext(ctx, `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
		FROM pragma_application_id, pragma_user_version`).Scan(&application, &version, &tables)
	switch {
	case err != nil:
		return err
	case tables > 0 && application != applicationID:
		return fmt.Errorf("%s is a database of something else; move it away", path)
	case version > len(steps):
		return &LaterError{Path: path, Version: version, Known: len(steps)}
	}
	for ; version < len(steps); version++ {
		if err := step(ctx, db, steps[version], version+1); err != nil {
			return fmt.Errorf("bringing it from version %d to %d: %w", version, version+1, err)
		}
	}
	return nil
}

func step(ctx context.Context, db *sql.DB, text string, version int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, text)
	if err == nil {
		_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
