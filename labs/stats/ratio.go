package stats

import (
	"encoding/json"
	"math"
	"slices"
)

// exactRanks is the largest number of pairs for which the distribution of the
// signed-rank sum is computed; above, its normal approximation is closer than
// any boot time is measured.
const exactRanks = 200

// Pair is one block: the time of the baseline A and of the other system B.
// +Inf is a run that did not finish, NaN one that is not known.
type Pair struct{ A, B float64 }

// Ratio says how many times slower B is than A: the Hodges-Lehmann estimate on
// the logarithms of paired times, with an interval from the exact distribution
// of the signed-rank sum. Pairing removes drift that both runs of a block share.
type Ratio struct {
	Ratio      float64 // B/A; 1.4: B takes 1.4 times as long; NaN when N is 0
	Low, High  float64 // 0 and +Inf when there are too few pairs for an interval
	Confidence float64 // actual coverage; 0: no interval
	N          int     // pairs used
	Dropped    int     // pairs left out: a side unknown, not positive, or neither finished
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
		Confidence: r.Confidence, N: r.N, Dropped: r.Dropped,
	})
}

type ratioJSON struct {
	Ratio      *float64 `json:"ratio"`
	Low        *float64 `json:"low"`
	High       *float64 `json:"high"`
	Confidence float64  `json:"confidence"`
	N          int      `json:"n"`
	Dropped    int      `json:"dropped"`
}

// PairedRatio estimates B/A from complete blocks at the given confidence.
func PairedRatio(pairs []Pair, confidence float64) Ratio {
	diffs := make([]float64, 0, len(pairs))
	for _, p := range pairs {
		if d, ok := logRatio(p); ok {
			diffs = append(diffs, d)
		}
	}
	walsh := walshAverages(diffs)
	r := Ratio{Ratio: math.Exp(medianSorted(walsh)), Low: 0, High: math.Inf(1), N: len(diffs), Dropped: len(pairs) - len(diffs)}
	if rank, coverage := signedRankRank(len(diffs), confidence); rank > 0 {
		r.Low, r.High = math.Exp(walsh[rank-1]), math.Exp(walsh[len(walsh)-rank])
		r.Confidence = coverage
	}
	return r
}

func logRatio(p Pair) (float64, bool) {
	if !(p.A > 0 && p.B > 0) { // also false for NaN
		return 0, false
	}
	d := math.Log(p.B) - math.Log(p.A)
	return d, !math.IsNaN(d) // NaN: neither finished
}

// walshAverages returns the sorted means of all pairs of values, each value
// with itself included.
func walshAverages(v []float64) []float64 {
	w := make([]float64, 0, len(v)*(len(v)+1)/2)
	for i := range v {
		for j := i; j < len(v); j++ {
			w = append(w, middle(v[i], v[j]))
		}
	}
	slices.Sort(w)
	return w
}

// signedRankRank returns the largest rank r such that the r-th smallest and
// r-th largest Walsh average cover the centre with at least the confidence:
// 1 - 2*P(T < r) for the signed-rank sum T of n values. 0: no such rank.
func signedRankRank(n int, confidence float64) (rank int, coverage float64) {
	if n > exactRanks {
		return signedRankNormal(n, confidence)
	}
	tail := 0.0
	for k, p := range signedRankDistribution(n) {
		tail += p
		c := 1 - 2*tail
		if c < confidence {
			break
		}
		rank, coverage = k+1, c
	}
	return rank, coverage
}

// signedRankDistribution returns P(T = t) for t from 0 to n(n+1)/2: each rank
// belongs to T with probability 1/2.
func signedRankDistribution(n int) []float64 {
	p := make([]float64, n*(n+1)/2+1)
	p[0] = 1
	for rank := 1; rank <= n; rank++ {
		for t := rank * (rank + 1) / 2; t >= 0; t-- {
			p[t] /= 2
			if t >= rank {
				p[t] += p[t-rank] / 2
			}
		}
	}
	return p
}

func signedRankNormal(n int, confidence float64) (rank int, coverage float64) {
	f := float64(n)
	mean, sd := f*(f+1)/4, math.Sqrt(f*(f+1)*(2*f+1)/24)
	z := math.Sqrt2 * math.Erfinv(confidence)
	rank = int(math.Floor(mean - z*sd))
	if rank < 1 {
		return 0, 0
	}
	return rank, confidence
}
