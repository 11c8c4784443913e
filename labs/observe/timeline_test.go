package observe

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"distrolab/distros"

	"github.com/google/go-cmp/cmp"
)

// checkComplete checks that every milestone is an event or has a reason.
func checkComplete(t testing.TB, tl Timeline) {
	t.Helper()
	for _, info := range Milestones() {
		_, seen := tl.Find(info.Milestone)
		if why := tl.Why(info.Milestone); seen == (why != "") {
			t.Errorf("%s: seen %v, reason %q; want one of them", info.Milestone, seen, why)
		}
	}
	if len(tl.Events)+len(tl.Missing) != len(Milestones()) {
		t.Errorf("%d events and %d missing of %d", len(tl.Events), len(tl.Missing), len(Milestones()))
	}
	if !slices.IsSortedFunc(tl.Events, func(a, b Event) int { return int(a.T - b.T) }) {
		t.Errorf("events are not in the order of time: %+v", tl.Events)
	}
}

func TestEveryMilestoneIsSeenOrHasAReason(t *testing.T) {
	boot := distros.BootProfile{
		ManagementPort: 22,
		Patterns:       map[string]string{"config_fetched": `fetched config`},
		Missing:        map[string]string{"first_container": "it has no containers", "switch_root": "it has no initrd"},
	}
	tl := scripted(t, boot, Options{}, debian()).Finish("the deadline passed")
	checkComplete(t, tl)
	want := map[Milestone]string{
		VCPUStart:      "the hypervisor reported no start; the deadline passed",
		SwitchRoot:     "it has no initrd",
		FirstContainer: "it has no containers",
		ConfigFetched:  `pattern "fetched config" never matched in 18 lines; the deadline passed`,
		NetFirstFrame:  "no frames were seen: the network is not ours, or the guest has none; the deadline passed",
		ManagementByte: "the guest's address never became known; the deadline passed",
	}
	for m, why := range want {
		if got := tl.Why(m); got != why {
			t.Errorf("%s: reason %q, want %q", m, got, why)
		}
	}
}

func TestNothingIsSeenWithoutARequest(t *testing.T) {
	o := New(compile(t, distros.BootProfile{}), Options{})
	o.Hypervisor(SourceQMP, time.Now(), 0)
	tl := o.Finish("")
	checkComplete(t, tl)
	if len(tl.Events) != 0 {
		t.Errorf("events %+v without a request", tl.Events)
	}
}

func TestWhatWasSeenBeforeTheRequestIsForgotten(t *testing.T) {
	clock := newFakeClock()
	o := New(compile(t, distros.BootProfile{}), Options{Clock: clock.Now})
	zero := clock.Now().Add(time.Second)
	o.Frame(clock.Now(), true, false, make([]byte, 14))
	o.Hypervisor(SourceReturn, zero.Add(time.Millisecond), 0) // came in before Begin was called
	o.Begin(zero)
	o.Frame(zero.Add(time.Second), true, false, make([]byte, 14))
	tl := o.Finish("")
	if at, _ := tl.At(NetFirstFrame); at != time.Second {
		t.Errorf("first frame at %v, want 1s", at)
	}
	if at, ok := tl.At(VCPUStart); !ok || at != time.Millisecond {
		t.Errorf("vcpu_start at %v, %v; want 1ms", at, ok)
	}
}

func TestBetterSourceOfTheHypervisorWins(t *testing.T) {
	clock := newFakeClock()
	var told []Event
	o := New(compile(t, distros.BootProfile{}), Options{Clock: clock.Now, OnEvent: func(e Event) { told = append(told, e) }})
	zero := clock.Now()
	o.Begin(zero)
	o.Hypervisor(SourceReturn, zero.Add(30*time.Millisecond), 0)
	o.Hypervisor(SourceQMP, zero.Add(-50*time.Microsecond), 0) // converted from another clock
	o.Hypervisor(SourceLifecycle, zero.Add(12*time.Millisecond), 0)
	o.Finish("")
	want := []Event{
		{Request, 0, SourceRequest, 0, Exact, ""},
		{VCPUStart, 30 * time.Millisecond, SourceReturn, 20 * time.Millisecond, AtMost, ""},
		{VCPUStart, 0, SourceQMP, 100 * time.Microsecond, Exact, ""},
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("events told (-want +got):\n%s", diff)
	}
}

func TestEventsAreToldOnceAndMayReadTheObserver(t *testing.T) {
	var o *Observer
	told := map[Milestone]int{}
	clock := newFakeClock()
	o = New(compile(t, distros.BootProfile{}), Options{Clock: clock.Now, OnEvent: func(e Event) {
		told[e.M]++
		o.Tail(1)
		o.Counters()
		o.FaultLines()
	}})
	o.Begin(clock.Now())
	if err := o.ReadConsole(t.Context(), &script{clock: clock, zero: clock.Now(), steps: debian()}); err != nil {
		t.Fatal(err)
	}
	o.Finish("")
	o.Finish("again")
	want := map[Milestone]int{Request: 1, LoaderFirst: 1, KernelConsole: 1, SwitchRoot: 1, BootComplete: 1,
		InitStart: 2, KernelStart: 1}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("times told (-want +got):\n%s", diff)
	}
}

