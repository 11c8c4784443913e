package observe

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"distrolab/distros"

	"github.com/google/go-cmp/cmp"
)

// checkAccounted checks that every milestone of a boot and of a join is an
// event or has a reason.
func checkAccounted(t testing.TB, tl Timeline) {
	t.Helper()
	all := append(Milestones(), JoinMilestones()...)
	for _, info := range all {
		_, seen := tl.Find(info.Milestone)
		if why := tl.Why(info.Milestone); seen == (why != "") {
			t.Errorf("%s: seen %v, reason %q; want one of them", info.Milestone, seen, why)
		}
	}
	if len(tl.Events)+len(tl.Missing) != len(all) {
		t.Errorf("%d events and %d missing of %d", len(tl.Events), len(tl.Missing), len(all))
	}
	if !slices.IsSortedFunc(tl.Events, func(a, b Event) int { return int(a.T - b.T) }) {
		t.Errorf("events are not in the order of time: %+v", tl.Events)
	}
}

// joins returns an observer of a join on a clock that stands still at its zero.
func joins(t testing.TB, watch JoinWatch, told *[]Milestone) (*Observer, time.Time) {
	t.Helper()
	clock := newFakeClock()
	opt := Options{Clock: clock.Now, MAC: guestMAC, Subnet: subnet, Address: guestIP, Join: &watch}
	if told != nil {
		opt.OnEvent = func(e Event) { *told = append(*told, e.M) }
	}
	o := New(compile(t, distros.BootProfile{}), opt)
	o.Begin(clock.Now())
	return o, clock.Now()
}

func TestEveryMilestoneOfAJoinIsSeenOrHasAReason(t *testing.T) {
	o, zero := joins(t, JoinWatch{Missing: map[Milestone]string{CSRCreated: "it joins without one"}}, nil)
	o.Mark(Trigger, zero.Add(time.Second), SourceClient, 0, Exact, "")
	o.Mark(NodeReady, zero.Add(5*time.Second), SourceAPI, 20*time.Millisecond, Exact, "Ready\x1b[31m")
	tl := o.Finish("the deadline passed")
	checkAccounted(t, tl)
	if d, ok := tl.JoinSince(NodeReady); !ok || d != 4*time.Second {
		t.Errorf("ready %v after the trigger, %v; want 4s", d, ok)
	}
	if e, _ := tl.Find(NodeReady); e.Raw != `Ready\x1b[31m` {
		t.Errorf("raw text %q would reach the terminal", e.Raw)
	}
	for m, why := range map[Milestone]string{
		CSRCreated:       "it joins without one",
		CSRIssued:        "no watch of the cluster's API showed it; the deadline passed",
		APIFirstSYN:      "the API server's address was not known; the deadline passed",
		KubeletListening: "kubelet's port was not probed, and nobody else called it; the deadline passed",
		FirstPod:         "nobody listened for the probe pod; the deadline passed",
	} {
		if got := tl.Why(m); got != why {
			t.Errorf("%s: reason %q, want %q", m, got, why)
		}
	}
}

func TestAJoinThatWasNotAskedForIsNotSeen(t *testing.T) {
	var told []Milestone
	o, zero := joins(t, JoinWatch{}, &told)
	o.Mark(NodeReady, zero.Add(time.Second), SourceAPI, 0, Exact, "")
	tl := o.Finish("")
	checkAccounted(t, tl)
	if len(tl.Events) != 1 || len(told) != 1 {
		t.Errorf("events %+v, told %v; want the request", tl.Events, told)
	}
}

func TestColdJoinBeginsWithTheRequest(t *testing.T) {
	o, _ := joins(t, JoinWatch{Cold: true}, nil)
	o.Mark(Trigger, time.Unix(2000, 0), SourceClient, 0, Exact, "")
	if e, ok := o.Finish("").Find(Trigger); !ok || e.T != 0 || e.Source != SourceRequest {
		t.Errorf("trigger %+v, %v; want the request", e, ok)
	}
}

