package shape

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"distrolab/distros/spelling"
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
		if d := spelling.Distance(strings.ToLower(name), k); d < least {
			best, least = k, d
		}
	}
	return best
}
