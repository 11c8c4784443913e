package release

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// maxIndexBytes bounds every index document; the longest known, a stream's,
// has some 200 kB, and Debian's list of a build's packages a few hundred.
const maxIndexBytes = 8 << 20

// sum finds the digest of a file in a list of GNU form: hexadecimal digits,
// blanks, an optional star for binary, the name. Lines of other shapes are
// passed over. Two different digests for one name are an error: nobody could
// tell which is meant.
func sum(list []byte, name string, digits int) (string, error) {
	found := ""
	lines := bufio.NewScanner(bytes.NewReader(list))
	lines.Buffer(nil, 64<<10)
	for lines.Scan() {
		digest, rest, ok := strings.Cut(lines.Text(), " ")
		if !ok || strings.TrimPrefix(strings.TrimLeft(rest, " "), "*") != name || !isHex(digest, digits) {
			continue
		}
		digest = strings.ToLower(digest)
		if found != "" && found != digest {
			return "", fmt.Errorf("the list has two digests for %s", name)
		}
		found = digest
	}
	if err := lines.Err(); err != nil {
		return "", fmt.Errorf("reading the list: %w", err)
	}
	if found == "" {
		return "", fmt.Errorf("the list has no digest for %s", name)
	}
	return found, nil
}

// section returns the part of a list after the comment line that names it,
// such as "# SHA512 HASH", up to the next comment line.
func section(list []byte, title string) []byte {
	var part []byte
	inside := false
	for line := range bytes.Lines(list) {
		text := strings.TrimSpace(string(line))
		if comment, ok := strings.CutPrefix(text, "#"); ok {
			inside = strings.TrimSpace(comment) == title
			continue
		}
		if inside {
			part = append(part, line...)
		}
	}
	return part
}

func isHex(s string, digits int) bool {
	if len(s) != digits {
		return false
	}
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

func isVersion(s string) bool { return matches(s, `[A-Za-z0-9][A-Za-z0-9._+~-]{0,63}`) }

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
