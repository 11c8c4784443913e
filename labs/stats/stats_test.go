package stats_test

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/stats"
)

func ascending(n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = float64(i + 1)
	}
	return s
}

func TestRanksOfTheMedianInterval(t *testing.T) {
	for _, c := range []struct{ n, low, high int }{
		{0, 0, 0}, {1, 0, 0}, {5, 0, 0}, {6, 1, 6}, {10, 2, 9}, {15, 4, 12}, {20, 6, 15}, {30, 10, 21}, {40, 14, 27},
	} {
		iv := stats.MedianInterval(ascending(c.n), 0.95)
		if iv.LowRank != c.low || iv.HighRank != c.high || iv.N != c.n {
			t.Errorf("n=%d: ranks %d,%d of %d, want %d,%d", c.n, iv.LowRank, iv.HighRank, iv.N, c.low, c.high)
		}
		if iv.Bounded() && (iv.Low != float64(c.low) || iv.High != float64(c.high)) {
			t.Errorf("n=%d: interval %v to %v does not lie at its ranks", c.n, iv.Low, iv.High)
		}
		if !iv.Bounded() && !(math.IsInf(iv.Low, -1) && math.IsInf(iv.High, 1) && iv.Confidence == 0) {
			t.Errorf("n=%d: interval %v to %v at %v, want none", c.n, iv.Low, iv.High, iv.Confidence)
		}
	}
}

// coverageByCounting counts, of all 2^n ways in which n values lie below or
// above the true median, those in which it is between the two ranks.
func coverageByCounting(n, low, high int) float64 {
	covered := 0
	for ways := range 1 << n {
		below := 0
		for bits := ways; bits > 0; bits &= bits - 1 {
			below++
		}
		if below >= low && below < high {
			covered++
		}
	}
	return float64(covered) / float64(int(1)<<n)
}

func TestCoverageAgainstCounting(t *testing.T) {
	for n := 1; n <= 16; n++ {
		for _, confidence := range []float64{0.5, 0.8, 0.95, 0.96875, 0.99} {
			iv := stats.MedianInterval(ascending(n), confidence)
			if !iv.Bounded() {
				if c := coverageByCounting(n, 1, n); n > 1 && c >= confidence {
					t.Errorf("n=%d at %v: no interval, but the extremes cover %v", n, confidence, c)
				}
				continue
			}
			if want := coverageByCounting(n, iv.LowRank, iv.HighRank); iv.Confidence != want || want < confidence {
				t.Errorf("n=%d at %v: coverage %v, counted %v", n, confidence, iv.Confidence, want)
			}
			if iv.HighRank-iv.LowRank > 1 {
				if c := coverageByCounting(n, iv.LowRank+1, iv.HighRank-1); c >= confidence {
					t.Errorf("n=%d at %v: ranks %d,%d are not the narrowest", n, confidence, iv.LowRank, iv.HighRank)
				}
			}
		}
	}
}

func TestLargeSamplesHaveAnInterval(t *testing.T) {
	iv := stats.MedianInterval(ascending(5000), 0.95)
	if iv.Confidence < 0.95 || iv.Confidence > 0.952 || iv.LowRank+iv.HighRank != 5001 {
		t.Errorf("ranks %d,%d cover %v", iv.LowRank, iv.HighRank, iv.Confidence)
	}
}

func TestMedianWithUnknownAndUnfinishedRuns(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name         string
		sample       []float64
		median, high float64
		n            int
	}{
		{"odd", []float64{3, 1, 2}, 2, inf, 3},
		{"even", []float64{4, 1, 3, 2}, 2.5, inf, 4},
		{"unknown runs are left out", []float64{nan, 1, nan, 3}, 2, inf, 2},
		{"an unfinished run is the slowest", []float64{inf, 1, 2, 3, 4, 5}, 3.5, inf, 6},
		{"two of ten unfinished leave no upper bound", []float64{1, 2, 3, 4, 5, 6, 7, 8, inf, inf}, 5.5, inf, 10},
		{"one of ten unfinished leaves the bound", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, inf}, 5.5, 9, 10},
		{"half unfinished", []float64{1, inf}, inf, inf, 2},
		{"huge values do not overflow", []float64{math.MaxFloat64, math.MaxFloat64}, math.MaxFloat64, inf, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := slices.Clone(c.sample)
			iv := stats.MedianInterval(c.sample, 0.95)
			if iv.Median != c.median || iv.High != c.high || iv.N != c.n {
				t.Errorf("median %v, high %v, n %d; want %v, %v, %d", iv.Median, iv.High, iv.N, c.median, c.high, c.n)
			}
			same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
			if !slices.EqualFunc(before, c.sample, same) {
				t.Errorf("the caller's slice became %v", c.sample)
			}
		})
	}
	if m := stats.Median(nil); !math.IsNaN(m) {
		t.Errorf("median of nothing is %v, want NaN", m)
	}
}

func TestMinimumRuns(t *testing.T) {
	for confidence, want := range map[float64]int{0.95: 6, 0.5: 2, 0.99: 8, 1: 0, 2: 0, math.NaN(): 0} {
		if got := stats.MinimumRuns(confidence); got != want {
			t.Errorf("at %v: %d, want %d", confidence, got, want)
		}
	}
}

