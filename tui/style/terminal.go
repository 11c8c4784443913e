package style

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/colorprofile"
)

// Profile says which colours the output can show, from the environment in the
// form of os.Environ and from whether the output is a terminal. Any value of
// NO_COLOR but the empty one turns colours off (no-color.org).
func Profile(environ []string, terminal bool) colorprofile.Profile {
	if !terminal && lookup(environ, "CLICOLOR_FORCE") == "" {
		return colorprofile.NoTTY
	}
	p := colorprofile.Env(environ)
	if lookup(environ, "NO_COLOR") != "" {
		p = min(p, colorprofile.ASCII)
		if !terminal {
			p = colorprofile.NoTTY
		}
	}
	return p
}

// DetectGlyphs chooses the set that the terminal of an environment shows:
// ascii outside UTF-8 locales and on dumb terminals, block on the Linux console.
func DetectGlyphs(environ []string) Glyphs {
	locale := lookup(environ, "LC_ALL")
	for _, name := range []string{"LC_CTYPE", "LANG"} {
		if locale == "" {
			locale = lookup(environ, name)
		}
	}
	folded := strings.ToLower(strings.ReplaceAll(locale, "-", ""))
	switch term := lookup(environ, "TERM"); {
	case !strings.Contains(folded, "utf8") || term == "dumb":
		return ASCII()
	case term == "linux":
		return Block()
	}
	return Unicode()
}

// lookup returns the last value of a variable, as the C library does.
func lookup(environ []string, name string) string {
	value := ""
	for _, e := range environ {
		if k, v, found := strings.Cut(e, "="); found && k == name {
			value = v
		}
	}
	return value
}

// unprintable reports characters that have no cell of their own or change how
// others are shown: formatting and direction marks, joiners, variation selectors.
func unprintable(r rune) bool {
	return !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Mn, r) || r == unicode.ReplacementChar
}
