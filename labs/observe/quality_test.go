package observe

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"
)

func TestCanaryMeasuresThisProcess(t *testing.T) {
	c, err := StartCanary()
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * canaryEvery)
	r := c.Stop()
	if r.Samples == 0 || r.P50 <= 0 || r.P50 > r.P99 || r.P99 > r.Max {
		t.Errorf("result %+v, want samples with 0 < p50 <= p99 <= max", r)
	}
	if again := c.Stop(); again != r {
		t.Errorf("second Stop: %+v, want %+v", again, r)
	}
}

func TestCanaryCountsEachDelay(t *testing.T) {
	var c Canary
	for i := range 100 {
		c.add(time.Duration(i+1) * time.Millisecond)
	}
	want := CanaryResult{P50: 50e3, P99: 99e3, Max: 100e3, Samples: 100}
	if got := c.result(); got != want {
		t.Errorf("result %+v, want %+v", got, want)
	}
	if got := c.result().Taint(); !strings.Contains(got, "99.0 ms") {
		t.Errorf("taint %q, want the delay", got)
	}
}

func TestCanaryTaint(t *testing.T) {
	for r, want := range map[CanaryResult]bool{
		{P50: 60, P99: 5000, Max: 90000, Samples: 10}: false,
		{P50: 60, P99: 5001, Max: 90000, Samples: 10}: true,
		{}: true,
	} {
		if got := r.Taint() != ""; got != want {
			t.Errorf("%+v: tainted %v, want %v", r, got, want)
		}
	}
}

func TestClockDrift(t *testing.T) {
	zero := ClockMark{Monotonic: 100 * time.Second, Boot: 200 * time.Second, Wall: time.Unix(1000, 0)}
	after := func(mono, boot, wall time.Duration) ClockMark {
		return ClockMark{zero.Monotonic + mono, zero.Boot + boot, zero.Wall.Add(wall)}
	}
	s := time.Second
	tests := []struct {
		name   string
		later  ClockMark
		want   ClockDrift
		taints int
	}{
		{"quiet", after(s, s, s), ClockDrift{}, 0},
		{"within the limit", after(s, s+time.Millisecond, s-time.Millisecond), ClockDrift{-time.Millisecond, time.Millisecond}, 0},
		{"wall set back", after(s, s, -s), ClockDrift{Wall: -2 * s}, 1},
		{"suspended", after(s, 4*s, 4*s), ClockDrift{3 * s, 3 * s}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := zero.Drift(tt.later)
			if got != tt.want || len(got.Taints()) != tt.taints {
				t.Errorf("drift %+v with taints %q; want %+v and %d", got, got.Taints(), tt.want, tt.taints)
			}
		})
	}
}

func TestReadClocksGoesForward(t *testing.T) {
	a, err := ReadClocks()
	if err != nil {
		t.Fatal(err)
	}
	b, err := ReadClocks()
	if err != nil {
		t.Fatal(err)
	}
	if b.Monotonic <= a.Monotonic || b.Boot <= a.Boot || a.Wall.IsZero() {
		t.Errorf("clocks %+v, then %+v", a, b)
	}
}

func TestClockSource(t *testing.T) {
	root := fstest.MapFS{"sys/devices/system/clocksource/clocksource0/current_clocksource": {Data: []byte("tsc\n")}}
	if got := ClockSource(root); got != "tsc" {
		t.Errorf("clock source %q, want tsc", got)
	}
	if got := ClockSource(fstest.MapFS{}); got != "" {
		t.Errorf("clock source %q of a host without one", got)
	}
}

// The host's time of day is really set, by 3 ms for a moment. Whatever else is
// measured on this machine meanwhile is tainted too, so it must be asked for.
func TestSettingTheTimeOfDayTaints(t *testing.T) {
	if os.Getenv("DISTROLAB_TEST_CLOCK") != "1" {
		t.Skip("sets the host's clock: set DISTROLAB_TEST_CLOCK=1, as root")
	}
	before, err := ReadClocks()
	if err != nil {
		t.Fatal(err)
	}
	shift := func(by time.Duration) {
		ts := unix.NsecToTimespec(time.Now().Add(by).UnixNano())
		if err := unix.ClockSettime(unix.CLOCK_REALTIME, &ts); err != nil {
			t.Skip(err)
		}
	}
	shift(3 * time.Millisecond)
	after, err := ReadClocks()
	shift(-3 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if taints := before.Drift(after).Taints(); len(taints) != 1 || !strings.Contains(taints[0], "time of day moved by") {
		t.Errorf("taints %q", taints)
	}
}
