package results

import (
	"math"
	"strconv"
)

// Digits writes seconds for people with three significant digits and without a
// unit: 21.9, 4.05, 0.482, 1234. NaN is "unknown", infinity "unfinished".
func Digits(seconds float64) string {
	switch {
	case math.IsNaN(seconds):
		return "unknown"
	case math.IsInf(seconds, 0):
		return "unfinished"
	case math.Abs(seconds) < 0.0005:
		return "0.000"
	}
	// Round first: 9.996 has two digits before the point once rounded.
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(seconds, 'e', 2, 64), 64)
	if err != nil {
		rounded = seconds
	}
	decimals := 2 - int(math.Floor(math.Log10(math.Abs(rounded))))
	return strconv.FormatFloat(seconds, 'f', min(max(decimals, 0), 3), 64)
}

// Seconds writes seconds for people with their unit: "21.9 s".
func Seconds(seconds float64) string {
	text := Digits(seconds)
	if math.IsNaN(seconds) || math.IsInf(seconds, 0) {
		return text
	}
	return text + " s"
}

// Range writes an interval without a unit: "17.4 to 17.9", or, where unfinished
// runs leave a side open, "17.2 or more" and "up to 1.24".
func Range(low, high float64) string {
	openLow := math.IsInf(low, -1) || low == 0
	openHigh := math.IsInf(high, 1)
	switch {
	case math.IsNaN(low) || math.IsNaN(high) || openLow && openHigh:
		return "unknown"
	case openHigh:
		return Digits(low) + " or more"
	case openLow:
		return "up to " + Digits(high)
	}
	return Digits(low) + " to " + Digits(high)
}
