package results_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// boot returns a finished run whose boot took the given time.
func boot(os string, block int, took time.Duration) results.Run {
	return results.Run{
		Schema: results.RunSchema, Session: "s1", RunID: fmt.Sprintf("%s-%d", os, block), Block: block, Pos: 1, Seed: 7,
		Phase: results.PhaseMeasure, Scenario: results.FirstBoot, Finish: observe.BootComplete,
		Subject: results.Subject{OS: os, Kind: distros.KindLocal, Version: "13", Arch: "amd64"},
		VM:      results.VM{VCPUs: 2, MemMiB: 1024, Firmware: "bios", Accel: "tcg", Machine: "q35"},
		Events: []observe.Event{
			{M: observe.Request, Q: observe.Exact, Source: observe.SourceRequest},
			{M: observe.VCPUStart, T: time.Second, Q: observe.AtMost, Source: observe.SourceQMP},
			{M: observe.KernelStart, T: 2 * time.Second, Q: observe.Estimate, Source: observe.SourceSerial},
			{M: observe.InitStart, T: 4 * time.Second, Q: observe.Exact, Source: observe.SourceSerial},
			{M: observe.BootComplete, T: time.Second + took, Q: observe.Exact, Source: observe.SourceSerial, Raw: "login:"},
		},
		Missing: []observe.Missing{{M: observe.ManagementByte, Why: "no port"}},
		Outcome: results.OutcomeOK,
	}
}

