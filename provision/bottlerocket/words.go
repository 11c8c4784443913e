package bottlerocket

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// wordProblem says what a text of the kind must be, or nothing when it is.
func wordProblem(kind, s string) string {
	if kind == "" {
		return ""
	}
	if strings.Contains(kind, "|") {
		choices := strings.Split(kind, "|")
		if slices.Contains(choices, s) {
			return ""
		}
		return fmt.Sprintf("must be one of %q", choices)
	}
	word, known := words()[kind]
	if !known || word.fits(s) {
		return ""
	}
	return word.must
}

// word is a kind of text.
type word struct {
	fits func(string) bool
	must string
}

// words are the kinds, with the rules of bottlerocket-modeled-types.
func words() map[string]word {
	return map[string]word{
		"line":              {isLine, "must be one line without control characters"},
		"base64":            {isBase64, "must be base64 with its padding, such as the output of base64 -w0"},
		"certificates":      {isCertificates, "must be certificates in PEM, and that in base64"},
		"url":               {isURL, "must be a URL, or a host with or without port; an IPv6 address needs brackets"},
		"hostname":          {isHostname, "must be a host name of a-z, 0-9, - and dots"},
		"domain":            {func(s string) bool { return isHostname(s) && !isAddress(s) }, "must be a domain, such as cluster.local"},
		"address":           {isAddress, "must be an IP address, such as 10.96.0.10"},
		"prefix":            {isPrefix, "must be an address with its prefix length, such as 192.168.50.10/24"},
		"destination":       {func(s string) bool { return strings.EqualFold(s, "default") || isPrefix(s) }, `must be "default" or a network, such as 10.0.0.0/8`},
		"device":            {isDevice, "must be the name of an interface, such as eth0"},
		"bond mode":         {oneOf("active-backup"), "must be active-backup, the only mode that Bottlerocket has"},
		"identifier":        {func(s string) bool { return only(s, 76, "-") }, "must be at most 76 letters, digits and hyphens"},
		"module":            {func(s string) bool { return only(s, 56, "-_") }, "must be a module's name, such as br_netfilter"},
		"sysctl":            {isSysctl, "must be a setting's name, such as net.ipv4.ip_forward"},
		"boot key":          {isBootKey, "must be words of letters, digits, - and _, joined by dots"},
		"boot value":        {isBootValue, "must be printable ASCII and not hold both kinds of quotes"},
		"token":             {isToken, "must be a bootstrap token: 6 characters, a dot, 16 characters of a-z and 0-9"},
		"cluster name":      {func(s string) bool { return s != "" && only(s, 100, "-_") && isAlnum(s[0]) }, "must be at most 100 letters, digits, - and _"},
		"label key":         {isLabelKey, "must be a label's key, such as example.org/role"},
		"label value":       {func(s string) bool { return s == "" || isLabel(s) }, "must be at most 63 letters, digits, dots, - and _"},
		"taint":             {isTaint, "must be a value and an effect, such as yes:NoSchedule"},
		"eviction signal":   {oneOf("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree", "pid.available"), "must be a signal of the kubelet, such as memory.available"},
		"reserved resource": {oneOf("cpu", "memory", "ephemeral-storage"), "must be cpu, memory or ephemeral-storage"},
		"threshold": {func(s string) bool {
			return isQuantity(s) || isPercent(strings.TrimSuffix(s, "%")) && strings.HasSuffix(s, "%")
		}, "must be a quantity or a percentage, such as 100Mi or 10%"},
		"quantity":       {isQuantity, "must be a quantity, such as 100m or 1Gi"},
		"percent":        {isPercent, "must be from 0 to 100"},
		"duration":       {isDuration, "must be a time, such as 10s or 1h30m"},
		"release":        {isRelease, "must be latest or a version, such as v1.26.2"},
		"capability":     {func(s string) bool { return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-") == "" }, "must be a capability in lower case, such as net-admin"},
		"resource limit": {func(s string) bool { return strings.HasPrefix(s, "max-") }, "must be a limit, such as max-open-files"},
		"unlimited":      {oneOf("unlimited"), `must be a number or "unlimited"`},
	}
}

func oneOf(choices ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(choices, s) }
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// only accepts letters, digits and the extra characters.
func only(s string, limit int, extra string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && strings.IndexByte(extra, s[i]) < 0 {
			return false
		}
	}
	return len(s) <= limit
}

func isLine(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == 0x2028 || r == 0x2029 })
}

