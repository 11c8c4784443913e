package terminal

import (
	"image/color"
	"strings"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/screen"
	"distrolab/tui/style"
)

// ink turns cells into lines of our own making: cleaned characters and colour
// sequences that the profile of the person's terminal allows.
type ink struct {
	glyphs  style.Glyphs
	profile colorprofile.Profile
	b       strings.Builder
}

func newInk(look screen.Look) *ink { return &ink{glyphs: look.Glyphs, profile: look.Styles.Profile} }

// draw makes a line of exactly width cells.
func (k *ink) draw(cells []cell, width int) string {
	line, plain := k.line(cells, width, false)
	if !plain && ansi.StringWidth(line) != width {
		// Characters that join across cells: a terminal would show fewer than there are.
		line, _ = k.line(cells, width, true)
	}
	return line
}

// line draws cells; with strict, every character that is not ASCII as a mark of
// the same width. plain says that there was none.
func (k *ink) line(cells []cell, width int, strict bool) (line string, plain bool) {
	k.b.Reset()
	plain = true
	current, x := pen{}, 0
	for x < min(len(cells), width) {
		c, wide := cells[x], 1
		if x+1 < len(cells) && cells[x+1].char == 0 {
			wide = 2
		}
		if c.pen != current {
			k.change(current, c.pen)
			current = c.pen
		}
		switch {
		case c.char >= ' ' && c.char < 0x7f:
			k.b.WriteByte(byte(c.char))
		case c.char == 0 || x+wide > width:
			k.b.WriteByte(' ')
			wide = 1
		case strict:
			plain = false
			k.b.WriteString(strings.Repeat("?", wide))
		default:
			plain = false
			k.b.WriteString(k.character(c, wide))
		}
		if c.marks[0] != 0 && !k.asciiOnly() && !strict {
			plain = false
			k.marks(c)
		}
		x += wide
	}
	if current != (pen{}) {
		k.change(current, pen{})
	}
	k.b.WriteString(strings.Repeat(" ", max(width-x, 0)))
	return k.b.String(), plain
}

// text is a row without colours.
func (k *ink) text(cells []cell) string {
	var b strings.Builder
	for x, c := range cells {
		if c.char != 0 {
			wide := 1
			if x+1 < len(cells) && cells[x+1].char == 0 {
				wide = 2
			}
			b.WriteString(k.character(c, wide))
		}
	}
	return strings.TrimRight(b.String(), " ")
}

func (k *ink) asciiOnly() bool { return k.glyphs.Name == "ascii" }

// character is one character, clean and as wide as its cells.
func (k *ink) character(c cell, wide int) string {
	if c.char >= ' ' && c.char < 0x7f {
		return string(c.char)
	}
	if k.asciiOnly() && c.char >= 0x2500 && c.char < 0x25a0 {
		return boxed(c.char)
	}
	text := k.glyphs.Clean(string(c.char))
	if ansi.StringWidth(text) != wide {
		return strings.Repeat("?", wide)
	}
	return text
}

// boxed draws lines and blocks with what ASCII has.
func boxed(r rune) string {
	switch {
	case r == '─' || r == '━' || r == '═':
		return "-"
	case r == '│' || r == '┃' || r == '║':
		return "|"
	case r >= 0x2580:
		return "#"
	}
	return "+"
}

func (k *ink) marks(c cell) {
	for _, m := range c.marks {
		if m != 0 {
			k.b.WriteRune(m)
		}
	}
}

// change writes the sequence from one pen to another.
func (k *ink) change(from, to pen) {
	if k.profile <= colorprofile.NoTTY {
		return
	}
	var s ansi.Style
	if from != (pen{}) {
		s = s.Reset()
	}
	s = attributes(s, to.attrs)
	if c := k.mix(to.fg); c != nil {
		s = s.ForegroundColor(c)
	}
	if c := k.mix(to.bg); c != nil {
		s = s.BackgroundColor(c)
	}
	if len(s) > 0 {
		k.b.WriteString(s.String())
	}
}

func attributes(s ansi.Style, a attribute) ansi.Style {
	if a&bold != 0 {
		s = s.Bold()
	}
	if a&faint != 0 {
		s = s.Faint()
	}
	if a&italic != 0 {
		s = s.Italic(true)
	}
	if a&underline != 0 {
		s = s.Underline(true)
	}
	if a&reverse != 0 {
		s = s.Reverse(true)
	}
	if a&strike != 0 {
		s = s.Strikethrough(true)
	}
	return s
}

// mix is a colour as the profile has it; nil is the terminal's own.
func (k *ink) mix(c colour) color.Color {
	if c == 0 || k.profile <= colorprofile.ASCII {
		return nil
	}
	if c&mixed != 0 {
		return k.profile.Convert(color.RGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 0xff})
	}
	if n := uint8(c); n < 16 {
		return ansi.BasicColor(n)
	}
	return k.profile.Convert(ansi.IndexedColor(uint8(c)))
}