func TestHalfWidth(t *testing.T) {
	if got := stats.MedianInterval(ascending(6), 0.95).HalfWidth(); math.Abs(got-2.5/3.5) > 1e-12 {
		t.Errorf("half width %v, want %v", got, 2.5/3.5)
	}
	if got := stats.MedianInterval(ascending(5), 0.95).HalfWidth(); !math.IsInf(got, 1) {
		t.Errorf("half width of 5 runs %v, want no bound", got)
	}
}

func TestJSONHasNullWhereNothingIsKnown(t *testing.T) {
	for want, iv := range map[string]any{
		`{"n":0,"median":null,"low":null,"high":null,"low_rank":0,"high_rank":0,"confidence":0}`: stats.MedianInterval(nil, 0.95),
		`{"n":6,"median":3.5,"low":1,"high":6,"low_rank":1,"high_rank":6,"confidence":0.96875}`:  stats.MedianInterval(ascending(6), 0.95),
		`{"ratio":null,"low":null,"high":null,"confidence":0,"p":null,"n":0,"dropped":1}`:        stats.PairedRatio([]stats.Pair{{A: math.NaN(), B: 1}}, 0.95),
		`{"ratio":2,"low":null,"high":null,"confidence":0,"p":1,"n":1,"dropped":0}`:              stats.PairedRatio([]stats.Pair{{A: 1, B: 2}}, 0.95),
	} {
		got, err := json.Marshal(iv)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, string(got)); d != "" {
			t.Error(d)
		}
	}
}

func TestFailureBound(t *testing.T) {
	for _, c := range []struct {
		failures, total int
		want            float64
	}{
		{0, 10, 0.2589}, {0, 1, 0.95}, {1, 10, 0.3942}, {5, 10, 0.7776}, {10, 10, 1}, {0, 0, 1}, {0, 1000, 0.0030}, {-1, 5, 1},
	} {
		if got := stats.FailureBound(c.failures, c.total, 0.95); math.Abs(got-c.want) > 5e-5 {
			t.Errorf("%d of %d: %.4f, want %.4f", c.failures, c.total, got, c.want)
		}
	}
}

// TestFailureBoundIsTheRateWithFivePercent puts the bound back into the exact
// binomial distribution, in rational numbers.
func TestFailureBoundIsTheRateWithFivePercent(t *testing.T) {
	for total := 1; total <= 20; total++ {
		for failures := range total {
			p := new(big.Rat).SetFloat64(stats.FailureBound(failures, total, 0.95))
			q := new(big.Rat).Sub(big.NewRat(1, 1), p)
			sum := new(big.Rat)
			for k := range failures + 1 {
				term := new(big.Rat).SetInt(new(big.Int).Binomial(int64(total), int64(k)))
				for range k {
					term.Mul(term, p)
				}
				for range total - k {
					term.Mul(term, q)
				}
				sum.Add(sum, term)
			}
			if got, _ := sum.Float64(); math.Abs(got-0.05) > 1e-9 {
				t.Errorf("%d of %d: the chance of so few failures is %v, want 0.05", failures, total, got)
			}
		}
	}
}

func TestOutliersAreFlaggedAndUnfinishedRunsAreNot(t *testing.T) {
	got := stats.Outliers([]float64{20, 20.1, 19.9, 20.2, 19.8, 60, math.Inf(1), math.NaN()})
	want := []bool{false, false, false, false, false, true, false, false}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	// The limit itself: median 10, median deviation 1.
	edge := []float64{9, 11, 9, 11, 10, 10 + 14.8, 10 - 14.9}
	if got := stats.Outliers(edge); got[5] || !got[6] {
		t.Errorf("14.8 deviations flagged %v, 14.9 flagged %v", got[5], got[6])
	}
}

func TestDrift(t *testing.T) {
	rising := []float64{10, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 10.7, 10.8}
	if d := stats.DriftOf(rising); !d.Suspicious() || d.Lag1 < 0.3 || math.Abs(d.Change-(10.7/10.1-1)) > 1e-12 {
		t.Errorf("rising runs: %+v", d)
	}
	if d := stats.DriftOf([]float64{10, 10.1, 10, 10.1, 10, 10.1}); d.Suspicious() {
		t.Errorf("alternating runs: %+v", d)
	}
	if d := stats.DriftOf([]float64{1, 2, 3}); !math.IsNaN(d.Lag1) || !math.IsNaN(d.Change) || d.Suspicious() {
		t.Errorf("three runs: %+v", d)
	}
}

// TestCoverageOfTheMedianBySimulation draws skewed samples whose median is 1.
func TestCoverageOfTheMedianBySimulation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const trials = 4000
	covered := 0
	for range trials {
		sample := make([]float64, 10)
		for i := range sample {
			sample[i] = math.Exp(rng.NormFloat64() * 0.3)
		}
		if iv := stats.MedianInterval(sample, 0.95); iv.Low <= 1 && 1 <= iv.High {
			covered++
		}
	}
	if got := float64(covered) / trials; math.Abs(got-0.9785) > 0.01 {
		t.Errorf("the interval covered the median in %.4f of the trials, want 0.9785", got)
	}
}
