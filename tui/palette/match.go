package palette

import (
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"
)

// hit is an entry that matches, and where.
type hit struct {
	entry int
	score int
	at    []int // byte positions in its source
}

// found adapts some of the sources to the matcher.
type found struct {
	sources []string
	of      []int // nil: all
}

func (f found) String(i int) string {
	if f.of != nil {
		i = f.of[i]
	}
	return f.sources[i]
}

func (f found) Len() int {
	if f.of != nil {
		return len(f.of)
	}
	return len(f.sources)
}

// match finds anew if the text has changed: every word must be found.
func (l *List) match() {
	query := strings.TrimSpace(l.input.Value())
	if query == l.query && l.hits != nil {
		return
	}
	l.query = query
	l.hits = l.find(strings.Fields(query))
	l.rows.SetCount(len(l.hits))
	l.rows.Select(0)
}

func (l *List) find(words []string) []hit {
	hits := make([]hit, len(l.entries))
	for i := range hits {
		hits[i].entry = i
	}
	for n, word := range words {
		of := make([]int, len(hits))
		for i, h := range hits {
			of[i] = h.entry
		}
		if n == 0 {
			of = nil
		}
		matches := fuzzy.FindFromNoSort(word, found{l.sources, of})
		next := make([]hit, 0, len(matches))
		for _, match := range matches {
			h := hits[match.Index]
			h.score += match.Score
			h.at = append(h.at, match.MatchedIndexes...)
			next = append(next, h)
		}
		hits = next
	}
	if len(words) > 0 && !l.grouped {
		slices.SortStableFunc(hits, func(a, b hit) int { return b.score - a.score })
	}
	return hits
}

// Search finds entries by words, the best match first.
func Search(entries []Entry, words string) []Entry {
	l := New("", "", entries, false, nil)
	var found []Entry
	for _, h := range l.find(strings.Fields(words)) {
		found = append(found, entries[h.entry])
	}
	return found
}
