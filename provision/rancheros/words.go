package rancheros

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"distrolab/provision/internal/rancher"
)

// The system splits the command line at every space, whatever the quotes, and
// reads each value as YAML 1.1. So a value is said only where YAML cannot take
// it for anything but itself; else its word is empty.

// word is key=value.
func word(key, value string) string {
	if !isName(value) && !isNumber(value) {
		return ""
	}
	return key + "=" + value
}

// listWord is key=[a,b].
func listWord(key string, values []string, fits func(string) bool) string {
	if slices.ContainsFunc(values, func(v string) bool { return !fits(v) }) {
		return ""
	}
	return key + "=[" + strings.Join(values, ",") + "]"
}

// isName accepts text that is text in any YAML.
func isName(s string) bool {
	if s == "" || !letter(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !letter(c) && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return !slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, strings.ToLower(s))
}

// isNumber accepts a number that comes out as it went in.
func isNumber(s string) bool {
	return s == "0" || len(s) > 0 && len(s) < 19 && s[0] != '0' && strings.Trim(s, "0123456789") == ""
}

// isAddress accepts addresses, URLs and options with them. The system hides
// colons from YAML before it reads a value. Nothing with brackets may stand in
// a list, which has brackets itself.
func isAddress(s string) bool {
	return rancher.PlainWord(s) && !strings.ContainsAny(s, "[]{},#&*!|>%@`")
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func networkWords(l link, servers []string) []string {
	key := "rancher.network.interfaces." + linkName + "."
	words := []string{key + "match=" + l.match}
	if l.dhcp {
		words = append(words, key+"dhcp=true")
	}
	if len(l.addresses) > 0 {
		words = append(words, listWord(key+"addresses", l.addresses, isAddress))
	}
	if l.gateway != "" {
		words = append(words, key+"gateway="+l.gateway)
	}
	if l.gateway6 != "" {
		words = append(words, key+"gateway_ipv6="+l.gateway6)
	}
	if len(servers) > 0 {
		words = append(words, listWord("rancher.network.dns.nameservers", servers, isAddress))
	}
	return words
}

func (c config) dockerWords() []string {
	words := []string{"rancher.docker.registry_mirror=" + c.mirrors[0]}
	if len(c.arguments) > 0 {
		words = append(words, listWord("rancher.docker.extra_args", c.arguments, isAddress))
	}
	if len(c.insecure) > 0 {
		words = append(words, listWord("rancher.docker.insecure_registry", c.insecure, isAddress))
	}
	return words
}

// substituted reports whether some releases would replace a part of the text:
// they put addresses in the place of four words before they read YAML.
func substituted(text string) bool {
	for _, w := range []string{"$public_ipv4", "$private_ipv4", "$public_ipv6", "$private_ipv6"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// distinct keeps the first of equal strings: the system refuses a list that
// holds one twice.
func distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func keys(m map[string]string) iter.Seq[string] { return maps.Keys(m) }
