package stats

import (
	"cmp"
	"math"
	"slices"
)

// exactRanks is the largest number of pairs for which the distribution of the
// signed-rank sum is computed; above, its normal approximation is closer than
// any boot time is measured. Neither gonum nor benchmath has this statistic.
const exactRanks = 200

// signedRankRank returns the largest rank r such that the r-th smallest and
// r-th largest Walsh average cover the centre with at least the confidence:
// 1 - 2*P(T < r) for the signed-rank sum T of n values. 0: no such rank.
func signedRankRank(n int, confidence float64) (rank int, coverage float64) {
	if n > exactRanks {
		return signedRankNormal(n, confidence)
	}
	ranks := make([]int, n)
	for i := range ranks {
		ranks[i] = i + 1
	}
	tail := 0.0
	for k, p := range signedRankDistribution(ranks) {
		tail += p
		c := 1 - 2*tail
		if c < confidence {
			break
		}
		rank, coverage = k+1, c
	}
	return rank, coverage
}

// signedRankDistribution returns P(T = t) for the sum T of those ranks that
// belong to positive differences: each does with probability 1/2. It has the
// lower half of the distribution; the upper one is its mirror.
func signedRankDistribution(ranks []int) []float64 {
	all := 0
	for _, r := range ranks {
		all += r
	}
	p := make([]float64, all/2+1)
	p[0] = 1
	all = 0
	for _, rank := range ranks {
		all += rank
		for t := min(all, len(p)-1); t >= 0; t-- {
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
	rank = int(math.Floor(mean - normalQuantile(confidence)*sd))
	if rank < 1 {
		return 0, 0
	}
	return rank, confidence
}

// signedRankP is the two-sided p-value that the sorted differences are from a
// distribution symmetric around 0. Equal sizes share the mean of their ranks
// and the distribution is that of these ranks; differences of 0 say nothing of
// a direction and are left out (Wilcoxon).
func signedRankP(diffs []float64) float64 {
	sizes := slices.DeleteFunc(slices.Clone(diffs), func(d float64) bool { return d == 0 })
	if len(sizes) == 0 {
		return 1
	}
	slices.SortFunc(sizes, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	ranks := make([]int, len(sizes)) // twice the rank: the mean of two ranks is a whole number
	positive, all := 0, 0
	for i := 0; i < len(sizes); {
		end := i + 1
		for end < len(sizes) && math.Abs(sizes[end]) == math.Abs(sizes[i]) {
			end++
		}
		for twice := i + 1 + end; i < end; i++ {
			ranks[i] = twice
			all += twice
			if sizes[i] > 0 {
				positive += twice
			}
		}
	}
	return tailOf(ranks, min(positive, all-positive))
}

// tailOf is 2*P(T <= t) for the sum T of the ranks of positive differences.
func tailOf(ranks []int, t int) float64 {
	tail := 0.0
	if len(ranks) > exactRanks {
		var mean, variance float64
		for _, r := range ranks {
			mean += float64(r) / 2
			variance += float64(r) * float64(r) / 4
		}
		// Doubled ranks are 2 apart: the correction for continuity is 1.
		tail = math.Erfc((mean-float64(t)-1)/math.Sqrt(2*variance)) / 2
	} else {
		for _, p := range signedRankDistribution(ranks)[:t+1] {
			tail += p
		}
	}
	return min(2*tail, 1)
}

// normalQuantile returns z such that a standard normal value lies within -z and
// z with the given probability.
func normalQuantile(probability float64) float64 {
	return math.Sqrt2 * math.Erfinv(probability)
}
