package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

func TestEveryFormatIsWritten(t *testing.T) {
	extensions := map[string]bool{}
	s, runs := resultstest.Session(6)
	evil, evilRuns := hostileSession()
	for _, f := range report.Formats() {
		if !f.Known() || f.Words() == "" || extensions[f.Extension()] {
			t.Errorf("%s: words %q, extension %q", f, f.Words(), f.Extension())
		}
		extensions[f.Extension()] = true
		var ordinary, hostileText strings.Builder
		if err := report.Write(&ordinary, f, s, runs, results.Summarise(s, runs)); err != nil || ordinary.Len() < 500 {
			t.Errorf("%s: %d bytes, %v", f, ordinary.Len(), err)
		}
		if err := report.Write(&hostileText, f, evil, evilRuns, results.Summarise(evil, evilRuns)); err != nil {
			t.Errorf("%s of a hostile session: %v", f, err)
		}
		if strings.ContainsAny(hostileText.String(), "\x1b\x07\x00") {
			t.Errorf("%s: control characters of a guest came through", f)
		}
		if err := report.Write(fullDisk{}, f, s, runs, results.Summarise(s, runs)); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%s: a full disk is %v", f, err)
		}
		if err := report.Write(&ordinary, f, results.Session{ID: "x"}, nil, results.Summarise(results.Session{}, nil)); err != nil {
			t.Errorf("%s of nothing: %v", f, err)
		}
	}
	if report.Format("pdf").Known() || report.Write(&strings.Builder{}, "pdf", s, runs, results.Comparison{}) == nil {
		t.Error("pdf is a format")
	}
}

func TestJSONLinesAreTheSessionAndItsRuns(t *testing.T) {
	s, runs := hostileSession()
	var b strings.Builder
	if err := report.WriteJSONLines(&b, s, runs); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != len(runs)+1 {
		t.Fatalf("%d lines of %d runs", len(lines), len(runs))
	}
	var session results.Session
	if err := json.Unmarshal([]byte(lines[0]), &session); err != nil || cmp.Diff(s, session) != "" {
		t.Errorf("%v %s", err, cmp.Diff(s, session))
	}
	for i, line := range lines[1:] {
		var r results.Run
		if err := json.Unmarshal([]byte(line), &r); err != nil || cmp.Diff(runs[i], r) != "" {
			t.Errorf("%v %s", err, cmp.Diff(runs[i], r))
		}
	}
}

// TestMarkdownFitsAComment: GitHub takes 65,536 characters.
func TestMarkdownFitsAComment(t *testing.T) {
	s, runs := hostileSession()
	for i := range runs {
		r := runs[i]
		for k := range 60 {
			r.RunID, r.Subject.OS, r.Subject.Version = r.RunID+"x", strings.Repeat("<&|", 30)+string(rune('a'+k%26)), strings.Repeat("@<*", 40+k)
			r.Env.Fingerprint = strings.Repeat("&", k)
			runs = append(runs, r)
		}
	}
	text := markdown(t, s, runs)
	if len(text) > 60_000 || len(text) < 50_000 || !strings.Contains(text, "parts are left out here for their length") || !strings.HasSuffix(text, "interval of the median.\n") && !strings.HasSuffix(text, "intervals of the median.\n") {
		t.Errorf("%d bytes, ending %q", len(text), text[max(0, len(text)-300):])
	}
	s, runs = resultstest.Session(10)
	if text := markdown(t, s, runs); len(text) > 8000 || strings.Contains(text, "left out here") {
		t.Errorf("an ordinary session takes %d bytes", len(text))
	}
}
