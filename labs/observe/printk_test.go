package observe

import (
	"strings"
	"testing"
	"time"

	"distrolab/distros"
)

func TestParsePrintk(t *testing.T) {
	tests := []struct {
		line, text string
		stamp      time.Duration
		ok         bool
	}{
		{"[    0.000000] Linux version 6.1", "Linux version 6.1", 0, true},
		{"[12345.678901] x", "x", 12345678901 * time.Microsecond, true},
		{"[    1.250000][    T1] x", "x", 1250 * time.Millisecond, true},
		{"<6>[    1.250000] x", "x", 1250 * time.Millisecond, true},
		{"[    1.250000]", "", 1250 * time.Millisecond, true},
		{"[999999999.999999] x", "x", 999999999999999 * time.Microsecond, true},
		{"[9999999999.000000] x", "", 0, false},
		{"[    1.25] x", "", 0, false},
		{"[    1.2500000] x", "", 0, false},
		{"[  OK  ] Reached target", "", 0, false},
		{"x [    1.250000] x", "", 0, false},
		{"[   -1.250000] x", "", 0, false},
		{"[", "", 0, false},
		{"", "", 0, false},
	}
	for _, tt := range tests {
		stamp, text, ok := parsePrintk([]byte(tt.line))
		if stamp != tt.stamp || string(text) != tt.text || ok != tt.ok {
			t.Errorf("parsePrintk(%q) = %v, %q, %v; want %v, %q, %v", tt.line, stamp, text, ok, tt.stamp, tt.text, tt.ok)
		}
	}
}

func TestEnvelopeTakesTheLeastDelay(t *testing.T) {
	var e envelope
	for i := range 5000 { // more lines than buckets
		stamp := time.Duration(i) * time.Millisecond
		delay := time.Duration(i*7919%13) * time.Millisecond
		e.add(time.Second+stamp+delay, stamp, nil)
	}
	got := e.result()
	if !got.ok || got.zero != time.Second || got.lines != 5000 {
		t.Errorf("result %+v, want zero 1s of 5000 lines", got)
	}
	if len(e.buckets) > maxBuckets {
		t.Errorf("%d buckets, want at most %d", len(e.buckets), maxBuckets)
	}
}

func TestEnvelopeIsRejectedWhenTheClockJumps(t *testing.T) {
	var e envelope
	for i := range 100 {
		stamp := time.Duration(i) * 10 * time.Millisecond
		at := time.Second + stamp
		if i >= 50 {
			at += 21 * time.Millisecond
		}
		e.add(at, stamp, nil)
	}
	if got := e.result(); got.ok || !strings.Contains(got.why, "21ms") {
		t.Errorf("result %+v, want a rejection that names 21ms", got)
	}
}

func TestRejectedEnvelopeFallsBackToTheFirstKernelLine(t *testing.T) {
	o := scripted(t, distros.BootProfile{}, Options{}, []step{
		line(1000, "[    0.000000] Linux version 6.12"),
		line(1010, "[    0.000000] Command line: quiet"),
		line(1300, "[    0.100000] Console: colour"),
		line(2200, "[    1.000000] Run /init as init process"),
	})
	tl := o.Finish("")
	want := Event{KernelStart, time.Second, SourceSerial, errFromConsole + 200*time.Millisecond, Estimate,
		"from the first kernel line: the kernel's clock jumped: the two halves of its lines disagree by 200ms"}
	if got, _ := tl.Find(KernelStart); got != want {
		t.Errorf("kernel_start %+v, want %+v", got, want)
	}
	if at, _ := tl.At(InitStart); at != 2200*time.Millisecond {
		t.Errorf("init_start at %v, want its arrival, 2.2s", at)
	}
}

func TestGiantStampIsNotBelieved(t *testing.T) {
	o := scripted(t, distros.BootProfile{}, Options{}, []step{
		line(1000, "[    0.000000] Linux version 6.12"),
		line(1100, "[999999999.999999] gotcha"),
		line(1200, "[    0.200000] Console"),
	})
	if at, _ := o.Finish("").At(KernelStart); at != time.Second {
		t.Errorf("kernel_start at %v, want 1s", at)
	}
}

func TestSecondKernelDoesNotMoveTheFirst(t *testing.T) {
	o := scripted(t, distros.BootProfile{}, Options{}, []step{
		line(1000, "[    0.000000] Linux version 6.12"),
		line(6000, "[    5.000000] reboot: Restarting system"),
		line(9000, "[    0.000000] Linux version 6.12"),
		line(9900, "[    0.900000] Run /init as init process"),
		line(9910, "[    0.910000] x"), line(9920, "[    0.920000] x"),
	})
	if at, _ := o.Finish("").At(KernelStart); at != time.Second {
		t.Errorf("kernel_start at %v, want 1s", at)
	}
	if n := o.Counters().Reboots; n != 1 {
		t.Errorf("%d reboots, want 1", n)
	}
}

func FuzzParsePrintk(f *testing.F) {
	for _, s := range []string{"[    0.000000] Linux", "<6>[1.123456][T1] x", "[999999999.999999]", "[[[", "[1.123456][aaaaaaaaaaaaaaaaaaaaaa]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		stamp, text, ok := parsePrintk(b)
		if stamp < 0 || stamp >= 1e9*time.Second || len(text) > len(b) {
			t.Errorf("stamp %v, %d bytes of %d", stamp, len(text), len(b))
		}
		if ok && !strings.Contains(string(b), "]") {
			t.Errorf("a stamp in %q", b)
		}
	})
}
