package cluster

import (
	"strconv"
	"strings"
	"unicode"
)

// printable writes a foreign text so that no terminal takes it for more than
// text: white space becomes one space, what cannot be printed is escaped, and
// the result is at most maxText bytes long.
func printable(text string) string {
	if len(text) > 4*maxText {
		text = text[:4*maxText]
	}
	var out strings.Builder
	for _, r := range strings.Join(strings.Fields(text), " ") {
		piece := string(r)
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			piece = strings.Trim(strconv.QuoteRuneToASCII(r), "'")
		}
		if out.Len()+len(piece) > maxText {
			break
		}
		out.WriteString(piece)
	}
	return out.String()
}
