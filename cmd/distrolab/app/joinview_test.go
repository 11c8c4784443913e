package app

import (
	"strings"
	"testing"
	"time"

	"distrolab/labs"
	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
	"distrolab/labs/session"
)

func TestLabsShowHowLongTheirNodesTookToJoin(t *testing.T) {
	s := time.Second
	booted := observe.Timeline{Events: []observe.Event{{M: observe.Request}, {M: observe.VCPUStart, T: s}, {M: observe.BootComplete, T: 21 * s}}}
	joined := booted
	joined.Events = append(joined.Events[:3:3], observe.Event{M: observe.Trigger, T: 30 * s}, observe.Event{M: observe.NodeReady, T: 42500 * time.Millisecond})
	for _, tt := range []struct {
		node observe.Timeline
		want bool
	}{{booted, false}, {joined, true}} {
		var out strings.Builder
		a := &application{world: World{Out: &out}}
		all := []labs.Status{
			{Lab: "one", Created: time.Now(), Machines: []labs.MachineStatus{{Name: "control", Timeline: booted}, {Name: "node", Timeline: tt.node}}},
			{Lab: "measures", Created: time.Now(), Running: true},
		}
		if err := a.printLabs(all); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "JOIN") && strings.Contains(out.String(), "20.0 s  12.5 s"); got != tt.want {
			t.Errorf("a join is shown: %v, want %v\n%s", got, tt.want, out.String())
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if !strings.Contains(lines[2], "20.0 s") || !strings.HasSuffix(lines[4], "0s") {
			t.Errorf("rows lost their columns:\n%s", out.String())
		}
	}
}

func TestProgressOfAJoinCountsFromItsTrigger(t *testing.T) {
	var out strings.Builder
	p := newRunPrinter(&application{world: World{Err: &out}})
	p.terminal = true
	show := func(m observe.Milestone, at time.Duration) string {
		out.Reset()
		p.show(session.Progress{Step: session.StepMilestone, OS: "debian", Milestone: &observe.Event{M: m, T: at}})
		return out.String()
	}
	p.show(session.Progress{Step: session.StepRun})
	for _, step := range []struct {
		m    observe.Milestone
		at   time.Duration
		want string
	}{
		{observe.BootComplete, 60 * time.Second, "60.0 s: boot complete"},
		{observe.Trigger, 70 * time.Second, "0.0 s: told to join"},
		{observe.NodeReady, 90 * time.Second, "20.0 s: node ready"},
	} {
		if got := show(step.m, step.at); !strings.Contains(got, step.want) {
			t.Errorf("progress %q, want %q", got, step.want)
		}
	}
	_, runs := resultstest.JoinSession(2, results.JoinWarm)
	for _, r := range runs {
		out.Reset()
		p.show(session.Progress{Step: session.StepRunDone, OS: r.Subject.OS, Phase: r.Phase, Block: r.Block, Run: &r, Total: len(runs)})
	}
	if len(p.took["debian"]) != 2 || p.took["debian"][0] > 30 {
		t.Errorf("times of debian: %v, want those until ready", p.took["debian"])
	}
}
