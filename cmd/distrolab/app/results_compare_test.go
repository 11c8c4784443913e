package app_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"distrolab/cmd/distrolab/app"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

// changed writes the directory of a session in which every run was changed.
func changed(t *testing.T, id string, change func(*results.Session, *results.Run)) string {
	t.Helper()
	s, runs := resultstest.Session(10)
	dir := filepath.Join(t.TempDir(), id)
	s.ID = id
	for i := range runs {
		runs[i].Session, runs[i].Env.Fingerprint = id, "host"
		change(&s, &runs[i])
	}
	if err := resultstest.Write(t.Context(), dir, s, runs); err != nil {
		t.Fatal(err)
	}
	return dir
}

func slower(os string, by float64) func(*results.Session, *results.Run) {
	return func(_ *results.Session, r *results.Run) {
		for i := range r.Events {
			if r.Subject.OS == os {
				r.Events[i].T = time.Duration(float64(r.Events[i].T) * by)
			}
		}
	}
}

// compareResults runs `distrolab results compare` in a home of its own.
func compareResults(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := map[string]string{"DISTROLAB_HOME": t.TempDir(), "XDG_RUNTIME_DIR": t.TempDir(), "HOME": t.TempDir()}
	w := app.World{In: strings.NewReader(""), Out: &stdout, Err: &stderr, UID: os.Geteuid(), Executable: "/nowhere", Now: today, Getenv: func(k string) string { return env[k] }}
	code = app.Run(t.Context(), w, append([]string{"results", "compare"}, args...))
	return code, stdout.String(), stderr.String()
}

func TestResultsCompareEndsWithWhatItFound(t *testing.T) {
	same := func(*results.Session, *results.Run) {}
	before := changed(t, "before", same)
	otherHost := func(s *results.Session, r *results.Run) {
		s.Env.CPUModel, r.Env.Fingerprint = "Another\x1b[31m CPU", "other"
		slower("debian", 1.2)(s, r)
	}
	for _, c := range []struct {
		name      string
		args      []string
		code      int
		out, errs string
	}{
		{"the same", []string{before, changed(t, "after", same)}, 0, "debian: no difference above", ""},
		{"regression", []string{before, changed(t, "after", slower("debian", 1.2))}, 3, "debian: about 20 % slower, between", "distrolab: a regression: debian\n"},
		{"improvement", []string{before, changed(t, "after", slower("debian", 0.8))}, 0, "an improvement from A to B", ""},
		{"other host", []string{before, changed(t, "after", otherHost)}, 2, "", "They differ in: host (host, other); CPU ("},
		{"other host, asked for", []string{"--across-hosts", before, changed(t, "after", otherHost)}, 0, "debian: differs, under other conditions", ""},
		{"within", []string{before}, 3, "ignition-standin against debian: about 36 % slower", "a regression: ignition-standin"},
		{"within, the slowest is the baseline", []string{before, "--baseline", "ignition-standin"}, 0, "debian against ignition-standin: about 27 % faster", ""},
		{"no such baseline", []string{before, "--baseline", "talos"}, 1, "", "has no runs of talos; it has flatcar, debian, ignition-standin"},
		{"nothing in common", []string{before, changed(t, "after", func(_ *results.Session, r *results.Run) { r.Subject.OS = "x-" + r.Subject.OS })}, 1, "first session only", "nothing could be compared"},
		{"no runs", []string{before, changed(t, "after", func(_ *results.Session, r *results.Run) { r.Phase = results.PhaseWarmup })}, 1, "", "has no measured run"},
		{"unknown", []string{before, "nowhere"}, 2, "", "nowhere"},
		{"baseline of two", []string{before, before, "--baseline", "debian"}, 2, "", "of two sessions the first is the baseline"},
		{"across hosts of one", []string{before, "--across-hosts"}, 2, "", "name two sessions"},
		{"none", nil, 2, "", "name two sessions, or one"},
	} {
		code, out, errs := compareResults(t, c.args...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) || c.errs == "" && errs != "" {
			t.Errorf("%s: exit %d, want %d\n%s\n%s", c.name, code, c.code, out, errs)
		}
		if strings.Contains(out+errs, "\x1b") {
			t.Errorf("%s: a control character of the record was printed: %q", c.name, out+errs)
		}
	}
}

func TestResultsCompareInJSON(t *testing.T) {
	before, after := changed(t, "before", func(*results.Session, *results.Run) {}), changed(t, "after", slower("debian", 1.2))
	code, out, _ := compareResults(t, before, after, "-o", "json")
	var got struct {
		Schema, A, B, Judgement string
		Rows                    []struct {
			Label, Verdict, Judgement string
			Ratio                     struct{ Ratio, Low, High, P float64 }
			Holm                      float64 `json:"p_holm"`
			A, B                      struct {
				Boot struct{ Median float64 } `json:"boot_s"`
			}
		}
		Differs, Only, Limits []any
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 3 {
		t.Fatalf("exit %d, %v\n%s", code, err, out)
	}
	if got.Schema != results.VersusSchema || got.A != "before" || got.B != "after" || got.Judgement != "regression" || got.Differs == nil || got.Only == nil || got.Limits == nil {
		t.Errorf("%+v", got)
	}
	for _, r := range got.Rows {
		if change := r.B.Boot.Median / r.A.Boot.Median; r.Label == "debian" && (r.Judgement != "regression" || r.Ratio.Low > change || r.Ratio.High < change || r.Holm < r.Ratio.P || r.Holm > 0.01) {
			t.Errorf("debian: %+v", r)
		}
	}
}
