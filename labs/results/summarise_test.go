package results_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// session returns blocks of two systems, the second 1.4 times slower.
func session(blocks int) (results.Session, []results.Run) {
	s := results.Session{ID: "s1", Blocks: blocks, Subjects: []results.Subject{{OS: "debian"}, {OS: "standin"}}}
	var runs []results.Run
	for b := 1; b <= blocks; b++ {
		took := 20*time.Second + time.Duration(b*37%11)*100*time.Millisecond
		runs = append(runs, boot("standin", b, took*14/10), boot("debian", b, took))
	}
	return s, runs
}

func labels(t results.Table) string {
	var list []string
	for _, r := range t.Rows {
		list = append(list, r.Label)
	}
	return strings.Join(list, ", ")
}

func TestSummaryOfTwoSystems(t *testing.T) {
	s, runs := session(10)
	warm := boot("debian", 0, time.Hour)
	warm.Phase = results.PhaseWarmup
	c := results.Summarise(s, append(runs, warm))
	if len(c.Tables) != 1 || labels(c.Tables[0]) != "debian, standin" || c.Tables[0].Blocks != 10 {
		t.Fatalf("tables %d, rows %s, blocks %d", len(c.Tables), labels(c.Tables[0]), c.Tables[0].Blocks)
	}
	deb, std := c.Tables[0].Rows[0], c.Tables[0].Rows[1]
	if deb.OK != 10 || deb.Total != 10 || deb.Warmups != 1 || deb.Boot.N != 10 || deb.Boot.LowRank != 2 {
		t.Errorf("debian: %+v", deb)
	}
	if deb.Boot.Median < 20 || deb.Boot.Median > 21.1 || deb.Management.N != 0 {
		t.Errorf("boot %v, management %v", deb.Boot, deb.Management)
	}
	if !deb.Fastest || std.Fastest || deb.Ratio != nil || std.Ratio == nil || math.Abs(std.Ratio.Ratio-1.4) > 1e-9 {
		t.Errorf("fastest %v %v, ratio %v", deb.Fastest, std.Fastest, std.Ratio)
	}
	want := []results.PhaseMedian{
		{Name: "firmware+loader", Seconds: new(1.0), N: 10},
		{Name: "kernel+initrd", Seconds: new(2.0), N: 10},
		{Name: "userspace", Seconds: new(deb.Boot.Median - 3), N: 10},
	}
	if d := cmp.Diff(want, deb.Phases, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })); d != "" {
		t.Error(d)
	}
	if !strings.HasPrefix(c.Answer, "debian boots in 20.") || !strings.Contains(c.Answer, "standin takes 1.40 times as long (95 % interval 1.40 to 1.40)") {
		t.Errorf("answer %q", c.Answer)
	}
	if len(c.Banners) != 1 || !strings.Contains(c.Banners[0], "TCG") {
		t.Errorf("banners %q, want the one on TCG", c.Banners)
	}
}

func TestFewBlocksAreNotABenchmark(t *testing.T) {
	s, runs := session(3)
	c := results.Summarise(s, runs)
	if len(c.Banners) != 2 || !strings.Contains(c.Banners[0], "Not a benchmark: 3 complete blocks") {
		t.Errorf("banners %q", c.Banners)
	}
	if c.Tables[0].Rows[0].Boot.Bounded() || c.Tables[0].Rows[0].Fastest || !strings.Contains(c.Answer, "needs 6") {
		t.Errorf("answer %q", c.Answer)
	}
}

func TestConditionsNeverShareATable(t *testing.T) {
	s, runs := session(6)
	for i, change := range []func(*results.Run){
		func(r *results.Run) { r.VM.Accel = "kvm" },
		func(r *results.Run) { r.Scenario = results.SecondBoot },
		func(r *results.Run) { r.Cache.State = "cold" },
		func(r *results.Run) { r.VM.MemMiB = 4096 },
		func(r *results.Run) { r.Env.Fingerprint = "other" },
	} {
		odd := boot("debian", 7, time.Second)
		change(&odd)
		c := results.Summarise(s, append(runs, odd))
		if len(c.Tables) != 2 || c.Tables[0].Rows[0].Total != 6 || c.Tables[1].Rows[0].Total != 1 {
			t.Errorf("change %d: %d tables", i, len(c.Tables))
		}
	}
}

func TestFailuresAreInfinitelySlowAndTaintedRunsAreNotCounted(t *testing.T) {
	s, runs := session(10)
	for i := range runs {
		switch r := &runs[i]; {
		case r.Subject.OS == "standin" && r.Block <= 2:
			r.Outcome, r.Events = results.OutcomeTimeout, r.Events[:2]
		case r.Subject.OS == "debian" && r.Block == 3:
			r.Outcome, r.Taints = results.OutcomeTainted, []string{"egress", "egress"}
		}
	}
	c := results.Summarise(s, runs)
	deb, std := c.Tables[0].Rows[0], c.Tables[0].Rows[1]
	if std.Unfinished != 2 || std.Boot.N != 10 || !math.IsInf(std.Boot.High, 1) || math.IsInf(std.Boot.Median, 1) {
		t.Errorf("stand-in: %+v", std.Boot)
	}
	if math.Abs(std.FailureBound-0.507) > 0.001 {
		t.Errorf("failure bound %v, want 0.507 for 2 of 10", std.FailureBound)
	}
	if std.Points[0].Boot != nil || std.Points[2].Boot == nil {
		t.Error("an unfinished run has a time, or a finished one has none")
	}
	if deb.OK != 9 || deb.Tainted != 1 || deb.Boot.N != 9 || deb.Total != 10 {
		t.Errorf("debian: ok %d, tainted %d, n %d", deb.OK, deb.Tainted, deb.Boot.N)
	}
	if d := cmp.Diff([]results.TaintCount{{Taint: "egress", Runs: 1}}, deb.Taints); d != "" {
		t.Error(d)
	}
	if len(c.Warnings) < 2 || !strings.Contains(strings.Join(c.Warnings, " "), "standin: 2 of 10 runs did not finish") {
		t.Errorf("warnings %q", c.Warnings)
	}
	if std.Ratio.N != 9 { // the block of the tainted run is not a pair
		t.Errorf("%d pairs, want 9", std.Ratio.N)
	}
}

