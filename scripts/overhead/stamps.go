package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"distrolab/labs/hypervisor"
)

// stamps are the times of events of all domains, seen by a connection of the
// benchmark's own: the same end point for both arms, with QEMU's own time.
type stamps struct {
	mu      sync.Mutex
	at      map[moment]time.Time
	changed chan struct{} // closed and replaced at each change
	ended   bool
}

type moment struct {
	domain string
	kind   hypervisor.EventKind
}

func newStamps(events <-chan hypervisor.Event) *stamps {
	s := &stamps{at: map[moment]time.Time{}, changed: make(chan struct{})}
	go func() {
		for e := range events {
			s.add(moment{e.Domain, e.Kind}, e.At)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = true
		close(s.changed)
	}()
	return s
}

// add keeps the first event of a kind; of ends the last, since that of the boot
// before may come late.
func (s *stamps) add(m moment, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.at[m]; known && m.kind != hypervisor.LifecycleStopped {
		return
	}
	s.at[m] = at
	close(s.changed)
	s.changed = make(chan struct{})
}

// forget drops a domain's events, so that its name can be used again.
func (s *stamps) forget(domain string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.at, func(m moment, _ time.Time) bool { return m.domain == domain })
}

// errCrashed says that a domain ended without the event that was waited for.
// QEMU fails by itself in some emulated boots of a thousand (docs/measurements.md).
var errCrashed = errors.New("its QEMU ended by itself")

// wait returns the time of a domain's event, or [errCrashed].
func (s *stamps) wait(ctx context.Context, domain string, kind hypervisor.EventKind) (time.Time, error) {
	for {
		s.mu.Lock()
		at, ok := s.at[moment{domain, kind}]
		resumed, runs := s.at[moment{domain, hypervisor.QEMUResume}]
		stopped := runs && s.at[moment{domain, hypervisor.LifecycleStopped}].After(resumed)
		ended, changed := s.ended, s.changed
		s.mu.Unlock()
		switch {
		case ok:
			return at, nil
		case stopped:
			return time.Time{}, fmt.Errorf("waiting for the %s of domain %s: %w", kind, domain, errCrashed)
		case ended:
			return time.Time{}, errors.New("the connection to libvirt ended; is its daemon still running?")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return time.Time{}, context.Cause(ctx)
		}
	}
}
