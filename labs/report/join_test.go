package report_test

import (
	"strings"
	"testing"

	"distrolab/labs/observe"
	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

func markdown(t *testing.T, s results.Session, runs []results.Run) string {
	t.Helper()
	var b strings.Builder
	if err := report.WriteMarkdown(&b, s, runs, results.Summarise(s, runs)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReportOfJoins(t *testing.T) {
	s, runs := resultstest.JoinSession(10, results.JoinWarm)
	page, short := html(t, s, runs), markdown(t, s, runs)
	for _, want := range []string{
		"<h1>flatcar joins in ", "ready, median", "node registered", "first pod runs", "Every run: time until the node is ready",
		"from the join command to the first pod", "discovery, kubelet start", "One join: debian", "looks at the runtime every 5 s",
		"ready after ", "certificate approved", "TLS client hello", "Each block joins every system once", "aud the API server", "first pod is not known",
		"the API server cannot be reached from the node",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	for _, want := range []string{"# flatcar joins in ", "| ready |", "node registered", "**One join: flatcar.**", "7. first pod: ", "Times run from the join command"} {
		if !strings.Contains(short, want) {
			t.Errorf("%q is not in the Markdown", want)
		}
	}
	for _, text := range []string{page, short} {
		for _, bad := range []string{"boots in", "systems boot", "boot, median", "boot time", "whole boot", "of the boot", "start of the virtual CPUs", "NaN", "%!", "&lt;nil"} {
			if strings.Contains(text, bad) {
				t.Errorf("a report of joins says %q", bad)
			}
		}
	}
}

func TestColdJoinsAreReportedWithTheirBoot(t *testing.T) {
	s, runs := resultstest.JoinSession(6, results.JoinCold)
	page := html(t, s, runs)
	for _, want := range []string{"boot to network", "from the start of the machine to the first pod", "its boot included", "kernel starts"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
}

// TestMilestonesOfAWarmJoinCountFromItsTrigger: the boot before it is negative.
func TestMilestonesOfAWarmJoinCountFromItsTrigger(t *testing.T) {
	s, runs := resultstest.JoinSession(6, results.JoinWarm)
	page := html(t, s, runs[:1])
	_, row, _ := strings.Cut(page, `<th scope="row">told to join<`)
	row, _, _ = strings.Cut(row, "</tr>")
	if !strings.Contains(row, "<td>0.000 s</td>") {
		t.Errorf("the trigger's row is %q", row)
	}
}

func TestHostileJoinsAreEscaped(t *testing.T) {
	s, runs := resultstest.JoinSession(6, results.JoinWarm)
	for i := range runs {
		runs[i].RunID += hostile
		for k := range runs[i].Events {
			runs[i].Events[k].Raw = hostile
			if runs[i].Events[k].M == observe.CSRIssued {
				runs[i].Events[k].M = observe.Milestone(hostile)
			}
		}
		runs[i].Missing = append(runs[i].Missing, observe.Missing{M: observe.CSRIssued, Why: hostile})
	}
	for scripts, text := range map[int]string{2: html(t, s, runs), 0: markdown(t, s, runs)} {
		for _, bad := range []string{"<img", "\x1b", "\u202e"} {
			if strings.Contains(text, bad) {
				t.Errorf("%q reached the report", bad)
			}
		}
		if n := strings.Count(text, "<script"); n != scripts {
			t.Errorf("%d scripts are in the report, want %d", n, scripts)
		}
	}
}

func TestJoinsWithoutARunThatFinishedAreReported(t *testing.T) {
	s, runs := resultstest.JoinSession(6, results.JoinCold)
	for i := range runs {
		runs[i].Events, runs[i].Outcome = nil, results.OutcomeFailed
	}
	for _, text := range []string{html(t, s, runs), markdown(t, s, runs)} {
		if strings.Contains(text, "NaN") || strings.Contains(text, "One join:") || !strings.Contains(text, "No join time can be given") {
			t.Errorf("report of failed joins:\n%.2000s", text)
		}
	}
}
