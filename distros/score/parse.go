package score

import (
	"fmt"
	"maps"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"

	"distrolab/distros"
)

// Bounds of a profile.
const (
	maxProfileBytes = 64 << 10
	maxCriteria     = 50
	maxWeight       = 1e6
)

// InvalidError lists every problem of a profile.
type InvalidError struct {
	Problems []distros.Problem // at least one
}

// Error lists the problems, one on each line.
func (e *InvalidError) Error() string {
	lines := []string{fmt.Sprintf("reading the profile: %d to correct", len(e.Problems))}
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}

// Parse reads a profile. The file's name is for messages, and its last part,
// without .yaml or .yml, is the name that the profile must have. An error is of
// type [*InvalidError].
func Parse(file string, text []byte) (Profile, error) {
	if len(text) > maxProfileBytes {
		return Profile{}, &InvalidError{[]distros.Problem{{File: file, Message: "larger than 64 KiB, which no profile needs"}}}
	}
	var p Profile
	c := checker{distros.ReadStrict(file, text, &p)}
	if c.Decoded() {
		c.profile(p, strings.TrimSuffix(strings.TrimSuffix(path.Base(file), ".yaml"), ".yml"))
	}
	if problems := c.Problems(); len(problems) > 0 {
		return Profile{}, &InvalidError{problems}
	}
	return p.named(), nil
}

// checker holds the rules of a profile, one method for each part of it.
type checker struct{ *distros.Reading }

func (c checker) profile(p Profile, name string) {
	c.identifier(p.Name, "name")
	if p.Name != name {
		c.Bad(fmt.Sprintf("must be %.64q, as the file is called", name), "name")
	}
	c.filled(p.Title, "title")
	c.filled(p.For, "for")
	for _, key := range slices.Sorted(maps.Keys(p.Systems)) {
		c.selection(key, p.Systems[key])
	}
	c.criteria(p)
	for i, r := range p.Disqualify {
		if c.key(r.Key, "disqualify", i, "key") {
			c.classes(r.Key, r.Is, "disqualify", i, "is")
		}
		c.filled(r.Reason, "disqualify", i, "reason")
	}
}

func (c checker) selection(key string, allowed []string) {
	if key == kindKey {
		c.oneOf(allowed, kinds(), "systems", key)
	} else if c.key(key, "systems", key) {
		c.classes(key, allowed, "systems", key)
	}
}

func (c checker) criteria(p Profile) {
	switch n := len(p.Criteria); {
	case n == 0:
		c.Bad("is empty; name at least one criterion", "criteria")
	case n > maxCriteria:
		c.Bad(fmt.Sprintf("has %d criteria; at most %d are allowed", n, maxCriteria), "criteria")
		return
	}
	seen := map[string]bool{}
	for i, criterion := range p.named().Criteria {
		if criterion.Name != "" && seen[criterion.Name] {
			c.Bad(fmt.Sprintf("a second criterion is called %.64q; give one of them another name", criterion.Name), "criteria", i)
		}
		seen[criterion.Name] = true
		c.criterion(p.Criteria[i], "criteria", i)
	}
	if sum := p.sum(); len(p.Criteria) > 0 && !(sum > 0) {
		c.Bad("all weights are 0; give at least one criterion a weight", "criteria")
	}
}

func (c checker) criterion(k Criterion, at ...any) {
	if message := wrongWeight(k.Weight); message != "" {
		c.Bad(message, below(at, "weight")...)
	}
	if k.Name != "" {
		c.identifier(k.Name, below(at, "name")...)
	}
	ways := 0
	for _, given := range []bool{k.Key != "", len(k.Parts) > 0, k.Measure != ""} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		c.Bad("needs one of key, parts and measure: what answers it", at...)
		return
	}
	if k.Measure == "" && (k.Best != nil || k.Worst != nil) {
		c.Bad("best and worst are for a measure", at...)
	}
	if k.Key == "" && k.Grades != nil {
		c.Bad("are for a key", below(at, "grades")...)
	}
	switch {
	case k.Key != "":
		c.graded(k.Key, k.Grades, k.Unknown, at...)
	case k.Measure != "":
		c.measured(k, at...)
	default:
		c.parts(k, at...)
	}
}

