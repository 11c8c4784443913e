package terminal

import "unicode/utf8"

// The bounds of one escape sequence. A longer one is read over.
const (
	maxParams = 16
	maxParam  = 9999
	maxString = 4096 // bytes of an OSC, DCS, SOS, PM or APC; what follows is text again
)

// mode is where in a sequence the parser is.
type mode uint8

const (
	ground mode = iota
	escape
	escapeMore // ESC with an intermediate byte
	control    // CSI
	ignored    // CSI that is not understood, up to its end
	text       // a string that nobody reads
	textEscape // ESC within it
)

// sequence is a CSI sequence: its parameters, -1 where one was left out, and
// the marks before and after them.
type sequence struct {
	private, between byte
	params           [maxParams]int
	n                int
}

// param is the i-th parameter, or def where it is missing or zero.
func (s *sequence) param(i, def int) int {
	if i >= s.n || s.params[i] <= 0 {
		return def
	}
	return s.params[i]
}

// parser cuts a guest's bytes into characters, control characters and
// sequences, after the state machine that DEC's terminals have. It never fails
// and holds no more than one sequence.
type parser struct {
	mode    mode
	seq     sequence
	between byte // of an ESC sequence
	length  int  // of a string
	partial [utf8.UTFMax]byte
	have    int // bytes of a character that is not complete
}

// target is what the parser drives.
type target interface {
	print(r rune)
	printASCII(text []byte)
	execute(b byte)
	escape(between, final byte)
	control(s *sequence, final byte)
}

func (p *parser) write(data []byte, to target) {
	for i := 0; i < len(data); {
		b := data[i]
		if p.mode == ground && b >= ' ' && b < 0x7f {
			p.broken(to)
			end := i + 1
			for end < len(data) && data[end] >= ' ' && data[end] < 0x7f {
				end++
			}
			to.printASCII(data[i:end])
			i = end
			continue
		}
		p.advance(b, to)
		i++
	}
}

func (p *parser) advance(b byte, to target) {
	switch {
	case b == 0x18 || b == 0x1a: // CAN and SUB end every sequence
		p.mode, p.have = ground, 0
		return
	case p.mode == text || p.mode == textEscape:
		p.inText(b, to)
		return
	case b == 0x1b:
		p.broken(to)
		p.mode, p.between = escape, 0
		return
	case b < ' ':
		p.broken(to)
		to.execute(b)
		return
	}
	switch p.mode {
	case ground:
		p.character(b, to)
	case escape, escapeMore:
		p.inEscape(b, to)
	case control, ignored:
		p.inControl(b, to)
	}
}

// inText reads over a string up to its terminator, or until it is too long to
// be one: a stray byte must not silence the console for ever.
func (p *parser) inText(b byte, to target) {
	p.length++
	switch {
	case p.mode == textEscape && b == '\\', b == 0x07:
		p.mode = ground
	case p.mode == textEscape:
		p.mode, p.between = escape, 0
		p.advance(b, to)
	case b == 0x1b:
		p.mode = textEscape
	case p.length >= maxString:
		p.mode = ground
	}
}

func (p *parser) inEscape(b byte, to target) {
	switch {
	case b < 0x30:
		p.mode, p.between = escapeMore, b
	case p.mode == escape && b == '[':
		p.mode, p.seq = control, sequence{}
	case p.mode == escape && (b == ']' || b == 'P' || b == 'X' || b == '^' || b == '_'):
		p.mode, p.length = text, 0
	case b < 0x7f:
		p.mode = ground
		to.escape(p.between, b)
	default:
		p.mode = ground
	}
}

func (p *parser) inControl(b byte, to target) {
	s := &p.seq
	switch {
	case b >= 0x40 && b < 0x7f:
		if p.mode == control {
			to.control(s, b)
		}
		p.mode = ground
	case p.mode == ignored:
	case b >= '0' && b <= '9':
		if s.n == 0 {
			s.n, s.params[0] = 1, 0
		}
		v := &s.params[s.n-1]
		*v = min(max(*v, 0)*10+int(b-'0'), maxParam)
	case b == ';' || b == ':':
		if s.n == 0 {
			s.n, s.params[0] = 1, -1
		}
		if s.n == maxParams {
			p.mode = ignored
			return
		}
		s.params[s.n] = -1
		s.n++
	case b >= '<' && b <= '?' && s.n == 0:
		s.private = b
	case b < 0x30:
		s.between = b
	default:
		p.mode = ignored
	}
}

// character collects one character of UTF-8.
func (p *parser) character(b byte, to target) {
	if b == 0x7f {
		return
	}
	if b >= 0xc0 {
		p.broken(to)
	}
	if b < 0x80 {
		to.print(rune(b))
		return
	}
	p.partial[p.have] = b
	p.have++
	if !utf8.FullRune(p.partial[:p.have]) {
		return
	}
	r, size := utf8.DecodeRune(p.partial[:p.have])
	left := p.have - size
	p.have = 0
	to.print(r)
	for range left { // what does not belong to it is broken too
		to.print(utf8.RuneError)
	}
}

// broken prints a character that was cut off.
func (p *parser) broken(to target) {
	if p.have > 0 {
		p.have = 0
		to.print(utf8.RuneError)
	}
}
