package release

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of documents. The longest list known, of checksums of an Ubuntu
// directory, has some 100 kB; a stream's index 200 kB; GitHub's answer about a
// release with many files 300 kB.
const (
	maxIndexBytes     = 8 << 20
	maxProductsBytes  = 48 << 20 // Ubuntu's list of all products ever
	maxSignatureBytes = 64 << 10
	maxLineBytes      = 64 << 10
)

// listed is one file of a list of digests.
type listed struct {
	name   string // plain file name
	digest string // hexadecimal, small; of the kind asked for
	size   int64  // bytes; 0: the list does not say
}

// sum finds the digest of one file in a list.
func sum(list []byte, name string, digits int) (listed, error) {
	found, err := readSums(list, digits, func(n string) bool { return n == name })
	if err != nil {
		return listed{}, err
	}
	if len(found) == 0 {
		return listed{}, fmt.Errorf("the list has no digest for %s", name)
	}
	return found[0], nil
}

// readSums reads the digests of the wanted files from a list of any style that
// vendors use, in the order of the list; digits tells SHA-256 (64) from
// SHA-512 (128). The styles, told apart line by line:
//
//	<hex>  name            GNU, text
//	<hex> *name            GNU, binary
//	<hex> name             GNU with one blank
//	SHA256 (name) = <hex>  BSD, after a comment "# name: 954073088 bytes"
//	sha256: <hex>  name    tagged
//
// A list that begins with a brace or bracket is JSON, see [readJSONSums].
// Other lines are passed over. Two different digests for one name are an
// error: nobody could tell which is meant.
func readSums(list []byte, digits int, wanted func(name string) bool) ([]listed, error) {
	if start := bytes.TrimLeft(list, " \t\r\n"); len(start) > 0 && (start[0] == '{' || start[0] == '[') {
		return readJSONSums(list, digits, wanted)
	}
	found := newFindings(digits, wanted)
	lines := bufio.NewScanner(bytes.NewReader(list))
	lines.Buffer(nil, maxLineBytes)
	for lines.Scan() {
		name, digest := splitSum(strings.TrimRight(lines.Text(), " \t\r"), digits)
		if digest == "" {
			found.noteSize(lines.Text())
			continue
		}
		if err := found.add(name, digest); err != nil {
			return nil, err
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the list: %w", err)
	}
	return found.all(), nil
}

// findings gathers the files of a list.
type findings struct {
	digits int
	wanted func(name string) bool
	files  []listed
	place  map[string]int // in files, by name
	sizes  map[string]int64
}

func newFindings(digits int, wanted func(name string) bool) *findings {
	return &findings{digits: digits, wanted: wanted, place: map[string]int{}, sizes: map[string]int64{}}
}

func (f *findings) add(name, digest string) error {
	if !isName(name) || !f.wanted(name) || !isHex(digest, f.digits) {
		return nil
	}
	digest = strings.ToLower(digest)
	if i, have := f.place[name]; have {
		if f.files[i].digest != digest {
			return fmt.Errorf("the list has two digests for %s", name)
		}
		return nil
	}
	f.place[name] = len(f.files)
	f.files = append(f.files, listed{name: name, digest: digest})
	return nil
}

// noteSize reads the comment "# name: 954073088 bytes".
func (f *findings) noteSize(line string) {
	comment, ok := strings.CutPrefix(strings.TrimSpace(line), "# ")
	rest, isSize := strings.CutSuffix(comment, " bytes")
	name, number, isPair := strings.Cut(rest, ": ")
	if !ok || !isSize || !isPair || !f.wanted(name) {
		return
	}
	if size, err := strconv.ParseInt(number, 10, 64); err == nil && size > 0 {
		f.sizes[name] = size
	}
}

func (f *findings) all() []listed {
	for i := range f.files {
		f.files[i].size = f.sizes[f.files[i].name]
	}
	return f.files
}

// splitSum splits a line into name and digest; both empty if it is none.
func splitSum(line string, digits int) (name, digest string) {
	kind := map[int]string{64: "sha256", 128: "sha512"}[digits]
	if rest, ok := cutFold(line, kind+" ("); ok { // BSD
		end := strings.LastIndex(rest, ") = ")
		if end < 0 {
			return "", ""
		}
		return rest[:end], rest[end+len(") = "):]
	}
	if rest, ok := cutFold(line, kind+":"); ok { // tagged
		line = strings.TrimLeft(rest, " \t")
	}
	digest, rest, ok := strings.Cut(line, " ")
	if !ok || !isHex(digest, digits) {
		return "", ""
	}
	name = strings.TrimPrefix(strings.TrimLeft(rest, " \t"), "*")
	return strings.TrimPrefix(name, "./"), digest
}

// cutFold is [strings.CutPrefix] for any mix of large and small letters.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

// bareSum reads a file that holds the digest of its neighbour and nothing
// else; of a list it takes the line of the name.
func bareSum(text []byte, name string, digits int) (string, error) {
	if bare := strings.TrimSpace(string(text)); isHex(bare, digits) {
		return strings.ToLower(bare), nil
	}
	found, err := sum(text, name, digits)
	return found.digest, err
}

// digestValue reads the digest of a value in JSON: hexadecimal digits, or
// "sha512:" and base64 without padding; empty if it is none of that kind.
func digestValue(value string, digits int) string {
	kind := map[int]string{64: "sha256:", 128: "sha512:"}[digits]
	rest, tagged := cutFold(value, kind)
	if isHex(rest, digits) {
		return strings.ToLower(rest)
	}
	if !tagged {
		if isHex(value, digits) {
			return strings.ToLower(value)
		}
		return ""
	}
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(rest, "="))
	if err != nil || len(raw)*2 != digits {
		return ""
	}
	return hex.EncodeToString(raw)
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
