package results_test

import (
	"math"
	"testing"
	"time"

	"distrolab/labs/results"
)

// TestImagesOfOneSystemAreCompared has two images of a system in the same
// blocks: each has its row, and the baseline is the one that was named, whichever
// ran first.
func TestImagesOfOneSystemAreCompared(t *testing.T) {
	const older, newer = "debian@1", "debian@2"
	s := results.Session{ID: "x", Mode: results.ModeBench, Scenario: results.FirstBoot}
	var runs []results.Run
	of := func(name string, block int, took time.Duration) results.Run {
		r := boot("debian", block, took)
		r.RunID += name
		r.Subject.Name = name
		return r
	}
	for block := 1; block <= 10; block++ {
		jitter := time.Duration(block) * 10 * time.Millisecond
		runs = append(runs, of(newer, block, 22*time.Second+jitter), of(older, block, 20*time.Second+jitter))
	}
	for _, r := range runs[:2] {
		s.Subjects = append(s.Subjects, r.Subject)
	}
	for name, want := range map[string]struct {
		baseline string
		ratio    float64
	}{"": {newer, 20.05 / 22.05}, newer: {newer, 20.05 / 22.05}, older: {older, 22.05 / 20.05}} {
		s.Baseline = name
		c := results.Summarise(s, runs)
		if len(c.Tables) != 1 || len(c.Tables[0].Rows) != 2 {
			t.Fatalf("baseline %q: %d tables", name, len(c.Tables))
		}
		table := c.Tables[0]
		if labels(table) != older+", "+newer || table.Baseline != want.baseline || table.Blocks != 10 {
			t.Errorf("baseline %q: rows %s, against %s, %d blocks", name, labels(table), table.Baseline, table.Blocks)
		}
		for _, row := range table.Rows {
			if (row.Ratio == nil) != (row.Label == want.baseline) || row.Ratio != nil && math.Abs(row.Ratio.Ratio-want.ratio) > 0.002 {
				t.Errorf("baseline %q: %s has the ratio %+v, want %v", name, row.Label, row.Ratio, want.ratio)
			}
		}
	}
}
