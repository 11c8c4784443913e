package linux_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/linux"
)

const wanted = "what the config names\n"

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// vendor serves the wanted text at /good/ and another at /bad/, after it has
// refused as many requests as it is told.
func vendor(t *testing.T, refusals int32) string {
	t.Helper()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case asked.Add(1) <= refusals:
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		case strings.HasPrefix(r.URL.Path, "/good/"):
			_, _ = w.Write([]byte(wanted))
		case strings.HasPrefix(r.URL.Path, "/bad/"):
			_, _ = w.Write([]byte("something else\n"))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// fetchScript is the script for one file, made to keep its mark in a directory
// of the test and to lose no time between its tries.
func fetchScript(t *testing.T, f provision.File, marks string) string {
	t.Helper()
	intent := intenttest.Minimal()
	intent.Files = []provision.File{f}
	if err := intent.Validate(); err != nil {
		t.Fatal(err)
	}
	text, ok := content(plan(t, intent, whole()), provision.FetchPath)
	if !ok {
		t.Fatal("the plan has no script")
	}
	return strings.NewReplacer("/var/lib/distrolab", marks, "sleep 3", "sleep 0.01").Replace(text)
}

// runScript lets a shell run it with the one downloader that is named.
func runScript(t *testing.T, script, downloader string) (string, error) {
	t.Helper()
	programs := t.TempDir()
	for _, name := range []string{"sh", "mkdir", "mktemp", "dirname", "rm", "mv", "chmod", "sha256sum", "cut", "sleep", downloader} {
		from, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("there is no %s here", name)
		}
		if err := os.Symlink(from, filepath.Join(programs, name)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh")
	cmd.Stdin, cmd.Env = strings.NewReader(script), []string{"PATH=" + programs}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestFetchPutsTheFileInItsPlace(t *testing.T) {
	for _, downloader := range []string{"curl", "wget"} {
		t.Run(downloader, func(t *testing.T) {
			dir := t.TempDir()
			f := provision.File{Path: filepath.Join(dir, "it's new", "tool"), Source: vendor(t, 2) + "/good/tool", SHA256: sumOf(wanted), Mode: 0o750}
			marks := filepath.Join(dir, "marks")
			if out, err := runScript(t, fetchScript(t, f, marks), downloader); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			got, err := os.ReadFile(f.Path)
			if err != nil || string(got) != wanted {
				t.Fatalf("%q, %v", got, err)
			}
			if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o750 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if mark, err := os.ReadDir(marks); err != nil || len(mark) != 1 || !strings.HasPrefix(mark[0].Name(), "fetched-") {
				t.Errorf("marks %v, %v", mark, err)
			}
		})
	}
}

// TestFetchRefusesAnotherFile: nothing is at the place, the old file stays, and
// no mark keeps the next boot from trying again.
func TestFetchRefusesAnotherFile(t *testing.T) {
	for place, says := range map[string]string{"/bad/tool": "is not the file", "/none": "cannot be had"} {
		dir := t.TempDir()
		f := provision.File{Path: filepath.Join(dir, "tool"), Source: vendor(t, 0) + place, SHA256: sumOf(wanted)}
		if err := os.WriteFile(f.Path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := runScript(t, fetchScript(t, f, filepath.Join(dir, "marks")), "curl")
		if err == nil || !strings.Contains(out, "distrolab: fetch failed: ") || !strings.Contains(out, says) {
			t.Errorf("%s: %v\n%s", place, err, out)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 {
			t.Errorf("%s: it left %v, %v", place, entries, err)
		}
		if got, err := os.ReadFile(f.Path); err != nil || string(got) != "old" {
			t.Errorf("%s: the file became %q, %v", place, got, err)
		}
	}
}

// TestEveryPathIsOneWord: whatever a valid path or address holds, a shell takes
// it for one word.
func TestEveryPathIsOneWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[ -~é🙂]{0,20}`).Draw(t, "word")
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+linux.Quote(word)).Output()
		if err != nil || string(out) != word {
			t.Fatalf("%q became %q, %v", word, out, err)
		}
	})
}

// TestWhoFetches: a unit, the format or nobody, and then that is said.
func TestWhoFetches(t *testing.T) {
	intent := intenttest.Minimal()
	intent.Files = []provision.File{{Path: "/opt/tool", Source: "http://192.168.50.1/tool", SHA256: intenttest.Sum}}
	openrc := whole()
	openrc.Init = "openrc"
	for name, c := range map[string]struct {
		userland distros.Userland
		fetching linux.Fetching
		unit     bool
		gap      bool
	}{
		"a unit":         {whole(), linux.FetchByUnit, true, false},
		"the format":     {whole(), linux.FetchByFormat, false, false},
		"no systemd":     {openrc, linux.FetchByUnit, false, true},
		"nobody":         {whole(), linux.FetchByNobody, false, true},
		"no systemd, it": {openrc, linux.FetchByFormat, false, false},
	} {
		p, err := linux.Make(intent, c.userland, c.fetching)
		if err != nil {
			t.Fatal(err)
		}
		if _, script := content(p, provision.FetchPath); script != c.unit || (len(p.Fetched) > 0) != c.unit {
			t.Errorf("%s: script %v, %d fetched", name, script, len(p.Fetched))
		}
		if gap := len(p.Gaps) > 0; gap != c.gap {
			t.Errorf("%s: gaps %v", name, p.Gaps)
		}
	}
}
