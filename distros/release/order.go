package release

import (
	"cmp"
	"strings"
)

// compareVersions orders versions as people do: runs of digits by their number,
// so that 9 comes before 10. What is marked as made before a release (alpha,
// beta, rc, dev, or a tilde) comes before it; other additions come after.
func compareVersions(a, b string) int {
	a, b = strings.TrimPrefix(a, "v"), strings.TrimPrefix(b, "v")
	for a != "" && b != "" {
		x, y := run(a), run(b)
		if order := compareRuns(x, y); order != 0 {
			return order
		}
		a, b = a[len(x):], b[len(y):]
	}
	switch {
	case a == b:
		return 0
	case a == "":
		return -after(b)
	default:
		return after(a)
	}
}

// after says whether a rest comes after nothing (1) or before it (-1).
func after(rest string) int {
	word := strings.TrimLeft(rest, "-.+_")
	for _, early := range []string{"~", "alpha", "beta", "rc", "dev", "pre"} {
		if strings.HasPrefix(word, early) {
			return -1
		}
	}
	return 1
}

// compareRuns compares two runs, either of which may be of digits.
func compareRuns(x, y string) int {
	if !isDigit(x[0]) || !isDigit(y[0]) {
		return cmp.Compare(x, y)
	}
	x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
}

// run returns the digits or the other characters that a text begins with.
func run(s string) string {
	digits := isDigit(s[0])
	for i := range len(s) {
		if isDigit(s[i]) != digits {
			return s[:i]
		}
	}
	return s
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
