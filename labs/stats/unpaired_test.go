package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/stats"
)

// bruteUnpaired lists all differences, and counts, of all ways to deal the ranks
// to the two samples, those with a smaller rank sum.
func bruteUnpaired(a, b []float64, confidence float64) (ratio, low, high, coverage float64) {
	var d []float64
	for _, x := range a {
		for _, y := range b {
			d = append(d, math.Log(y/x))
		}
	}
	slices.Sort(d)
	n := len(d)
	ratio = math.Exp((d[(n-1)/2] + d[n/2]) / 2)
	low, high = 0, math.Inf(1)
	for rank := 1; rank <= n/2; rank++ {
		ways, below := 0, 0
		for deal := range 1 << (len(a) + len(b)) {
			var ofA, u int
			for i := range len(a) + len(b) {
				if deal>>i&1 == 1 {
					ofA++
				} else {
					u += ofA // this one of B beats all of A before it
				}
			}
			if ofA == len(a) {
				ways++
				if u < rank {
					below++
				}
			}
		}
		c := 1 - 2*float64(below)/float64(ways)
		if c < confidence {
			break
		}
		low, high, coverage = math.Exp(d[rank-1]), math.Exp(d[n-rank]), c
	}
	return ratio, low, high, coverage
}

func TestUnpairedRatioAgainstBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	near := func(a, b float64) bool { return a == b || math.Abs(a-b) <= 1e-9*math.Abs(b) }
	for _, size := range [][2]int{{1, 1}, {1, 5}, {3, 3}, {4, 4}, {5, 3}, {6, 6}, {7, 5}} {
		a, b := make([]float64, size[0]), make([]float64, size[1])
		for i := range a {
			a[i] = 20 + rng.Float64()
		}
		for i := range b {
			b[i] = 28 + 2*rng.Float64()
		}
		before := slices.Clone(b)
		ratio, low, high, coverage := bruteUnpaired(a, b, 0.95)
		got := stats.UnpairedRatio(a, b, 0.95)
		if !near(got.Ratio, ratio) || !near(got.Low, low) || !near(got.High, high) || !near(got.Confidence, coverage) {
			t.Errorf("%v: %+v, want %v [%v, %v] at %v", size, got, ratio, low, high, coverage)
		}
		if !slices.Equal(b, before) {
			t.Error("the caller's slice was changed")
		}
	}
}

func TestUnpairedRatioWithFailures(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	a := []float64{10, 10, 10, 10, 10, 10, 10, 10, 10, 10}
	b := []float64{20, 20, 20, 20, 20, 20, 20, 20, 20, inf}
	if r := stats.UnpairedRatio(a, b, 0.95); math.Abs(r.Ratio-2) > 1e-9 || !r.Differs() || r.N != 10 {
		t.Errorf("one failure of ten: %+v", r)
	}
	broken := []float64{inf, inf, inf, inf, inf, inf, inf, inf, inf, inf}
	if r := stats.UnpairedRatio(a, broken, 0.95); !math.IsInf(r.Ratio, 1) || !math.IsInf(r.Low, 1) {
		t.Errorf("nothing finishes any more: %+v", r)
	}
	if r := stats.UnpairedRatio(broken, broken, 0.95); r.Ratio != 1 || r.Differs() {
		t.Errorf("nothing finished before or now: %+v", r)
	}
	if r := stats.UnpairedRatio([]float64{nan, -1}, a, 0.95); !math.IsNaN(r.Ratio) || r.N != 0 || r.Bounded() || r.Dropped != 2 {
		t.Errorf("nothing known: %+v", r)
	}
}

// TestUnpairedRatioOfLargeSessions is one that a list of all differences would
// not survive.
func TestUnpairedRatioOfLargeSessions(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	a, b := make([]float64, 50_000), make([]float64, 50_000)
	for i := range a {
		a[i], b[i] = math.Exp(rng.NormFloat64()/10), 1.05*math.Exp(rng.NormFloat64()/10)
	}
	r := stats.UnpairedRatio(a, b, 0.95)
	if !r.Differs() || math.Abs(r.Ratio-1.05) > 0.005 || r.High-r.Low > 0.01 {
		t.Errorf("%+v", r)
	}
}

// TestCoverageOfTheUnpairedRatio is the A/A test for sessions apart.
func TestCoverageOfTheUnpairedRatio(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	const sessions = 2000
	differ := 0
	for range sessions {
		a, b := make([]float64, 10), make([]float64, 12)
		for i := range a {
			a[i] = math.Exp(rng.NormFloat64() / 20)
		}
		for i := range b {
			b[i] = math.Exp(rng.NormFloat64() / 20)
		}
		if stats.UnpairedRatio(a, b, 0.95).Differs() {
			differ++
		}
	}
	if got := float64(differ) / sessions; got > 0.06 || got < 0.03 {
		t.Errorf("equal sessions differ in %.3f of the cases, want about 0.045", got)
	}
}

func TestSpread(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name   string
		sample []float64
		want   stats.Spread
	}{
		{"one", []float64{3}, stats.Spread{3, 3, 3, 3, 3, 1}},
		{"two", []float64{4, 2}, stats.Spread{2, 2, 3, 4, 4, 2}},
		{"odd", []float64{5, 1, 2, 4, 3}, stats.Spread{1, 2, 3, 4, 5, 5}},
		{"even", []float64{8, 1, 2, 3, 4, 5, 6, 7}, stats.Spread{1, 2.5, 4.5, 6.5, 8, 8}},
		{"unknown values are left out", []float64{nan, 1, 2, 3, 4}, stats.Spread{1, 1.5, 2.5, 3.5, 4, 4}},
		{"unfinished runs are the slowest", []float64{inf, 1, 2, 3}, stats.Spread{1, 1.5, 2.5, inf, inf, 4}},
	} {
		if d := cmp.Diff(c.want, stats.SpreadOf(c.sample)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
	if s := stats.SpreadOf(nil); !math.IsNaN(s.Median) || s.N != 0 {
		t.Errorf("of nothing: %+v", s)
	}
}

func TestDistribution(t *testing.T) {
	got := stats.Distribution([]float64{2, 1, math.NaN(), 2, math.Inf(1)})
	if d := cmp.Diff([]stats.Step{{1, 0.25}, {2, 0.75}}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := stats.Distribution([]float64{math.Inf(1)}); len(got) != 0 {
		t.Errorf("nothing finished: %v", got)
	}
}
