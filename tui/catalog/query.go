package catalog

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"distrolab/distros"
)

// query is what stands in the filter: conditions as those of `distrolab list
// --filter`, and words that have to be in a name.
type query struct {
	filters []distros.Filter
	words   []string
	problem error  // of the first part that is wrong; the others hold
	hint    string // what could follow
}

// parse reads a filter. Parts are separated by spaces; quotes keep a text with
// spaces together.
func parse(text string) query {
	var q query
	parts := split(text)
	for i, part := range parts {
		key, want, isFilter := strings.Cut(part, ":")
		if !isFilter {
			q.words = append(q.words, strings.ToLower(part))
			continue
		}
		if want == "" && i == len(parts)-1 && distros.CheckCriterion(key) == nil {
			continue // being written; the hint says what may follow
		}
		f, err := distros.ParseFilter(part)
		if err != nil {
			if q.problem == nil {
				q.problem = err
			}
			continue
		}
		q.filters = append(q.filters, f)
	}
	q.hint = hint(last(text))
	return q
}

// split cuts a text at spaces outside of quotes, and drops the quotes.
func split(text string) []string {
	var parts []string
	var b strings.Builder
	quoted, begun := false, false
	flush := func() {
		if begun {
			parts = append(parts, b.String())
		}
		b.Reset()
		begun = false
	}
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
			begun = true
		case unicode.IsSpace(r) && !quoted:
			flush()
		default:
			b.WriteRune(r)
			begun = true
		}
	}
	flush()
	return slices.DeleteFunc(parts, func(p string) bool { return p == "" })
}

// last is the part that is being written; empty after a space.
func last(text string) string {
	if i := strings.LastIndexByte(text, ' '); i >= 0 {
		return text[i+1:]
	}
	return text
}

// hint says what may follow a part that is being written.
func hint(part string) string {
	key, want, isFilter := strings.Cut(part, ":")
	classes := distros.ClassesOf(key)
	switch {
	case part == "":
		return ""
	case isFilter && distros.CheckCriterion(key) != nil:
		return ""
	case isFilter && len(classes) == 0:
		return key + ": any words of the fact"
	case isFilter && want == "":
		return key + ": " + strings.Join(classes, ", ")
	case isFilter:
		fitting := slices.DeleteFunc(classes, func(c string) bool { return !strings.Contains(c, want) || c == want })
		return strings.Join(fitting, ", ")
	}
	keys := beginning(distros.CriterionKeys(), part)
	if len(part) < 2 || len(keys) == 0 {
		return ""
	}
	return "tab: " + strings.Join(keys, ":, ") + ":"
}

// complete writes the part that is being written as far as there is one way.
func complete(text string) string {
	part := last(text)
	key, want, isFilter := strings.Cut(part, ":")
	rest := strings.TrimSuffix(text, part)
	if isFilter {
		return rest + key + ":" + longest(beginning(distros.ClassesOf(key), want), want)
	}
	keys := beginning(distros.CriterionKeys(), part)
	if part == "" || len(keys) == 0 {
		return text
	}
	if slices.Contains(keys, part) || len(keys) == 1 {
		return rest + keys[0] + ":"
	}
	return rest + longest(keys, part)
}

func beginning(words []string, with string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return !strings.HasPrefix(w, with) })
}

// longest is what all words begin with; without words, what there is.
func longest(words []string, least string) string {
	if len(words) == 0 {
		return least
	}
	common := words[0]
	for _, w := range words {
		for !strings.HasPrefix(w, common) {
			common = common[:len(common)-1]
		}
	}
	return common
}

// counted says how many of how many are shown.
func counted(shown, all int, filtered bool) string {
	switch {
	case filtered:
		return fmt.Sprintf("%d/%d", shown, all)
	case all == 1:
		return "1 system"
	}
	return fmt.Sprintf("%d systems", all)
}
