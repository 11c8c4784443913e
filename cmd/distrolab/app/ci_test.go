package app_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
	"distrolab/labs/session/matrix"
)

// nightly are the files that the manual shows: what to measure, when, and what
// to do.
func nightly(t *testing.T) (measure, when, do string) {
	t.Helper()
	text := manual(t, "ci.md")
	yamls := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(text, -1)
	shells := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(yamls) != 2 || len(shells) != 1 {
		t.Fatalf("docs/ci.md has %d files of YAML and %d scripts", len(yamls), len(shells))
	}
	return yamls[0][1], yamls[1][1], shells[0][1]
}

func TestManualsNightlyFilesAreRead(t *testing.T) {
	measure, when, _ := nightly(t)
	m, err := matrix.Read("nightly.yaml", []byte(measure))
	if err != nil || len(m.Sessions) != 1 {
		t.Errorf("%d sessions, %v", len(m.Sessions), err)
	}
	var workflow struct {
		On struct {
			Schedule []struct{ Cron string }
		}
		Jobs map[string]struct {
			Steps []struct{ Run, Uses, If string }
		}
	}
	if err := yaml.Unmarshal([]byte(when), &workflow); err != nil {
		t.Fatal(err)
	}
	steps := workflow.Jobs["measure"].Steps
	if len(workflow.On.Schedule) != 1 || len(steps) != 4 || steps[1].Run != "sh nightly.sh" {
		t.Fatalf("%+v", workflow)
	}
	for _, s := range steps[2:] {
		if s.If != "always()" {
			t.Errorf("a step after a failed comparison is not run: %+v", s)
		}
	}
}

// TestManualsNightlyScript runs the manual's script for three nights. Only the
// measuring itself is not real: in its place a session is taken in. The third
// night is slower.
func TestManualsNightlyScript(t *testing.T) {
	measure, _, do := nightly(t)
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"real", "bin", "run"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(self, filepath.Join(dir, "real", "distrolab")); err != nil { // TestMain goes by the name
		t.Fatal(err)
	}
	const stub = `#!/bin/sh
case "$1 $2" in
doctor*) exit 0 ;;
"bench run") test -f "$3" && exec "$REAL" results import "$NIGHT" ;;
*) exec "$REAL" "$@" ;;
esac
`
	for name, text := range map[string]string{"bin/distrolab": stub, "nightly.sh": do, "nightly.yaml": measure} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for night, want := range []struct {
		slower float64
		code   int
		says   string
	}{{0, 0, "the first night"}, {0.01, 0, "A: session"}, {0.15, 3, "slower"}} {
		out, code := runNight(t, dir, exported(t, night, want.slower))
		if code != want.code || !strings.Contains(out, want.says) {
			t.Errorf("night %d ends with %d, want %d with %q:\n%s", night+1, code, want.code, want.says, out)
		}
		for file, holds := range map[string]string{
			"report.html": "distrolab-data", "summary.md": "# ", "runs.csv": "headline_s", "metrics.om.txt": "# EOF", "junit.xml": "</testsuites>", "session.tar": "runs.jsonl",
		} {
			data, err := os.ReadFile(filepath.Join(dir, "out", file))
			if err != nil || !strings.Contains(string(data), holds) {
				t.Errorf("night %d: %s: %v", night+1, file, err)
			}
			if failed := strings.Contains(string(data), `type="regression"`); file == "junit.xml" && failed != (want.code == 3) {
				t.Errorf("night %d: JUnit tells of a regression: %v", night+1, failed)
			}
		}
	}
}

// runNight runs the script as CI would, without a terminal and a network.
func runNight(t *testing.T, dir, night string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "nightly.sh")
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + filepath.Join(dir, "bin") + ":/usr/bin:/bin", "REAL=" + filepath.Join(dir, "real", "distrolab"), "NIGHT=" + night,
		"HOME=" + dir, "DISTROLAB_HOME=" + filepath.Join(dir, "home"), "XDG_RUNTIME_DIR=" + filepath.Join(dir, "run"),
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// exported is a session of a night, whose boots take longer by a share.
func exported(t *testing.T, night int, slower float64) string {
	t.Helper()
	s, runs := resultstest.Session(10)
	s.Started = s.Started.AddDate(0, 0, night)
	s.ID = s.Started.Format("20060102-1504") + "-night"
	dir := t.TempDir()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, r := range runs {
		r.Session = s.ID
		r.Events = append([]observe.Event(nil), r.Events...)
		for i := range r.Events {
			r.Events[i].T = time.Duration(float64(r.Events[i].T) * (1 + slower))
		}
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	for name, text := range map[string]string{results.SessionFile: string(data), results.RunsFile: lines.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
