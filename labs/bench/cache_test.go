package bench

import (
	"strings"
	"testing"
	"time"

	"distrolab/labs/results"
)

func TestStateOfTheCache(t *testing.T) {
	tests := map[string]struct {
		wanted string
		share  float64
		after  pages
		state  string
		doubt  string
	}{
		"cold and empty":              {results.CacheCold, 0, pages{}, "cold", ""},
		"cold and not empty":          {results.CacheCold, 0.2, pages{}, "cold", "20.0 %"},
		"warm as after the warm-up":   {results.CacheWarm, 0.4, pages{true, 0.4}, "warm", ""},
		"warmer than after it":        {results.CacheWarm, 0.9, pages{true, 0.4}, "warm", ""},
		"warm and a little forgotten": {results.CacheWarm, 0.37, pages{true, 0.4}, "warm", ""},
		"warm and half forgotten":     {results.CacheWarm, 0.2, pages{true, 0.4}, "warm", "it was 40.0 %"},
		"no warm-up":                  {results.CacheWarm, 0.4, pages{}, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			state, doubt := judgeCache(test.wanted, test.share, test.after)
			if state != test.state || (doubt == "") != (test.doubt == "") || !strings.Contains(doubt, test.doubt) {
				t.Errorf("%q, %q; want %q, %q", state, doubt, test.state, test.doubt)
			}
		})
	}
}

// TestOnlyBenchmarksWaitForQuiet lets a demo begin at once.
func TestOnlyBenchmarksWaitForQuiet(t *testing.T) {
	for mode, want := range map[results.Mode]int{results.ModeDemo: 0, results.ModeQuick: 0, results.ModeCI: 0, results.ModeBench: 1} {
		waits := 0
		r := &attempt{session: &Session{design: Design{Mode: mode}}, place: place{phase: results.PhaseMeasure}}
		err := r.waitQuiet(func() (d time.Duration, reasons []string, err error) {
			waits++
			return time.Minute, []string{"noise"}, nil
		})
		if err != nil || waits != want || len(r.doubts) != want {
			t.Errorf("%s: waited %d times, doubts %q, %v", mode, waits, r.doubts, err)
		}
	}
	warmup := &attempt{session: &Session{design: Design{Mode: results.ModeBench}}, place: place{phase: results.PhaseWarmup}}
	if err := warmup.waitQuiet(nil); err != nil { // nil would panic
		t.Error(err)
	}
}
