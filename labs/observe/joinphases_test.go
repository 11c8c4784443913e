package observe

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// joined is the timeline of a join that took 20.5 s to the first pod.
func joined(trigger time.Duration, boot ...Event) Timeline {
	t := Timeline{Events: append([]Event{{M: Request}}, boot...)}
	for i, m := range []Milestone{Trigger, APIFirstSYN, APIFirstRequest, CSRCreated, CSRApproved, CSRIssued,
		NodeRegistered, CNIReady, NodeReady, Schedulable, FirstPod} {
		at := []time.Duration{0, 2000, 2010, 9000, 9100, 9200, 11200, 15000, 19000, 19100, 20500}[i]
		t.Events = append(t.Events, Event{M: m, T: trigger + at*time.Millisecond})
	}
	slices.SortStableFunc(t.Events, func(a, b Event) int { return int(a.T - b.T) })
	return t
}

func TestPhasesOfAJoinAddUp(t *testing.T) {
	network := Event{M: NetUsable, T: 1500 * time.Millisecond}
	for name, tt := range map[string]struct {
		timeline Timeline
		phases   int
	}{
		"warm": {joined(time.Minute, network), 7},
		"cold": {joined(0, network), 8},
	} {
		spans := JoinPhases(tt.timeline)
		if len(spans) != tt.phases || spans[0].From != Trigger || spans[len(spans)-1].To != FirstPod {
			t.Fatalf("%s: phases %+v", name, spans)
		}
		var sum, ready time.Duration
		for i, s := range spans {
			if !s.OK || i > 0 && s.From != spans[i-1].To {
				t.Errorf("%s: phase %+v does not begin where the one before it ends", name, s)
			}
			sum += s.Length
			if s.To == NodeReady {
				ready = sum
			}
		}
		if want, _ := tt.timeline.JoinSince(FirstPod); sum != want {
			t.Errorf("%s: phases add up to %v, want %v", name, sum, want)
		}
		if want, _ := tt.timeline.JoinSince(NodeReady); ready != want {
			t.Errorf("%s: phases to the ready node add up to %v, want %v", name, ready, want)
		}
	}
}

func TestPhaseOfAJoinWithoutItsBoundarySaysWhy(t *testing.T) {
	tl := joined(time.Minute)
	tl.Events = slices.DeleteFunc(tl.Events, func(e Event) bool { return e.M == CSRIssued })
	tl.Missing = []Missing{{CSRIssued, "the watch was lost"}}
	var why []string
	for _, s := range JoinPhases(tl) {
		if !s.OK {
			why = append(why, s.Name+": "+s.Why)
		}
	}
	want := []string{"certificate: csr_issued was not seen: the watch was lost", "registration: csr_issued was not seen: the watch was lost"}
	if diff := cmp.Diff(want, why); diff != "" {
		t.Errorf("phases not measured (-want +got):\n%s", diff)
	}
}

func TestEveryPhaseOfAJoinSaysWhatItWaitsFor(t *testing.T) {
	for _, cold := range []bool{true, false} {
		for _, p := range JoinPhaseTable(cold) {
			if waits := Waits(p.Name); !strings.HasSuffix(waits, ".") {
				t.Errorf("%s: %q is no sentence", p.Name, waits)
			}
		}
	}
	for _, p := range PhaseTable(BootComplete) {
		if Waits(p.Name) != "" {
			t.Errorf("%s is a phase of a boot", p.Name)
		}
	}
}

func TestMilestonesOfAJoinAreNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, info := range append(Milestones(), JoinMilestones()...) {
		if seen[info.ID] || seen[string(info.Milestone)] || seen[info.Title] {
			t.Errorf("%+v has the name of another", info)
		}
		seen[info.ID], seen[string(info.Milestone)], seen[info.Title] = true, true, true
		if !strings.HasSuffix(info.Definition, ".") {
			t.Errorf("%s: %q is no sentence", info.ID, info.Definition)
		}
	}
}
