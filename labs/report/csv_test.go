package report_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

func TestCSVHasEveryRunAndMilestone(t *testing.T) {
	for _, session := range []func() (results.Session, []results.Run){
		func() (results.Session, []results.Run) { return resultstest.Session(6) },
		func() (results.Session, []results.Run) { return resultstest.JoinSession(6, results.JoinWarm) },
	} {
		s, runs := session()
		var b strings.Builder
		if err := report.WriteCSV(&b, s, runs); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(lines) != len(runs)+1 {
			t.Fatal(err, len(lines))
		}
		column := slices.Index(lines[0], "headline_s")
		want := "boot_complete_s"
		if s.Scenario.Joins() {
			want = "node_ready_s"
		}
		if column < 0 || !slices.Contains(lines[0], want) {
			t.Fatalf("columns %v", lines[0])
		}
		for i, r := range runs {
			_, known := r.Headline()
			if (lines[i+1][column] != "") != known {
				t.Errorf("%s: headline %q, known %v", r.RunID, lines[i+1][column], known)
			}
		}
	}
}

func TestCSVIsHarmless(t *testing.T) {
	s, runs := hostileSession()
	runs[0].Cause = "=HYPERLINK(\"http://example.com\")"
	var b strings.Builder
	if err := report.WriteCSV(&b, s, runs); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\u202e") || strings.Contains(b.String(), ",=") || strings.Contains(b.String(), "\"=") {
		t.Error("control characters or a formula came through")
	}
	if err := report.WriteCSV(fullDisk{}, s, runs); err == nil {
		t.Error("a full disk is no error")
	}
}
