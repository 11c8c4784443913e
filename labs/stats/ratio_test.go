package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"distrolab/labs/stats"
)

// bruteRatio computes the same by going through all sign patterns and pairs.
func bruteRatio(pairs []stats.Pair, confidence float64) (ratio, low, high, coverage float64) {
	var d, walsh []float64
	for _, p := range pairs {
		d = append(d, math.Log(p.B/p.A))
	}
	for i := range d {
		for j := 0; j <= i; j++ {
			walsh = append(walsh, (d[i]+d[j])/2)
		}
	}
	slices.Sort(walsh)
	m := len(walsh)
	ratio = math.Exp((walsh[(m-1)/2] + walsh[m/2]) / 2)
	low, high = 0, math.Inf(1)
	for rank := 1; rank <= m/2; rank++ {
		below := 0 // sign patterns whose positive ranks sum to less than rank
		for signs := range 1 << len(d) {
			sum := 0
			for i := range d {
				sum += (signs >> i & 1) * (i + 1)
			}
			if sum < rank {
				below++
			}
		}
		c := 1 - 2*float64(below)/float64(int(1)<<len(d))
		if c < confidence {
			break
		}
		low, high, coverage = math.Exp(walsh[rank-1]), math.Exp(walsh[m-rank]), c
	}
	return ratio, low, high, coverage
}

func TestPairedRatioAgainstBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	near := func(a, b float64) bool { return a == b || math.Abs(a-b) <= 1e-9*math.Abs(b) }
	for n := 1; n <= 11; n++ {
		pairs := make([]stats.Pair, n)
		for i := range pairs {
			pairs[i] = stats.Pair{A: 20 + rng.Float64(), B: 28 + 2*rng.Float64()}
		}
		ratio, low, high, coverage := bruteRatio(pairs, 0.95)
		got := stats.PairedRatio(pairs, 0.95)
		if !near(got.Ratio, ratio) || !near(got.Low, low) || !near(got.High, high) || !near(got.Confidence, coverage) {
			t.Errorf("n=%d: %+v, want %v [%v, %v] at %v", n, got, ratio, low, high, coverage)
		}
		if got.N != n || got.Bounded() != (n >= 6) {
			t.Errorf("n=%d: used %d, bounded %v", n, got.N, got.Bounded())
		}
	}
}

func TestPairedRatioRemovesSharedDrift(t *testing.T) {
	var pairs []stats.Pair
	for i := range 10 {
		drift := 1 + float64(i)/10
		pairs = append(pairs, stats.Pair{A: 20 * drift, B: 28 * drift * (1 + float64(i%3-1)/1000)})
	}
	r := stats.PairedRatio(pairs, 0.95)
	if !r.Differs() || math.Abs(r.Ratio-1.4) > 0.002 || r.High-r.Low > 0.01 {
		t.Errorf("%+v, want 1.4 with a narrow interval", r)
	}
}

func TestPairedRatioWithFailures(t *testing.T) {
	inf := math.Inf(1)
	base := []stats.Pair{{1, 2}, {1, 2}, {1, 2}, {1, 2}, {1, 2}, {1, 2}, {1, 2}, {1, 2}}
	r := stats.PairedRatio(append(slices.Clone(base), stats.Pair{A: 1, B: inf}), 0.95)
	if r.Ratio != 2 || r.Low != 2 || r.N != 9 {
		t.Errorf("one failure of B: %+v", r)
	}
	r = stats.PairedRatio(append(slices.Clone(base), stats.Pair{A: inf, B: inf}, stats.Pair{A: 0, B: 1}, stats.Pair{A: math.NaN(), B: 1}, stats.Pair{A: -1, B: 1}), 0.95)
	if r.N != 8 || r.Dropped != 4 {
		t.Errorf("used %d, dropped %d; want 8, 4", r.N, r.Dropped)
	}
	r = stats.PairedRatio([]stats.Pair{{1, inf}, {inf, 1}}, 0.95)
	if r.Ratio != 1 {
		t.Errorf("opposite failures: ratio %v, want 1", r.Ratio)
	}
}

func TestPairedRatioOfManyPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	pairs := make([]stats.Pair, 300)
	for i := range pairs {
		pairs[i] = stats.Pair{A: math.Exp(rng.NormFloat64() / 10), B: 1.05 * math.Exp(rng.NormFloat64()/10)}
	}
	exact := stats.PairedRatio(pairs[:200], 0.95)
	normal := stats.PairedRatio(pairs, 0.95)
	if !exact.Differs() || !normal.Differs() || normal.High-normal.Low > exact.High-exact.Low {
		t.Errorf("200 pairs %+v, 300 pairs %+v", exact, normal)
	}
}

// TestCoverageOfTheRatioBySimulation is the A/A test: equal systems differ in
// about one of twenty sessions.
func TestCoverageOfTheRatioBySimulation(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const sessions = 2000
	differ := 0
	for range sessions {
		pairs := make([]stats.Pair, 20)
		for i := range pairs {
			block := math.Exp(rng.NormFloat64() / 10)
			pairs[i] = stats.Pair{A: block * math.Exp(rng.NormFloat64()/20), B: block * math.Exp(rng.NormFloat64()/20)}
		}
		if stats.PairedRatio(pairs, 0.95).Differs() {
			differ++
		}
	}
	if got := float64(differ) / sessions; got > 0.065 || got < 0.03 {
		t.Errorf("equal systems differ in %.3f of the sessions, want about 0.047", got)
	}
}
