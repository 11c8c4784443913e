package results

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"distrolab/labs/stats"
)

// MaxListed is the most that one query lists.
const MaxListed = 10_000

// Query says which sessions are listed.
type Query struct {
	System   string   // those that measured it; "": all
	Scenario Scenario // "": all
	Limit    int      // at most so many; 0: MaxListed
	Offset   int      // after so many

	id string // one session alone
}

// Listed is a session as lists show it. It is read without the runs.
type Listed struct {
	ID          string    `json:"id"`
	Started     time.Time `json:"started"`
	Changed     time.Time `json:"changed"` // when something of it was last written
	State       State     `json:"state"`
	Mode        Mode      `json:"mode"`
	Scenario    Scenario  `json:"scenario"`
	Systems     []string  `json:"systems"` // in the order of the design
	Blocks      int       `json:"blocks"`  // planned
	Accel       string    `json:"accel"`   // of its first run; empty: it has none
	Fingerprint string    `json:"fingerprint"`
	Runs        Counts    `json:"runs"`
	Bytes       int64     `json:"bytes"` // of the runs' records
	// Median is the headline of the query's system, in seconds, over its finished
	// runs; null without a system or such a run.
	Median *float64 `json:"median_s"`
}

// Counts are runs by how they ended.
type Counts struct {
	OK      int `json:"ok"`
	Timeout int `json:"timeout"`
	Failed  int `json:"failed"`
	Tainted int `json:"tainted"`
	Warmups int `json:"warmups"` // however they ended
}

// All is the number of runs, warm-ups included.
func (c Counts) All() int { return c.OK + c.Timeout + c.Failed + c.Tainted + c.Warmups }

// Find is the session that a reference means, as lists show it; see [Store.Read].
func (s *Store) Find(ctx context.Context, ref string) (Listed, error) {
	doing := "looking for session " + bounded(ref)
	f, err := find(ctx, s.read, ref)
	if err != nil {
		return Listed{}, s.failed(doing, err)
	}
	list, err := s.sessions(ctx, Query{id: f.id})
	if err == nil && len(list) == 0 {
		err = &UnknownError{Ref: ref} // it went between the two
	}
	if err != nil {
		return Listed{}, s.failed(doing, err)
	}
	return list[0], nil
}

// Sessions lists sessions, the newest first.
func (s *Store) Sessions(ctx context.Context, q Query) ([]Listed, error) {
	list, err := s.sessions(ctx, q)
	return list, s.failed("listing sessions", err)
}

func (s *Store) sessions(ctx context.Context, q Query) ([]Listed, error) {
	text, args := q.sql()
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // it only read
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []Listed{}
	for rows.Next() {
		l, err := scanListed(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	if err := rows.Err(); err != nil || q.System == "" {
		return list, err
	}
	for i := range list {
		if list[i].Median, err = median(ctx, tx, list[i].ID, q.System); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// sql writes the query. What came from outside is never part of its text.
func (q Query) sql() (string, []any) {
	where, args := []string{"1"}, []any{}
	if q.id != "" {
		where, args = append(where, "id = ?"), append(args, q.id)
	}
	if q.System != "" {
		where, args = append(where, "n IN (SELECT session FROM subject WHERE os = ?)"), append(args, q.System)
	}
	if q.Scenario != "" {
		where, args = append(where, "scenario = ?"), append(args, q.Scenario)
	}
	if q.Limit <= 0 || q.Limit > MaxListed {
		q.Limit = MaxListed
	}
	// The systems of one session, with a character between them that no name holds.
	return `SELECT id, started, changed, ended, recorder, mode, scenario, blocks, accel, fingerprint, ok, timeout, failed, tainted, runs, bytes,
		(SELECT group_concat(os, char(10)) FROM (SELECT os FROM subject WHERE session = n ORDER BY place))
		FROM session WHERE ` + strings.Join(where, " AND ") + ` ORDER BY started DESC, n DESC LIMIT ? OFFSET ?`,
		append(args, q.Limit, max(q.Offset, 0))
}

func scanListed(rows *sql.Rows) (Listed, error) {
	var l Listed
	var started, changed int64
	var ended, recorder string
	var runs int
	var systems sql.NullString
	c := &l.Runs
	err := rows.Scan(&l.ID, &started, &changed, &ended, &recorder, &l.Mode, &l.Scenario, &l.Blocks, &l.Accel, &l.Fingerprint,
		&c.OK, &c.Timeout, &c.Failed, &c.Tainted, &runs, &l.Bytes, &systems)
	if err != nil {
		return l, err
	}
	c.Warmups = runs - c.All()
	l.Started, l.Changed = time.UnixMicro(started).UTC(), time.UnixMicro(changed).UTC()
	l.State = stateOf(ended, recorder)
	l.Systems = []string{}
	if systems.Valid {
		l.Systems = strings.Split(systems.String, "\n")
	}
	return l, nil
}

// median is the middle of the headlines of a system's finished runs.
func median(ctx context.Context, tx *sql.Tx, id, system string) (*float64, error) {
	rows, err := tx.QueryContext(ctx, `SELECT headline FROM run WHERE session = (SELECT n FROM session WHERE id = ?)
		AND os = ? AND phase = ? AND outcome = ? AND headline IS NOT NULL`, id, system, PhaseMeasure, OutcomeOK)
	if err != nil {
		return nil, fmt.Errorf("the times of %s: %w", bounded(system), err)
	}
	defer rows.Close()
	var seconds []float64
	for rows.Next() {
		var ns int64
		if err := rows.Scan(&ns); err != nil {
			return nil, err
		}
		seconds = append(seconds, time.Duration(ns).Seconds())
	}
	return known(stats.Median(seconds)), rows.Err()
}
