// Package style holds the look of distrolab in a terminal: colours by the name
// of what they mean, and the glyphs that are safe to draw with. Screens and
// plain output use its tokens and never name a colour themselves.
//
// It touches nothing: the environment and the kind of output are parameters.
package style

import (
	"image/color"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/colorprofile"
)

// Series is the number of chart colours and fills; later series repeat.
const Series = 8

// Styles are the tokens. Each is a plain value and may be copied.
type Styles struct {
	Fg, FgMuted, FgFaint lipgloss.Style // text, by importance
	Accent, OnAccent     lipgloss.Style // what to look at first; text on an accent background
	OK, Warn, Err, Info  lipgloss.Style
	Border, BorderFocus  lipgloss.Style
	Sel, Track           lipgloss.Style         // selected row; unused part of a chart
	Title                lipgloss.Style         // headings: weight, no colour of its own
	Chart                [Series]lipgloss.Style // one for each series of a chart
	Dark                 bool
	Profile              colorprofile.Profile
}

// NewStyles returns the tokens for a dark or light background, in the colours
// that the profile can show. Without colours, weight remains; with no terminal,
// no escape sequence does.
func NewStyles(dark bool, profile colorprofile.Profile) Styles {
	s := Styles{Dark: dark, Profile: profile}
	plain := lipgloss.NewStyle()
	fg := func(t token) lipgloss.Style {
		if c := t.pick(dark, profile); c != nil {
			return plain.Foreground(c)
		}
		return plain
	}
	bold := func(st lipgloss.Style) lipgloss.Style {
		if profile <= colorprofile.NoTTY {
			return st
		}
		return st.Bold(true)
	}
	p := palette()
	s.Fg, s.FgMuted, s.FgFaint = plain, fg(p.muted), fg(p.faint)
	s.Accent, s.OnAccent = bold(fg(p.accent)), bold(on(p.onAccent, p.accent, dark, profile))
	s.OK, s.Warn, s.Err, s.Info = fg(p.ok), fg(p.warn), bold(fg(p.err)), fg(p.info)
	s.Border, s.BorderFocus = fg(p.border), fg(p.accent)
	s.Sel, s.Track = on(p.fg, p.sel, dark, profile), fg(p.track)
	s.Title = bold(plain)
	for i, t := range p.chart {
		s.Chart[i] = fg(t)
	}
	return s
}

// Of returns the style of a chart series.
func (s Styles) Of(series int) lipgloss.Style { return s.Chart[wrap(series)] }

func wrap(series int) int { return ((series % Series) + Series) % Series }

// on returns text over a background; without colours, reversed video.
func on(text, back token, dark bool, profile colorprofile.Profile) lipgloss.Style {
	st := lipgloss.NewStyle()
	switch {
	case profile <= colorprofile.NoTTY:
		return st
	case profile == colorprofile.ASCII:
		return st.Reverse(true)
	}
	return st.Foreground(text.pick(dark, profile)).Background(back.pick(dark, profile))
}

// token is one colour: for dark and light backgrounds, and by hand for
// terminals of 16 colours, where rounding greys makes text unreadable.
type token struct {
	dark, light     string
	dark16, light16 string
}

func (t token) pick(dark bool, profile colorprofile.Profile) color.Color {
	full, basic := t.light, t.light16
	if dark {
		full, basic = t.dark, t.dark16
	}
	switch {
	case profile <= colorprofile.ASCII:
		return nil
	case profile == colorprofile.ANSI:
		return lipgloss.Color(basic)
	}
	return profile.Convert(lipgloss.Color(full))
}

type tokens struct {
	fg, muted, faint, accent, onAccent token
	ok, warn, err, info                token
	border, sel, track                 token
	chart                              [Series]token
}

// palette is the only place that names colours. The chart series follow the
// order of Okabe and Ito, which people with any colour vision can tell apart,
// with the lightness adjusted to the background.
func palette() tokens {
	return tokens{
		fg:       token{"#e6e6e6", "#1c1c1c", "15", "0"},
		muted:    token{"#a8adb7", "#565b66", "7", "8"},
		faint:    token{"#8b919c", "#6b707b", "7", "8"},
		accent:   token{"#7cc4ff", "#0b5cad", "14", "4"},
		onAccent: token{"#0b1016", "#ffffff", "0", "15"},
		ok:       token{"#6fd39a", "#0f6b3c", "10", "2"},
		warn:     token{"#f0c454", "#7a5200", "11", "3"},
		err:      token{"#ff8f87", "#b3261e", "9", "1"},
		info:     token{"#8fd3e8", "#0b6478", "14", "6"},
		border:   token{"#757c88", "#80858f", "8", "8"},
		sel:      token{"#2b3a4d", "#cfe3f8", "4", "14"},
		track:    token{"#717885", "#868b95", "8", "8"},
		chart: [Series]token{
			{"#e69f00", "#9a5b00", "11", "3"},
			{"#56b4e9", "#0072b2", "14", "4"},
			{"#2fc69b", "#00704f", "10", "2"},
			{"#d98cb3", "#a0457c", "13", "5"},
			{"#f0e442", "#6f6200", "11", "3"},
			{"#ff8a5c", "#b53a00", "9", "1"},
			{"#8fa8ff", "#3d4fc4", "12", "4"},
			{"#b9bec7", "#5c616b", "7", "8"},
		},
	}
}
