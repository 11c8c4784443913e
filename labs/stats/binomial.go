package stats

import (
	"math/big"

	"gonum.org/v1/gonum/mathext"
)

// medianRank returns the largest rank r for which the order statistics r and
// n+1-r cover the median with at least the given confidence, and that coverage.
// The number of values below the median is binomial(n, 1/2), so the coverage is
// 1 - 2*P(B < r); it is computed in whole numbers, since rounding at the limit
// would choose another rank. It returns 0 when no pair covers enough.
//
// benchmath does the same in floating point up to 30 values and by a normal
// approximation above, and its pair may be one rank off the middle.
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
	return mathext.InvRegIncBeta(float64(failures+1), float64(total-failures), confidence)
}
