package session_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"distrolab/labs/results"
	"distrolab/labs/session"
)

// spread makes a sample whose 95 % interval has exactly that relative half width
// around a median of 10: half of the values on each edge.
func spread(n int, half float64) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = 10 * (1 - half)
		if i%2 == 1 {
			s[i] = 10 * (1 + half)
		}
	}
	if n%2 == 1 {
		s[n-1] = 10
	}
	return s
}

func TestRuleStops(t *testing.T) {
	bench := session.RuleOf(results.ModeBench)
	budget := bench
	budget.Budget = time.Hour
	narrow, wide := spread(10, 0.02), spread(10, 0.04)
	tests := map[string]struct {
		rule  session.Rule
		stand session.Stand
		want  string // a part of the reason; "" goes on
	}{
		"before the first look":           {bench, session.Stand{Blocks: 9, Headlines: [][]float64{narrow}}, ""},
		"narrow at the first look":        {bench, session.Stand{Blocks: 10, Headlines: [][]float64{narrow, narrow}}, "within 3 %"},
		"one of two is wide":              {bench, session.Stand{Blocks: 10, Headlines: [][]float64{narrow, wide}}, ""},
		"narrow between two looks":        {bench, session.Stand{Blocks: 12, Headlines: [][]float64{narrow}}, ""},
		"narrow at the second look":       {bench, session.Stand{Blocks: 15, Headlines: [][]float64{narrow}}, "15 blocks"},
		"wide at the end":                 {bench, session.Stand{Blocks: 40, Headlines: [][]float64{wide}}, "all 40"},
		"quick takes what bench does not": {session.RuleOf(results.ModeQuick), session.Stand{Blocks: 6, Headlines: [][]float64{spread(6, 0.04)}}, "within 5 %"},
		"too few valid runs":              {bench, session.Stand{Blocks: 10, Headlines: [][]float64{narrow[:5]}}, ""},
		"half of the runs never finished": {bench, session.Stand{Blocks: 10, Headlines: [][]float64{append(slices.Repeat([]float64{math.Inf(1)}, 5), narrow[:5]...)}}, ""},
		"nobody is left":                  {bench, session.Stand{Blocks: 3}, "no system is left"},
		"a number that was asked for":     {session.Fixed(12), session.Stand{Blocks: 10, Headlines: [][]float64{narrow}}, ""},
		"and its end":                     {session.Fixed(12), session.Stand{Blocks: 12, Headlines: [][]float64{narrow}}, "all 12"},
		"budget holds one more":           {budget, session.Stand{Blocks: 3, Headlines: [][]float64{wide}, Took: 50 * time.Minute, Block: 10 * time.Minute}, ""},
		"budget holds no more":            {budget, session.Stand{Blocks: 3, Headlines: [][]float64{wide}, Took: 51 * time.Minute, Block: 10 * time.Minute}, "within 1h0m0s"},
		"one block is always run":         {budget, session.Stand{Headlines: [][]float64{nil}, Took: 2 * time.Hour, Block: time.Hour}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := test.rule.Stop(test.stand)
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPlannedBlocksGrowFromLookToLook(t *testing.T) {
	rule := session.RuleOf(results.ModeBench)
	for blocks, want := range map[int]int{0: 10, 9: 10, 10: 15, 14: 15, 15: 20, 37: 40, 39: 40, 40: 40} {
		if got := rule.Planned(blocks); got != want {
			t.Errorf("after %d blocks: %d planned, want %d", blocks, got, want)
		}
	}
	if got := session.Fixed(7).Planned(3); got != 7 {
		t.Errorf("fixed: %d", got)
	}
}

func TestModeOfBlocks(t *testing.T) {
	for blocks, want := range map[int]results.Mode{1: results.ModeDemo, 5: results.ModeDemo, 6: results.ModeQuick, 9: results.ModeQuick, 10: results.ModeBench, 500: results.ModeBench} {
		if got := session.ModeOf(blocks); got != want {
			t.Errorf("%d blocks: %s, want %s", blocks, got, want)
		}
	}
	for _, mode := range session.Modes() {
		if rule := session.RuleOf(mode); rule.Least < session.LeastBlocks(mode) || rule.Most < rule.Least {
			t.Errorf("%s: %+v is less than the mode wants", mode, rule)
		}
	}
}
