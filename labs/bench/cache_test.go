package bench

import (
	"strings"
	"testing"
	"time"

	"distrolab/labs/results"
)

func TestStateOfTheCache(t *testing.T) {
	tests := map[string]struct {
		state                string
		resident, held, size int64
		doubt                string
	}{
		"cold and empty":                      {results.CacheCold, 0, 0, 1000, ""},
		"cold and not empty":                  {results.CacheCold, 200, 0, 1000, "20.0 %"},
		"warm, whole":                         {results.CacheWarm, 1000, 1000, 1000, ""},
		"warm, all but holes":                 {results.CacheWarm, 400, 400, 1000, ""},
		"warm, and a page was lost meanwhile": {results.CacheWarm, 995, 1000, 1000, ""},
		"warm, half forgotten":                {results.CacheWarm, 200, 400, 1000, "50.0 %"},
		"of no file":                          {results.CacheWarm, 0, 0, 0, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			doubt := judgeCache(test.state, test.resident, test.held, test.size)
			if (doubt == "") != (test.doubt == "") || !strings.Contains(doubt, test.doubt) {
				t.Errorf("%q, want %q", doubt, test.doubt)
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
