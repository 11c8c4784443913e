package shape

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// unknown says that a key is not known, and which one may have been meant.
func unknown(name string, fields map[string]Shape) string {
	known := slices.Sorted(maps.Keys(fields))
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf("is no key that the system knows; did you mean %s?", near)
	}
	return "is no key that the system knows; there are " + strings.Join(known, ", ")
}

// nearest is the known name that a slip of the finger makes of the given one.
func nearest(name string, known []string) string {
	if len(name) > 64 {
		return ""
	}
	best, least := "", 1+max(1, (len(name)+1)/2)
	for _, k := range known {
		if d := distance(strings.ToLower(name), k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the letters to change, add or take away.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
