package report_test

import (
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"

	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
	"distrolab/labs/stats"
)

// benchRecords reads what was written by the reader that benchstat uses.
func benchRecords(t *testing.T, text string) []*benchfmt.Result {
	t.Helper()
	var list []*benchfmt.Result
	reader := benchfmt.NewReader(strings.NewReader(text), "report")
	for reader.Scan() {
		switch r := reader.Result().(type) {
		case *benchfmt.Result:
			list = append(list, r.Clone())
		case *benchfmt.SyntaxError:
			t.Errorf("benchstat cannot read it: %v", r)
		}
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func benchText(t *testing.T, s results.Session, runs []results.Run) string {
	t.Helper()
	var b strings.Builder
	if err := report.WriteBenchfmt(&b, s, runs, results.Summarise(s, runs)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestBenchstatReadsTheSameMedians(t *testing.T) {
	for name, session := range map[string]func() (results.Session, []results.Run){
		"boots": func() (results.Session, []results.Run) { return resultstest.Session(10) },
		"joins": func() (results.Session, []results.Run) { return resultstest.JoinSession(10, results.JoinWarm) },
	} {
		s, runs := session()
		times, unfinished := map[string][]float64{}, map[string]float64{}
		for _, r := range benchRecords(t, benchText(t, s, runs)) {
			parts := strings.Split(r.Name.String(), "/")
			system := strings.TrimPrefix(parts[1], "system=")
			if v, ok := r.Value("sec/op"); ok {
				times[system] = append(times[system], v)
			}
			v, _ := r.Value("unfinished/op")
			unfinished[system] += v
			if r.GetConfig("accel") != "tcg" || r.GetConfig("session") != "" || r.GetConfig("scenario") != string(s.Scenario) {
				t.Errorf("%s: configuration %v", name, r.Config)
			}
		}
		for _, row := range results.Summarise(s, runs).Tables[0].Rows {
			system := row.Subject.OS
			if int(unfinished[system]) != row.Unfinished {
				t.Errorf("%s: %s has %v unfinished runs, want %d", name, system, unfinished[system], row.Unfinished)
			}
			if row.Unfinished == 0 && stats.Median(times[system]) != row.Primary().Median {
				t.Errorf("%s: median of %s is %v, want %v", name, system, stats.Median(times[system]), row.Primary().Median)
			}
		}
		if len(times) != 3 {
			t.Errorf("%s: systems %v", name, times)
		}
	}
}

func TestBenchmarkLinesLeaveOutWhatIsNoMeasurement(t *testing.T) {
	s, runs := resultstest.Session(6)
	all := len(benchRecords(t, benchText(t, s, runs)))
	if want := 18; all != want { // 6 blocks of 3 systems, without the warm-ups
		t.Errorf("%d lines, want %d", all, want)
	}
	for i := range runs {
		runs[i].Outcome = results.OutcomeTainted
	}
	if list := benchRecords(t, benchText(t, s, runs)); len(list) > 0 {
		t.Errorf("%d tainted runs are lines", len(list))
	}
}

func TestNamesAreOneWordForBenchstat(t *testing.T) {
	s, runs := hostileSession()
	for _, r := range benchRecords(t, benchText(t, s, runs)) {
		if strings.ContainsAny(r.Name.String(), " \t\n<>") || strings.Count(r.Name.String(), "/") != 1 {
			t.Errorf("name %q", r.Name)
		}
	}
	s, runs = resultstest.Session(1)
	runs[len(runs)-1].Subject.OS = "image-2026-11" // would be GOMAXPROCS
	list := benchRecords(t, benchText(t, s, runs[len(runs)-1:]))
	if len(list) != 1 || !strings.HasSuffix(list[0].Name.String(), "/system=image-2026_11") {
		t.Errorf("%v", list)
	}
}
