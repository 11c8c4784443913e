package release

import (
	"cmp"
	"slices"
	"strings"
)

// compareVersions orders versions as people do: digits by their number, so that
// 9 comes before 10. What marks a version as made before a release (a tilde,
// alpha, beta, rc and the like) comes before it; other additions come after.
func compareVersions(a, b string) int {
	a, b = strings.TrimPrefix(a, "v"), strings.TrimPrefix(b, "v")
	for a != "" || b != "" {
		var x, y part
		x, a = nextPart(a)
		y, b = nextPart(b)
		if order := x.compare(y); order != 0 {
			return order
		}
	}
	return 0
}

// part is a piece of a version: a number, a word, or the end.
type part struct {
	rank int    // of the kind; lower comes first
	text string // a number is without leading zeros
}

// The kinds of parts, in their order.
const (
	rankTilde  = iota
	rankEarly  // a word that marks what comes before a release
	rankEnd    // nothing more
	rankWord   // any other word
	rankNumber // so that 1.0.1 comes after 1.0-r1
)

func (p part) compare(other part) int {
	if p.rank == rankNumber && other.rank == rankNumber {
		return cmp.Or(cmp.Compare(len(p.text), len(other.text)), cmp.Compare(p.text, other.text))
	}
	return cmp.Or(cmp.Compare(p.rank, other.rank), cmp.Compare(p.text, other.text))
}

// nextPart splits the first part off a version.
func nextPart(s string) (part, string) {
	s = strings.TrimLeft(s, ".-+_:")
	switch {
	case s == "":
		return part{rank: rankEnd}, ""
	case s[0] == '~':
		return part{rank: rankTilde}, s[1:]
	case isDigit(s[0]):
		n := lengthOf(s, isDigit)
		return part{rank: rankNumber, text: strings.TrimLeft(s[:n], "0")}, s[n:]
	}
	n := lengthOf(s, func(c byte) bool { return !isDigit(c) && !strings.ContainsRune(".-+_:~", rune(c)) })
	word := part{rank: rankWord, text: s[:n]}
	if slices.Contains([]string{"alpha", "beta", "dev", "pre", "preview", "rc"}, word.text) {
		word.rank = rankEarly
	}
	return word, s[n:]
}

// lengthOf is how many bytes at the start are of a kind.
func lengthOf(s string, kind func(byte) bool) int {
	for i := range len(s) {
		if !kind(s[i]) {
			return i
		}
	}
	return len(s)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
