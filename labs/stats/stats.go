// Package stats holds the few statistics that boot times need: an exact
// interval for a median, a ratio of two systems from paired blocks, flags for
// outlying runs, and a bound on the rate of failure.
//
// All functions are pure: they never sort or keep the caller's slice. A value
// that is not known is NaN and is left out; a run that never finished is +Inf
// and stays in, since it was slower than every run that did.
package stats

import (
	"encoding/json"
	"math"
	"slices"
)

// Confidence95 is the confidence used in every table and report.
const Confidence95 = 0.95

// Interval is the median of a sample with a distribution-free confidence
// interval between two of its order statistics. Values have the unit of the
// sample.
type Interval struct {
	Median     float64 // NaN when N is 0, +Inf when at least half the runs never finished
	Low, High  float64 // -Inf and +Inf when the sample is too small for an interval
	LowRank    int     // 1-based rank of Low in the sorted sample; 0: no interval
	HighRank   int     // 1-based rank of High; 0: no interval
	Confidence float64 // actual coverage of the two ranks, at least what was asked for; 0: no interval
	N          int     // known values, unfinished runs included
}

// Bounded reports whether the sample was large enough for an interval.
func (iv Interval) Bounded() bool { return iv.LowRank > 0 }

// HalfWidth returns half the width of the interval as a fraction of the median,
// or +Inf when there is no finite interval.
func (iv Interval) HalfWidth() float64 {
	w := (iv.High - iv.Low) / 2 / iv.Median
	if !iv.Bounded() || !finite(w) {
		return math.Inf(1)
	}
	return w
}

// MarshalJSON writes values that are not finite as null, since JSON has no
// infinity and an unknown number is never 0.
func (iv Interval) MarshalJSON() ([]byte, error) {
	return json.Marshal(intervalJSON{
		N: iv.N, Median: known(iv.Median), Low: known(iv.Low), High: known(iv.High),
		LowRank: iv.LowRank, HighRank: iv.HighRank, Confidence: iv.Confidence,
	})
}

type intervalJSON struct {
	N          int      `json:"n"`
	Median     *float64 `json:"median"`
	Low        *float64 `json:"low"`
	High       *float64 `json:"high"`
	LowRank    int      `json:"low_rank"`
	HighRank   int      `json:"high_rank"`
	Confidence float64  `json:"confidence"`
}

// MedianInterval returns the median of the sample and the narrowest symmetric
// pair of order statistics that covers the true median with at least the given
// confidence, such as 0.95. NaN values are left out, infinite ones are ranked.
func MedianInterval(sample []float64, confidence float64) Interval {
	s := sortedKnown(sample)
	iv := Interval{Median: medianSorted(s), Low: math.Inf(-1), High: math.Inf(1), N: len(s)}
	if rank, coverage := medianRank(len(s), confidence); rank > 0 {
		iv.LowRank, iv.HighRank, iv.Confidence = rank, len(s)+1-rank, coverage
		iv.Low, iv.High = s[iv.LowRank-1], s[iv.HighRank-1]
	}
	return iv
}

// MinimumRuns returns the least number of runs that can give an interval for
// the median at the given confidence: 6 for 0.95. It returns 0 for a confidence
// that no sample can reach.
func MinimumRuns(confidence float64) int {
	if !(confidence >= 0 && confidence < 1) {
		return 0
	}
	n := 1
	for 1-math.Ldexp(1, 1-n) < confidence {
		n++
	}
	return n
}

// Median returns the median of the known values, or NaN when there are none.
func Median(sample []float64) float64 { return medianSorted(sortedKnown(sample)) }

func sortedKnown(sample []float64) []float64 {
	s := make([]float64, 0, len(sample))
	for _, v := range sample {
		if !math.IsNaN(v) {
			s = append(s, v)
		}
	}
	slices.Sort(s)
	return s
}

func medianSorted(s []float64) float64 {
	n := len(s)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return s[n/2]
	}
	return middle(s[n/2-1], s[n/2])
}

// middle returns the mean of a and b without overflow. Opposite infinities
// cancel to 0, as tied ranks do.
func middle(a, b float64) float64 {
	m := a/2 + b/2
	if math.IsNaN(m) && !math.IsNaN(a) && !math.IsNaN(b) {
		return 0
	}
	return m
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func known(v float64) *float64 {
	if !finite(v) {
		return nil
	}
	return &v
}
