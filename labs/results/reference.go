package results

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"distrolab/labs/ledger"
)

// State says whether a session is measured, or how it ended.
type State string

// The states of a session.
const (
	StateRecording   State = "recording"   // a living process measures it
	StateInterrupted State = "interrupted" // its process ended without a word
	StateDone        State = "done"        // measured to its end
	StateStopped     State = "stopped"     // by a person
	StateFailed      State = "failed"      // by an error of the session
	StateImported    State = "imported"    // how it ended is not known here
)

// latest is the reference to the newest session; with ~1 after it, to the one
// before, and so on.
const latest = "last"

// UnknownError says that a reference names no session, or more than one.
type UnknownError struct {
	Ref  string
	Near []string // ids that begin so
}

func (e *UnknownError) Error() string {
	if len(e.Near) > 0 {
		return fmt.Sprintf("%q begins the names of several sessions: %s", bounded(e.Ref), strings.Join(e.Near, ", "))
	}
	return fmt.Sprintf("there is no session %q; `distrolab results list` shows them, and last is the newest", bounded(e.Ref))
}

// found is one session of the store.
type found struct {
	n               int64
	id              string
	ended, recorder string
}

func (f found) state() State { return stateOf(f.ended, f.recorder) }

// stateOf reads what a session's row says of its end.
func stateOf(ended, recorder string) State {
	switch {
	case ended != "":
		return State(ended)
	case recorder == "":
		return StateImported
	}
	if p, err := ledger.ParseIdentity(recorder); err == nil && p.Alive() {
		return StateRecording
	}
	return StateInterrupted
}

// busy is the refusal to touch what a living process records.
func (f found) busy() error {
	pid, _, _ := strings.Cut(f.recorder, ":")
	return fmt.Errorf("process %s is recording it; stop that first", pid)
}

// querier is a database or a transaction of it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// find finds the session that a reference means: an id, the beginning of one id
// only, "last", or "last~N" for the one that began N sessions before.
func find(ctx context.Context, q querier, ref string) (found, error) {
	if back, is := fromLast(ref); is {
		return row(q.QueryRowContext(ctx, "SELECT n, id, ended, recorder FROM session ORDER BY started DESC, n DESC LIMIT 1 OFFSET ?", back), ref)
	}
	f, err := row(q.QueryRowContext(ctx, "SELECT n, id, ended, recorder FROM session WHERE id = ?", ref), ref)
	var unknown *UnknownError
	if !errors.As(err, &unknown) || ref == "" {
		return f, err
	}
	near, err := begins(ctx, q, ref)
	if err != nil {
		return found{}, err
	}
	if len(near) != 1 {
		return found{}, &UnknownError{Ref: ref, Near: near}
	}
	return row(q.QueryRowContext(ctx, "SELECT n, id, ended, recorder FROM session WHERE id = ?", near[0]), ref)
}

func row(r *sql.Row, ref string) (found, error) {
	var f found
	err := r.Scan(&f.n, &f.id, &f.ended, &f.recorder)
	if errors.Is(err, sql.ErrNoRows) {
		return found{}, &UnknownError{Ref: ref}
	}
	return f, err
}

// fromLast reads "last" and "last~N".
func fromLast(ref string) (back int, is bool) {
	rest, is := strings.CutPrefix(ref, latest)
	if !is || rest == "" {
		return 0, is
	}
	number, is := strings.CutPrefix(rest, "~")
	if !is {
		return 0, false
	}
	back, err := strconv.Atoi(number)
	return back, err == nil && back >= 0
}

// begins lists a few of the ids that begin with a text.
func begins(ctx context.Context, q querier, text string) ([]string, error) {
	const few = 5
	rows, err := q.QueryContext(ctx, "SELECT id FROM session WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", text, text+"\U0010FFFF", few)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
