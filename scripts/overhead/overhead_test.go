package main

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/stats"
)

func TestRewriteChangesOnlyWhoseTheMachineIs(t *testing.T) {
	o := original{lab: labs.Spec{Name: "model"}, spec: machine.Spec{Name: "probe"},
		directory: "/h/labs/model/probe", sockets: "/r/aa",
		document: `<domain>
  <name>distrolab-model-probe</name>
  <uuid>28e79469-22c9-432e-b3f7-b519121aa2b8</uuid>
  <x:domain home="/h" owner="model" machine="probe"/>
  <cmdline>model /h/labs/models</cmdline>
  <source file='/h/labs/model/probe/disk.qcow2'/>
  <source path='/r/aa/probe.con'/>
</domain>
`}
	want := `<domain>
  <name>distrolab-bare-probe</name>
  <x:domain home="/h" owner="bare" machine="probe"/>
  <cmdline>model /h/labs/models</cmdline>
  <source file='/h/labs/bare/probe/disk.qcow2'/>
  <source path='/r/bb/probe.con'/>
</domain>
`
	if diff := cmp.Diff(want, o.rewrite("bare", "/h/labs/bare/probe", "/r/bb")); diff != "" {
		t.Error(diff)
	}
}

func TestVerdicts(t *testing.T) {
	sure := func(low, high float64) stats.Ratio { return stats.Ratio{Low: low, High: high, Confidence: 0.95} }
	for _, tt := range []struct {
		name          string
		ratio         stats.Ratio
		start, equals verdict
	}{
		{"well below the limit", sure(0.99, 1.01), met, met},
		{"on the limit's edge", sure(1.02, 1.3), met, open},
		{"across the limit", sure(1.2, 1.4), open, missed},
		{"above the limit", sure(1.31, 1.4), missed, missed},
		{"faster than bare", sure(0.90, 0.97), met, missed},
		{"too few pairs", stats.Ratio{Low: 0, High: math.Inf(1)}, open, open},
	} {
		if got := atMost(tt.ratio, 1.3); got != tt.start {
			t.Errorf("%s: at most 1.3 is %s, want %s", tt.name, got, tt.start)
		}
		if got := within(tt.ratio, 0.02); got != tt.equals {
			t.Errorf("%s: within 2 %% is %s, want %s", tt.name, got, tt.equals)
		}
	}
}

func TestPairsNeeded(t *testing.T) {
	p := pairs{Seconds: [][2]float64{{10, 10.2}, {10, 9.8}, {10, 10.2}, {10, 9.8}, {10, 10.2}, {10, 9.8}}}
	// A spread of 2.2 % needs (1.96 * 1.023 * 0.0219 / ln 1.02)^2 pairs, nearly 5: the floor of 6 holds.
	if got := p.pairsNeeded(0.02); got != 6 {
		t.Errorf("pairs needed: %d, want 6", got)
	}
	if got := p.pairsNeeded(0.005); got < 60 || got > 100 {
		t.Errorf("pairs needed for 0.5 %%: %d, want some 78", got)
	}
	outside := pairs{Seconds: [][2]float64{{10, 11}, {10, 11.1}, {10, 10.9}}}
	if got := outside.pairsNeeded(0.02); got != 0 {
		t.Errorf("%d pairs are said to make 10 %% equal to 2 %%", got)
	}
}

func TestToleranceFollowsTheNoise(t *testing.T) {
	steady := pairs{Seconds: [][2]float64{{10, 1}, {10.1, 9}, {9.9, 3}, {10, 4}}}
	if got := steady.tolerance(); got != 0.01 {
		t.Errorf("boots that vary by less than 2 %% must be equal within %g", got)
	}
	noisy := pairs{Seconds: [][2]float64{{10, 1}, {11, 1}, {9, 1}, {10, 1}}}
	if got := noisy.tolerance(); got != 0.02 {
		t.Errorf("boots that vary by 8 %% must be equal within %g", got)
	}
}

func TestUsageIsHeldAgainstItsBudgets(t *testing.T) {
	within := usage{average: 1.5, window: 9, memory: 40}
	if got := describeUsage([]usage{within, within, {average: 90, window: 90, memory: 90}}); strings.Contains(got, "MISSED") || strings.Count(got, "met") != 3 {
		t.Errorf("medians within every budget: %s", got)
	}
	if got := describeUsage([]usage{{average: 2.1, window: 11, memory: 65}}); strings.Count(got, "MISSED") != 3 {
		t.Errorf("above every budget: %s", got)
	}
	sampled := sampleUsage()
	for began := time.Now(); time.Since(began) < 3*usageWindow; { // work
	}
	if u := sampled(); u.average < 10 || u.window <= 0 || u.memory <= 0 {
		t.Errorf("a process that works used %+v", u)
	}
}

func TestEachArmGoesFirstEquallyOften(t *testing.T) {
	sum := 0
	for _, arm := range firstArm(7, 20) {
		sum += arm
	}
	if sum != 10 {
		t.Errorf("the second arm goes first in %d of 20 pairs", sum)
	}
	if diff := cmp.Diff(firstArm(7, 20), firstArm(7, 20)); diff != "" {
		t.Errorf("the same seed gives another order:\n%s", diff)
	}
}

func TestReadInitTrace(t *testing.T) {
	text := "init internal/bytealg @0.008 ms, 0.25 ms clock, 16 bytes, 0 allocs\nnoise\ninit x @y ms, z\n"
	want := []initialisation{{"internal/bytealg", 0.25, 16}}
	if diff := cmp.Diff(want, readInitTrace(text), cmp.AllowUnexported(initialisation{})); diff != "" {
		t.Error(diff)
	}
}

func TestStampsKeepTheFirstEventUntilForgotten(t *testing.T) {
	events := make(chan hypervisor.Event)
	s := newStamps(events)
	first := time.Unix(1, 0)
	for i, name := range []string{"a", "a", "b"} {
		events <- hypervisor.Event{Domain: name, Kind: hypervisor.QEMUResume, At: first.Add(time.Duration(i) * time.Second)}
	}
	got, err := s.wait(t.Context(), "a", hypervisor.QEMUResume)
	if err != nil || !got.Equal(first) {
		t.Errorf("the event of a is at %v, %v; want %v", got, err, first)
	}
	if _, err := s.wait(t.Context(), "b", hypervisor.QEMUResume); err != nil {
		t.Error(err)
	}
	s.forget("a")
	close(events)
	if at, err := s.wait(t.Context(), "a", hypervisor.QEMUResume); err == nil {
		t.Errorf("a forgotten event was returned: %v", at)
	}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitUsage, "usage"},
		{[]string{"nothing"}, exitUsage, "no measurement"},
		{[]string{"start", "--help"}, exitDone, "example:"},
		{[]string{"boot", "-h"}, exitDone, "example:"},
		{[]string{"start", "--pairs", "-3"}, exitUsage, "take 1 to 1000"},
		{[]string{"list", "more"}, exitUsage, "unexpected argument"},
		{[]string{"list", "--binary", "/nowhere"}, exitFailed, "go build"},
		{[]string{"start", "--binary", "/nowhere"}, exitFailed, "go build"},
	} {
		var out bytes.Buffer
		if code := run(context.Background(), tt.args, &out, &out); code != tt.code || !strings.Contains(out.String(), tt.says) {
			t.Errorf("%q: exit %d, want %d; it says %q", tt.args, code, tt.code, out.String())
		}
	}
}
