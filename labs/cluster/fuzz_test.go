package cluster

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
	"unicode"

	"distrolab/labs/observe"
)

// FuzzWatchedEvents lets the watches read anything: they must neither panic nor
// mark one milestone twice, nor keep a text that is not printable.
func FuzzWatchedEvents(f *testing.F) {
	for _, text := range []string{
		`{"type":"ADDED","object":{"metadata":{"name":"node-1","managedFields":[{"manager":"kubelet"}]},"spec":{"podCIDR":"10.0.0.0/24"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}}`,
		`{"type":"MODIFIED","object":{"metadata":{"name":"node-1"},"spec":{"taints":[{"key":"node.kubernetes.io/not-ready"}]}}}`,
		`{"type":"DELETED","object":{"metadata":{"name":"hello-node-1"}}}`,
		`{"type":"ERROR","object":{"message":"x"}}` + "\n{",
		"\xff\x00",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		seen := map[observe.Milestone]int{}
		w := &Watch{node: "node-1", seen: map[observe.Milestone]bool{}, stale: map[string]bool{}}
		w.mark = func(m observe.Milestone, at time.Time, _ observe.Source, _ time.Duration, _ observe.Quality, raw string) {
			seen[m]++
			mustBePrintable(t, raw)
			if at.IsZero() || !observe.IsJoin(m) {
				t.Errorf("marked %s at %v", m, at)
			}
		}
		for _, s := range w.streams() {
			if s.read(context.Background(), bytes.NewReader(text)) == nil {
				t.Error("a watch ended without an error")
			}
		}
		for m, n := range seen {
			if n > 1 {
				t.Errorf("%s was marked %d times", m, n)
			}
		}
		mustBePrintable(t, w.State())
		for _, fault := range w.Faults() {
			mustBePrintable(t, fault.Text)
		}
	})
}

func mustBePrintable(t *testing.T, text string) {
	t.Helper()
	if len(text) > 3*maxText || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q is long or not printable", text)
	}
}

// FuzzAuditLog reads anything as an audit log.
func FuzzAuditLog(f *testing.F) {
	f.Add([]byte(`{"kind":"Event","stage":"ResponseComplete","verb":"create","user":{"username":"system:node:node-1"},"objectRef":{"resource":"nodes","name":"node-1"},"responseStatus":{"code":201},"requestReceivedTimestamp":"2026-11-27T04:00:00.000001Z","stageTimestamp":"2026-11-27T04:00:00.000002Z"}`))
	f.Add([]byte("\n\n{}\n[]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		events, err := ReadAudit(bytes.NewReader(text), "node-1")
		if err != nil {
			return
		}
		for i, e := range events {
			mustBePrintable(t, e.Verb+e.Name)
			mustBePrintable(t, e.User+e.Resource)
			if i > 0 && e.Answered.Before(events[i-1].Answered) {
				t.Error("the events are not in order")
			}
		}
		watched := map[observe.Milestone]time.Time{observe.NodeRegistered: time.Now(), observe.LeaseFirst: time.Now()}
		CompareAudit(watched, AuditTimes(events, "node-1", "csr-1"))
	})
}
