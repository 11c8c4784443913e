package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/session"
)

func TestDeadlineIsLongerWithoutKVM(t *testing.T) {
	if DefaultDeadline(hypervisor.TCG) <= DefaultDeadline(hypervisor.KVM) {
		t.Error("translation gets no more time than a processor")
	}
}

// TestJudge plays the outcomes of one subject, warm-up first.
func TestJudge(t *testing.T) {
	const ok, bad, late, tainted = results.OutcomeOK, results.OutcomeFailed, results.OutcomeTimeout, results.OutcomeTainted
	tests := map[string]struct {
		outcomes []results.Outcome
		dropped  bool
		total    int // runs that remain planned, of two subjects and four blocks
	}{
		"all well":             {[]results.Outcome{ok, ok, ok, ok, ok}, false, 10},
		"warm-up fails once":   {[]results.Outcome{bad, ok, bad, ok}, false, 10},
		"warm-up fails, again": {[]results.Outcome{bad, bad}, true, 7},
		"warm-up is too slow":  {[]results.Outcome{late}, true, 6},
		"warm-up is tainted":   {[]results.Outcome{tainted, ok}, false, 10},
		"one failure":          {[]results.Outcome{ok, bad, ok, bad, ok}, false, 10},
		"two in a row":         {[]results.Outcome{ok, bad, late}, true, 8},
		"two in a row, later":  {[]results.Outcome{ok, ok, ok, bad, bad}, true, 10},
		"tainted in between":   {[]results.Outcome{ok, bad, tainted, bad}, false, 10},
		"failure after a pair": {[]results.Outcome{ok, bad, ok, bad}, false, 10},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &Session{design: Design{Subjects: []machine.Spec{{Distro: "a"}, {Distro: "b"}}, Rule: session.Fixed(4), Warmups: 1},
				failures: make([]int, 2), dropped: make([]bool, 2), lasted: make([]int, 2), planned: 4}
			for i, o := range test.outcomes {
				at := place{subject: 1, block: i, phase: results.PhaseMeasure}
				if i == 0 {
					at.phase = results.PhaseWarmup
				}
				if got := s.judge(at, o); got != (test.dropped && i == len(test.outcomes)-1) {
					t.Errorf("after run %d: dropped %v", i, got)
				}
			}
			if s.dropped[1] != test.dropped || s.dropped[0] || s.total() != test.total {
				t.Errorf("dropped %v, total %d; want %v, %d", s.dropped, s.total(), test.dropped, test.total)
			}
		})
	}
}

func TestValuesAreBelievedOnlyWhereAskedFor(t *testing.T) {
	got := values("kernel\t6.12\r\ninit\tsystemd 257\nsecret\tx\nos_release\t\nkernel 7\nfailed_units\ta.service b.service \ncmdline\tro \xff quiet")
	want := map[string]string{"kernel": "6.12", "init": "systemd 257", "failed_units": "a.service b.service", "cmdline": "ro \uFFFD quiet"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func FuzzValues(f *testing.F) {
	f.Add("kernel\t1\n")
	f.Fuzz(func(t *testing.T, text string) {
		for name, value := range values(text) {
			if strings.ContainsAny(value, "\n") || !strings.Contains("kernel init os_release systemd_analyze systemd_stamps failed_units containerd cmdline", name) {
				t.Errorf("%q: %q", name, value)
			}
		}
	})
}

// TestConclude decides outcomes of a guest that powers off by itself and one
// that does not.
func TestConclude(t *testing.T) {
	finish := []observe.Event{{M: observe.VCPUStart}, {M: observe.BootComplete, T: time.Second}}
	stopped := &observe.StoppedError{Reason: "it powered off"}
	fault := &observe.FaultError{Line: "panic", Cause: "Look."}
	tests := map[string]struct {
		ended     error
		powersOff bool
		events    []observe.Event
		taints    []string
		want      results.Outcome
	}{
		"finished":                      {nil, false, finish, nil, results.OutcomeOK},
		"finished but tainted":          {nil, false, finish, []string{"clock"}, results.OutcomeTainted},
		"powered off after its finish":  {stopped, true, finish, nil, results.OutcomeOK},
		"powered off before its finish": {stopped, true, finish[:1], nil, results.OutcomeFailed},
		"stopped":                       {stopped, false, finish[:1], nil, results.OutcomeFailed},
		"fault":                         {fault, false, finish[:1], nil, results.OutcomeFailed},
		"deadline":                      {errDeadline, false, finish[:1], nil, results.OutcomeTimeout},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := &attempt{spec: machine.Spec{Boot: distros.BootProfile{PowersOff: test.powersOff}}}
			run := results.Run{Events: test.events, Taints: test.taints}
			r.decide(&run, test.ended)
			if run.Outcome != test.want || (run.Outcome == results.OutcomeOK) != (run.Cause == "") {
				t.Errorf("got %s (%s), want %s", run.Outcome, run.Cause, test.want)
			}
		})
	}
}

var errDeadline = errorString("the deadline of 3m0s passed")

type errorString string

func (e errorString) Error() string { return string(e) }
