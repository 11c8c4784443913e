package results_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

// contents are the files below a directory.
func contents(t interface {
	Helper()
	Fatal(...any)
}, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		all[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestNothingIsLostOnTheWay writes directories as no version of ours would, with
// fields that this program does not know, and imports and exports them: every
// byte must come back, through a directory and through an archive.
func TestNothingIsLostOnTheWay(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // each makes four stores
		if err := f.Value.Set("12"); err != nil {
			t.Fatal(err)
		}
		defer f.Value.Set(f.DefValue)
	}
	rapid.Check(t, func(t *rapid.T) {
		base, err := os.MkdirTemp("", "results-*")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(base)
		from := filepath.Join(base, "from")
		want := foreign(t)
		for name, text := range want {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(from, name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(from, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		ctx := t.Context()
		one, err := results.Open(ctx, filepath.Join(base, "one"), now)
		if err != nil {
			t.Fatal(err)
		}
		defer one.Close()
		in, err := one.Import(ctx, from)
		if err != nil || len(in.Warnings) > 0 {
			t.Fatal(err, in.Warnings)
		}
		again, err := one.Import(ctx, from)
		if err != nil || again.Runs != 0 {
			t.Fatalf("imported twice: %+v, %v", again, err)
		}
		if err := one.Export(ctx, in.Session, filepath.Join(base, "to"), true); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, contents(t, filepath.Join(base, "to"))); d != "" {
			t.Fatalf("through a directory (-written +exported):\n%s", d)
		}
		var archive, second bytes.Buffer
		if err := one.ExportTar(ctx, in.Session, &archive, true); err != nil {
			t.Fatal(err)
		}
		two, err := results.Open(ctx, filepath.Join(base, "two"), now)
		if err != nil {
			t.Fatal(err)
		}
		defer two.Close()
		if _, err := two.ImportTar(ctx, bytes.NewReader(archive.Bytes())); err != nil {
			t.Fatal(err)
		}
		if err := two.ExportTar(ctx, in.Session, &second, true); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(archive.Bytes(), second.Bytes()) {
			t.Fatal("through an archive: the second differs from the first")
		}
	})
}

// foreign draws the files of a session.
func foreign(t *rapid.T) map[string]string {
	text := rapid.StringOf(rapid.RuneFrom([]rune("ab \"\\\n\x00\x7f\u2028é漢<>&")))
	files := map[string]string{}
	design := map[string]any{"schema": results.SessionSchema, "id": "s1", "blocks": rapid.IntRange(0, 9).Draw(t, "blocks"), "x_new": text.Draw(t, "field")}
	session, err := json.MarshalIndent(design, "", rapid.SampledFrom([]string{"", " ", "\t"}).Draw(t, "indent"))
	if err != nil {
		t.Fatal(err)
	}
	files[results.SessionFile] = string(session) + rapid.SampledFrom([]string{"", "\n", "\r\n \n"}).Draw(t, "end of design")
	var lines strings.Builder
	for i := range rapid.IntRange(1, 5).Draw(t, "runs") {
		run := map[string]any{"schema": results.RunSchema, "session": "s1", "run_id": fmt.Sprint(i, text.Draw(t, "id")), "block": i, "phase": "measure", "scenario": "first_boot",
			"outcome": rapid.SampledFrom([]string{"ok", "failed", "timeout", "tainted"}).Draw(t, "outcome"), "subject": map[string]any{"os": "debian", "x": text.Draw(t, "field")},
			"huge": json.Number("12345678901234567890123.0"), "events": []any{map[string]any{"m": "boot_complete", "t_ns": i, "y": nil}}}
		if rapid.Bool().Draw(t, "has a log") {
			name := fmt.Sprintf("logs/%d.console", i)
			run["files"] = []any{map[string]any{"kind": "serial", "name": name, "sha256": digest(fmt.Sprint("log ", i%2)), "bytes": 5}}
			files[name] = fmt.Sprint("log ", i%2)
		}
		line, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(line)
		lines.WriteString("\n")
	}
	files[results.RunsFile] = lines.String()
	if how := rapid.SampledFrom([]string{"", "done", "stopped", "failed"}).Draw(t, "ended"); how != "" {
		files[results.EndFile] = `{"schema":"distrolab.end/1","how":"` + how + "\"}\n"
	}
	return files
}

func TestExportNeverReplacesAndLeavesLogsOutOnlyWhenAsked(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	r, err := s.Begin(t.Context(), results.Session{ID: "s1"})
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	run := boot("debian", 1, 1)
	f, err := r.Keep(t.Context(), "serial", "logs/a", log)
	if err != nil {
		t.Fatal(err)
	}
	run.Files = []results.File{f}
	appendAll(t, r, run)
	taken := t.TempDir()
	if err := os.WriteFile(filepath.Join(taken, results.RunsFile), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Export(t.Context(), "s1", taken, true); err == nil || !strings.Contains(err.Error(), "choose another directory") {
		t.Errorf("exported over a file: %v", err)
	}
	if d := cmp.Diff(map[string]string{results.RunsFile: "mine"}, contents(t, taken)); d != "" {
		t.Errorf("a refused export left something:\n%s", d)
	}
	bare := t.TempDir()
	if err := s.Export(t.Context(), "s1", bare, false); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, bare); len(got) != 2 || got["logs/a"] != "" {
		t.Errorf("without logs: %v", got)
	}
	other := open(t, t.TempDir())
	if in, err := other.Import(t.Context(), bare); err != nil || in.Artefacts != 0 || len(in.Warnings) > 0 {
		t.Errorf("%+v, %v", in, err)
	}
	again := t.TempDir()
	if err := other.Export(t.Context(), "s1", again, true); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(contents(t, bare), contents(t, again)); d != "" {
		t.Error(d)
	}
	if err := os.Remove(filepath.Join(dir, "artefacts", f.SHA256[:2], f.SHA256[2:])); err != nil {
		t.Fatal(err)
	}
	if err := s.Export(t.Context(), "s1", t.TempDir(), true); err == nil || !strings.Contains(err.Error(), "--no-artefacts") {
		t.Errorf("a log that is gone: %v", err)
	}
}

func TestImportAddsWhatIsLackingAndRefusesAnother(t *testing.T) {
	s, runs := resultstest.Session(3)
	part, whole := t.TempDir(), t.TempDir()
	if err := resultstest.Write(t.Context(), part, s, runs[:4]); err != nil {
		t.Fatal(err)
	}
	if err := resultstest.Write(t.Context(), whole, s, runs); err != nil {
		t.Fatal(err)
	}
	store := open(t, t.TempDir())
	for i, step := range []struct {
		dir  string
		runs int
	}{{part, 4}, {part, 0}, {whole, len(runs) - 4}, {part, 0}} {
		if in, err := store.Import(t.Context(), step.dir); err != nil || in.Runs != step.runs {
			t.Errorf("step %d: %+v, %v", i, in, err)
		}
	}
	s.Blocks++
	other := t.TempDir()
	if err := resultstest.Write(t.Context(), other, s, runs); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Import(t.Context(), other); err == nil || !strings.Contains(err.Error(), "another session of that id") {
		t.Errorf("another session of the id: %v", err)
	}
	changed := boot("debian", 1, 5)
	changed.RunID, changed.Session = runs[0].RunID, s.ID
	line, err := json.Marshal(changed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(part, results.RunsFile), append(line, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	if in, err := store.Import(t.Context(), part); err != nil || in.Runs != 0 || len(in.Warnings) != 1 {
		t.Errorf("another run of an id: %+v, %v", in, err)
	}
	if _, got, _, err := store.Read(t.Context(), s.ID); err != nil || len(got) != len(runs) {
		t.Errorf("%d runs, %v", len(got), err)
	}
	recorded := open(t, t.TempDir())
	if _, err := recorded.Begin(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if _, err := recorded.Import(t.Context(), other); err == nil || !strings.Contains(err.Error(), "is recording it") {
		t.Errorf("imported into a session that is recorded: %v", err)
	}
}

func TestDamagedLogsAreSaidAndLinksNotFollowed(t *testing.T) {
	run := boot("debian", 1, 1)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"logs/good", "logs/changed", "logs/link", "../secret", "session.json", "logs/dir", "logs/absent"} {
		run.Files = append(run.Files, results.File{Kind: "serial", Name: name, SHA256: digest("good"), Bytes: 4})
	}
	dir := exported(t, run)
	if err := os.MkdirAll(filepath.Join(dir, "logs", "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"good": "good", "changed": "bad"} {
		if err := os.WriteFile(filepath.Join(dir, "logs", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, filepath.Join(dir, "logs", "link")); err != nil {
		t.Fatal(err)
	}
	s := open(t, t.TempDir())
	in, err := s.Import(t.Context(), dir)
	if err != nil || in.Artefacts != 2 || len(in.Warnings) != 5 {
		t.Errorf("%+v, %v", in, err)
	}
	to := t.TempDir()
	if err := s.Export(t.Context(), "s1", to, true); err != nil {
		t.Fatal(err)
	}
	got := contents(t, to)
	if len(got) != 4 || got["logs/good"] != "good" || got["logs/changed"] != "bad" {
		t.Errorf("%v", got)
	}
}

func TestHostileArchivesAreRefused(t *testing.T) {
	type entry struct {
		name, text string
		kind       byte
	}
	for name, entries := range map[string][]entry{
		"way out":   {{"../x", "x", tar.TypeReg}},
		"absolute":  {{"/etc/x", "x", tar.TypeReg}},
		"link":      {{"logs/x", "", tar.TypeSymlink}},
		"directory": {{"logs/x/", "", tar.TypeDir}},
		"other":     {{"report.html", "x", tar.TypeReg}},
		"twice":     {{"session.json", "x", tar.TypeReg}, {"session.json", "x", tar.TypeReg}},
		"empty":     {},
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, e := range entries {
			if err := w.WriteHeader(&tar.Header{Name: e.name, Typeflag: e.kind, Size: int64(len(e.text)), Linkname: map[byte]string{tar.TypeSymlink: "/etc/passwd"}[e.kind]}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(e.text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		s := open(t, dir)
		if _, err := s.ImportTar(t.Context(), &b); err == nil {
			t.Errorf("%s: taken", name)
		}
		if left, err := filepath.Glob(filepath.Join(dir, ".import*")); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", name, left, err)
		}
	}
	if _, err := open(t, t.TempDir()).ImportTar(t.Context(), strings.NewReader("no archive")); err == nil {
		t.Error("text was taken for an archive")
	}
}

func TestSessionsOfEarlierVersionsAreTakenInOnce(t *testing.T) {
	root := t.TempDir()
	s, runs := resultstest.Session(2)
	for _, id := range []string{"a", "b"} {
		s.ID = id
		if err := resultstest.Write(t.Context(), filepath.Join(root, id), s, runs); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{"empty": "", "torn": `{"schema":`} {
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
	store := open(t, root)
	got := store.Taken()
	if len(got) != 3 || got[0].Session != "a" || got[0].Runs != len(runs) || got[1].Session != "b" || len(got[2].Warnings) != 1 {
		t.Errorf("%+v", got)
	}
	if _, read, _, err := store.Read(t.Context(), "b"); err != nil || len(read) != len(runs) {
		t.Errorf("%d runs, %v", len(read), err)
	}
	if err := store.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "a", results.RunsFile)); err != nil {
		t.Errorf("the directory of the earlier version is gone: %v", err)
	}
	if again := open(t, root); len(again.Taken()) != 0 {
		t.Errorf("taken in again: %+v", again.Taken())
	}
	if list, err := store.Sessions(t.Context(), results.Query{}); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}
