package quiet_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"distrolab/labs/bench/quiet"
)

// host is a machine of two processors whose load follows its clock.
type host struct {
	mu    sync.Mutex
	begun time.Time
	busy  func(after time.Duration) time.Duration // so far, of both processors
	files map[string]string
}

func (h *host) Open(name string) (fs.File, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	after := time.Since(h.begun)
	files := fstest.MapFS{}
	for n, text := range h.files {
		files[n] = &fstest.MapFile{Data: []byte(text)}
	}
	ticks := int64(h.busy(after) / (10 * time.Millisecond))
	idle := int64(2*after/(10*time.Millisecond)) - ticks
	files["proc/stat"] = &fstest.MapFile{Data: fmt.Appendf(nil, "cpu  %d 0 0 %d 0 0 0 0 0 0\n", 1000+ticks, 5000+idle)}
	return files.Open(name)
}

// until keeps one processor busy for that long.
func until(end time.Duration) func(time.Duration) time.Duration {
	return func(after time.Duration) time.Duration { return min(after, end) }
}

func nobody() time.Duration { return 0 }

func TestQuietHostIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{begun: time.Now(), busy: until(0)}
		waited, reasons, err := quiet.New(h, nobody).Wait(t.Context(), func(r []string) { t.Errorf("told %q", r) })
		if waited != 0 || len(reasons) > 0 || err != nil {
			t.Errorf("waited %v, %q, %v", waited, reasons, err)
		}
	})
}

func TestNoiseIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{begun: time.Now(), busy: until(20 * time.Second)}
		told := 0
		waited, reasons, err := quiet.New(h, nobody).Wait(t.Context(), func(r []string) {
			told++
			if len(r) != 1 || !strings.Contains(r[0], "other programs used 50 %") {
				t.Errorf("told %q", r)
			}
		})
		if waited != 21*time.Second || len(reasons) > 0 || err != nil || told != 1 {
			t.Errorf("waited %v, %q, %v, told %d times", waited, reasons, err, told)
		}
	})
}

func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{begun: time.Now(), busy: until(10 * time.Hour)}
		w := quiet.New(h, nobody)
		for n, want := range []time.Duration{2 * time.Minute, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute, time.Second, time.Second} {
			waited, reasons, err := w.Wait(t.Context(), func([]string) {})
			if waited != want || len(reasons) != 1 || err != nil {
				t.Errorf("run %d: waited %v, %q, %v; want %v", n, waited, reasons, err, want)
			}
		}
	})
}

func TestOurOwnWorkIsNoNoise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{begun: time.Now(), busy: until(time.Hour)}
		ours := func() time.Duration { return time.Since(h.begun) }
		if waited, reasons, err := quiet.New(h, ours).Wait(t.Context(), func([]string) {}); waited != 0 || len(reasons) > 0 || err != nil {
			t.Errorf("waited %v, %q, %v", waited, reasons, err)
		}
	})
}

func TestWaitingEndsWithTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{begun: time.Now(), busy: until(time.Hour)}
		stop := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Second, func() { cancel(stop) })
		if _, _, err := quiet.New(h, nobody).Wait(ctx, func([]string) {}); !errors.Is(err, stop) {
			t.Errorf("got %v", err)
		}
	})
}

func TestSinceCountsARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{begun: time.Now(), busy: until(time.Hour), files: map[string]string{
			"proc/vmstat": "pswpin 10\n",
			"sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": "3\n",
			"sys/class/power_supply/BAT0/type":                                 "Battery\n",
			"sys/class/power_supply/BAT0/status":                               "Discharging\n",
		}}
		w := quiet.New(h, nobody)
		before := w.Mark()
		time.Sleep(10 * time.Second)
		h.files["proc/vmstat"] = "pswpin 500\n"
		h.files["sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"] = "5\n"
		machine := 4 * time.Second
		got := w.Since(before, &machine).Disturbances()
		want := []string{"other programs used 30 %", "490 pages", "slowed down 2 times", "battery"}
		if len(got) != len(want) {
			t.Fatalf("got %q", got)
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("got %q, want %q", got[i], want[i])
			}
		}
		if r := w.Since(before, nil); r.Others != nil {
			t.Errorf("others %v, although nobody knows what the machine used", *r.Others)
		}
	})
}
