package stats

import (
	"math"
	"strconv"
)

// Axis is the range of a plot with round ticks. Every picture of the same
// values, in a terminal or on a page, has the same axis.
type Axis struct{ Low, High, Step float64 }

// NewAxis covers low to high with at most about the given number of round
// ticks. The range is widened outwards to the next half tick, so that no value
// lies on the upper edge.
func NewAxis(low, high float64, ticks int) Axis {
	if !finite(low) || !finite(high) {
		low, high = 0, 1
	}
	if !(high > low) {
		low, high = low-0.5, low+0.5
		if low < 0 {
			low, high = 0, 1
		}
	}
	step := roundStep((high - low) / math.Max(1, float64(ticks)))
	half := step / 2
	a := Axis{Low: math.Floor(low/half) * half, High: math.Ceil(high/half) * half, Step: step}
	if a.High <= high {
		a.High += half
	}
	return a
}

// roundStep returns the next of 1, 2, 5, 10, … at any power of ten.
func roundStep(least float64) float64 {
	if !(least > 0) || math.IsInf(least, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= least*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// Share returns where v lies in the range, from 0 to 1.
func (a Axis) Share(v float64) float64 {
	return math.Min(math.Max((v-a.Low)/(a.High-a.Low), 0), 1)
}

// Ticks returns the round values of the range, at most a thousand.
func (a Axis) Ticks() []float64 {
	var list []float64
	for k := math.Ceil(a.Low/a.Step - 1e-9); len(list) < 1000; k++ {
		v := k*a.Step + 0 // + 0: no negative zero
		if v > a.High+a.Step*1e-9 {
			break
		}
		list = append(list, v)
	}
	return list
}

// Text writes the value of a tick with the digits that the step needs.
func (a Axis) Text(v float64) string {
	decimals := max(0, int(math.Ceil(-math.Log10(a.Step)-1e-9)))
	return strconv.FormatFloat(v, 'f', min(decimals, 9), 64)
}
