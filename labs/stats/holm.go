package stats

import (
	"cmp"
	"math"
	"slices"
)

// Holm adjusts the p-values of several comparisons with one baseline, so that
// the chance of a single false difference among all of them stays what it is
// for one (Holm 1979). The order is that of the argument. NaN is a comparison
// that was not made: it stays NaN and costs the others nothing.
func Holm(p []float64) []float64 {
	adjusted := slices.Clone(p)
	var order []int
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	worst := 0.0
	for done, i := range order {
		worst = max(worst, min(1, p[i]*float64(len(order)-done)))
		adjusted[i] = worst
	}
	return adjusted
}
