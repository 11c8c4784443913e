package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"distrolab/labs/stats"
)

// pairsOf turns differences of logarithms into blocks.
func pairsOf(diffs ...float64) []stats.Pair {
	pairs := make([]stats.Pair, len(diffs))
	for i, d := range diffs {
		pairs[i] = stats.Pair{A: 1, B: math.Exp(d)}
	}
	return pairs
}

// bruteSignedRank goes through all sign patterns of the ranks that the sizes
// have, ties with the mean of theirs.
func bruteSignedRank(diffs []float64) float64 {
	diffs = slices.DeleteFunc(slices.Clone(diffs), func(d float64) bool { return d == 0 })
	rank := func(d float64) float64 {
		below, equal := 0.0, 0.0
		for _, other := range diffs {
			switch a, b := math.Abs(other), math.Abs(d); {
			case a == b:
				equal++
			case a < b:
				below++
			}
		}
		return below + (equal+1)/2
	}
	all, observed := 0.0, 0.0
	for _, d := range diffs {
		all += rank(d)
		if d > 0 {
			observed += rank(d)
		}
	}
	far := math.Abs(observed - all/2)
	extreme := 0
	for signs := range 1 << len(diffs) {
		sum := 0.0
		for i, d := range diffs {
			if signs>>i&1 == 1 {
				sum += rank(d)
			}
		}
		if math.Abs(sum-all/2) >= far {
			extreme++
		}
	}
	return float64(extreme) / float64(int(1)<<len(diffs))
}

func TestSignedRankAgainstBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for n := 1; n <= 10; n++ {
		for round := range 4 {
			diffs := make([]float64, n)
			for i := range diffs {
				diffs[i] = rng.NormFloat64() + 0.5
				if round%2 == 1 { // ties and zeros
					diffs[i] = float64(rng.IntN(7)-2) / 8
				}
			}
			pairs := make([]stats.Pair, n)
			for i, d := range diffs {
				pairs[i] = stats.Pair{A: 1, B: math.Exp(d)}
				diffs[i] = math.Log(pairs[i].B)
			}
			if got, want := stats.PairedRatio(pairs, 0.95).P, bruteSignedRank(diffs); math.Abs(got-want) > 1e-12 {
				t.Errorf("%v: p %v, want %v", diffs, got, want)
			}
		}
	}
}

// TestSignedRankAgainstPublishedValues has the largest rank sums that Wilcoxon's
// table calls significant at 5 %, two-sided, and the example on depression of
// Hollander and Wolfe (Nonparametric Statistical Methods), whose p-value is
// 0.0391.
func TestSignedRankAgainstPublishedValues(t *testing.T) {
	for n, critical := range map[int]int{6: 0, 7: 2, 8: 3, 9: 5, 10: 8, 11: 10, 12: 13, 13: 17, 14: 21, 15: 25, 16: 29, 17: 34, 18: 40, 19: 46, 20: 52, 25: 89, 30: 137} {
		for sum, significant := range map[int]bool{critical: true, critical + 1: false} {
			diffs := make([]float64, n) // ranks whose sum it is are positive, the largest ones first
			left := sum
			for rank := n; rank >= 1; rank-- {
				diffs[rank-1] = -float64(rank)
				if rank <= left {
					diffs[rank-1], left = float64(rank), left-rank
				}
			}
			if p := stats.PairedRatio(pairsOf(diffs...), 0.95).P; p <= 0.05 != significant {
				t.Errorf("%d pairs, rank sum %d: p %v", n, sum, p)
			}
		}
	}
	before := []float64{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30}
	after := []float64{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29}
	var diffs []float64
	for i := range before {
		diffs = append(diffs, after[i]-before[i])
	}
	if p := stats.PairedRatio(pairsOf(diffs...), 0.95).P; math.Abs(p-0.0390625) > 1e-12 {
		t.Errorf("depression: p %v, want 0.0390625", p)
	}
}

func TestPairedPOfFailures(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	pairs := slices.Repeat([]stats.Pair{{A: 1, B: inf}}, 8)
	if p := stats.PairedRatio(pairs, 0.95).P; math.Abs(p-2.0/256) > 1e-12 {
		t.Errorf("B never finishes: p %v, want 2/256", p)
	}
	if p := stats.PairedRatio(slices.Repeat([]stats.Pair{{A: 2, B: 2}}, 8), 0.95).P; p != 1 {
		t.Errorf("equal times: p %v, want 1", p)
	}
	if p := stats.PairedRatio([]stats.Pair{{A: nan, B: 1}}, 0.95).P; !math.IsNaN(p) {
		t.Errorf("nothing known: p %v", p)
	}
}

// TestPairedPOfManyPairs has the exact distribution and its approximation agree
// where one gives way to the other.
func TestPairedPOfManyPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	diffs := make([]float64, 201)
	for i := range diffs {
		diffs[i] = rng.NormFloat64() + 0.14
	}
	exact, normal := stats.PairedRatio(pairsOf(diffs[:200]...), 0.95).P, stats.PairedRatio(pairsOf(diffs...), 0.95).P
	if exact < 1e-4 || exact > 0.2 || math.Abs(math.Log(exact/normal)) > 0.25 {
		t.Errorf("200 pairs p %v, 201 pairs p %v", exact, normal)
	}
}

