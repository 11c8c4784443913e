package stats

import "math"

// power is the chance with which a difference that is called detectable is
// found: four sessions of five.
const power = 0.8

// Detectable returns the least difference that a session like this one would
// show in four of five cases, as a share: 0.05 is 5 %. The width of the interval
// tells how much the runs vary. It returns +Inf where there is no interval, or
// unfinished runs leave it open.
func (r Ratio) Detectable() float64 { return math.Expm1(r.detectableLog()) }

func (r Ratio) detectableLog() float64 {
	half := (math.Log(r.High) - math.Log(r.Low)) / 2
	if !r.Bounded() || !finite(half) {
		return math.Inf(1)
	}
	spread := half / normalQuantile(r.Confidence)
	return spread * (normalQuantile(Confidence95) + normalQuantile(2*power-1))
}

// RunsFor returns how many pairs, or runs of each system, would show a
// difference of the given share in four of five cases; 0 when the runs so far
// cannot tell.
func (r Ratio) RunsFor(share float64) int {
	root := r.detectableLog() / math.Log1p(share)
	if !finite(root) || !(share > 0) {
		return 0
	}
	z := normalQuantile(Confidence95)
	needed := math.Ceil(float64(r.N)*root*root + z*z/2) // what a small sample costs besides (Guenther 1981)
	return max(MinimumRuns(Confidence95), int(min(needed, math.MaxInt32)))
}
