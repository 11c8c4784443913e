package app

import (
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

// storedSession puts a session into the home of a test.
func storedSession(t *testing.T) (resultScreen, string) {
	t.Helper()
	home := t.TempDir()
	a := &application{world: World{UID: 1, Err: io.Discard, Now: time.Now, Getenv: func(name string) string {
		return map[string]string{"DISTROLAB_HOME": home, "XDG_RUNTIME_DIR": home, "HOME": home}[name]
	}}}
	h, err := a.home()
	if err != nil {
		t.Fatal(err)
	}
	s, runs := resultstest.Session(6)
	if err := resultstest.Keep(t.Context(), h.Results(), s, runs); err != nil {
		t.Fatal(err)
	}
	kept := &shelf{a: a}
	t.Cleanup(func() {
		if err := kept.close(); err != nil {
			t.Error(err)
		}
	})
	return resultScreen{a, kept}, s.ID
}

func TestSessionsAreExportedWholeAndNotOverUnasked(t *testing.T) {
	screen, id := storedSession(t)
	out := t.TempDir()
	for format, want := range map[report.Format]string{
		report.HTML: "<!doctype html", report.Markdown: "# ", report.CSV: "session,run_id", report.JSON: results.ComparisonSchema, report.JSONLines: results.SessionSchema,
		report.JUnit: "<testsuites", report.Benchfmt: "BenchmarkBoot/system=", report.OpenMetrics: "# EOF",
	} {
		path, err := screen.Export(t.Context(), id, format, filepath.Join(out, "x."+string(format)), false)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil || !strings.Contains(strings.ToLower(string(data[:min(len(data), 40_000)])), strings.ToLower(want)) {
			t.Errorf("%s: %v, begins %.80q", format, err, data)
		}
	}
	path := filepath.Join(out, "x.csv")
	if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := screen.Export(t.Context(), id, report.CSV, path, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that was there: %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "mine" {
		t.Error("it was replaced unasked")
	}
	if _, err := screen.Export(t.Context(), id, report.CSV, path, true); err != nil {
		t.Error(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if lines, err := csv.NewReader(f).ReadAll(); err != nil || len(lines) != 22 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	for _, refused := range []string{"", out, filepath.Join(out, "no", "such", "place.md")} {
		if _, err := screen.Export(t.Context(), id, report.Markdown, refused, true); err == nil {
			t.Errorf("written to %q", refused)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(out, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if path, err := screen.Export(t.Context(), id, report.Markdown, "~/x.md", false); err != nil || filepath.Dir(path) != screen.a.world.Getenv("HOME") {
		t.Errorf("%s, %v", path, err)
	}
}

func TestReportIsMadeOnceAndGoesWithItsSession(t *testing.T) {
	screen, id := storedSession(t)
	first, err := screen.Report(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := screen.Report(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(first); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("it was written again: %v", err)
	}
	if err := screen.Delete(t.Context(), id); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(first); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the report stays: %v", err)
	}
	if list, err := screen.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestSessionsUnderWayStay(t *testing.T) {
	screen, _ := storedSession(t)
	store, err := screen.shelf.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Begin(t.Context(), results.Session{ID: "now"}); err != nil {
		t.Fatal(err)
	}
	if err := screen.Delete(t.Context(), "now"); err == nil || !strings.Contains(err.Error(), "is recording it") {
		t.Errorf("a session that is measured was deleted: %v", err)
	}
}

func TestPaceIsOfTheNewestSessions(t *testing.T) {
	screen, _ := storedSession(t)
	store, err := screen.shelf.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := pace(t.Context(), store); len(got) != 1 || got[results.FirstBoot] == nil {
		t.Errorf("%v", got) // its runs all began at once: no distance is known
	}
}

func TestNotesAreLines(t *testing.T) {
	var got []string
	w := &noteWriter{note: func(text string) { got = append(got, text) }}
	for _, part := range []string{"one\ntw", "o\r\n\n", "10 %\r20 %\rdone\nhalf"} {
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(got, "|") != "one|two|done" {
		t.Errorf("%q", got)
	}
}
