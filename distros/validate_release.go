package distros

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// resolverOptions are the options of each resolver that has some; true: the
// resolver cannot work without. What they mean is said in docs/catalog.md.
func resolverOptions() map[string]map[string]bool {
	return map[string]map[string]bool{
		"debian": {"release": true, "variant": true},
		"ubuntu": {"release": true},
		"alpine": {"variant": true, "firmware": true, "bootstrap": true},
		"checksums": {
			"directory": false, "list": true, "file": true, "arch_amd64": false, "arch_arm64": false, "digest": true,
			"compression": false, "format": true, "signature": false, "key": false,
		},
		"github": {
			"repo": true, "disk": false, "kernel": false, "initrd": false, "iso": false, "checksums": false, "digest": false,
			"arch_amd64": false, "arch_arm64": false, "bundle": false, "identity": false, "issuer": false,
		},
		"talos": {"platform": true, "schematic": true},
	}
}

// optionValues are the options that take one of a few words.
func optionValues() map[string][]string {
	return map[string][]string{
		"digest": {"sha256", "sha512"}, "compression": {"", "xz", "gz", "zst", "bz2"}, "format": {"qcow2", "raw"},
		"firmware": {"bios", "uefi"},
	}
}

// optionForms are the options of one form, with the words for it.
func optionForms() map[string]struct{ form, meaning string } {
	return map[string]struct{ form, meaning string }{
		"repo":      {`[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+`, "a repository on GitHub, such as siderolabs/talos"},
		"schematic": {`[0-9a-f]{64}`, "the name of a schematic: 64 hexadecimal digits"},
	}
}

func (c *checker) release(r ReleaseSource) {
	c.oneOf(r.Resolver, resolvers(), "release", "resolver")
	if (r.Resolver == "none") != (r.Reason != "") {
		c.bad("is for resolver none, and required there: why there is no image to fetch", "release", "reason")
	}
	if r.Resolver == "checksums" && r.BaseURL == "" {
		c.bad("is empty; resolver checksums needs the root of the index", "release", "base_url")
	}
	if r.BaseURL != "" {
		u, err := url.Parse(r.BaseURL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil {
			c.bad(fmt.Sprintf("%q is not a URL such as https://mirror.example/path", clip(r.BaseURL, 64)), "release", "base_url")
		}
	}
	c.options(r)
}

// options checks which options there are and the ones whose form is known
// without the vendor's index.
func (c *checker) options(r ReleaseSource) {
	known := resolverOptions()[r.Resolver]
	for _, name := range slices.Sorted(maps.Keys(r.Options)) {
		if _, ok := known[name]; !ok {
			c.bad(unknownOption(r.Resolver, known), "release", "options", name)
		} else if values, ok := optionValues()[name]; ok {
			c.oneOf(r.Options[name], values, "release", "options", name)
		} else if f, ok := optionForms()[name]; ok {
			c.match(r.Options[name], f.form, f.meaning, "release", "options", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if known[name] && r.Options[name] == "" {
			c.bad(fmt.Sprintf("is missing; resolver %s needs it", r.Resolver), "release", "options", name)
		}
	}
	if file := r.Options["file"]; r.Resolver == "checksums" && file != "" {
		c.versionPattern(file)
	}
}

func unknownOption(resolver string, known map[string]bool) string {
	if len(known) == 0 {
		return fmt.Sprintf("is not an option: resolver %s has none", clip(resolver, 64))
	}
	return fmt.Sprintf("is not an option of resolver %s; there are %s", resolver, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
}

// versionPattern checks the pattern of an image's name, in which {arch} and
// {channel} stand for words.
func (c *checker) versionPattern(pattern string) {
	filled := strings.NewReplacer("{arch}", "amd64", "{channel}", "stable").Replace(pattern)
	before := len(c.problems)
	c.pattern(filled, "release", "options", "file")
	if len(c.problems) > before {
		return
	}
	if !slices.Contains(regexp.MustCompile(filled).SubexpNames(), "version") {
		c.bad("has no group (?P<version>…), which says the version of an image", "release", "options", "file")
	}
}
