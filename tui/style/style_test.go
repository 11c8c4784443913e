package style

import (
	"image/color"
	"math"
	"strings"
	"testing"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
)

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	lin := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(r) + 0.7152*lin(g) + 0.0722*lin(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestContrast holds text to 4.5:1 and lines and bars to 3:1 (WCAG 2.2 AA).
func TestContrast(t *testing.T) {
	p := palette()
	text := map[string]token{"fg": p.fg, "muted": p.muted, "faint": p.faint, "accent": p.accent, "ok": p.ok, "warn": p.warn, "err": p.err, "info": p.info}
	chrome := map[string]token{"border": p.border, "track": p.track}
	for i, c := range p.chart {
		text["chart "+string(rune('0'+i))] = c // its legend is text
	}
	for _, dark := range []bool{true, false} {
		backs := []string{"#ffffff", "#fafafa"}
		if dark {
			backs = []string{"#000000", "#101216", "#1e1e1e"}
		}
		for _, back := range backs {
			check := func(name string, tok token, least float64) {
				if got := contrast(tok.pick(dark, colorprofile.TrueColor), lipgloss.Color(back)); got < least {
					t.Errorf("%s on %s: contrast %.2f, want %.1f", name, back, got, least)
				}
			}
			for name, tok := range text {
				check(name, tok, 4.5)
			}
			for name, tok := range chrome {
				check(name, tok, 3)
			}
		}
		for name, pair := range map[string][2]token{"on accent": {p.onAccent, p.accent}, "selection": {p.fg, p.sel}} {
			if got := contrast(pair[0].pick(dark, colorprofile.TrueColor), pair[1].pick(dark, colorprofile.TrueColor)); got < 4.5 {
				t.Errorf("%s, dark %v: contrast %.2f", name, dark, got)
			}
		}
	}
}

func TestNoColourLeavesNoColour(t *testing.T) {
	for _, dark := range []bool{true, false} {
		s := NewStyles(dark, colorprofile.NoTTY)
		for _, st := range []lipgloss.Style{s.Fg, s.FgMuted, s.Accent, s.OnAccent, s.Err, s.Sel, s.Title, s.Of(0), s.Of(9)} {
			if got := st.Render("x"); got != "x" {
				t.Errorf("without a terminal: %q", got)
			}
		}
		s = NewStyles(dark, colorprofile.ASCII)
		for _, st := range []lipgloss.Style{s.FgMuted, s.Accent, s.OnAccent, s.Err, s.Sel, s.Of(3)} {
			if got := st.Render("x"); strings.Contains(got, "38;") || strings.Contains(got, "48;") || strings.Contains(got, "[3") {
				t.Errorf("without colours: %q", got)
			}
		}
	}
}

func TestProfile(t *testing.T) {
	for _, c := range []struct {
		name     string
		environ  []string
		terminal bool
		want     colorprofile.Profile
	}{
		{"a pipe", []string{"TERM=xterm-256color"}, false, colorprofile.NoTTY},
		{"a terminal", []string{"TERM=xterm-256color"}, true, colorprofile.ANSI256},
		{"true colour", []string{"TERM=xterm-256color", "COLORTERM=truecolor"}, true, colorprofile.TrueColor},
		{"NO_COLOR=1", []string{"TERM=xterm-256color", "NO_COLOR=1"}, true, colorprofile.ASCII},
		{"NO_COLOR=yes", []string{"TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR=yes"}, true, colorprofile.ASCII},
		{"NO_COLOR=0 is a value too", []string{"TERM=xterm-256color", "NO_COLOR=0"}, true, colorprofile.ASCII},
		{"NO_COLOR empty", []string{"TERM=xterm-256color", "NO_COLOR="}, true, colorprofile.ANSI256},
		{"NO_COLOR in a forced pipe", []string{"TERM=xterm-256color", "CLICOLOR_FORCE=1", "NO_COLOR=x"}, false, colorprofile.NoTTY},
		{"dumb", []string{"TERM=dumb"}, true, colorprofile.NoTTY},
	} {
		if got := Profile(c.environ, c.terminal); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestDetectGlyphs(t *testing.T) {
	for want, environs := range map[string][][]string{
		"unicode": {{"LANG=en_US.UTF-8", "TERM=xterm"}, {"LC_ALL=C.utf8"}},
		"ascii":   {{}, {"LANG=C"}, {"LANG=de_DE.UTF-8", "LC_ALL=C"}, {"LANG=en_US.UTF-8", "TERM=dumb"}},
		"block":   {{"LC_CTYPE=en_US.UTF-8", "TERM=linux"}},
	} {
		for _, e := range environs {
			if got := DetectGlyphs(e).Name; got != want {
				t.Errorf("%v: %s, want %s", e, got, want)
			}
		}
	}
}

func TestGlyphsAreOneCellWideAndFillsDiffer(t *testing.T) {
	for _, name := range []string{"unicode", "block", "ascii"} {
		g, err := GlyphsNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		all := append([]string{g.Track, g.Dot, g.Hollow, g.Cross, g.Check, g.Star, g.Warn, g.Median, g.Left, g.Right, g.Line, g.Tick, g.Vertical, g.Ellipsis, g.Dash, g.Times, g.Bullet}, g.Part...)
		fills := make(map[string]bool)
		for i := range Series {
			fills[g.Of(i)] = true
			all = append(all, g.Of(i))
		}
		if len(fills) != Series {
			t.Errorf("%s: %d different fills, want %d", name, len(fills), Series)
		}
		for _, s := range all {
			if ansi.StringWidth(s) != 1 || ansi.StringWidthWc(s) != 1 {
				t.Errorf("%s: %q is not one cell wide", name, s)
			}
			if g.ascii && s[0] >= 0x80 {
				t.Errorf("ascii has %q", s)
			}
		}
	}
	if _, err := GlyphsNamed("braille"); err == nil {
		t.Error("an unknown set was accepted")
	}
}

func TestCleanDisarmsForeignText(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b[2Jgone\x07":       "?[2Jgone?",
		"a\u202eb\u200dc\ufe0f": "a?b?c?",
		"two\nlines":            "two lines",
		"\u009bx\xff":           "?x?",
		"Größe 日本":              "Größe 日本",
	} {
		if got := Unicode().Clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := ASCII().Clean("21.7–22.1 × Größe…"); got != "21.7-22.1 x Gr??e..." {
		t.Errorf("%q", got)
	}
}