// TestRankSumP compares the library's p-value with all ways to deal the ranks.
func TestRankSumP(t *testing.T) {
	a, b := []float64{1.1, 1.2, 1.4, 1.7}, []float64{1.3, 1.5, 1.8, 1.9, 2.0}
	both := append(slices.Clone(a), b...)
	rankSum := func(chosen int) float64 {
		wins := 0.0
		for i, x := range both {
			for j, y := range both {
				if chosen>>i&1 == 1 && chosen>>j&1 == 0 && x > y {
					wins++
				}
			}
		}
		return wins
	}
	observed, ways, extreme := math.Abs(rankSum(0b1111)-10), 0, 0
	for chosen := range 1 << len(both) {
		if n := count(chosen); n == len(a) {
			ways++
			if math.Abs(rankSum(chosen)-10) >= observed {
				extreme++
			}
		}
	}
	want := float64(extreme) / float64(ways)
	if got := stats.UnpairedRatio(a, b, 0.95).P; math.Abs(got-want) > 1e-9 {
		t.Errorf("p %v, want %v", got, want)
	}
	inf := math.Inf(1)
	same := []float64{2, 2, 2, 2, 2, 2}
	if p := stats.UnpairedRatio(same, same, 0.95).P; p != 1 {
		t.Errorf("one value only: p %v, want 1", p)
	}
	if p := stats.UnpairedRatio(same, []float64{inf, inf, inf, inf, inf, inf}, 0.95).P; math.Abs(p-2.0/924) > 1e-9 {
		t.Errorf("B never finishes: p %v, want 2/924", p)
	}
	if p := stats.UnpairedRatio(nil, same, 0.95).P; !math.IsNaN(p) {
		t.Errorf("nothing known: p %v", p)
	}
}

func count(bits int) int {
	n := 0
	for ; bits > 0; bits >>= 1 {
		n += bits & 1
	}
	return n
}

// TestHolm has the example of Holm's own procedure that textbooks show: 0.01,
// 0.04, 0.03, 0.005 are 0.03, 0.06, 0.06, 0.02 together.
func TestHolm(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct{ p, want []float64 }{
		{[]float64{0.01, 0.04, 0.03, 0.005}, []float64{0.03, 0.06, 0.06, 0.02}},
		{[]float64{0.02}, []float64{0.02}},
		{[]float64{0.5, 0.9, 0.6}, []float64{1, 1, 1}},
		{[]float64{nan, 0.01, nan, 0.04}, []float64{nan, 0.02, nan, 0.04}},
		{nil, nil},
	} {
		before := slices.Clone(c.p)
		if d := cmp.Diff(c.want, stats.Holm(c.p), cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-12)); d != "" {
			t.Errorf("%v:\n%s", c.p, d)
		}
		if !slices.EqualFunc(before, c.p, func(a, b float64) bool { return a == b || a != a && b != b }) {
			t.Error("the caller's slice was changed")
		}
	}
}

func TestTailNeedsTwentyNineRuns(t *testing.T) {
	if tail, ok := stats.TailOf(ascending(28), 0.95); ok {
		t.Errorf("28 runs: %+v", tail)
	}
	for n, want := range map[int]stats.Tail{
		29:  {P90: 27, AtMost: 29, N: 29},
		45:  {P90: 41, AtMost: 45, N: 45},
		46:  {P90: 42, AtMost: 45, N: 46},  // 1 - 0.9^46 - 4.6*0.9^45 = 0.952
		100: {P90: 90, AtMost: 96, N: 100}, // P(binomial(100, 0.9) < 96) = 0.976, < 95: 0.942
	} {
		got, ok := stats.TailOf(ascending(n), 0.95)
		if !ok || got != want {
			t.Errorf("%d runs: %+v, want %+v", n, got, want)
		}
	}
	slow := append(ascending(28), math.Inf(1), math.NaN())
	if tail, ok := stats.TailOf(slow, 0.95); !ok || !math.IsInf(tail.AtMost, 1) || tail.N != 29 {
		t.Errorf("an unfinished run: %+v", tail)
	}
}

func TestDetectableShrinksWithTheRootOfTheRuns(t *testing.T) {
	wide := stats.Ratio{Ratio: 1, Low: 0.9, High: 1 / 0.9, Confidence: 0.95, N: 10}
	// A half width of 10.5 % is 1.96 standard errors; 1.96 + 0.84 of them are seen.
	if got, want := wide.Detectable(), math.Exp(-math.Log(0.9)*(1.959964+0.841621)/1.959964)-1; math.Abs(got-want) > 1e-4 {
		t.Errorf("detectable %v, want %v", got, want)
	}
	root := math.Log1p(wide.Detectable()) / math.Log(1.05)
	if got, want := wide.RunsFor(0.05), int(math.Ceil(10*root*root+1.92)); got != want {
		t.Errorf("%d runs for 5 %%, want %d", got, want)
	}
	if got := wide.RunsFor(0.5); got != stats.MinimumRuns(0.95) {
		t.Errorf("%d runs for 50 %%, want the least that give an interval", got)
	}
	for _, open := range []stats.Ratio{{N: 3, High: math.Inf(1)}, {N: 8, Low: 1, High: math.Inf(1), Confidence: 0.95}} {
		if !math.IsInf(open.Detectable(), 1) || open.RunsFor(0.05) != 0 {
			t.Errorf("%+v: detectable %v, runs %d", open, open.Detectable(), open.RunsFor(0.05))
		}
	}
	if wide.RunsFor(0) != 0 || wide.RunsFor(-1) != 0 || wide.RunsFor(math.NaN()) != 0 {
		t.Error("no effect needs a number of runs")
	}
}

// TestPairedRatioOfHostileSessions is one that a list of all means would not
// survive.
func TestPairedRatioOfHostileSessions(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	pairs := lognormal(0.1).blocks(rng, 100_000, 1.05)
	r := paired(pairs)
	if !r.Differs() || math.Abs(r.Ratio-1.05) > 0.005 || r.P > 1e-9 {
		t.Errorf("%+v", r)
	}
}
