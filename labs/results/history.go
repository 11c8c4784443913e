package results

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"distrolab/labs/stats"
)

// HistorySchema names the version of the JSON of [History].
const HistorySchema = "distrolab.history/1"

// History is what the sessions of a store say of one system, in their order.
// They are of one host and under the same conditions, those of the newest.
type History struct {
	Schema     string     `json:"schema"`
	System     string     `json:"system"`
	Conditions Conditions `json:"conditions"`
	Firmware   string     `json:"firmware"`
	Moments    []Moment   `json:"sessions"`    // the oldest first
	Changes    []Change   `json:"changes"`     // in the same order
	LeftOut    int        `json:"left_out"`    // sessions of other hosts, under other conditions, or of modes whose times do not compare
	Verdict    string     `json:"verdict"`     // what the changes say, for people
	MinHistory int        `json:"min_history"` // sessions from which changes are looked for
}

// Moment is a system in one session.
type Moment struct {
	Session string    `json:"session"`
	Started time.Time `json:"started"`
	Version string    `json:"version"`  // of the system, in the first run
	Median  float64   `json:"median_s"` // of the headline, in seconds, over the finished runs
}

// Change is a session from which on the system took another time than before.
type Change struct {
	Session string    `json:"session"`
	Started time.Time `json:"started"`
	Before  float64   `json:"before_s"` // median of the sessions between the change before and this one
	After   float64   `json:"after_s"`  // the same until the next change
	P       float64   `json:"p"`        // see [stats.ChangePoint]
}

// Words say how much a change is.
func (c Change) Words() string {
	r := stats.Ratio{Ratio: c.After / c.Before, Low: c.After / c.Before, High: c.After / c.Before}
	return contrast{Ratio: r}.amount()
}

// History reads how long a system took in the store's sessions, and finds when
// that changed. Without a scenario it is that of the newest session. It looks at
// the newest [stats.MaxHistory] sessions of the system.
func (s *Store) History(ctx context.Context, system string, scenario Scenario) (History, error) {
	h, err := s.history(ctx, system, scenario)
	return h, s.failed("reading the history of "+bounded(system), err)
}

func (s *Store) history(ctx context.Context, system string, scenario Scenario) (History, error) {
	h := History{Schema: HistorySchema, System: system, Moments: []Moment{}, Changes: []Change{}, MinHistory: stats.MinHistory}
	list, err := s.sessions(ctx, Query{System: system, Scenario: scenario, Limit: stats.MaxHistory})
	if err != nil {
		return h, err
	}
	chosen := false
	for _, l := range list {
		first, alone, err := s.firstRun(ctx, l.ID, system)
		if err != nil {
			return h, err
		}
		if !alone || l.Median == nil || l.Mode == ModeDemo || l.Mode == ModeCI {
			h.LeftOut++
			continue
		}
		first.conditions.Scenario, first.conditions.Accel, first.conditions.Fingerprint = l.Scenario, l.Accel, l.Fingerprint
		if !chosen {
			h.Conditions, h.Firmware, chosen = first.conditions, first.firmware, true
		}
		if h.Conditions != first.conditions || h.Firmware != first.firmware {
			h.LeftOut++
			continue
		}
		h.Moments = append(h.Moments, Moment{Session: l.ID, Started: l.Started, Version: first.version, Median: *l.Median})
	}
	slices.Reverse(h.Moments)
	h.findChanges()
	return h, nil
}

// firstRun is what a history needs to know of the first measured run of a system
// in a session. The second result is false where there is none, or where the
// session has the system more than once.
func (s *Store) firstRun(ctx context.Context, id, system string) (first firstRun, alone bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT coalesce(text ->> '$.vm.vcpus', 0), coalesce(text ->> '$.vm.mem_mib', 0),
		coalesce(text ->> '$.vm.firmware', ''), coalesce(text ->> '$.cache.state', ''), coalesce(text ->> '$.subject.version', ''),
		(SELECT count(*) FROM subject WHERE subject.session = run.session AND subject.os = run.os)
		FROM run JOIN run_text ON run_text.run = run.n
		WHERE session = (SELECT n FROM session WHERE id = ?) AND os = ? AND phase = ? ORDER BY run.n LIMIT 1`, id, system, PhaseMeasure).
		Scan(&first.conditions.VCPUs, &first.conditions.MemMiB, &first.firmware, &first.conditions.Cache, &first.version, &first.subjects)
	if errors.Is(err, sql.ErrNoRows) {
		return first, false, nil
	}
	return first, first.subjects == 1, err
}

type firstRun struct {
	conditions        Conditions
	firmware, version string
	subjects          int // of the session that are this system
}

// findChanges looks at logarithms, so that a change counts by its share.
func (h *History) findChanges() {
	logs := make([]float64, len(h.Moments))
	for i, m := range h.Moments {
		logs[i] = math.Log(m.Median)
	}
	for _, p := range stats.ChangePoints(logs) {
		m := h.Moments[p.At]
		h.Changes = append(h.Changes, Change{Session: m.Session, Started: m.Started, Before: math.Exp(p.Before), After: math.Exp(p.After), P: p.P})
	}
	h.Verdict = h.words()
}

func (h *History) words() string {
	n := len(h.Moments)
	switch {
	case n == 0 && h.LeftOut == 0:
		return "no session measured it"
	case n == 0:
		return "no session of mode quick or bench has a finished run of it"
	case n < stats.MinHistory:
		return fmt.Sprintf("changes are looked for from %d sessions on; there %s", stats.MinHistory, areThere(n))
	case len(h.Changes) == 0:
		return fmt.Sprintf("no lasting change in %d sessions", n)
	}
	last := h.Changes[len(h.Changes)-1]
	text := last.Words() + " since session " + last.Session
	if more := len(h.Changes) - 1; more > 0 {
		text += ", after " + count(more, "earlier change")
	}
	return text
}

func areThere(n int) string {
	if n == 1 {
		return "is 1"
	}
	return fmt.Sprintf("are %d", n)
}
