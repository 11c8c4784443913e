package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"
)

// matched is how the words of the filter fit a system.
type matched struct {
	quality int   // higher is better
	letters []int // places in the name, in bytes, that the words fit
}

// apply filters and orders the list anew, and keeps the selection on its system.
func (m *Model) apply() {
	m.filtered++
	was := -1
	if i := m.list.Selected(); i >= 0 && i < len(m.shown) {
		was = m.shown[i]
	}
	if m.typing && m.anchor >= 0 {
		was = m.anchor // half a condition is a word, which may have moved it
	}
	m.query = parse(m.input.Value())
	m.shown = m.shown[:0]
	m.matches = nil
	fits := m.byConditions()
	if len(m.query.words) > 0 {
		fits = m.byWords(fits)
	}
	m.shown = append(m.shown, fits...)
	m.sort()
	m.list.SetCount(len(m.shown))
	if row := slices.Index(m.shown, was); row >= 0 && len(m.query.words) == 0 {
		m.list.Select(row)
	} else {
		m.list.Select(0)
		m.scroll = 0
	}
}

// byConditions returns the entries that meet all conditions.
func (m *Model) byConditions() []int {
	fits := make([]int, 0, len(m.entries))
	now := m.shared.Now()
next:
	for i := range m.entries {
		for _, f := range m.query.filters {
			if !f.Fits(m.entries[i].Distro, now) {
				continue next
			}
		}
		fits = append(fits, i)
	}
	return fits
}

// candidates are names to be matched.
type candidates struct {
	entries []entry
	from    []int
}

func (c candidates) String(i int) string { return c.entries[c.from[i]].Name }
func (c candidates) Len() int            { return len(c.from) }

// byWords keeps the entries that every word fits: letters of the name in their
// order, or a piece of another name or of the title.
func (m *Model) byWords(fits []int) []int {
	all := map[int]matched{}
	for n, word := range m.query.words {
		found := map[int]matched{}
		for _, hit := range fuzzy.FindFromNoSort(word, candidates{m.entries, fits}) {
			i := fits[hit.Index]
			quality := hit.Score
			if strings.Contains(m.entries[i].Name, word) {
				quality += 1000
			}
			found[i] = matched{quality, hit.MatchedIndexes}
		}
		for _, i := range fits {
			if _, already := found[i]; !already && m.entries[i].calls(word) {
				found[i] = matched{quality: 500}
			}
		}
		for i, hit := range found {
			before, was := all[i]
			if n > 0 && !was {
				delete(found, i)
				continue
			}
			found[i] = matched{before.quality + hit.quality, append(slices.Clone(before.letters), hit.letters...)}
		}
		all = found
	}
	m.matches = all
	return slices.DeleteFunc(fits, func(i int) bool { _, in := all[i]; return !in })
}

// calls says whether a word is in a title or another name of the system.
func (e *entry) calls(word string) bool {
	return strings.Contains(strings.ToLower(e.Title), word) ||
		slices.ContainsFunc(e.Aliases, func(a string) bool { return strings.Contains(a, word) })
}

// order is what the list is sorted by.
type order int

// The orders, as the key goes through them.
const (
	byName order = iota
	byNature
	bySupport
	byRelease
	byScore
	orders
)

func (o order) String() string {
	return [...]string{"name", "nature", "support", "release", "score"}[o]
}

// sort orders what is shown. Under the order by name, words put the best match
// first.
func (m *Model) sort() {
	slices.SortStableFunc(m.shown, func(i, j int) int {
		a, b := &m.entries[i], &m.entries[j]
		switch m.order {
		case byNature:
			return cmp.Or(cmp.Compare(natureRank(a.nature), natureRank(b.nature)), cmp.Compare(i, j))
		case bySupport:
			return cmp.Or(cmp.Compare(stateRank(a.standing.State), stateRank(b.standing.State)), cmp.Compare(b.standing.End, a.standing.End))
		case byRelease:
			return cmp.Compare(b.published(), a.published())
		case byScore:
			return a.place.compare(b.place)
		}
		return cmp.Or(cmp.Compare(m.matches[j].quality, m.matches[i].quality), cmp.Compare(i, j))
	})
}

func (e *entry) published() string {
	if e.latest == nil {
		return ""
	}
	return e.latest.Published
}

// natureRank puts what the catalog is about first.
func natureRank(nature string) int {
	all := []string{"container OS", "Kubernetes OS", "appliance", "kit", "general", "", "built here", "stand-in", "probe"}
	return slices.Index(all, nature)
}

func stateRank(state string) int {
	return slices.Index([]string{"maintained", "extended", "unconfirmed", "ended"}, state)
}

// compare puts the ranked first, then what is ruled out by its points, then
// what the profile does not look at.
func (p place) compare(q place) int {
	class := func(p place) int {
		switch {
		case p.rank > 0:
			return 0
		case p.ruledOut:
			return 1
		}
		return 2
	}
	return cmp.Or(cmp.Compare(class(p), class(q)), cmp.Compare(p.rank, q.rank), cmp.Compare(q.total, p.total))
}

// clearFilter shows all again.
func (m *Model) clearFilter() {
	m.input.SetValue("")
	m.stopTyping()
	m.apply()
}

func (m *Model) stopTyping() {
	m.typing = false
	m.input.Blur()
}
