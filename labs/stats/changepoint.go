package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// MinSegment is the least number of values on each side of a change point.
const MinSegment = 5

// MinHistory is the number of values from which change points are looked for
// (measuring.md, F). MaxHistory bounds time and memory, which grow with its square.
const (
	MinHistory = 20
	MaxHistory = 250
)

const (
	changeP      = 0.01 // largest p-value of a change point
	permutations = 999  // of each look, so that the least p-value is 0.001
)

// ChangePoint is a place where a series changed and did not come back at once.
type ChangePoint struct {
	At            int     // index of the first value after it
	Before, After float64 // medians of the values up to the change points next to it
	P             float64 // that a series without a further change looks like this: 0.001 is the least
}

// ChangePoints finds where a series changed, in its order, by E-divisive (Matteson
// and James, doi.org/10.1080/01621459.2013.849605; for benchmarks
// doi.org/10.1145/3358960.3375791): the split with the largest energy distance is
// a change point when few shuffles within the segments found so far have one as
// large; then the parts are looked at in the same way. The shuffles are seeded:
// the same series has the same answer. It needs [MinHistory] finite values and
// looks at the newest [MaxHistory]; below, or with others among them, it finds
// none. Neither gonum nor benchmath has it.
func ChangePoints(series []float64) []ChangePoint {
	skipped := max(0, len(series)-MaxHistory)
	values := slices.Clone(series[skipped:])
	if len(values) < MinHistory || slices.ContainsFunc(values, func(v float64) bool { return !finite(v) }) {
		return nil
	}
	if n := float64(len(values)); !finite((slices.Max(values) - slices.Min(values)) * n * n) {
		return nil // their distances cannot be added up
	}
	rng := rand.New(rand.NewPCG(uint64(len(values)), permutations))
	bounds := []int{0, len(values)}
	p := make(map[int]float64)
	for {
		at, distance := bestSplit(values, bounds)
		if at == 0 {
			break
		}
		chance := shuffledAsFar(values, bounds, distance, rng)
		if chance > changeP {
			break
		}
		p[at] = chance
		bounds = append(bounds, at)
		slices.Sort(bounds)
	}
	var points []ChangePoint
	for i := 1; i < len(bounds)-1; i++ {
		points = append(points, ChangePoint{
			At: skipped + bounds[i], P: p[bounds[i]],
			Before: Median(values[bounds[i-1]:bounds[i]]), After: Median(values[bounds[i]:bounds[i+1]]),
		})
	}
	return points
}

// bestSplit is the split of one of the segments between bounds with the largest
// distance; 0 where none can be split.
func bestSplit(values []float64, bounds []int) (at int, distance float64) {
	distance = math.Inf(-1)
	for i := 1; i < len(bounds); i++ {
		if split, d := split(values[bounds[i-1]:bounds[i]]); split > 0 && d > distance {
			at, distance = bounds[i-1]+split, d
		}
	}
	return at, distance
}

// split is the place in a segment where what is before it and some stretch after
// it are furthest apart: with n and m values nm/(n+m) times twice the mean
// distance between the two, less the mean distance within each. The stretch need
// not reach the end, so that a change that was undone is seen too.
func split(segment []float64) (at int, distance float64) {
	sums := distanceSums(segment)
	distance = math.Inf(-1)
	for i := MinSegment; i <= len(segment)-MinSegment; i++ {
		left := sums[i][i] // each pair twice, as in all that follows but between
		for end := i + MinSegment; end <= len(segment); end++ {
			between := sums[i][end] - left
			right := sums[end][end] - 2*sums[i][end] + left
			n, m := float64(i), float64(end-i)
			d := n * m / (n + m) * (2*between/(n*m) - left/(n*(n-1)) - right/(m*(m-1)))
			if d > distance {
				at, distance = i, d
			}
		}
	}
	return at, distance
}

// distanceSums has at [i][j] the sum of the distances between each of the first
// i values and each of the first j.
func distanceSums(values []float64) [][]float64 {
	n := len(values)
	cells := make([]float64, (n+1)*(n+1))
	sums := make([][]float64, n+1)
	for i := range sums {
		sums[i] = cells[i*(n+1) : (i+1)*(n+1)]
	}
	for i, v := range values {
		row := 0.0
		for j, w := range values {
			row += math.Abs(v - w)
			sums[i+1][j+1] = sums[i][j+1] + row
		}
	}
	return sums
}

// shuffledAsFar is the share of shuffles within the segments that have a split
// as distant, the series itself counted among them. It gives up when the share
// can only be too large.
func shuffledAsFar(values []float64, bounds []int, distance float64, rng *rand.Rand) float64 {
	shuffled, reached := slices.Clone(values), 1
	for done := 1; done <= permutations; done++ {
		for i := 1; i < len(bounds); i++ {
			segment := shuffled[bounds[i-1]:bounds[i]]
			rng.Shuffle(len(segment), func(a, b int) { segment[a], segment[b] = segment[b], segment[a] })
		}
		if _, d := bestSplit(shuffled, bounds); d >= distance {
			reached++
		}
		if float64(reached) > changeP*(permutations+1) {
			return float64(reached) / float64(done+1)
		}
	}
	return float64(reached) / (permutations + 1)
}
