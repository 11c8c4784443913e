package results_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"distrolab/labs/results"
)

// exported is a directory with the session s1 and some runs of it.
func exported(t *testing.T, runs ...results.Run) string {
	t.Helper()
	s, r := begin(t)
	appendAll(t, r, runs...)
	dir := filepath.Join(t.TempDir(), "s1")
	if err := s.Export(t.Context(), "s1", dir, true); err != nil {
		t.Fatal(err)
	}
	return dir
}

// taken imports a directory into a new store and reads it there.
func taken(t *testing.T, dir string) ([]results.Run, []string) {
	t.Helper()
	s := open(t, t.TempDir())
	in, err := s.Import(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	_, runs, _, err := s.Read(t.Context(), in.Session)
	if err != nil {
		t.Fatal(err)
	}
	return runs, in.Warnings
}

func TestATornLineLosesNothingElse(t *testing.T) {
	dir := exported(t, boot("debian", 1, time.Second))
	path := filepath.Join(dir, results.RunsFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole, whole[:len(whole)/2]...), 0o644); err != nil {
		t.Fatal(err)
	}
	_, runs, warnings, err := results.ReadDirectory(dir)
	if err != nil || len(runs) != 1 || len(warnings) != 1 || !strings.Contains(warnings[0], "line 2 was torn") {
		t.Fatalf("%d runs, warnings %q, error %v", len(runs), warnings, err)
	}
	if runs, warnings := taken(t, dir); len(runs) != 1 || len(warnings) != 1 {
		t.Errorf("imported: %d runs, warnings %q", len(runs), warnings)
	}
}

func TestForeignLinesAreSkippedWithAReason(t *testing.T) {
	dir := exported(t, boot("debian", 1, time.Second))
	path := filepath.Join(dir, results.RunsFile)
	line, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	event := `{"schema":"distrolab.run/1","session":"s1","run_id":"x%d","phase":"measure","scenario":"first_boot","outcome":"ok","subject":{"os":"d"},"events":[{"m":"boot_complete","t_ns":%d}]}`
	for _, line := range []string{
		strings.TrimSpace(string(line)),
		`not json`, `[]`, `{"schema":"distrolab.run/9"}`, `{"schema":"distrolab.run/1","session":"other"}`,
		`{"schema":"distrolab.run/1","session":"s1","run_id":"a","phase":"party"}`,
		fmt.Sprintf(event, 1, int64(1)<<62), fmt.Sprintf(event, 2, -(int64(1) << 62)),
		`"` + strings.Repeat("x", 5<<20) + `"`, "", fmt.Sprintf(event, 3, 5),
	} {
		fmt.Fprintln(f, line)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, runs, warnings, err := results.ReadDirectory(dir)
	if err != nil || len(runs) != 2 || runs[1].RunID != "x3" {
		t.Fatalf("%d runs, error %v", len(runs), err)
	}
	if len(warnings) != 9 {
		t.Errorf("%d warnings, want 9: %q", len(warnings), warnings)
	}
	for _, w := range warnings {
		if len(w) > 300 {
			t.Errorf("a foreign line filled the warning: %.80s…", w)
		}
	}
	if got, said := taken(t, dir); len(got) != 2 || len(said) != 9 {
		t.Errorf("imported: %d runs, warnings %q", len(got), said)
	}
}

func TestWhatIsNoSessionIsRefused(t *testing.T) {
	refused := func(name, dir, want string) {
		t.Helper()
		s := open(t, t.TempDir())
		for _, err := range []error{
			func() error { _, _, _, err := results.ReadDirectory(dir); return err }(),
			func() error { _, err := s.Import(t.Context(), dir); return err }(),
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if list, err := s.Sessions(t.Context(), results.Query{}); err != nil || len(list) > 0 {
			t.Errorf("%s left something in the store: %+v, %v", name, list, err)
		}
	}
	refused("empty directory", t.TempDir(), "name a directory")
	fifo := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(fifo, results.SessionFile), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("FIFO", fifo, "regular file")
	for text, want := range map[string]string{`{"schema":`: "JSON", `{"schema":"other/1","id":"x"}`: "schema", `{"schema":"distrolab.session/1"}`: "no id"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, results.SessionFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		refused(text, dir, want)
	}
}
