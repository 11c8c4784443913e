package stats

import (
	"encoding/json"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Tail is what can be said of the slow runs of a sample: the time that nine of
// ten runs stay under.
type Tail struct {
	P90    float64 // the least measured time that 90 % of the runs do not exceed
	AtMost float64 // the true one is not above this, with the confidence asked for
	N      int
}

// MarshalJSON writes values that are not finite as null.
func (t Tail) MarshalJSON() ([]byte, error) {
	return json.Marshal(tailJSON{P90: known(t.P90), AtMost: known(t.AtMost), N: t.N})
}

type tailJSON struct {
	P90    *float64 `json:"p90"`
	AtMost *float64 `json:"at_most"`
	N      int      `json:"n"`
}

// TailOf returns the 90th percentile of a sample and a bound for it that is one
// of the order statistics. It returns false for a sample that has no such bound:
// at 95 %, one of fewer than 29 runs. A percentile without its bound would be
// the slowest run under another name.
func TailOf(sample []float64, confidence float64) (Tail, bool) {
	const share = 0.9
	s := sortedKnown(sample)
	n := len(s)
	for rank := int(math.Ceil(share * float64(n))); rank >= 1 && rank <= n; rank++ {
		// The r-th value is above the percentile when fewer than r values lie
		// below it: the number of those is binomial(n, 0.9).
		if binomialBelow(rank, n, share) >= confidence {
			return Tail{P90: s[int(math.Ceil(share*float64(n)))-1], AtMost: s[rank-1], N: n}, true
		}
	}
	return Tail{}, false
}

// binomialBelow returns P(B < k) of B binomial(n, p), for k from 1 to n.
func binomialBelow(k, n int, p float64) float64 {
	return mathext.RegIncBeta(float64(n-k+1), float64(k), 1-p)
}
