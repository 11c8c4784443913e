package stats

// The estimates of [PairedRatio] and [UnpairedRatio] are order statistics of all
// means, or all differences, of pairs of values. Their number grows with the
// square of the runs, so that they are counted instead of listed: a session of
// 100,000 runs, or of 100,000 invented ones, is read like any other.

// walsh returns the k-th smallest, from 1, of the Walsh averages of a sorted
// sample: the means of all pairs of values, each value with itself included.
func walsh(v []float64, k int) float64 {
	return kth(v[0], v[len(v)-1], k, func(d float64) int {
		count, i := 0, len(v)-1
		for j := range v { // with v[j]: those from v[j] up to v[i]
			for i >= j && middle(v[i], v[j]) > d {
				i--
			}
			if i < j {
				break
			}
			count += i - j + 1
		}
		return count
	})
}

// difference returns the k-th smallest of all differences b - a, from 1, of two
// sorted samples.
func difference(a, b []float64, k int) float64 {
	return kth(b[0]-a[len(a)-1], b[len(b)-1]-a[0], k, func(d float64) int {
		count, i := 0, 0 // of b[j], those from a[i] on
		for j := range b {
			for i < len(a) && b[j]-a[i] > d {
				i++
			}
			count += len(a) - i
		}
		return count
	})
}

// kth finds the least value at which atMost reaches k, by halving the range
// until no number lies between its ends: what it finds is one of the values
// counted, to the last bit.
func kth(low, high float64, k int, atMost func(float64) int) float64 {
	for range 200 {
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			break
		}
		if atMost(mid) >= k {
			high = mid
		} else {
			low = mid
		}
	}
	if atMost(low) >= k {
		return low
	}
	return high
}
