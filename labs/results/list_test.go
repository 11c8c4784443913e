package results_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"distrolab/labs/results"
)

// write makes a session's directory with its runs.
func write(t *testing.T, dir string, s results.Session, runs []results.Run) {
	t.Helper()
	store, err := results.Create(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range runs {
		r.RunID, r.Phase, r.Scenario = fmt.Sprintf("r%d", i), results.PhaseMeasure, results.FirstBoot
		if err := store.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSessionsAreListedNewestFirstWithWhatIsBroken(t *testing.T) {
	root := t.TempDir()
	for i := range 3 {
		s, runs := session(2)
		s.ID, s.Started = fmt.Sprintf("s%d", i), time.Date(2026, 11, 20+i, 0, 0, 0, 0, time.UTC)
		write(t, filepath.Join(root, s.ID), s, runs)
	}
	for name, content := range map[string]string{"empty": "", "torn": `{"schema":`, "foreign": `{"schema":"other/1","id":"x"}`} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if content != "" {
			if err := os.WriteFile(filepath.Join(root, name, results.SessionFile), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(root, "notes.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := results.List(root, nil)
	if err != nil || len(list) != 6 {
		t.Fatal(err, list)
	}
	for i, want := range []string{"s2", "s1", "s0"} {
		if list[i].Session.ID != want || list[i].Err != nil || list[i].Bytes == 0 {
			t.Errorf("%d: %+v", i, list[i])
		}
	}
	for _, l := range list[3:] {
		if l.Err == nil {
			t.Errorf("%s has no reason", l.Name)
		}
	}
	if none, err := results.List(filepath.Join(root, "absent"), nil); err != nil || len(none) != 0 {
		t.Errorf("no directory: %v, %v", none, err)
	}
}

func TestUnchangedSessionsAreNotReadAgain(t *testing.T) {
	root := t.TempDir()
	s, runs := session(1)
	write(t, filepath.Join(root, "s1"), s, runs)
	list, err := results.List(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	list[0].Session.ID = "kept"
	again, err := results.List(root, list)
	if err != nil || again[0].Session.ID != "kept" {
		t.Errorf("read again: %v, %v", again, err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(root, "s1", results.RunsFile), later, later); err != nil {
		t.Fatal(err)
	}
	if again, err = results.List(root, list); err != nil || again[0].Session.ID != "s1" {
		t.Errorf("not read again: %v, %v", again, err)
	}
}

func TestRemoveDeletesSessionsOnly(t *testing.T) {
	root := t.TempDir()
	s, runs := session(1)
	dir, other := filepath.Join(root, "s1"), filepath.Join(root, "photos")
	write(t, dir, s, runs)
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(root, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, refused := range []string{other, link, filepath.Join(root, "absent"), filepath.Join(dir, results.RunsFile)} {
		if err := results.Remove(refused); err == nil {
			t.Errorf("%s was deleted", refused)
		}
	}
	if err := results.Remove(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("it is still there")
	}
}

func TestPaceIsTheDistanceOfRunsWithoutPauses(t *testing.T) {
	_, runs := session(3)
	at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for i := range runs {
		runs[i].Clock.WallStart = at
		at = at.Add(map[string]time.Duration{"debian": 30 * time.Second, "standin": 50 * time.Second}[runs[i].Subject.OS])
		if i == 2 {
			at = at.Add(time.Hour)
			runs[3].Held = time.Hour
		}
	}
	pace := results.Pace(runs)
	if pace["debian"] != 30*time.Second || pace["standin"] != 50*time.Second {
		t.Errorf("%v", pace)
	}
	if len(results.Pace(runs[:1])) != 0 {
		t.Error("one run has no distance")
	}
}

func TestAgainstSaysWhatDiffersAndRefusesToRank(t *testing.T) {
	s, runs := session(10)
	c := results.Summarise(s, runs)
	same := results.Against(s, s, c, c)
	for _, row := range same.Rows {
		if row.Verdict != "not shown to differ" || row.Ratio.Ratio != 1 {
			t.Errorf("%s against itself: %s, %+v", row.Label, row.Verdict, row.Ratio)
		}
	}
	if len(same.Differs) > 0 || len(same.Limits) > 0 || len(same.Rows) != 2 {
		t.Errorf("against itself: %+v", same)
	}

	slower, slow := session(10)
	for i := range slow {
		for j := range slow[i].Events {
			slow[i].Events[j].T = slow[i].Events[j].T * 3 / 2
		}
	}
	cs := results.Summarise(slower, slow)
	if got := results.Against(s, slower, c, cs).Rows[0].Verdict; got != "slower in the second" {
		t.Errorf("half as slow again: %q", got)
	}
	if got := results.Against(slower, s, cs, c).Rows[0].Verdict; got != "faster in the second" {
		t.Errorf("the other way round: %q", got)
	}

	for i := range slow {
		slow[i].VM.Accel = "kvm"
	}
	v := results.Against(s, slower, c, results.Summarise(slower, slow))
	if got := v.Rows[0].Verdict; strings.Contains(got, "faster") || strings.Contains(got, "slower") {
		t.Errorf("other conditions: %q", got)
	}
	if len(v.Limits) != 1 || len(v.Differs) == 0 || v.Differs[0].Name != "accelerator" {
		t.Errorf("other conditions: %+v", v)
	}

	few, short := session(2)
	if got := results.Against(s, few, c, results.Summarise(few, short)).Rows[0].Verdict; !strings.HasPrefix(got, "not certain") {
		t.Errorf("two runs: %q", got)
	}
	if v := results.Against(s, few, c, results.Summarise(few, nil)); len(v.Rows) != 0 || len(v.Limits) != 1 {
		t.Errorf("no runs: %+v", v)
	}
}

// BenchmarkList lists a store of 1,000 sessions with 100 runs each: at first,
// and again when one has changed.
func BenchmarkList(b *testing.B) {
	root := b.TempDir()
	s, _ := session(100)
	runs := []byte(strings.Repeat(strings.Repeat("x", 5999)+"\n", 100))
	for i := range 1000 {
		s.ID = fmt.Sprintf("s%04d", i)
		dir := filepath.Join(root, s.ID)
		store, err := results.Create(dir, s)
		if err != nil {
			b.Fatal(err)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, results.RunsFile), runs, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	known, err := results.List(root, nil)
	if err != nil || len(known) != 1000 {
		b.Fatal(err, len(known))
	}
	for name, before := range map[string][]results.Listed{"first": nil, "again": known} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := results.List(root, before); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
