package k3os

import (
	"slices"
	"strings"

	"distrolab/provision/internal/rancher"
)

// each repeats the key for every value, which is how a list is said.
func each(key string, values []string) []string {
	var words []string
	for _, v := range values {
		words = append(words, key+"="+v)
	}
	return words
}

// quote is key=value, or key="a b". k3OS itself understands quotes, but its
// scripts split the line at every space and take each part for a word. So a
// value of several parts may hold digits and signs of numbers only.
func quote(key, value string) (word string, ok bool) {
	if rancher.PlainWord(value) {
		return key + "=" + value, true
	}
	parts := strings.Split(value, " ")
	numbers := !slices.ContainsFunc(parts, func(s string) bool { return s == "" || strings.Trim(s, "0123456789.-") != "" })
	return key + `="` + value + `"`, numbers
}

// distinct keeps the first of equal strings.
func distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