func TestFinishWaitsForTheManagementPort(t *testing.T) {
	clock := newFakeClock()
	o := New(compile(t, distros.BootProfile{ManagementPort: 22}), Options{Clock: clock.Now})
	o.Begin(clock.Now())
	o.Mark(BootComplete, clock.Now(), SourceSerial, 0, Exact, "")
	if isClosed(o.Done()) {
		t.Fatal("done before the management port answered")
	}
	o.Mark(ManagementByte, clock.Now(), SourceProbe, 0, AtMost, "")
	if err := wait(t, o); err != nil {
		t.Errorf("Wait: %v", err)
	}
	o.Stopped("too late to matter")
	if err := wait(t, o); err != nil {
		t.Errorf("Wait after the guest stopped: %v", err)
	}
}

func TestStoppedGuestEndsTheWait(t *testing.T) {
	o := New(compile(t, distros.BootProfile{}), Options{})
	o.Begin(time.Now())
	o.Stopped("QEMU was killed")
	var stopped *StoppedError
	if err := wait(t, o); !errors.As(err, &stopped) || stopped.Reason != "QEMU was killed" {
		t.Errorf("Wait: %v, want the reason", err)
	}
}

func TestPhases(t *testing.T) {
	s := time.Second
	at := func(m Milestone, t time.Duration) Event { return Event{M: m, T: t} }
	tests := []struct {
		name   string
		events []Event
		want   []PhaseSpan
	}{
		{"all seen", []Event{at(Request, 0), at(VCPUStart, s), at(KernelStart, 3*s), at(KernelConsole, 4*s), at(InitStart, 5*s), at(SwitchRoot, 9*s), at(BootComplete, 20*s)},
			[]PhaseSpan{
				{"firmware+loader", VCPUStart, KernelStart, s, 2 * s, true, ""},
				{"kernel+initrd", KernelStart, SwitchRoot, 3 * s, 6 * s, true, ""},
				{"userspace", SwitchRoot, BootComplete, 9 * s, 11 * s, true, ""},
			}},
		{"no initrd, quiet kernel", []Event{at(Request, 0), at(KernelConsole, 4*s), at(InitStart, 5*s), at(BootComplete, 20*s)},
			[]PhaseSpan{
				{"firmware+loader", Request, KernelConsole, 0, 4 * s, true, ""},
				{"kernel+initrd", KernelConsole, InitStart, 4 * s, s, true, ""},
				{"userspace", InitStart, BootComplete, 5 * s, 15 * s, true, ""},
			}},
		{"wrong order and no end", []Event{at(Request, 0), at(KernelStart, 9*s), at(InitStart, 5*s)},
			[]PhaseSpan{
				{"firmware+loader", Request, KernelStart, 0, 9 * s, true, ""},
				{"kernel+initrd", KernelStart, InitStart, 0, 0, false, "init_start was seen before kernel_start"},
				{"userspace", InitStart, "", 0, 0, false, "boot_complete was not seen: never"},
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tl := Timeline{Events: tt.events, Missing: []Missing{{BootComplete, "never"}}}
			if diff := cmp.Diff(tt.want, Phases(tl, BootComplete)); diff != "" {
				t.Errorf("phases (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompileRefusesAProfileThatCannotWork(t *testing.T) {
	tests := []struct {
		name string
		boot distros.BootProfile
		want string
	}{
		{"unknown milestone", distros.BootProfile{Patterns: map[string]string{"booted": "x"}}, `no milestone "booted"`},
		{"unknown missing", distros.BootProfile{Missing: map[string]string{"booted": "x"}}, `no milestone "booted"`},
		{"not on the console", distros.BootProfile{Patterns: map[string]string{"dhcp_ack": "x"}}, "not seen on the console"},
		{"bad pattern", distros.BootProfile{Patterns: map[string]string{"boot_complete": "("}}, "compiling pattern"},
		{"matches everything", distros.BootProfile{Patterns: map[string]string{"boot_complete": "x*"}}, "empty line"},
		{"long pattern", distros.BootProfile{Patterns: map[string]string{"boot_complete": strings.Repeat("x", 2000)}}, "longer than"},
		{"bad fault", distros.BootProfile{Faults: []distros.Fault{{Pattern: "["}}}, "faults[0]"},
		{"port", distros.BootProfile{ManagementPort: 70000}, "not a TCP port"},
		{"unknown finish", distros.BootProfile{Finish: "end"}, `no milestone "end"`},
		{"finish never seen", distros.BootProfile{Missing: map[string]string{"boot_complete": "x"}}, "declared missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Compile(tt.boot); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Compile: %v, want %q", err, tt.want)
			}
		})
	}
}

func TestRequiredLiterals(t *testing.T) {
	for pattern, want := range map[string]string{
		`Linux version \S+`:        "Linux version ",
		`^a(?:bcd)+.*xy$`:          "bcd",
		`(?i)linux`:                "",
		`one|two.*`:                "one|two",
		`one|\d`:                   "",
		`a(?:one|two)? longest`:    " longest",
		`(?:alpha|omega) x`:        "alpha|omega",
		`(?:optional text)?needed`: "needed",
		`\d+`:                      "",
	} {
		if got := string(bytes.Join(requiredLiterals(pattern), []byte("|"))); got != want {
			t.Errorf("requiredLiterals(%q) = %q, want %q", pattern, got, want)
		}
	}
}
