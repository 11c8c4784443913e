package app

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	labbench "distrolab/labs/bench"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/kubernetes"
	"distrolab/labs/results"
	"distrolab/labs/session"
	"distrolab/tui/bench"
)

// sessions are those that the app runs: they end with it.
type sessions struct {
	end     chan struct{} // closed when the app ends
	running sync.WaitGroup

	mu    sync.Mutex
	under int // sessions that have begun and not ended
}

func newSessions() *sessions { return &sessions{end: make(chan struct{})} }

// close ends the sessions and waits until their machines were taken back. It
// is called once.
func (s *sessions) close(waits func()) {
	close(s.end)
	s.mu.Lock()
	some := s.under > 0
	s.mu.Unlock()
	if some {
		waits()
	}
	s.running.Wait()
}

// errAppEnded is why a session ends with the app.
var errAppEnded = errors.New("the app was ended")

// with gives a context that also ends with the app.
func (s *sessions) with(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-s.end:
			cancel(errAppEnded)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// count adds to the number of sessions that are measured.
func (s *sessions) count(by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.under += by
}

// benchScreen is what the screen Bench needs, done by the functions of the
// commands bench boot and bench join.
type benchScreen struct {
	a        *application
	sessions *sessions
	shelf    *shelf
}

// Know looks at this machine and at what earlier sessions took.
func (b benchScreen) Know(ctx context.Context) (bench.Known, error) {
	h, err := b.a.home()
	if err != nil {
		return bench.Known{}, err
	}
	k := bench.Known{ControlPlane: defaultControl, Kubernetes: bundles(h)}
	if store, err := b.shelf.open(ctx); err == nil {
		k.Pace = pace(ctx, store) // an estimate is no reason for a failure
	}
	found, err := b.a.accelerator(ctx, h)
	if err != nil {
		return k, err
	}
	k.Accelerator = strings.ToUpper(string(found.Kind))
	if found.Kind == hypervisor.TCG {
		k.Why = found.Reason
	}
	k.BootDeadline, k.JoinDeadline = labbench.DefaultDeadline(found.Kind), labbench.DefaultJoinDeadline(found.Kind)
	return k, nil
}

// bundles are the versions of Kubernetes that are stored, the newest release first. Without
// any, or where they cannot be read, a join says so when it is planned.
func bundles(h home.Home) []string {
	store, err := kubernetes.OpenStore(h.Kubernetes())
	if err != nil {
		return nil
	}
	versions, err := store.Versions()
	if err != nil {
		return nil
	}
	return versions
}

// The sessions that an estimate looks at: enough to know every system that is
// measured often, and none so large that reading it takes long.
const (
	paceSessions = 12
	paceBytes    = 8 << 20
)

// pace is how long runs took in the newest sessions, as far as they can be read.
func pace(ctx context.Context, store *results.Store) map[results.Scenario]map[string]time.Duration {
	known := map[results.Scenario]map[string]time.Duration{}
	list, err := store.Sessions(ctx, results.Query{Limit: paceSessions})
	if err != nil {
		return known
	}
	for _, l := range list {
		if l.Bytes > paceBytes {
			continue
		}
		s, runs, _, err := store.Read(ctx, l.ID)
		if err != nil {
			continue
		}
		if known[s.Scenario] == nil {
			known[s.Scenario] = map[string]time.Duration{}
		}
		for os, took := range results.Pace(runs) {
			if _, newer := known[s.Scenario][os]; !newer {
				known[s.Scenario][os] = took
			}
		}
	}
	return known
}

// Run plans and measures a design.
func (b benchScreen) Run(ctx context.Context, d bench.Design, gate *session.Gate, feed bench.Feed) (string, error) {
	b.sessions.running.Add(1)
	defer b.sessions.running.Done()
	ctx, done := b.sessions.with(ctx)
	defer done()
	inner := *b.a
	inner.world.Err = &noteWriter{note: feed.Note}
	e, err := inner.planDesign(ctx, d)
	if err != nil {
		return "", err
	}
	store, err := b.shelf.open(ctx)
	if err != nil {
		return "", err
	}
	tell := func(p session.Progress) {
		if p.Step == session.StepStarted {
			b.sessions.count(1)
		}
		feed.Progress(p)
	}
	id, err := inner.session(ctx, store, e, gate, tell)
	if id == "" {
		return "", err
	}
	defer b.sessions.count(-1)
	ctx = context.WithoutCancel(ctx) // what was measured is kept, whoever ended it
	if e.directory != "" {
		err = errors.Join(err, store.Export(ctx, id, e.directory, true))
	}
	_, failed := b.a.ensureReport(ctx, store, id)
	return id, errors.Join(err, failed)
}

// planDesign plans as the commands do.
func (a *application) planDesign(ctx context.Context, d bench.Design) (experiment, error) {
	opt := optionsOf(d.Asked())
	opt.out = expandHome(d.Directory, a.world.Getenv)
	return a.planExperiment(ctx, opt)
}

// expandHome makes of a leading ~/ the person's home directory: no shell has
// done it.
func expandHome(path string, getenv func(string) string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && getenv("HOME") != "" {
		return filepath.Join(getenv("HOME"), rest)
	}
	return path
}

// noteWriter makes notes of the lines that planning writes for people.
type noteWriter struct {
	mu   sync.Mutex
	rest string
	note func(string)
}

var _ io.Writer = (*noteWriter)(nil)

// Write implements [io.Writer].
func (w *noteWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest += string(p)
	for {
		line, rest, found := strings.Cut(w.rest, "\n")
		if !found {
			return len(p), nil
		}
		w.rest = rest
		// A line that is rewritten in place ends with what it says last.
		line = strings.TrimSpace(line)
		line = strings.TrimSpace(line[strings.LastIndexByte(line, '\r')+1:])
		if line != "" {
			w.note(line)
		}
	}
}
