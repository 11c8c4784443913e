package stats

import (
	"encoding/json"
	"math"
	"slices"
)

// unfinishedLog stands for the logarithm of an unfinished run: so far away that
// no difference of real times reaches it, so that two such runs are tied.
const unfinishedLog = 1e6

// Pair is one block: the time of the baseline A and of the other system B.
// +Inf is a run that did not finish, NaN one that is not known.
type Pair struct{ A, B float64 }

// Ratio says how many times slower B is than A: the Hodges-Lehmann estimate on
// the logarithms of times, with an interval and a p-value of the same rank
// statistic. [PairedRatio] and [UnpairedRatio] make one.
type Ratio struct {
	Ratio      float64 // B/A; 1.4: B takes 1.4 times as long; NaN when N is 0
	Low, High  float64 // 0 and +Inf when there are too few runs for an interval
	Confidence float64 // actual coverage; 0: no interval
	P          float64 // two-sided, that times as different come from equal systems; NaN when nothing is known
	N          int     // pairs used; unpaired: runs of the smaller sample
	Dropped    int     // left out: a side unknown, not positive, or neither finished
}

// Bounded reports whether there were enough pairs for an interval.
func (r Ratio) Bounded() bool { return r.Confidence > 0 }

// Differs reports whether the interval excludes 1: the systems are not equally fast.
func (r Ratio) Differs() bool { return r.Bounded() && (r.Low > 1 || r.High < 1) }

// MarshalJSON writes values that are not finite as null.
func (r Ratio) MarshalJSON() ([]byte, error) {
	low := known(r.Low)
	if !r.Bounded() {
		low = nil
	}
	return json.Marshal(ratioJSON{
		Ratio: known(r.Ratio), Low: low, High: known(r.High),
		Confidence: r.Confidence, P: known(r.P), N: r.N, Dropped: r.Dropped,
	})
}

type ratioJSON struct {
	Ratio      *float64 `json:"ratio"`
	Low        *float64 `json:"low"`
	High       *float64 `json:"high"`
	Confidence float64  `json:"confidence"`
	P          *float64 `json:"p"`
	N          int      `json:"n"`
	Dropped    int      `json:"dropped"`
}

// PairedRatio estimates B/A from complete blocks at the given confidence, by
// the signed-rank statistic (Wilcoxon). Pairing removes drift that both runs of
// a block share.
func PairedRatio(pairs []Pair, confidence float64) Ratio {
	diffs := make([]float64, 0, len(pairs))
	for _, p := range pairs {
		if d, ok := logRatio(p); ok {
			diffs = append(diffs, d)
		}
	}
	slices.Sort(diffs)
	n := len(diffs)
	r := Ratio{Ratio: math.NaN(), Low: 0, High: math.Inf(1), P: math.NaN(), N: n, Dropped: len(pairs) - n}
	if n == 0 {
		return r
	}
	averages := n * (n + 1) / 2
	r.Ratio = ratioOf(middle(walsh(diffs, (averages+1)/2), walsh(diffs, averages/2+1)))
	if rank, coverage := signedRankRank(n, confidence); rank > 0 {
		r.Low, r.High = ratioOf(walsh(diffs, rank)), ratioOf(walsh(diffs, averages+1-rank))
		r.Confidence = coverage
	}
	r.P = signedRankP(diffs)
	return r
}

// logRatio is the logarithm of B/A. The second result is false when a side is
// not known or neither finished.
func logRatio(p Pair) (float64, bool) {
	if !(p.A > 0 && p.B > 0) || math.IsInf(p.A, 1) && math.IsInf(p.B, 1) { // > is false for NaN
		return 0, false
	}
	switch {
	case math.IsInf(p.A, 1):
		return -unfinishedLog, true
	case math.IsInf(p.B, 1):
		return unfinishedLog, true
	}
	return math.Log(p.B) - math.Log(p.A), true
}

// ratioOf turns a difference of logarithms back. Half of unfinishedLog is the
// mean of a finished and an unfinished run, which did not finish either.
func ratioOf(d float64) float64 {
	switch {
	case d > unfinishedLog/4:
		return math.Inf(1)
	case d < -unfinishedLog/4:
		return 0
	}
	return math.Exp(d)
}
