package stats

import "math"

// outlierLimit is the distance from the median, in median absolute deviations,
// beyond which a run is flagged: ten standard deviations of a normal sample.
const outlierLimit = 14.8

// Outliers flags the values that lie further than 14.8 median absolute
// deviations from the median. It is a mark for the reader, never a reason to
// leave a run out. Unknown and unfinished runs are not flagged: they are
// counted elsewhere.
func Outliers(sample []float64) []bool {
	flags := make([]bool, len(sample))
	var values []float64
	for _, v := range sample {
		if finite(v) {
			values = append(values, v)
		}
	}
	centre := Median(values)
	for i, v := range values {
		values[i] = math.Abs(v - centre)
	}
	limit := outlierLimit * Median(values)
	for i, v := range sample {
		flags[i] = finite(v) && math.Abs(v-centre) > limit
	}
	return flags
}

// Drift says whether runs became slower or faster while a session went on.
type Drift struct {
	Lag1   float64 // correlation of each run with the next; NaN under 4 runs
	Change float64 // median of the last third over that of the first, minus 1; NaN under 6 runs
}

// Suspicious reports whether the session should be repeated on a quieter
// machine: correlation above 0.3 or a change above 2 %.
func (d Drift) Suspicious() bool { return d.Lag1 > 0.3 || math.Abs(d.Change) > 0.02 }

// DriftOf looks for drift in values that are in the order in which they were
// measured. Values that are not finite are left out.
func DriftOf(inOrder []float64) Drift {
	var v []float64
	for _, x := range inOrder {
		if finite(x) {
			v = append(v, x)
		}
	}
	d := Drift{Lag1: math.NaN(), Change: math.NaN()}
	if len(v) >= 4 {
		d.Lag1 = lag1(v)
	}
	if third := len(v) / 3; third >= 2 {
		d.Change = Median(v[len(v)-third:])/Median(v[:third]) - 1
	}
	return d
}

func lag1(v []float64) float64 {
	mean := 0.0
	for _, x := range v {
		mean += x / float64(len(v))
	}
	var with, all float64
	for i, x := range v {
		all += (x - mean) * (x - mean)
		if i > 0 {
			with += (x - mean) * (v[i-1] - mean)
		}
	}
	if all == 0 {
		return 0 // no variation, nothing to carry over
	}
	return with / all
}
