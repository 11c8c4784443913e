package palette

import (
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"
)

// hit is an entry that matches, and where in its title.
type hit struct {
	entry int
	score int
	at    []int // byte positions
}

// titles adapts some of the entries to the matcher.
type titles struct {
	entries []Entry
	of      []hit
}

func (t titles) String(i int) string { return t.entries[t.of[i].entry].Title }

func (t titles) Len() int { return len(t.of) }

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
	for _, word := range words {
		hits = l.narrow(hits, word)
	}
	if len(words) > 0 && !l.grouped {
		slices.SortStableFunc(hits, func(a, b hit) int { return b.score - a.score })
	}
	return hits
}

// inNote is the score of a word that only the note or the group has: below
// those of the titles.
const inNote = -100

// narrow keeps what has a word: its letters in this order in the title, or as
// it stands in the note or the group, where scattered letters would be found in
// everything.
func (l *List) narrow(hits []hit, word string) []hit {
	folded := strings.ToLower(word)
	matches := fuzzy.FindFromNoSort(word, titles{l.entries, hits})
	next := make([]hit, 0, len(matches))
	for i, h := range hits {
		if len(matches) > 0 && matches[0].Index == i {
			h.score += matches[0].Score
			h.at = append(slices.Clip(h.at), matches[0].MatchedIndexes...)
			next = append(next, h)
			matches = matches[1:]
			continue
		}
		if strings.Contains(l.folded(h.entry), folded) {
			h.score += inNote
			next = append(next, h)
		}
	}
	return next
}

// folded is group and note of an entry in small letters, made when they are
// first looked into.
func (l *List) folded(entry int) string {
	if l.notes == nil {
		l.notes = make([]string, len(l.entries))
		for i, e := range l.entries {
			l.notes[i] = strings.ToLower(e.Group + " " + e.Note)
		}
	}
	return l.notes[entry]
}

// Search finds entries by words, the best match first.
func Search(entries []Entry, words string) []Entry {
	l := List{entries: entries}
	var found []Entry
	for _, h := range l.find(strings.Fields(words)) {
		found = append(found, entries[h.entry])
	}
	return found
}
