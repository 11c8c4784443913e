package distros

import (
	"fmt"
	"slices"
	"strings"

	"distrolab/distros/spelling"
)

// UnknownError says that no entry has a name, and which names are near.
type UnknownError struct {
	Name    string   // what was asked for
	Nearest []string // names and aliases, at most three, nearest first; empty if nothing is near
	Known   []string // all names, in catalog order
}

// Error names the nearest entries, or all of them when none is near.
func (e *UnknownError) Error() string {
	if len(e.Nearest) > 0 {
		return fmt.Sprintf("no system is called %q; did you mean %s?", e.Name, strings.Join(e.Nearest, " or "))
	}
	return fmt.Sprintf("no system is called %q; there are %s", e.Name, strings.Join(e.Known, ", "))
}

// unknown builds the error for a name that no entry answers to. An entry is
// suggested once, by its nearest name.
func unknown(name string, entries []Distro) *UnknownError {
	e := &UnknownError{Name: clip(name, 64)}
	wanted := strings.ToLower(e.Name)
	distance := make(map[string]int, len(entries))
	for _, d := range entries {
		e.Known = append(e.Known, d.Name)
		near := slices.MinFunc(append([]string{d.Name}, d.Aliases...), func(a, b string) int {
			return nameDistance(wanted, a) - nameDistance(wanted, b)
		})
		distance[near] = nameDistance(wanted, near)
		if distance[near] <= 1+len(wanted)/3 {
			e.Nearest = append(e.Nearest, near)
		}
	}
	slices.SortStableFunc(e.Nearest, func(a, b string) int { return distance[a] - distance[b] })
	e.Nearest = e.Nearest[:min(3, len(e.Nearest))]
	return e
}

// nameDistance is the edit distance, but a name that merely continues or
// contains what was typed ("core", "fedora") counts as one edit away.
func nameDistance(wanted, known string) int {
	if len(wanted) >= 3 && strings.Contains(known, wanted) {
		return 1
	}
	return spelling.Distance(wanted, known)
}

// clip shortens a text from outside, so that an error stays readable.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
