package stats

import "math"

// Spread holds the five values of a box plot. Unfinished runs are ranked as the
// slowest: the upper values may be +Inf. All are NaN when N is 0.
type Spread struct {
	Min, Q1, Median, Q3, Max float64
	N                        int // known values, unfinished runs included
}

// SpreadOf returns the five values of a sample. The quartiles are the medians of
// the lower and the upper half, each with the middle value of an odd sample
// (Tukey's hinges): each is a measured value or lies between two neighbours.
func SpreadOf(sample []float64) Spread {
	s := sortedKnown(sample)
	n := len(s)
	if n == 0 {
		nan := math.NaN()
		return Spread{nan, nan, nan, nan, nan, 0}
	}
	half := (n + 1) / 2
	return Spread{s[0], medianSorted(s[:half]), medianSorted(s), medianSorted(s[n-half:]), s[n-1], n}
}

// Step is one step of a distribution: Share of the runs took at most Value.
type Step struct{ Value, Share float64 }

// Distribution returns the empirical distribution of a sample: one step for
// each different finite value, rising. Unfinished runs count in the shares and
// have no step, so that the last share is below 1 when there are some.
func Distribution(sample []float64) []Step {
	s := sortedKnown(sample)
	var steps []Step
	for i, v := range s {
		if !finite(v) {
			continue
		}
		share := float64(i+1) / float64(len(s))
		if k := len(steps) - 1; k >= 0 && steps[k].Value == v {
			steps[k].Share = share
			continue
		}
		steps = append(steps, Step{v, share})
	}
	return steps
}
