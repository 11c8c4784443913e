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

// next handles one byte. It returns the byte to keep, if any, and whether the
// line ends here: at a newline, a carriage return, or where a program moves the
// cursor to another place, as firmware and boot menus do.
func (s *stripper) next(b byte) (out byte, keep, breaks bool) {
	if b == '\n' || b == '\r' {
		s.state = stripText
		return 0, false, true
	}
	if b == 0x1b {
		s.state = stripEscape
		return 0, false, false
	}
	switch s.state {
	case stripEscape:
		s.state = afterEscape(b)
	case stripIgnore:
		s.state = stripText
	case stripCSI:
		if b >= 0x40 && b <= 0x7e {
			s.state = stripText
			return 0, false, b == 'H' || b == 'f'
		}
	case stripString:
		if b == 0x07 {
			s.state = stripText
		}
	default:
		keep = b == '\t' || (b >= 0x20 && b != 0x7f)
		return b, keep, false
	}
	return 0, false, false
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
