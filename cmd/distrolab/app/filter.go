package app

import (
	"fmt"
	"slices"
	"strings"

	"distrolab/distros"
)

// readFilters reads conditions such as shell:none.
func readFilters(texts []string) ([]distros.Filter, error) {
	var filters []distros.Filter
	for _, t := range texts {
		f, err := distros.ParseFilter(t)
		if err != nil {
			return nil, usage(err)
		}
		filters = append(filters, f)
	}
	return filters, nil
}

func checkCriteria(keys []string) error {
	for _, key := range keys {
		if err := distros.CheckCriterion(key); err != nil {
			return usage(err)
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
