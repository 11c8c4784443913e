package observe

import (
	"bytes"
	"regexp/syntax"
	"strings"
)

// maxLiterals bounds how many texts are looked for before a pattern is tried.
const maxLiterals = 16

// match returns where in the line the pattern's match ends, or -1. The literals
// are looked for first: almost every line fails there, at the speed of memory.
func (p *pattern) match(line []byte) int {
	if p.need != nil && !containsAny(line, p.need) {
		return -1
	}
	loc := p.re.FindIndex(line)
	if loc == nil {
		return -1
	}
	return loc[1]
}

func containsAny(line []byte, texts [][]byte) bool {
	for _, t := range texts {
		if bytes.Contains(line, t) {
			return true
		}
	}
	return false
}

// requiredLiterals returns texts of which every match of the pattern contains
// at least one, or nil when none are found without thinking hard.
func requiredLiterals(text string) [][]byte {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil
	}
	var need [][]byte
	for _, s := range literalsOf(tree.Simplify()) {
		need = append(need, []byte(s))
	}
	return need
}

// literalsOf returns texts of which every match of t contains one, or nil.
func literalsOf(t *syntax.Regexp) []string {
	switch t.Op {
	case syntax.OpLiteral:
		// A folded literal stands for several spellings; and U+FFFD also
		// matches bytes that are no UTF-8.
		if s := string(t.Rune); t.Flags&syntax.FoldCase == 0 && !strings.ContainsRune(s, '\uFFFD') {
			return []string{s}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return literalsOf(t.Sub[0])
	case syntax.OpConcat:
		var best []string
		for _, sub := range t.Sub {
			if s := literalsOf(sub); shortest(s) > shortest(best) {
				best = s
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range t.Sub {
			s := literalsOf(sub)
			if s == nil || len(all)+len(s) > maxLiterals {
				return nil
			}
			all = append(all, s...)
		}
		return all
	}
	return nil
}

// shortest is the length of the shortest text, the one that says least.
func shortest(texts []string) int {
	if len(texts) == 0 {
		return 0
	}
	n := len(texts[0])
	for _, s := range texts[1:] {
		n = min(n, len(s))
	}
	return n
}