func (c checker) parts(k Criterion, at ...any) {
	if k.Name == "" {
		c.Bad("is needed where parts are: --weight and the tables use it", below(at, "name")...)
	}
	if k.Unknown != 0 {
		c.Bad("is for key and measure; each part has its own", below(at, "unknown")...)
	}
	if len(k.Parts) > maxCriteria {
		c.Bad(fmt.Sprintf("has %d parts; at most %d are allowed", len(k.Parts), maxCriteria), below(at, "parts")...)
		return
	}
	for i, p := range k.Parts {
		here := below(at, "parts", i)
		if p.Share != nil && !(*p.Share > 0 && *p.Share <= maxWeight) {
			c.Bad(fmt.Sprintf("%v is not above 0 and at most %v", *p.Share, maxWeight), below(here, "share")...)
		}
		c.graded(p.Key, p.Grades, p.Unknown, here...)
	}
}

func (c checker) graded(key string, grades map[string]float64, unknown float64, at ...any) {
	c.grade(unknown, below(at, "unknown")...)
	if !c.key(key, below(at, "key")...) {
		return
	}
	if len(grades) == 0 {
		c.Bad("is empty; give at least one class a grade from 0 to 1", below(at, "grades")...)
	}
	for _, class := range slices.Sorted(maps.Keys(grades)) {
		c.classes(key, []string{class}, below(at, "grades", class)...)
		c.grade(grades[class], below(at, "grades", class)...)
	}
}

func (c checker) measured(k Criterion, at ...any) {
	if !slices.Contains(Measures(), k.Measure) {
		c.oneOf([]string{string(k.Measure)}, measureNames(), below(at, "measure")...)
	}
	c.grade(k.Unknown, below(at, "unknown")...)
	if (k.Best == nil) != (k.Worst == nil) {
		c.Bad("best and worst belong together; leave both out to grade against the best measured", at...)
		return
	}
	if k.Best != nil && !(*k.Best >= 0 && *k.Best < *k.Worst && !math.IsInf(*k.Worst, 0)) {
		c.Bad(fmt.Sprintf("best %v and worst %v: best must be at least 0 and below worst, because less is better", *k.Best, *k.Worst), at...)
	}
}

// key notes an unknown key and says whether it may be used.
func (c checker) key(key string, at ...any) bool {
	if _, ok := criterion(key); ok {
		return true
	}
	var keys []string
	for _, k := range classed() {
		keys = append(keys, k.Key)
	}
	c.oneOf([]string{key}, keys, at...)
	return false
}

func (c checker) classes(key string, classes []string, at ...any) {
	k, _ := criterion(key)
	c.oneOf(classes, k.Classes, at...)
}

func (c checker) oneOf(values, allowed []string, at ...any) {
	if len(values) == 0 {
		c.Bad("is empty; name one or more of "+strings.Join(allowed, ", "), at...)
	}
	for _, v := range values {
		if !slices.Contains(allowed, v) {
			c.Bad(fmt.Sprintf("%.64q is not one of %s", v, strings.Join(allowed, ", ")), at...)
		}
	}
}

func (c checker) grade(g float64, at ...any) {
	if !(g >= 0 && g <= 1) {
		c.Bad(fmt.Sprintf("%v is not a grade from 0 to 1", g), at...)
	}
}

func (c checker) filled(text string, at ...any) {
	if strings.TrimSpace(text) == "" {
		c.Bad("is empty; say it in words", at...)
	}
}

func (c checker) identifier(name string, at ...any) {
	if ok, err := regexp.MatchString(`^[a-z0-9][a-z0-9_-]{0,31}$`, name); err != nil || !ok {
		c.Bad(fmt.Sprintf("%.64q is not a name: small letters, digits, - and _, at most 32", name), at...)
	}
}

// wrongWeight says what is wrong with a weight; "" if nothing is.
func wrongWeight(w float64) string {
	if w >= 0 && w <= maxWeight {
		return ""
	}
	return fmt.Sprintf("%v is not between 0 and %.0f", w, float64(maxWeight))
}

func below(at []any, steps ...any) []any { return append(slices.Clone(at), steps...) }

func kinds() []string {
	return []string{string(distros.KindVendor), string(distros.KindLocal), string(distros.KindStandIn), string(distros.KindProbe)}
}

func measureNames() []string {
	var names []string
	for _, m := range Measures() {
		names = append(names, string(m))
	}
	return names
}
