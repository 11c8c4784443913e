package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"distrolab/labs/stats"
)

// noisy is a series of levels, each with noise of 1 %.
func noisy(rng *rand.Rand, levels ...float64) []float64 {
	list := make([]float64, len(levels))
	for i, level := range levels {
		list[i] = level * math.Exp(0.01*rng.NormFloat64())
	}
	return list
}

func TestChangePoints(t *testing.T) {
	ten, eleven, nine := slices.Repeat([]float64{10}, 12), slices.Repeat([]float64{11}, 12), slices.Repeat([]float64{9}, 12)
	spike := slices.Concat(ten, []float64{14}, ten)
	for name, c := range map[string]struct {
		levels []float64
		at     []int
	}{
		"no change":           {slices.Repeat([]float64{10}, 40), nil},
		"one":                 {slices.Concat(ten, eleven), []int{12}},
		"back again":          {slices.Concat(ten, eleven, ten), []int{12, 24}},
		"two steps":           {slices.Concat(nine, ten, eleven), []int{12, 24}},
		"one bad night":       {spike, nil},
		"too few":             {slices.Concat(ten[:9], eleven[:10]), nil},
		"just enough":         {slices.Concat(ten[:10], eleven[:10]), []int{10}},
		"more than looked at": {slices.Concat(slices.Repeat([]float64{20}, 7), slices.Repeat([]float64{10}, stats.MaxHistory-12), eleven), []int{stats.MaxHistory - 5}},
	} {
		t.Run(name, func(t *testing.T) {
			series := noisy(rand.New(rand.NewPCG(1, 2)), c.levels...)
			kept := slices.Clone(series)
			points := stats.ChangePoints(series)
			var at []int
			for _, p := range points {
				at = append(at, p.At)
				if p.P <= 0 || p.P > 0.01 {
					t.Errorf("p of the change at %d is %v", p.At, p.P)
				}
				if math.Abs(p.Before/c.levels[p.At-1]-1) > 0.02 || math.Abs(p.After/c.levels[p.At]-1) > 0.02 {
					t.Errorf("at %d from %v to %v, want from %v to %v", p.At, p.Before, p.After, c.levels[p.At-1], c.levels[p.At])
				}
			}
			if !slices.Equal(at, c.at) {
				t.Errorf("changes at %d, want %d", at, c.at)
			}
			if !slices.Equal(series, kept) {
				t.Error("the caller's series was changed")
			}
			if !slices.Equal(stats.ChangePoints(series), points) {
				t.Error("the same series has another answer")
			}
		})
	}
}

func TestChangePointsOfOddSeries(t *testing.T) {
	level := slices.Repeat([]float64{10}, 30)
	for name, series := range map[string][]float64{
		"nothing": nil, "all the same": level,
		"unknown among them":    slices.Concat(level, []float64{math.NaN()}),
		"unfinished among them": slices.Concat(level, []float64{math.Inf(1)}),
		"large":                 slices.Concat(slices.Repeat([]float64{math.MaxFloat64}, 15), slices.Repeat([]float64{-math.MaxFloat64}, 15)),
	} {
		if points := stats.ChangePoints(series); len(points) > 0 {
			t.Errorf("%s: %v", name, points)
		}
	}
}

// TestSplitIsTheLargestEnergyDistance computes the distance from its definition,
// for every split of a series with one change point.
func TestSplitIsTheLargestEnergyDistance(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	mean := func(x, y []float64, same bool) float64 {
		sum, n := 0.0, 0
		for i, v := range x {
			for j, w := range y {
				if same && j <= i {
					continue
				}
				sum, n = sum+math.Abs(v-w), n+1
			}
		}
		return sum / float64(n)
	}
	for range 50 {
		n, change := 20+rng.IntN(20), 6+rng.IntN(8)
		series := make([]float64, n)
		for i := range series {
			series[i] = rng.ExpFloat64()
			if i >= change {
				series[i] += 4
			}
		}
		best, at := math.Inf(-1), 0
		for i := stats.MinSegment; i <= n-stats.MinSegment; i++ {
			for end := i + stats.MinSegment; end <= n; end++ {
				x, y := series[:i], series[i:end]
				weight := float64(len(x)*len(y)) / float64(end)
				if d := weight * (2*mean(x, y, false) - mean(x, x, true) - mean(y, y, true)); d > best {
					best, at = d, i
				}
			}
		}
		points := stats.ChangePoints(series)
		if !slices.ContainsFunc(points, func(p stats.ChangePoint) bool { return p.At == at }) {
			t.Errorf("changes %v, none of which is at %d, where the distance is largest", points, at)
		}
	}
}

// BenchmarkChangePoints is the longest history, with one change.
func BenchmarkChangePoints(b *testing.B) {
	series := noisy(rand.New(rand.NewPCG(1, 2)), slices.Concat(slices.Repeat([]float64{10}, stats.MaxHistory/2), slices.Repeat([]float64{11}, stats.MaxHistory/2))...)
	for b.Loop() {
		if len(stats.ChangePoints(series)) != 1 {
			b.Fatal("one change was expected")
		}
	}
}