// open opens a store and closes it with the test.
func open(t testing.TB, dir string) *results.Store {
	t.Helper()
	s, err := results.Open(t.Context(), dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// begin begins the session s1 in a store of its own.
func begin(t *testing.T) (*results.Store, *results.Recorder) {
	t.Helper()
	s := open(t, t.TempDir())
	r, err := s.Begin(t.Context(), results.Session{ID: "s1", Blocks: 10, Budget: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

func appendAll(t testing.TB, r *results.Recorder, runs ...results.Run) {
	t.Helper()
	for _, run := range runs {
		if err := r.Append(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsAppendedIsRead(t *testing.T) {
	s, r := begin(t)
	full := boot("debian", 1, 20*time.Second)
	full.Env = results.ReadEnvironment(files(workstation())).Seal()
	full.Clock = results.Clock{Canary: &results.Canary{P50: 50, P99: 240, Max: 900}, WallStart: time.Unix(1, 0).UTC()}
	full.Counters.SerialBytes = new(int64(0)) // measured as none, which is not the same as unknown
	full.Guest = &results.Guest{Values: map[string]string{"kernel": "6.12"}, CollectedAfter: observe.BootComplete}
	full.Files = []results.File{{Kind: "serial", Name: "logs/x.log", SHA256: "ab", Bytes: 4}}
	full.Taints = []string{"the canary was late"}
	appendAll(t, r, full, boot("debian", 2, 21*time.Second))

	session, runs, warnings, err := s.Read(t.Context(), "s1")
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	want := results.Session{Schema: results.SessionSchema, ID: "s1", Blocks: 10, Budget: time.Minute}
	if d := cmp.Diff(want, session); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want, r.Session()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]results.Run{full, boot("debian", 2, 21*time.Second)}, runs); d != "" {
		t.Error(d)
	}
}

func TestUnknownIsNullInTheRecord(t *testing.T) {
	s, r := begin(t)
	appendAll(t, r, boot("debian", 1, time.Second))
	dir := t.TempDir()
	if err := s.Export(t.Context(), "s1", dir, false); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, results.RunsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"frames":null`, `"load1":null`, `"cores":null`, `"canary_us":null`, `"resident_frac":null`, `"guest":null`, `"pin":null`, `"schema":"distrolab.run/1"`} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("%s is not in the line", want)
		}
	}
}

func TestWhatCannotBeReadBackIsRefused(t *testing.T) {
	s, r := begin(t)
	if _, err := s.Begin(t.Context(), results.Session{ID: "s1"}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a session was replaced: %v", err)
	}
	for _, id := range []string{"", "last", "../x", "a/b", ".x", "a b", "\x1b[2J", strings.Repeat("x", 101), "é"} {
		if _, err := s.Begin(t.Context(), results.Session{ID: id}); err == nil {
			t.Errorf("a session of the id %q was begun", id)
		}
	}
	if _, err := s.Begin(t.Context(), results.Session{ID: "s2", Subjects: []results.Subject{{OS: "a\nb"}}}); err == nil {
		t.Error("a system's name of two lines was taken")
	}
	if err := r.Append(t.Context(), results.Run{}); err == nil {
		t.Error("a run without an identity was recorded")
	}
	huge := boot("debian", 1, time.Second)
	huge.Cause = strings.Repeat("x", 5<<20)
	if err := r.Append(t.Context(), huge); err == nil {
		t.Error("a run was recorded that cannot be read back")
	}
	appendAll(t, r, boot("debian", 1, time.Second))
	if err := r.Append(t.Context(), boot("debian", 1, 2*time.Second)); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a run was recorded twice: %v", err)
	}
	if err := r.Finish(t.Context(), "well"); err == nil {
		t.Error("a session ended in a way that nobody knows")
	}
	list, err := s.Sessions(t.Context(), results.Query{})
	if err != nil || len(list) != 1 || list[0].Runs.All() != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestEndedContextWritesNothing(t *testing.T) {
	s, r := begin(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Append(ctx, boot("debian", 1, time.Second)); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	if _, _, _, err := s.Read(ctx, "s1"); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	appendAll(t, r, boot("debian", 1, time.Second)) // the store works on
}

// TestManyAtOnce writes two sessions from two openings of the store while others
// list and read, as bench and the app do.
func TestManyAtOnce(t *testing.T) {
	const runs = 25
	dir := t.TempDir()
	var wg sync.WaitGroup
	var writers sync.WaitGroup
	done := make(chan struct{})
	for _, id := range []string{"s1", "s2"} {
		s := open(t, dir)
		r, err := s.Begin(t.Context(), results.Session{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		for i := range runs {
			writers.Go(func() {
				if err := r.Append(t.Context(), boot("debian", i+1, time.Second)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Go(func() {
			for before := 0; ; {
				_, list, warnings, err := s.Read(t.Context(), id)
				if err != nil || len(list) < before || len(list) > 0 && len(warnings) > 0 {
					t.Errorf("%d runs after %d, warnings %v, error %v", len(list), before, warnings, err)
					return
				}
				before = len(list)
				listed, err := s.Find(t.Context(), id)
				if err != nil || listed.Runs.All() < before {
					t.Errorf("%+v is listed after %d runs, %v", listed.Runs, before, err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(done)
	wg.Wait()
	list, err := open(t, dir).Sessions(t.Context(), results.Query{})
	if err != nil || len(list) != 2 || list[0].Runs.OK != runs || list[1].Runs.OK != runs {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestReferences(t *testing.T) {
	s := open(t, t.TempDir())
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	if _, _, _, err := s.Read(t.Context(), "last"); err == nil {
		t.Error("an empty store has a newest session")
	}
	for i, id := range []string{"20261120-aa", "20261121-bb", "20261121-bc", "older", "lastly"} {
		started := day.AddDate(0, 0, i)
		if id == "older" {
			started = day.AddDate(-1, 0, 0)
		}
		if _, err := s.Begin(t.Context(), results.Session{ID: id, Started: started}); err != nil {
			t.Fatal(err)
		}
	}
	for ref, want := range map[string]string{
		"last": "lastly", "last~0": "lastly", "last~1": "20261121-bc", "last~4": "older", "20261121-bb": "20261121-bb", "20261120": "20261120-aa",
		"o": "older", "lastly": "lastly", "lastl": "lastly",
	} {
		if got, err := s.Find(t.Context(), ref); err != nil || got.ID != want {
			t.Errorf("%s is %q, want %q: %v", ref, got.ID, want, err)
		}
	}
	for _, ref := range []string{"", "2", "20261121-b", "last~5", "last~", "last~-1", "last~x", "x", "older2", "%", "_", "*", "'; DROP TABLE session; --", "\x00"} {
		var unknown *results.UnknownError
		_, _, _, err := s.Read(t.Context(), ref)
		if !errors.As(err, &unknown) {
			t.Errorf("%q: %v", ref, err)
		}
		if ambiguous := ref == "2" || ref == "20261121-b"; ambiguous != strings.Contains(fmt.Sprint(err), "20261121-bc") {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

func TestStates(t *testing.T) {
	s, r := begin(t)
	state := func() results.State {
		t.Helper()
		l, err := s.Find(t.Context(), "s1")
		if err != nil {
			t.Fatal(err)
		}
		return l.State
	}
	if got := state(); got != results.StateRecording {
		t.Errorf("while it is recorded: %s", got)
	}
	if _, err := s.Resume(t.Context(), "s1"); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("two record one session: %v", err)
	}
	if err := s.Remove(t.Context(), "s1"); err == nil || !strings.Contains(err.Error(), "stop that first") {
		t.Errorf("a session that is recorded was deleted: %v", err)
	}
	for _, how := range []results.State{results.StateStopped, results.StateFailed} {
		if err := r.Finish(t.Context(), how); err != nil || state() != how {
			t.Errorf("%s: %v, %s", how, err, state())
		}
		again, err := s.Resume(t.Context(), "s1")
		if err != nil || state() != results.StateRecording {
			t.Fatalf("after %s: %v, %s", how, err, state())
		}
		if d := cmp.Diff(r.Session(), again.Session()); d != "" {
			t.Error(d)
		}
		r = again
	}
	appendAll(t, r, boot("debian", 1, time.Second))
	if err := r.Finish(t.Context(), results.StateDone); err != nil || state() != results.StateDone {
		t.Errorf("%v, %s", err, state())
	}
	if _, err := s.Resume(t.Context(), "s1"); err == nil {
		t.Error("a session that was measured to its end goes on")
	}
	if err := s.Remove(t.Context(), "last"); err != nil {
		t.Error(err)
	}
	if list, err := s.Sessions(t.Context(), results.Query{}); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestRawLogsLiveAsLongAsSomebodyNamesThem(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put := func(id, name, content string) results.File {
		t.Helper()
		r, err := s.Begin(t.Context(), results.Session{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := r.Keep(t.Context(), "serial", name, path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the log is still where it was: %v", err)
		}
		if err := r.Finish(t.Context(), results.StateDone); err != nil {
			t.Fatal(err)
		}
		return f
	}
	read := func(f results.File) string {
		t.Helper()
		c, err := s.Artefact(t.Context(), f.SHA256)
		if err != nil {
			return err.Error()
		}
		defer c.Close()
		var b bytes.Buffer
		if _, err := b.ReadFrom(c); err != nil {
			return err.Error()
		}
		return b.String()
	}
	one, two, own := put("one", "logs/a", "same"), put("two", "logs/b", "same"), put("three", "logs/c", "its own")
	if one.SHA256 != two.SHA256 || one.Bytes != 4 || one.Name != "logs/a" || one.Kind != "serial" {
		t.Errorf("%+v, %+v", one, two)
	}
	for _, id := range []string{"one", "three"} {
		if err := s.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(two); got != "same" {
		t.Errorf("the log that another session has too: %q", got)
	}
	if got := read(own); !strings.Contains(got, "the store has none") {
		t.Errorf("the log of the deleted session: %q", got)
	}
	path := filepath.Join(dir, "artefacts", two.SHA256[:2], two.SHA256[2:])
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(path, []byte("sane"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := read(two); !strings.Contains(got, "was changed") {
		t.Errorf("a changed log was read: %q", got)
	}
	for _, digest := range []string{"", "ab", "../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("g", 64)} {
		if _, err := s.Artefact(t.Context(), digest); err == nil {
			t.Errorf("%q was opened", digest)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "artefacts", ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestNamesOfRawLogsStayInside(t *testing.T) {
	_, r := begin(t)
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "x", "session.json", "../x", "/etc/x", "logs/../../x", "logs/./x", "logs/", "logs/a\nb", "logs/" + strings.Repeat("x", 300)} {
		if _, err := r.Keep(t.Context(), "serial", name, path); err == nil {
			t.Errorf("kept as %q", name)
		}
	}
	if _, err := r.Keep(t.Context(), "serial", "logs/x", t.TempDir()); err == nil {
		t.Error("a directory was kept")
	}
}
