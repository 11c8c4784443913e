package cloudinit

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"distrolab/distros/spelling"
)

// kindOf is what PyYAML, which reads YAML 1.1, makes of a node.
func kindOf(n *yaml.Node) kind {
	switch n.Kind {
	case yaml.MappingNode:
		return mapping
	case yaml.SequenceNode:
		return list
	case yaml.AliasNode:
		return anything
	}
	if n.Style&yaml.TaggedStyle != 0 {
		switch n.Tag {
		case "!!str", "!!binary":
			return text
		}
		return anything
	}
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return text
	}
	return plainKind(n.Value)
}

// plainKind is the kind of a scalar without quotes.
func plainKind(s string) kind {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return null
	case "yes", "Yes", "YES", "no", "No", "NO", "true", "True", "TRUE", "false", "False", "FALSE", "on", "On", "ON", "off", "Off", "OFF":
		return flag
	}
	if isNumber(s) {
		return number
	}
	return text
}

// isNumber follows the integers and floating-point numbers of YAML 1.1 as
// PyYAML has them: 0644 is octal, 12:30 counts sixties, and a float has a dot.
func isNumber(s string) bool {
	s = strings.TrimLeft(s[:1], "+-") + s[1:]
	const digits = "0123456789"
	switch {
	case s == "" || s[0] == '_':
		return false
	case strings.HasPrefix(s, "0b"):
		return only(s[2:], "01")
	case strings.HasPrefix(s, "0x"):
		return only(s[2:], digits+"abcdefABCDEF")
	case s == ".inf" || s == ".Inf" || s == ".INF" || s == ".nan" || s == ".NaN" || s == ".NAN":
		return true
	case s[0] == '0' && only(s, digits) && len(s) > 1:
		return only(s[1:], "01234567")
	case only(s, digits):
		return true
	}
	if whole, fraction, ok := strings.Cut(s, "."); ok {
		if mantissa, exponent, ok := strings.Cut(strings.ToLower(fraction), "e"); ok {
			signed := strings.HasPrefix(exponent, "+") || strings.HasPrefix(exponent, "-")
			return signed && only(exponent[1:], digits) && strings.Trim(whole+mantissa, digits+"_") == "" && whole+mantissa != ""
		}
		plain := strings.Trim(whole+fraction, digits+"_") == "" && whole+fraction != ""
		return plain || only(fraction+"0", digits) && countsSixties(whole)
	}
	return s[0] != '0' && countsSixties(s)
}

// only reports whether s is of letters of the set and underscores.
func only(s, set string) bool { return s != "" && strings.Trim(s, set+"_") == "" }

// countsSixties reports whether s is a number such as 12:30:45.
func countsSixties(s string) bool {
	const digits = "0123456789"
	parts := strings.Split(s, ":")
	if len(parts) < 2 || !only(parts[0], digits) {
		return false
	}
	return !slices.ContainsFunc(parts[1:], func(p string) bool {
		return !only(p, digits) || len(p) > 2 || strings.Contains(p, "_") || len(p) == 2 && p[0] > '5'
	})
}

// sortedNames are the keys that a person may use, deprecated ones left out.
func sortedNames(keys map[string]shape) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(keys)), func(name string) bool { return keys[name].instead != "" })
}

func dashed(name string) string { return strings.ReplaceAll(name, "_", "-") }

// suggestion is the end of a message that names the nearest of the names,
// empty where none is near.
func suggestion(wrong string, names []string) string {
	if len(wrong) > 60 {
		return ""
	}
	best, least := "", 1+len(wrong)/4
	for _, name := range names {
		if d := spelling.Distance(dashed(strings.ToLower(wrong)), dashed(name)); d < least || d == least && best == "" {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
