package release

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// checkPlace refuses an address that another document gave and that no vendor
// would give: not https (or plain http where the person named a plain mirror),
// with a user, a query or steps upwards.
func checkPlace(address string, plain bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return fmt.Errorf("%q is not an address of a file", clip(address))
	case u.Scheme != "https" && !(plain && u.Scheme == "http"):
		return fmt.Errorf("%q is not https, which is the only way images are fetched", clip(address))
	case u.RawQuery != "" || u.Fragment != "" || u.Path != path.Clean(u.Path) || strings.ContainsAny(u.Path, "\\%"):
		return fmt.Errorf("%q does not lead straight to a file", clip(address))
	}
	return nil
}

// below returns what an address has after the vendor's root, which it must
// lie below.
func below(address, root string) (string, error) {
	rest, ok := strings.CutPrefix(address, root+"/")
	if !ok {
		return "", fmt.Errorf("the file lies at %q, which is not below %s", clip(address), root)
	}
	if !isPath(rest) {
		return "", fmt.Errorf("%q does not lead straight to a file", clip(rest))
	}
	return rest, nil
}

// isPath reports whether a text is a relative path of plain names.
func isPath(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if !isName(part) {
			return false
		}
	}
	return len(s) <= 512
}

// isName reports whether a text is a plain file name, as vendors give them.
func isName(s string) bool { return matches(s, `[A-Za-z0-9][A-Za-z0-9._+~:-]{0,127}`) }

func isHex(s string, digits int) bool {
	if len(s) != digits {
		return false
	}
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

func isVersion(s string) bool { return matches(s, `[A-Za-z0-9][A-Za-z0-9._+~-]{0,63}`) }

func isChannel(s string) bool { return matches(s, `[A-Za-z0-9][A-Za-z0-9._-]{0,31}`) }

func isWord(s string) bool { return matches(s, `[a-z0-9][a-z0-9-]{0,31}`) }

func matches(s, pattern string) bool {
	ok, err := regexp.MatchString(`^(?:`+pattern+`)$`, s)
	return err == nil && ok
}

// clip shortens a text from outside for an error message.
func clip(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}