func TestASystemThatNeverBoots(t *testing.T) {
	s, runs := session(6)
	for i := range runs {
		if runs[i].Subject.OS == "standin" {
			runs[i].Outcome, runs[i].Events = results.OutcomeFailed, nil
		}
	}
	c := results.Summarise(s, runs)
	std := c.Tables[0].Rows[1]
	if !math.IsInf(std.Boot.Median, 1) || std.Management.N != 0 || std.FailureBound != 1 {
		t.Errorf("boot %+v, management %+v, bound %v", std.Boot, std.Management, std.FailureBound)
	}
	if !strings.Contains(c.Answer, "standin did not finish often enough") {
		t.Errorf("answer %q", c.Answer)
	}
	if std.Phases[2].Seconds != nil || std.Phases[2].Why == "" {
		t.Errorf("phase %+v, want unknown with a reason", std.Phases[2])
	}
	if c := results.Summarise(s, nil); c.Answer != "No measured run was recorded." {
		t.Errorf("answer %q", c.Answer)
	}
}

func TestEqualSystemsAreATie(t *testing.T) {
	s, runs := session(8)
	for i := range runs {
		runs[i].Events[4].T = 21*time.Second + time.Duration(i*29%7)*10*time.Millisecond
	}
	c := results.Summarise(s, runs)
	if c.Tables[0].Rows[0].Fastest || c.Tables[0].Rows[1].Fastest {
		t.Error("one of two equal systems is called the fastest")
	}
	if !strings.Contains(c.Answer, "was not shown to differ") {
		t.Errorf("answer %q", c.Answer)
	}
}

func TestManagementIsTheHeadlineWhereNoBootIsShown(t *testing.T) {
	s, runs := session(6)
	for i := range runs {
		runs[i].Events[4].M = observe.ManagementByte
	}
	c := results.Summarise(s, runs)
	row := c.Tables[0].Rows[0]
	if row.Boot.N != 0 || row.Primary().N != 6 || row.PrimaryOf(row.Points[0]) == nil || c.Tables[0].Rows[1].Ratio.N != 6 {
		t.Errorf("boot %+v, primary %+v", row.Boot, row.Primary())
	}
	if !strings.Contains(c.Answer, "answers on its management port") {
		t.Errorf("answer %q", c.Answer)
	}
}

func TestRowsOfOneSystemHaveDifferentLabels(t *testing.T) {
	s, runs := session(6)
	for i := range runs {
		runs[i].Subject.OS = "debian"
		if i%2 == 0 {
			runs[i].VM.Firmware = "uefi"
		}
	}
	if got := labels(results.Summarise(s, runs).Tables[0]); got != "debian 13 bios, debian 13 uefi" {
		t.Errorf("labels %q", got)
	}
}

func TestStandInsAreCalledSo(t *testing.T) {
	s, runs := session(6)
	for i := range runs {
		if runs[i].Subject.OS == "standin" {
			runs[i].Subject.Kind, runs[i].Subject.StandsFor = distros.KindStandIn, "Flatcar"
		}
	}
	notes := strings.Join(results.Summarise(s, runs).Notes, "\n")
	if !strings.Contains(notes, "standin is a stand-in for Flatcar") || !strings.Contains(notes, "debian was built on this machine") {
		t.Errorf("notes %q", notes)
	}
}

func TestDigits(t *testing.T) {
	for value, want := range map[float64]string{
		21.94: "21.9", 9.996: "10.0", 9.994: "9.99", 0.4821: "0.482", 0.99951: "1.00", 1234.4: "1234", 99.96: "100", 0: "0.000", 0.0123: "0.012",
		math.Inf(1): "unfinished",
	} {
		if got := results.Digits(value); got != want {
			t.Errorf("%v: %q, want %q", value, got, want)
		}
	}
	if got := results.Seconds(math.NaN()); got != "unknown" {
		t.Errorf("NaN: %q", got)
	}
	if got := results.Seconds(21.94); got != "21.9 s" {
		t.Errorf("%q", got)
	}
}

func TestRange(t *testing.T) {
	inf := math.Inf(1)
	for want, r := range map[string][2]float64{
		"17.4 to 17.9": {17.4, 17.9}, "17.2 or more": {17.2, inf}, "up to 1.24": {0, 1.24}, "unknown": {0, inf},
	} {
		if got := results.Range(r[0], r[1]); got != want {
			t.Errorf("%v: %q, want %q", r, got, want)
		}
	}
}

func TestPausesAreToldAndChangeNoNumber(t *testing.T) {
	s, runs := session(6)
	before := results.Summarise(s, runs)
	runs[5].Held, runs[9].Held = 90*time.Second, 30*time.Second
	after := results.Summarise(s, runs)
	want := "The session was paused 2 times, for 2m0s in all; the run after a pause may differ from the others."
	if !slices.Contains(after.Notes, want) {
		t.Errorf("notes: %q", after.Notes)
	}
	if after.Answer != before.Answer || len(after.Tables) != len(before.Tables) {
		t.Errorf("%q, before the pauses %q", after.Answer, before.Answer)
	}
}
