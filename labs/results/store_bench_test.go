package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"distrolab/distros"
	"distrolab/labs/observe"
)

// The store of the benchmark: sessions of 400 runs, a million in all. A text of
// a run is about 1.2 KiB, a fifth of a real one, so that the store fits on the
// disk of a small machine; lists and histories do not read the texts.
const (
	benchSessions = 2500
	benchRuns     = 400
)

// BenchmarkStore measures what lists and reports ask of a store of 1,000,000
// runs. The target of each is 200 ms. The store is made once, which takes
// minutes and is not measured; -short makes one of a hundredth of it.
func BenchmarkStore(b *testing.B) {
	sessions := benchSessions
	if testing.Short() {
		sessions /= 100
	}
	s, err := Open(b.Context(), b.TempDir(), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	begun := time.Now()
	if err := fill(b.Context(), s, sessions); err != nil {
		b.Fatal(err)
	}
	b.Logf("made %d runs in %s", sessions*benchRuns, time.Since(begun).Round(time.Second))
	middle := fmt.Sprintf("s%05d", sessions/2)
	for name, ask := range map[string]func(context.Context) error{
		"list-newest-100": func(ctx context.Context) error { _, err := s.Sessions(ctx, Query{Limit: 100}); return err },
		"list-all":        func(ctx context.Context) error { _, err := s.Sessions(ctx, Query{}); return err },
		"list-last-page": func(ctx context.Context) error {
			_, err := s.Sessions(ctx, Query{Limit: 100, Offset: sessions - 100})
			return err
		},
		"history-of-system": func(ctx context.Context) error {
			_, err := s.Sessions(ctx, Query{System: "flatcar", Limit: 100})
			return err
		},
		"by-scenario": func(ctx context.Context) error {
			_, err := s.Sessions(ctx, Query{Scenario: JoinCold, Limit: 100})
			return err
		},
		"find-by-id":    func(ctx context.Context) error { _, err := s.Find(ctx, middle); return err },
		"find-last":     func(ctx context.Context) error { _, err := s.Find(ctx, fmt.Sprintf("last~%d", sessions/2)); return err },
		"read-400-runs": func(ctx context.Context) error { _, _, _, err := s.Read(ctx, middle); return err },
		"compare-400-runs": func(ctx context.Context) error {
			session, runs, _, err := s.Read(ctx, middle)
			Summarise(session, runs)
			return err
		},
		"open": func(ctx context.Context) error {
			again, err := Open(ctx, s.Dir(), time.Now)
			if err != nil {
				return err
			}
			return again.Close()
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := ask(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("append", func(b *testing.B) {
		r, err := s.Begin(b.Context(), Session{ID: fmt.Sprintf("append-%d", b.N)})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for b.Loop() {
			n++
			run := benchRun("append", n, "flatcar")
			run.RunID = fmt.Sprint(n, time.Now().UnixNano())
			if err := r.Append(b.Context(), run); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// fill writes sessions of four systems as an import does: each is one
// transaction.
func fill(ctx context.Context, s *Store, sessions int) error {
	systems := []string{"debian-local", "coreos-standin", "flatcar", "talos"}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range sessions {
		session := Session{Schema: SessionSchema, ID: fmt.Sprintf("s%05d", i), Started: day.Add(time.Duration(i) * time.Hour), Mode: ModeBench,
			Scenario: []Scenario{FirstBoot, JoinCold}[i%2], Blocks: benchRuns / 4, Env: Environment{Fingerprint: fmt.Sprint("host", i%5)}}
		for _, os := range systems {
			session.Subjects = append(session.Subjects, Subject{OS: os})
		}
		text, err := json.Marshal(session)
		if err != nil {
			return err
		}
		err = s.change(ctx, "filling", func(tx *sql.Tx) error {
			n, err := s.addSession(ctx, tx, session, text, "")
			if err != nil {
				return err
			}
			for k := range benchRuns {
				run := benchRun(session.ID, k, systems[k%len(systems)])
				line, err := json.Marshal(run)
				if err != nil {
					return err
				}
				if _, err := s.addRun(ctx, tx, n, run, line); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func benchRun(session string, k int, os string) Run {
	return Run{Schema: RunSchema, Session: session, RunID: fmt.Sprintf("measure-%04d-%s", k, os), Block: k/4 + 1, Pos: k%4 + 1, Phase: PhaseMeasure, Scenario: FirstBoot,
		Subject: Subject{OS: os, Kind: distros.KindVendor, Version: "1", Arch: "amd64"}, VM: VM{VCPUs: 2, MemMiB: 2048, Accel: "kvm"}, Outcome: OutcomeOK,
		Events: []observe.Event{{M: observe.VCPUStart, T: time.Second, Q: observe.Exact, Source: observe.SourceQMP},
			{M: observe.BootComplete, T: 10*time.Second + time.Duration(k*37%400)*time.Millisecond, Q: observe.Exact, Source: observe.SourceSerial}}}
}
