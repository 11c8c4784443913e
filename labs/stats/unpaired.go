package stats

import (
	"math"
	"slices"
)

// exactRankSum bounds the product of the sample sizes for which the distribution
// of the rank sum is computed; above, its normal approximation is used.
const exactRankSum = 2500

// unfinishedLog stands for the logarithm of an unfinished run: so far away that
// no difference of real times reaches it, so that two such runs are tied.
const unfinishedLog = 1e6

// UnpairedRatio estimates how many times longer B takes than A from samples of
// different sessions, which share no blocks: the Hodges-Lehmann estimate on the
// logarithms of all pairs of times, with an interval from the distribution of
// the rank sum (Mann and Whitney). Drift between the sessions is in it: nothing
// cancels as in [PairedRatio]. N is the number of runs of the smaller sample.
func UnpairedRatio(a, b []float64, confidence float64) Ratio {
	la, lb := logs(a), logs(b)
	m, n := len(la), len(lb)
	r := Ratio{Ratio: math.NaN(), Low: 0, High: math.Inf(1), N: min(m, n), Dropped: len(a) - m + len(b) - n}
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
	return r
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

func ratioOf(d float64) float64 {
	switch {
	case d > unfinishedLog/4:
		return math.Inf(1)
	case d < -unfinishedLog/4:
		return 0
	}
	return math.Exp(d)
}

// difference returns the k-th smallest of all differences b - a, from 1, of two
// sorted samples. It counts instead of making the list, which of two large
// sessions has no room.
func difference(a, b []float64, k int) float64 {
	low, high := b[0]-a[len(a)-1], b[len(b)-1]-a[0]
	for range 200 {
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			break
		}
		if countAtMost(a, b, mid) >= k {
			high = mid
		} else {
			low = mid
		}
	}
	if countAtMost(a, b, low) >= k {
		return low
	}
	return high
}

// countAtMost counts the differences b - a that are at most d.
func countAtMost(a, b []float64, d float64) int {
	count, i := 0, 0 // of b[j], those from a[i] on
	for j := range b {
		for i < len(a) && b[j]-a[i] > d {
			i++
		}
		count += len(a) - i
	}
	return count
}

// rankSumRank returns the largest rank r such that the r-th smallest and r-th
// largest difference of m and n values cover the shift with at least the
// confidence: 1 - 2*P(U < r). 0: no such rank.
func rankSumRank(m, n int, confidence float64) (rank int, coverage float64) {
	if m*n > exactRankSum {
		f := float64(m) * float64(n)
		mean, sd := f/2, math.Sqrt(f*float64(m+n+1)/12)
		rank = int(math.Floor(mean - math.Sqrt2*math.Erfinv(confidence)*sd))
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

// rankSumDistribution returns P(U = u) for u from 0 to m*n, by the recursion of
// Mann and Whitney: the largest of all values belongs to one of the samples.
func rankSumDistribution(m, n int) []float64 {
	row := make([][]float64, n+1) // of i values of A and j of B
	for j := range row {
		row[j] = []float64{1}
	}
	for i := 1; i <= m; i++ {
		next := make([][]float64, n+1)
		next[0] = []float64{1}
		for j := 1; j <= n; j++ {
			p := make([]float64, i*j+1)
			fromA, fromB := float64(i)/float64(i+j), float64(j)/float64(i+j)
			for u := range p {
				if u-j >= 0 { // the largest is of A: it beats all j of B
					p[u] += fromA * at(row[j], u-j)
				}
				p[u] += fromB * at(next[j-1], u)
			}
			next[j] = p
		}
		row = next
	}
	return row[n]
}

func at(p []float64, i int) float64 {
	if i < len(p) {
		return p[i]
	}
	return 0
}
