package stats

import (
	"math"
	"math/big"
)

// medianRank returns the largest rank r for which the order statistics r and
// n+1-r cover the median with at least the given confidence, and that coverage.
// The number of values below the median is binomial(n, 1/2), so the coverage is
// 1 - 2*P(B < r); it is computed in whole numbers, since rounding at the limit
// would choose another rank. It returns 0 when no pair covers enough.
func medianRank(n int, confidence float64) (rank int, coverage float64) {
	tail, choose := new(big.Int), big.NewInt(1)
	for k := 0; k < (n+1)/2; k++ {
		tail.Add(tail, choose) // 2^n * P(B <= k)
		c := coverageOf(tail, n)
		if c < confidence {
			break
		}
		rank, coverage = k+1, c
		choose.Mul(choose, big.NewInt(int64(n-k)))
		choose.Quo(choose, big.NewInt(int64(k+1)))
	}
	return rank, coverage
}

// coverageOf returns 1 - 2*tail/2^n.
func coverageOf(tail *big.Int, n int) float64 {
	both := new(big.Float).SetInt(tail)
	both.SetMantExp(both, 1-n)
	c, _ := new(big.Float).Sub(big.NewFloat(1), both).Float64()
	return c
}

// FailureBound returns the largest rate of failure that failures in total runs
// do not rule out, at the given confidence: the exact (Clopper and Pearson)
// one-sided upper bound. No failure in 10 runs still allows a rate of 0.26.
// It returns 1 when nothing is known: no runs, or only failures.
func FailureBound(failures, total int, confidence float64) float64 {
	if total <= 0 || failures >= total || failures < 0 {
		return 1
	}
	low, high := 0.0, 1.0
	for range 100 { // halves far below the resolution of a float64
		mid := (low + high) / 2
		if binomialAtMost(failures, total, mid) > 1-confidence {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// binomialAtMost returns P(B <= k) of B binomial(n, p), for p in (0, 1).
func binomialAtMost(k, n int, p float64) float64 {
	sum := 0.0
	all, _ := math.Lgamma(float64(n + 1))
	for i := range k + 1 {
		in, _ := math.Lgamma(float64(i + 1))
		out, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(all - in - out + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}
