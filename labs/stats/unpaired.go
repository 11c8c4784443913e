package stats

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// exactRankSum bounds the product of the sample sizes for which the distribution
// of the rank sum is computed; above, its normal approximation is used.
const exactRankSum = 2500

// UnpairedRatio estimates how many times longer B takes than A from samples of
// different sessions, which share no blocks: the Hodges-Lehmann estimate on the
// logarithms of all pairs of times, with an interval from the distribution of
// the rank sum (Mann and Whitney). Drift between the sessions is in it: nothing
// cancels as in [PairedRatio]. N is the number of runs of the smaller sample.
//
// The p-value is benchmath's, which is exact up to 50 runs, with ties up to 25.
// The ranks of the interval are computed here: the library has the distribution
// of the rank sum one value at a time, each as costly as the whole.
func UnpairedRatio(a, b []float64, confidence float64) Ratio {
	la, lb := logs(a), logs(b)
	m, n := len(la), len(lb)
	r := Ratio{Ratio: math.NaN(), Low: 0, High: math.Inf(1), P: math.NaN(), N: min(m, n), Dropped: len(a) - m + len(b) - n}
	if m == 0 || n == 0 {
		r.N = 0
		return r
	}
	pairs := m * n
	r.Ratio = ratioOf(middle(difference(la, lb, (pairs+1)/2), difference(la, lb, pairs/2+1)))
	if rank, coverage := rankSumRank(m, n, confidence); rank > 0 {
		r.Low, r.High = ratioOf(difference(la, lb, rank)), ratioOf(difference(la, lb, pairs+1-rank))
		r.Confidence = coverage
	}
	r.P = rankSumP(la, lb)
	return r
}

// rankSumP is the two-sided p-value that two samples come from one
// distribution. NewSample keeps and sorts the slices it is given; these are
// sorted and ours. Samples of one value only have nothing to tell: 1.
func rankSumP(a, b []float64) float64 {
	t := benchmath.DefaultThresholds
	return min(1, benchmath.AssumeNothing.Compare(benchmath.NewSample(a, &t), benchmath.NewSample(b, &t)).P)
}

// logs returns the sorted logarithms of the known positive times.
func logs(sample []float64) []float64 {
	list := make([]float64, 0, len(sample))
	for _, v := range sample {
		switch {
		case math.IsInf(v, 1):
			list = append(list, unfinishedLog)
		case v > 0: // false for NaN
			list = append(list, math.Log(v))
		}
	}
	slices.Sort(list)
	return list
}

// rankSumRank returns the largest rank r such that the r-th smallest and r-th
// largest difference of m and n values cover the shift with at least the
// confidence: 1 - 2*P(U < r). 0: no such rank.
func rankSumRank(m, n int, confidence float64) (rank int, coverage float64) {
	if m*n > exactRankSum {
		f := float64(m) * float64(n)
		mean, sd := f/2, math.Sqrt(f*float64(m+n+1)/12)
		rank = int(math.Floor(mean - normalQuantile(confidence)*sd))
		if rank < 1 {
			return 0, 0
		}
		return rank, confidence
	}
	tail := 0.0
	for k, p := range rankSumDistribution(m, n) {
		tail += p
		c := 1 - 2*tail
		if c < confidence {
			break
		}
		rank, coverage = k+1, c
	}
	return rank, coverage
}

// rankSumDistribution returns P(U = u) for u from 0 to m*n/2, the lower half, by
// the recursion of Mann and Whitney: the largest of all values belongs to one of
// the samples.
func rankSumDistribution(m, n int) []float64 {
	half := m*n/2 + 1
	all := make([]float64, (n+1)*half)
	row := make([][]float64, n+1) // of i values of A and j of B
	for j := range row {
		row[j], all = all[:half], all[half:]
		row[j][0] = 1
	}
	for i := 1; i <= m; i++ {
		for j := 1; j <= n; j++ {
			p, before := row[j], row[j-1]
			fromA, fromB := float64(i)/float64(i+j), float64(j)/float64(i+j)
			for u := min(i*j, half-1); u >= 0; u-- { // downwards: p[u-j] is still of i-1 values
				v := fromB * before[u]
				if u >= j { // the largest is of A: it beats all j of B
					v += fromA * p[u-j]
				}
				p[u] = v
			}
		}
	}
	return row[n]
}
