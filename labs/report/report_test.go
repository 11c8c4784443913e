package report_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"distrolab/distros"
	"distrolab/labs/observe"
	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

func html(t *testing.T, s results.Session, runs []results.Run) string {
	t.Helper()
	var b strings.Builder
	if err := report.WriteHTML(&b, s, runs, results.Summarise(s, runs)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// hostile is what a guest could print to attack the reader of its report.
const hostile = "<script>document.title='owned'</script>\"'><img src=x onerror=alert(1)>\x1b[2J\u202e${{.}}`|--><style>*{display:none}</style>"

// hostileSession has the hostile text in every string that a run may carry.
func hostileSession() (results.Session, []results.Run) {
	s, runs := resultstest.Session(6)
	s.ID = hostile
	s.StopRule = hostile
	s.Env.CPUModel = hostile
	for i := range runs {
		r := &runs[i]
		r.RunID = r.RunID + hostile
		r.Subject.Version, r.Subject.Title, r.Subject.StandsFor = hostile, hostile, hostile
		r.Taints, r.Cause = []string{hostile}, hostile
		r.Env.Fingerprint, r.Cache.State = hostile, hostile
		for k := range r.Events {
			r.Events[k].Raw, r.Events[k].Source = hostile, observe.Source(hostile)
		}
		r.Events = append(r.Events, observe.Event{M: observe.Milestone(hostile)})
		for k := range r.Missing {
			r.Missing[k].Why = hostile
		}
		if r.Subject.OS == "debian" {
			r.Subject.OS = hostile
		}
	}
	return s, runs
}

func TestHostileTextIsEscapedEverywhere(t *testing.T) {
	s, runs := hostileSession()
	out := html(t, s, runs)
	for _, bad := range []string{"<img", "\x1b", "\u202e", "display:none}</style>"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q reached the page", bad)
		}
	}
	if n := strings.Count(out, "<script"); n != 2 {
		t.Errorf("the page has %d scripts, not its data and its own", n)
	}
	if !strings.Contains(out, "&lt;script&gt;") {
		t.Error("the hostile text is not shown at all")
	}
	var b strings.Builder
	if err := report.WriteMarkdown(&b, s, runs, results.Summarise(s, runs)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "\x1b", "\u202e"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("%q reached the Markdown", bad)
		}
	}
	columns := -1
	for _, l := range strings.Split(b.String(), "\n") {
		if strings.HasPrefix(l, "|") {
			n := strings.Count(strings.ReplaceAll(l, `\|`, ""), "|")
			if columns >= 0 && n != columns {
				t.Errorf("a row has %d bars, the first has %d: %s", n, columns, l)
			}
			columns = n
		}
	}
}

func TestThePageNeedsNothingElse(t *testing.T) {
	s, runs := resultstest.Session(10)
	out := html(t, s, runs)
	for _, bad := range []string{"<link", "@import", "src=", "http:", "https:", "url(\"", "import(", "fetch("} {
		if strings.Contains(out, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	if refs := regexp.MustCompile(`url\([^#]`).FindAllString(out, -1); len(refs) > 0 {
		t.Errorf("the page refers to %q", refs)
	}
}

func TestTheAnswerComesFirstAndStandInsAreNamed(t *testing.T) {
	s, runs := resultstest.Session(10)
	out := html(t, s, runs)
	last := -1
	for _, want := range []string{
		"<h1>flatcar boots in ", "Emulated CPU (TCG)", "stand-in for Flatcar and Fedora CoreOS", "built on this machine", "Where the time goes",
		"Every run: boot", "1 not finished", "Doubtful runs", "the observer itself was late: canary p99 6.2 ms",
		"no boot_complete within 3m0s", "not seen: this system does not show it", "Example CPU", "Hodges-Lehmann", "q35, disk qcow2, cache mode writeback", "warm-ups of each system", "fresh overlay, virtio-rng, not pinned",
		"about 3", "slower, between", "In the order of the runs", "the last third took",
	} {
		at := strings.Index(out, want)
		if at < 0 {
			t.Errorf("%q is not in the page", want)
		}
		if last = max(last, at); at < last && want[0] == '<' {
			t.Errorf("%q comes too late", want)
		}
	}
	if n := strings.Count(out, `<details class="run"`); n != len(runs) {
		t.Errorf("%d runs are listed, want %d", n, len(runs))
	}
	s, runs = resultstest.Session(30)
	if out := html(t, s, runs); !strings.Contains(out, "9 of 10 within ") {
		t.Error("30 runs tell nothing of the slow ones")
	}
	s, runs = resultstest.Session(3)
	if out := html(t, s, runs); !strings.Contains(out, "Not a benchmark") || !strings.Contains(out, "needs 6 runs") {
		t.Error("a demo is not called one")
	}
}

func TestOddSessionsAreReported(t *testing.T) {
	s, runs := resultstest.Session(6)
	for i := range runs {
		runs[i].Events, runs[i].Outcome = nil, results.OutcomeFailed
		runs[i].Subject.Kind = distros.Kind("?")
	}
	for name, list := range map[string][]results.Run{"all failed": runs, "one": runs[:1], "none": nil} {
		out := html(t, s, list)
		if len(list) > 1 && !strings.Contains(out, ": not known.") { // one is a warm-up
			t.Errorf("%s: the picture of phases that are not known is not told in words", name)
		}
		for _, bad := range []string{"NaN", "Inf", "ZgotmplZ", "<nil>", "%!"} {
			if strings.Contains(out, bad) {
				t.Errorf("%s: the page contains %s", name, bad)
			}
		}
		var b strings.Builder
		if err := report.WriteMarkdown(&b, s, list, results.Summarise(s, list)); err != nil || strings.Contains(b.String(), "NaN") {
			t.Errorf("%s: %v %s", name, err, b.String())
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAFullDiskIsReported(t *testing.T) {
	s, runs := resultstest.Session(1)
	c := results.Summarise(s, runs)
	for _, err := range []error{report.WriteHTML(fullDisk{}, s, runs, c), report.WriteMarkdown(fullDisk{}, s, runs, c)} {
		if err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("error %v", err)
		}
	}
}