// TestWhatIsOlderThanTheTriggerIsForgotten: a kubelet may call an API server
// before its node is told to join; and the trigger may be marked late.
func TestWhatIsOlderThanTheTriggerIsForgotten(t *testing.T) {
	var told []Milestone
	o, zero := joins(t, JoinWatch{}, &told)
	o.Mark(APIFirstSYN, zero.Add(time.Second), SourceNet, 0, Exact, "")
	o.Mark(CSRCreated, zero.Add(3*time.Second), SourceAPI, 0, Exact, "")
	o.Mark(Trigger, zero.Add(2*time.Second), SourceClient, 0, Exact, "")
	o.Mark(CSRApproved, zero.Add(1500*time.Millisecond), SourceAPI, 0, Exact, "")
	o.Mark(APIFirstSYN, zero.Add(4*time.Second), SourceNet, 0, Exact, "")
	if diff := cmp.Diff([]Milestone{Request, Trigger, CSRCreated, APIFirstSYN}, told); diff != "" {
		t.Errorf("milestones told (-want +got):\n%s", diff)
	}
	checkAccounted(t, o.Finish(""))
}

func TestAnExactMarkCorrectsABound(t *testing.T) {
	o, zero := joins(t, JoinWatch{Cold: true}, nil)
	s := time.Second
	o.Mark(NodeReady, zero.Add(9*s), SourceAPI, 0, AtMost, "")
	o.Mark(NodeReady, zero.Add(8*s), SourceAudit, 0, Exact, "")
	o.Mark(NodeReady, zero.Add(7*s), SourceAudit, 0, Exact, "")
	o.Mark(BootComplete, zero.Add(9*s), SourceSerial, 0, AtMost, "")
	o.Mark(BootComplete, zero.Add(8*s), SourceSerial, 0, Exact, "")
	tl := o.Finish("")
	if at, _ := tl.At(NodeReady); at != 8*s {
		t.Errorf("ready at %v, want the audit log's 8s", at)
	}
	if at, _ := tl.At(BootComplete); at != 9*s {
		t.Errorf("boot complete at %v: a boot's first mark counts", at)
	}
}

func TestABootKnowsNothingOfJoins(t *testing.T) {
	clock := newFakeClock()
	o := New(compile(t, distros.BootProfile{}), Options{Clock: clock.Now})
	o.Begin(clock.Now())
	o.Mark(Trigger, clock.Now(), SourceClient, 0, Exact, "")
	o.Mark(NodeReady, clock.Now(), SourceAPI, 0, Exact, "")
	if err := o.WaitFor(t.Context(), NodeReady); err == nil {
		t.Error("waited for a join that nobody watches")
	}
	if err := o.ProbeKubelet(t.Context(), nil); err != nil {
		t.Errorf("ProbeKubelet: %v", err)
	}
	checkComplete(t, o.Finish(""))
}

func TestWaitFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(compile(t, distros.BootProfile{}), Options{Join: &JoinWatch{Missing: map[Milestone]string{LeaseFirst: "no leases"}}})
		o.Begin(time.Now())
		time.AfterFunc(time.Second, func() { o.Mark(NodeReady, time.Now(), SourceAPI, 0, Exact, "") })
		time.AfterFunc(2*time.Second, func() { o.Mark(Trigger, time.Now().Add(-1500*time.Millisecond), SourceClient, 0, Exact, "") })
		began := time.Now()
		if err := o.WaitFor(t.Context(), NodeReady); err != nil || time.Since(began) != 2*time.Second {
			t.Errorf("WaitFor: %v after %v, want 2s: what is held counts once the trigger is known", err, time.Since(began))
		}
		if err := o.WaitFor(t.Context(), NodeReady); err != nil {
			t.Errorf("WaitFor what was seen: %v", err)
		}
		if err := o.WaitFor(t.Context(), LeaseFirst); err == nil || !strings.Contains(err.Error(), "no leases") {
			t.Errorf("WaitFor what never comes: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := o.WaitFor(ctx, FirstPod); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WaitFor: %v, want the deadline", err)
		}
		time.AfterFunc(time.Second, func() { o.Finish("") })
		if err := o.WaitFor(t.Context(), FirstPod); !errors.Is(err, errEnded) {
			t.Errorf("WaitFor: %v, want the end", err)
		}
	})
}

