package provision

import (
	"regexp"
	"sync"
)

// nameForms are what names in an intent look like.
type nameForms struct {
	number, label, dnsName    *regexp.Regexp // parts of host names
	user, unit, pkg           *regexp.Regexp
	module, setting, argument *regexp.Regexp // of the kernel
	registry, mirror, token   *regexp.Regexp
	source, sum               *regexp.Regexp // of a file to fetch
}

// forms compiles them once, when first needed: every rendering validates its
// intent, and a start of the program that renders nothing pays nothing.
var forms = sync.OnceValue(func() nameForms {
	const dnsLabel = `[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?`
	return nameForms{
		number:   regexp.MustCompile(`^[0-9.]+$`),
		label:    regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`), // RFC 1123, in small letters
		dnsName:  regexp.MustCompile(`^` + dnsLabel + `(\.` + dnsLabel + `)*$`),
		user:     regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`),
		unit:     regexp.MustCompile(`^[A-Za-z0-9:_.\\@-]+\.(service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$`),
		pkg:      regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+_-]{0,127}$`),
		module:   regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{0,54}$`),
		setting:  regexp.MustCompile(`^[a-z0-9_][A-Za-z0-9_-]*([./][A-Za-z0-9_:-]+)+$`),
		argument: regexp.MustCompile(`^[!#-~]+$`), // printable ASCII but space and the double quote
		registry: regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?$`),
		mirror:   regexp.MustCompile(`^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?$`),
		source:   regexp.MustCompile(`^https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._~/%+,=@:-]+$`), // nothing that a shell or systemd reads
		sum:      regexp.MustCompile(`^[0-9a-f]{64}$`),
		token:    regexp.MustCompile(`^[a-z0-9]{6}\.[a-z0-9]{16}$`),
	}
})
