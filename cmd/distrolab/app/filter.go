package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"distrolab/distros"
)

// filter is one condition on a criterion: its class or its sentence holds a
// text. Only what is confirmed counts.
type filter struct{ key, text string }

// readFilters reads conditions such as shell:none.
func readFilters(texts []string) ([]filter, error) {
	var filters []filter
	for _, t := range texts {
		key, text, ok := strings.Cut(t, ":")
		if !ok || text == "" {
			return nil, usage(fmt.Errorf("filter %.64q is not of the form CRITERION:TEXT, such as shell:none", t))
		}
		if err := checkCriteria([]string{key}); err != nil {
			return nil, err
		}
		filters = append(filters, filter{key: key, text: strings.ToLower(text)})
	}
	return filters, nil
}

// criteriaKeys are the keys of the rows that a comparison can have.
func criteriaKeys() []string {
	keys := []string{"kind", "standing"}
	for _, c := range distros.Criteria() {
		keys = append(keys, c.Key)
	}
	return keys
}

func checkCriteria(keys []string) error {
	for _, key := range keys {
		if !slices.Contains(criteriaKeys(), key) {
			return usage(fmt.Errorf("no criterion is called %.64q; there are %s", key, strings.Join(criteriaKeys(), ", ")))
		}
	}
	return nil
}

// checkWords refuses a word that is not one of those allowed.
func checkWords(flag string, words, allowed []string) error {
	for _, w := range words {
		if !slices.Contains(allowed, w) {
			return usage(fmt.Errorf("--%s %.64q is not one of %s", flag, w, strings.Join(allowed, ", ")))
		}
	}
	return nil
}

// fits says whether a system meets a condition.
func (f filter) fits(d distros.Distro, day time.Time) bool {
	for _, r := range distros.Compare([]distros.Distro{d}, day).Rows {
		cell := r.Cells[0]
		if r.Key == f.key && (!cell.Unconfirmed || f.key == "standing") &&
			(strings.Contains(cell.Class, f.text) || strings.Contains(strings.ToLower(cell.Value), f.text)) {
			return true
		}
	}
	return false
}