// TestGuestMayStopAfterItsBoot: the boot was fine, what comes after is not.
func TestGuestMayStopAfterItsBoot(t *testing.T) {
	o, zero := joins(t, JoinWatch{Cold: true}, nil)
	o.Mark(BootComplete, zero, SourceSerial, 0, Exact, "")
	o.Stopped("QEMU was killed")
	if err := wait(t, o); err != nil {
		t.Errorf("Wait: %v", err)
	}
	var stopped *StoppedError
	err := o.WaitFor(t.Context(), NodeReady)
	if !errors.As(err, &stopped) || !stopped.Booted || err.Error() != "the guest stopped: QEMU was killed" {
		t.Errorf("WaitFor: %v", err)
	}
}

func TestProbeOfKubelet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(compile(t, distros.BootProfile{}), Options{Join: &JoinWatch{API: netip.MustParseAddrPort("192.168.90.5:6443")}})
		o.Begin(time.Now())
		o.UseAddress(guestIP)
		s := &service{opens: time.Now().Add(5045 * time.Millisecond), speaks: time.Now().Add(6 * time.Second)}
		time.AfterFunc(time.Second, func() { o.Mark(Trigger, time.Now(), SourceClient, 0, Exact, "") })
		time.AfterFunc(4*time.Second, func() { o.Mark(APIFirstSYN, time.Now(), SourceNet, 0, Exact, "") })
		if err := o.ProbeKubelet(t.Context(), s.dial); err != nil {
			t.Fatal(err)
		}
		e, _ := o.Finish("").Find(KubeletListening)
		want := Event{KubeletListening, 5050 * time.Millisecond, SourceProbe, 12 * time.Millisecond, AtMost, ""}
		if diff := cmp.Diff(want, e); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
		if n := s.dials.Load(); n > 106 {
			t.Errorf("%d dials in 1.05 s: more than 100 a second", n)
		}
		time.Sleep(2 * time.Second) // the service's goroutine ends
	})
}

func TestKubeletThatListensAlreadyMayHaveSinceTheTrigger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(compile(t, distros.BootProfile{}), Options{Join: &JoinWatch{Cold: true}})
		o.Begin(time.Now())
		time.AfterFunc(3*time.Second, func() { o.UseAddress(guestIP) })
		if err := o.ProbeKubelet(t.Context(), (&service{}).dial); err != nil {
			t.Fatal(err)
		}
		if e, _ := o.Finish("").Find(KubeletListening); e.Err != 3*time.Second || e.Q != AtMost {
			t.Errorf("event %+v, want an error of 3s", e)
		}
	})
}

// TestTwoProbesTakeTurns: together they send no more than one does.
func TestTwoProbesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(compile(t, distros.BootProfile{ManagementPort: 22}), Options{Join: &JoinWatch{Cold: true}})
		o.Begin(time.Now())
		o.UseAddress(guestIP)
		closed := &service{opens: time.Now().Add(time.Hour)}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		go func() { _ = o.Probe(ctx, closed.dial) }()
		if err := o.ProbeKubelet(ctx, closed.dial); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ProbeKubelet: %v, want the deadline", err)
		}
		if n := closed.dials.Load(); n > 1010 {
			t.Errorf("%d SYNs in 10 s; 100 a second is the budget", n)
		}
		if n := o.Counters().Probes; n != closed.dials.Load() {
			t.Errorf("%d probes counted of %d", n, closed.dials.Load())
		}
	})
}

// TestTheConsoleShowsTheEndOfTheJoinCommand, by the words that the join's own
// script says, which a boot without a join does not look for.
func TestTheConsoleShowsTheEndOfTheJoinCommand(t *testing.T) {
	p := compile(t, distros.BootProfile{})
	before := len(p.patterns)
	steps := append(debian(), line(49000, ""), line(50000, "distrolab: join done (in 31 s)"))
	o := scripted(t, distros.BootProfile{}, Options{Join: &JoinWatch{Cold: true, Done: "distrolab: join done"}}, steps)
	if at, ok := o.Finish("").At(JoinExit); !ok || at != 50*time.Second {
		t.Errorf("join command ends at %v, %v; want 50s", at, ok)
	}
	New(p, Options{Join: &JoinWatch{Done: "distrolab: join done"}})
	if len(p.patterns) != before {
		t.Error("the profile was changed for the next observer")
	}
	checkComplete(t, scripted(t, distros.BootProfile{}, Options{}, steps).Finish(""))
}
