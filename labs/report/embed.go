package report

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"unicode"
	"unicode/utf16"

	"distrolab/labs/results"
)

// embedded is what the page carries for programs: all that it was made of.
type embedded struct {
	Session    results.Session    `json:"session"`
	Runs       []results.Run      `json:"runs"`
	Comparison results.Comparison `json:"comparison"`
}

// dataOf returns the page's data as JSON that cannot end the script element it
// stands in, and that shows every character that is not printable by its
// number.
func dataOf(s results.Session, runs []results.Run, c results.Comparison) (template.JS, error) {
	if runs == nil {
		runs = []results.Run{}
	}
	data, err := json.Marshal(embedded{s, runs, c}) // writes <, > and & by their numbers
	if err != nil {
		return "", fmt.Errorf("encoding the data of session %s: %w", s.ID, err)
	}
	var b strings.Builder
	for _, r := range string(data) {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return template.JS(b.String()), nil // #nosec: it is JSON, and has no < in it
}

// policy lets the page do nothing but show itself and run its own script.
func policy() string {
	sum := sha256.Sum256([]byte(zoom))
	return "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
