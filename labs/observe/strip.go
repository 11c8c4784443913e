package observe

// stripper removes terminal escape sequences (ECMA-48) from a stream of bytes,
// and control characters with them. It keeps no text, so that a sequence
// without an end costs nothing; any end of line ends a sequence.
type stripper struct {
	state stripState
}

type stripState uint8

const (
	stripText   stripState = iota
	stripEscape            // after ESC
	stripIgnore            // after ESC and an intermediate byte: one more byte
	stripCSI               // after ESC [
	stripString            // after ESC ], P, X, ^ or _: until BEL or ESC \
)

// plain returns how many bytes at the head of b are text to keep.
func (s *stripper) plain(b []byte) int {
	if s.state != stripText {
		return 0
	}
	for i, c := range b {
		if c < 0x20 && c != '\t' || c == 0x7f {
			return i
		}
	}
	return len(b)
}

// next handles a byte that is not text and says whether the line ends there: at
// a newline, a carriage return, or where a program moves the cursor to another
// place, as firmware and boot menus do.
func (s *stripper) next(b byte) (breaks bool) {
	switch {
	case b == '\n' || b == '\r':
		s.state = stripText
		return true
	case b == 0x1b:
		s.state = stripEscape
	case s.state == stripEscape:
		s.state = afterEscape(b)
	case s.state == stripIgnore:
		s.state = stripText
	case s.state == stripCSI && b >= 0x40 && b <= 0x7e:
		s.state = stripText
		return b == 'H' || b == 'f'
	case s.state == stripString && b == 0x07:
		s.state = stripText
	}
	return false
}

func afterEscape(b byte) stripState {
	switch {
	case b == '[':
		return stripCSI
	case b == ']' || b == 'P' || b == 'X' || b == '^' || b == '_':
		return stripString
	case b >= 0x20 && b <= 0x2f:
		return stripIgnore
	}
	return stripText
}
