package style

import (
	"fmt"
	"strings"
)

// Glyphs is a set of characters to draw with. Every glyph is one cell wide in
// every terminal: no emoji, no variation selectors.
type Glyphs struct {
	Name     string
	Fill     [Series]string // one for each chart series, so that colour never stands alone
	Part     []string       // left parts of a full cell, rising; empty: whole cells only
	Track    string         // unused part of a bar
	Dot      string         // one run
	Hollow   string         // one doubtful run
	Cross    string         // what did not work
	Check    string
	Star     string // the best
	Warn     string
	Median   string
	Left     string // left end of an interval
	Right    string // right end of an interval
	Line     string // horizontal line
	Tick     string // tick on a horizontal line
	Vertical string
	Ellipsis string
	Dash     string // between two numbers
	Times    string // as in 1.4 times
	Bullet   string
	ascii    bool
}

// Unicode is the set for modern terminals: shades, eighths of a cell, marks.
func Unicode() Glyphs {
	return Glyphs{
		Name: "unicode", Fill: [Series]string{"░", "▒", "█", "▓", "▚", "▞", "▄", "▀"},
		Part:  []string{"▏", "▎", "▍", "▌", "▋", "▊", "▉"},
		Track: "·", Dot: "●", Hollow: "○", Cross: "✗", Check: "✓", Star: "★", Warn: "▲",
		Median: "┃", Left: "├", Right: "┤", Line: "─", Tick: "┬", Vertical: "│", Ellipsis: "…", Dash: "–", Times: "×", Bullet: "•",
	}
}

// Block is the set for old fonts and the Linux console: the characters of code
// page 437, which every console font has.
func Block() Glyphs {
	return Glyphs{
		Name: "block", Fill: [Series]string{"░", "▒", "█", "▓", "=", "#", "▄", "▀"},
		Part:  []string{"▌"},
		Track: "·", Dot: "■", Hollow: "o", Cross: "x", Check: "+", Star: "*", Warn: "!",
		Median: "█", Left: "├", Right: "┤", Line: "─", Tick: "┬", Vertical: "│", Ellipsis: "~", Dash: "-", Times: "x", Bullet: "-",
	}
}

// ASCII is the set for everything else, and for files that travel.
func ASCII() Glyphs {
	return Glyphs{
		Name: "ascii", Fill: [Series]string{".", "=", "#", "%", "+", "o", "~", ":"},
		Track: " ", Dot: "*", Hollow: "o", Cross: "x", Check: "+", Star: "*", Warn: "!",
		Median: "|", Left: "[", Right: "]", Line: "-", Tick: "+", Vertical: "|", Ellipsis: "~", Dash: "-", Times: "x", Bullet: "-", ascii: true,
	}
}

// GlyphsNamed returns the set of a configuration value: unicode, block or ascii.
func GlyphsNamed(name string) (Glyphs, error) {
	for _, g := range []Glyphs{Unicode(), Block(), ASCII()} {
		if g.Name == name {
			return g, nil
		}
	}
	return Glyphs{}, fmt.Errorf("glyph set %q is not known; choose unicode, block or ascii", name)
}

// Of returns the fill of a chart series.
func (g Glyphs) Of(series int) string { return g.Fill[wrap(series)] }

// Clean makes text that came from outside safe to print on one line: control
// characters, which could drive the terminal, become a visible mark, and in the
// ascii set so does everything that is not ASCII.
func (g Glyphs) Clean(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteString(g.clean(r))
	}
	return b.String()
}

func (g Glyphs) clean(r rune) string {
	switch {
	case r == '\n' || r == '\t':
		return " "
	case r < ' ' || r >= 0x7f && r < 0xa0 || unprintable(r):
		return "?"
	case r < 0x7f || !g.ascii:
		return string(r)
	}
	switch r {
	case '–', '—':
		return "-"
	case '×':
		return "x"
	case '…':
		return "..."
	case '±':
		return "+-"
	case '≤':
		return "<="
	case '≥':
		return ">="
	case '•', '·':
		return "-"
	}
	return "?"
}
