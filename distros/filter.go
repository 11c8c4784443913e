package distros

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Filter is one condition on a criterion: its class or its sentence holds a
// text. Only what is confirmed counts.
type Filter struct {
	Key  string // one of [CriterionKeys]
	Text string // small letters
}

// FilterForm says how a filter is written.
const FilterForm = "CRITERION:TEXT, such as shell:none"

// ParseFilter reads a condition such as shell:none. Letters of any size fit.
func ParseFilter(text string) (Filter, error) {
	key, want, ok := strings.Cut(text, ":")
	if !ok || want == "" {
		return Filter{}, fmt.Errorf("filter %.64q is not of the form %s", text, FilterForm)
	}
	if err := CheckCriterion(key); err != nil {
		return Filter{}, err
	}
	return Filter{Key: key, Text: strings.ToLower(want)}, nil
}

// Fits says whether a system meets the condition on a day.
func (f Filter) Fits(d Distro, day time.Time) bool {
	for _, c := range d.cells(f.Key, day) {
		if c.Unconfirmed && f.Key != standingKey {
			continue
		}
		if strings.Contains(c.Class, f.Text) || strings.Contains(strings.ToLower(c.Value), f.Text) {
			return true
		}
	}
	return false
}

// The rows of a comparison that no fact answers.
const (
	kindKey     = "kind"
	standingKey = "standing"
)

// CriterionKeys returns the keys of the rows that a comparison can have.
func CriterionKeys() []string {
	return append([]string{kindKey, standingKey}, criterionKeys()...)
}

// CheckCriterion refuses what is not one of [CriterionKeys].
func CheckCriterion(key string) error {
	if keys := CriterionKeys(); !slices.Contains(keys, key) {
		return fmt.Errorf("no criterion is called %.64q; there are %s", key, strings.Join(keys, ", "))
	}
	return nil
}

// ClassesOf returns the classes that answers to a criterion can have; none when
// they are prose.
func ClassesOf(key string) []string {
	if key == standingKey {
		return supportStates()
	}
	c, _ := criterion(key)
	return c.Classes
}

// cells is what is known of the system on a criterion, as in the rows of a
// comparison with itself.
func (d Distro) cells(key string, day time.Time) []Cell {
	switch key {
	case kindKey:
		return []Cell{kindCell(d)}
	case standingKey:
		return []Cell{standing(d, day)}
	}
	var found []Cell
	for _, f := range d.Facts {
		if f.Key == key {
			found = append(found, f.cell())
		}
	}
	if value := d.field(key); len(found) == 0 && value != "" {
		found = []Cell{{Value: value, Source: "catalog"}}
	}
	return found
}
