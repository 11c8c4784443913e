package observe

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"distrolab/distros"
)

func TestStallsMakeExactStampsBounds(t *testing.T) {
	ms := time.Millisecond
	origin := time.Now()
	now := origin
	o := New(compile(t, distros.BootProfile{}), Options{Clock: func() time.Time { return now }})
	o.Begin(origin)
	at := func(m Milestone, src Source, after time.Duration, q Quality) {
		o.Mark(m, origin.Add(after), src, ms, q, "")
	}
	at(LoaderFirst, SourceSerial, 90*ms, Exact)    // before the stall
	at(KernelConsole, SourceSerial, 150*ms, Exact) // in it
	at(NetFirstFrame, SourceNet, 203*ms, Exact)    // from the backlog
	at(ManagementSYN, SourceProbe, 200*ms, AtMost) // a bound already
	at(DHCPAck, SourceNet, 206*ms, Exact)          // after the backlog
	o.Hypervisor(SourceQMP, origin.Add(150*ms), 0) // has QEMU's own time
	o.Doubt([]Stall{{origin.Add(100 * ms), origin.Add(200 * ms)}})
	timeline := o.Finish("")
	for m, want := range map[Milestone]struct {
		err time.Duration
		q   Quality
	}{
		LoaderFirst: {ms, Exact}, KernelConsole: {50 * ms, AtMost}, NetFirstFrame: {103 * ms, AtMost},
		ManagementSYN: {100 * ms, AtMost}, DHCPAck: {ms, Exact}, VCPUStart: {100 * time.Microsecond, Exact},
	} {
		if e, _ := timeline.Find(m); e.Err != want.err || e.Q != want.q {
			t.Errorf("%s has error %s and quality %s, want %s and %s", m, e.Err, e.Q, want.err, want.q)
		}
	}
	o.Doubt([]Stall{{origin, origin.Add(time.Second)}}) // after the end: too late
	if e, _ := o.Finish("").Find(DHCPAck); e.Q != Exact {
		t.Error("the timeline changed after its end")
	}
}

func TestCanaryKeepsStalls(t *testing.T) {
	c := Canary{zero: time.Now()}
	ms := time.Millisecond
	for _, s := range [][2]time.Duration{
		{0, 5 * ms},        // within the limit
		{10 * ms, 40 * ms}, // late
		{30 * ms, 50 * ms}, // the same stall
		{60 * ms, 90 * ms}, // another
	} {
		c.stalled(s[0], s[1])
	}
	got := c.Stalls()
	if len(got) != 2 || got[0].From.Sub(c.zero) != 10*ms || got[0].To.Sub(c.zero) != 50*ms || got[1].From.Sub(c.zero) != 60*ms {
		t.Errorf("stalls %v", got)
	}
	for i := range 2 * maxStalls {
		c.stalled(time.Duration(i)*time.Second, time.Duration(i)*time.Second+10*ms)
	}
	if got := c.Stalls(); len(got) > maxStalls || got[len(got)-1].To.Sub(c.zero) < 2000*time.Second {
		t.Errorf("%d stalls, the last until %s", len(got), got[len(got)-1].To.Sub(c.zero))
	}
}

// A stop counts for as long as it lasted, not once.
func TestCanaryCountsEveryTickOfAStall(t *testing.T) {
	c := Canary{zero: time.Now()}
	read := func(ticks byte, at time.Duration) {
		c.take(chunk{data: []byte{ticks, 0, 0, 0, 0, 0, 0, 0}, at: at})
	}
	ms := time.Millisecond
	read(1, 10*ms)
	read(100, 1010*ms) // due from 20 ms on
	read(1, 1020*ms)
	c.take(chunk{data: []byte{1}}) // no timer says this
	want := CanaryResult{P50: 480e3, P99: 980e3, Max: 990e3, Samples: 102}
	if got := c.result(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if s := c.Stalls(); len(s) != 1 || s[0].From.Sub(c.zero) != 20*ms || s[0].To.Sub(c.zero) != 1010*ms {
		t.Errorf("stalls %v", s)
	}
}

// This process is stopped by another for a while, as by a host that has better
// to do. What was written meanwhile is stamped late, and must say so.
func TestStoppedObserverClaimsNothingExact(t *testing.T) {
	canary, err := StartCanary()
	if err != nil {
		t.Fatal(err)
	}
	o := New(compile(t, distros.BootProfile{Patterns: map[string]string{string(BootComplete): "^done "}}), Options{})
	began := time.Now()
	o.Begin(began)
	// The line carries the time at which it was written.
	guest := exec.Command("/bin/sh", "-c", "sleep 0.2; kill -STOP $PPID; sleep 0.3; echo done $(date +%s%N); sleep 0.3; kill -CONT $PPID")
	out, err := guest.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := guest.Start(); err != nil {
		t.Fatal(err)
	}
	if err := o.ReadConsole(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if err := guest.Wait(); err != nil {
		t.Fatal(err)
	}
	result := canary.Stop()
	o.Doubt(canary.Stalls())
	event, ok := o.Finish("").Find(BootComplete)
	if !ok {
		t.Fatal("the line was not seen")
	}
	nanos, err := strconv.ParseInt(strings.TrimPrefix(event.Raw, "done "), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	truth := time.Unix(0, nanos).Sub(began.Round(0))
	if late := event.T - truth; late > 20*time.Millisecond && event.Q == Exact {
		t.Errorf("written at %s and stamped at %s, which is called exact; canary %+v", truth, event.T, result)
	}
	if event.T-event.Err > truth+5*time.Millisecond {
		t.Errorf("written at %s, stamped at %s with error %s: the truth is outside", truth, event.T, event.Err)
	}
}
