package report_test

import (
	"encoding/xml"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

// suites is what a CI system reads.
type suites struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Skipped  int `xml:"skipped,attr"`
	Suites   []struct {
		Name       string `xml:"name,attr"`
		Properties []struct {
			Name string `xml:"name,attr"`
		} `xml:"properties>property"`
		Cases []struct {
			Class   string `xml:"classname,attr"`
			Name    string `xml:"name,attr"`
			Failure *struct {
				Message string `xml:"message,attr"`
				Text    string `xml:",chardata"`
			} `xml:"failure"`
			Skipped *struct {
				Message string `xml:"message,attr"`
			} `xml:"skipped"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func junit(t *testing.T, s results.Session, runs []results.Run, v *results.Versus) (suites, string) {
	t.Helper()
	var b strings.Builder
	if err := report.WriteJUnit(&b, s, runs, results.Summarise(s, runs), v); err != nil {
		t.Fatal(err)
	}
	var all suites
	if err := xml.Unmarshal([]byte(b.String()), &all); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("xmllint"); err == nil {
		cmd := exec.CommandContext(t.Context(), "xmllint", "--noout", "--nonet", "-")
		cmd.Stdin = strings.NewReader(b.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("xmllint: %v\n%s", err, out)
		}
	}
	return all, b.String()
}

// verdicts are the cases in short: class, name and how it ended.
func verdicts(all suites) map[string]string {
	list := map[string]string{}
	for _, s := range all.Suites {
		for _, k := range s.Cases {
			how := "passed"
			if k.Failure != nil {
				how = "failed: " + k.Failure.Message
			} else if k.Skipped != nil {
				how = "skipped: " + k.Skipped.Message
			}
			list[k.Class[strings.LastIndex(k.Class, ".")+1:]+" "+k.Name] = how
		}
	}
	return list
}

// slowed is a session of two systems that are alike, but that the second takes
// longer by a share of all its times.
func slowed(blocks int, share float64) (results.Session, []results.Run) {
	s, all := resultstest.Session(blocks)
	s.Baseline = "debian"
	var runs []results.Run
	for _, r := range all {
		if r.Subject.OS != "debian" {
			continue
		}
		runs = append(runs, r)
		r.RunID, r.Subject.OS = r.RunID+"-new", "debian-new"
		r.Events = append([]observe.Event(nil), r.Events...)
		for i := range r.Events {
			wobble := 1 + 0.002*float64((r.Block*7)%5-2)
			r.Events[i].T = time.Duration(float64(r.Events[i].T) * (1 + share) * wobble)
		}
		runs = append(runs, r)
	}
	return s, runs
}

func TestGatesFailOnRegressionsAndFailures(t *testing.T) {
	for _, test := range []struct {
		blocks int
		share  float64
		want   string
	}{
		{15, 0.12, "failed: about 12 % slower"}, {15, 0, "passed"}, {15, -0.12, "passed"}, {4, 0.12, "skipped: cannot tell yet"},
	} {
		s, runs := slowed(test.blocks, test.share)
		v, err := results.Within(s, runs, "")
		if err != nil {
			t.Fatal(err)
		}
		all, _ := junit(t, s, runs, &v)
		if got := verdicts(all)["debian-new not slower than debian"]; !strings.HasPrefix(got, test.want) {
			t.Errorf("%d blocks, %+.0f %%: %q, want %q", test.blocks, test.share*100, got, test.want)
		}
	}
	s, runs := resultstest.Session(10)
	all, _ := junit(t, s, runs, nil)
	got := verdicts(all)
	want := map[string]string{
		"debian every run finishes": "passed", "ignition-standin every run finishes": "passed",
		"flatcar every run finishes": "failed: 1 of 10 runs did not finish",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || all.Failures != 1 || all.Tests != 3 {
		t.Errorf("%d tests, %d failed: %v", all.Tests, all.Failures, got)
	}
	if text := all.Suites[0].Cases[0]; all.Suites[0].Cases[0].Failure == nil || !strings.Contains(text.Failure.Text, "no boot_complete within 3m0s") {
		t.Errorf("the first case is %+v", text)
	}
}

func TestJUnitOfAnotherSession(t *testing.T) {
	before, beforeRuns := slowed(15, 0)
	now, nowRuns := slowed(15, 0.15)
	now.ID = "now"
	v := results.Against(before, now, results.Summarise(before, beforeRuns), results.Summarise(now, nowRuns))
	all, _ := junit(t, now, nowRuns, &v)
	got := verdicts(all)
	if name := "debian-new not slower in session " + before.ID; !strings.HasPrefix(got[name], "failed: about ") {
		t.Errorf("%v", got)
	}
	if name := "debian not slower in session " + before.ID; got[name] == "" || strings.HasPrefix(got[name], "failed") {
		t.Errorf("%v", got)
	}
}

func TestJUnitOfHostileAndEmptySessions(t *testing.T) {
	s, runs := hostileSession()
	all, text := junit(t, s, runs, nil)
	if len(all.Suites) == 0 || strings.ContainsAny(text, "\x1b\u202e") || strings.Contains(text, "<script") {
		t.Errorf("%d suites", len(all.Suites))
	}
	for i := range runs {
		runs[i].Outcome = results.OutcomeTainted
	}
	if all, _ := junit(t, s, runs, nil); all.Skipped != all.Tests || all.Tests == 0 {
		t.Errorf("%d of %d are skipped where no run is valid", all.Skipped, all.Tests)
	}
	if all, _ := junit(t, results.Session{ID: "x"}, nil, nil); all.Tests != 0 {
		t.Errorf("%d tests of nothing", all.Tests)
	}
}