func isBase64(s string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && !strings.ContainsAny(s, "\r\n")
}

func isCertificates(s string) bool {
	if strings.TrimSpace(s) == "" {
		return true // takes a bundle away
	}
	rest, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return false
	}
	for n := 0; ; n++ {
		block, after := pem.Decode(rest)
		if block == nil {
			return n > 0
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return false
		}
		rest = after
	}
}

// isURL follows the system: what has no scheme is tried with http.
func isURL(s string) bool {
	if !isLine(s) || strings.Contains(s, " ") || s == "" {
		return false
	}
	if u, err := url.Parse(s); err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "") {
		return true
	}
	u, err := url.Parse("http://" + s)
	return err == nil && u.Host != "" && u.Hostname() != ""
}

func isHostname(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' {
			return false
		}
	}
	return len(s) <= 253 && only(s, 253, "-.") && strings.ToLower(s) == s
}

func isAddress(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}

func isPrefix(s string) bool {
	_, err := netip.ParsePrefix(s)
	return err == nil
}

func isDevice(s string) bool {
	return s != "" && len(s) <= 15 && isLine(s) && !strings.ContainsAny(s, "./ \t")
}

func isSysctl(s string) bool {
	return s != "" && only(s, 128, "./_-") && !strings.Contains(s, "..") && s[0] != '.' && s[0] != '/'
}

func isBootKey(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || !only(part, maxBootKey, "-_") {
			return false
		}
	}
	return len(s) <= maxBootKey
}

func isBootValue(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return !(strings.Contains(s, `"`) && strings.Contains(s, "'"))
}

func isToken(s string) bool {
	id, secret, dot := strings.Cut(s, ".")
	return dot && len(id) == 6 && len(secret) == 16 && only(id, 6, "") && only(secret, 16, "") && strings.ToLower(s) == s
}

// isLabel accepts what begins and ends with a letter or digit.
func isLabel(s string) bool {
	return s != "" && only(s, 63, "._-") && isAlnum(s[0]) && isAlnum(s[len(s)-1])
}

func isLabelKey(s string) bool {
	prefix, name, split := strings.Cut(s, "/")
	if !split {
		return isLabel(s)
	}
	return prefix != "" && only(prefix, 253, ".-") && isLabel(name)
}

func isTaint(s string) bool {
	value, effect, colon := strings.Cut(s, ":")
	return colon && effect != "" && only(effect, 253, "") && (value == "" || isLabel(value))
}

func isQuantity(s string) bool {
	digits := strings.TrimLeft(strings.TrimLeft(s, "+-"), "0123456789.")
	if len(s) == len(digits) || s == "" {
		return false
	}
	if rest, ok := strings.CutPrefix(digits, "e"); ok {
		_, err := strconv.ParseUint(rest, 10, 16)
		return err == nil
	}
	return slices.Contains([]string{"", "n", "u", "m", "k", "E", "P", "T", "G", "M", "K", "Ei", "Pi", "Ti", "Gi", "Mi", "Ki"}, digits)
}

func isPercent(s string) bool {
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && n >= 0 && n <= 100
}

func isDuration(s string) bool {
	_, err := time.ParseDuration(s)
	return err == nil && s != "" && strings.Trim(s, "0123456789.hms") == ""
}

func isRelease(s string) bool {
	numbers := strings.Split(strings.TrimPrefix(s, "v"), ".")
	return s == "latest" || len(numbers) >= 3 && isLine(s) && strings.Trim(numbers[0]+numbers[1], "0123456789") == "" && numbers[0] != "" && numbers[1] != "" && numbers[2] != ""
}
