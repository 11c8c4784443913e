package observe

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// maxRaw is the most of a guest's text that an event keeps, in bytes.
const maxRaw = 200

// printable writes foreign bytes so that no terminal and no reader takes them
// for more than text: what is not printable is escaped, and the result is at
// most limit bytes long.
func printable(b []byte, limit int) string {
	out := make([]byte, 0, min(len(b), limit))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		start := len(out)
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, `\x`...)
			if b[0] < 0x10 {
				out = append(out, '0')
			}
			out = strconv.AppendUint(out, uint64(b[0]), 16)
		case unicode.IsPrint(r):
			out = append(out, b[:n]...)
		case r == '\t':
			out = append(out, ' ')
		default:
			q := strconv.AppendQuoteRune(nil, r)
			out = append(out, q[1:len(q)-1]...)
		}
		if len(out) > limit {
			return string(out[:start])
		}
		b = b[n:]
	}
	return string(out)
}
