package chart

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/distros/score"
	"distrolab/tui/style"
)

// Ranking draws a ranking with a line for each system, at most most of them:
// place, name, bar and points; below them those that are ruled out, with the
// reason. What has no room is counted in the last line.
func Ranking(r score.Result, width, most int, g style.Glyphs, s style.Styles) []string {
	if width < titled {
		r = named(r)
	}
	sc := scoring{r, width, g, s}
	all := len(r.Ranking) + len(r.Disqualified)
	if width < 16 || most <= 0 || all == 0 {
		return nil
	}
	name := 0
	for _, p := range append(append([]score.Place{}, r.Ranking...), r.Disqualified...) {
		name = max(name, ansi.StringWidth(g.Clean(p.Title)))
	}
	name = min(name, max(12, width*45/100), max(1, width-indent-gap-5))
	var lines []string
	for _, p := range r.Ranking {
		lines = append(lines, sc.place(p, name))
	}
	for _, p := range r.Disqualified {
		lines = append(lines, sc.ruledOutLine(p, name))
	}
	if len(lines) > most {
		left := all - (most - 1)
		lines = append(lines[:most-1], s.FgMuted.Render(fit(fmt.Sprintf("%s%s and %d more", strings.Repeat(" ", indent), g.Ellipsis, left), width, g)))
	}
	return lines
}

// titled is the width from which a ranking has room for titles beside its bars;
// below, systems are called by their short names.
const titled = 56

func named(r score.Result) score.Result {
	short := func(places []score.Place) []score.Place {
		places = slices.Clone(places)
		for i := range places {
			places[i].Title = places[i].Distro
		}
		return places
	}
	r.Ranking, r.Disqualified = short(r.Ranking), short(r.Disqualified)
	return r
}

// ruledOutLine names the system and the first reason against it.
func (sc scoring) ruledOutLine(p score.Place, name int) string {
	l := &line{}
	l.pad(4)
	l.add(sc.s.Err, sc.g.Cross)
	l.pad(indent)
	l.column(sc.s.FgMuted, sc.g.Clean(p.Title), name, false, sc.g)
	if len(p.Reasons) > 0 && sc.width-l.cells-gap > 8 {
		l.pad(l.cells + gap)
		l.add(sc.s.FgMuted, fit(sc.g.Clean(p.Reasons[0].Reason), sc.width-l.cells, sc.g))
	}
	return l.String()
}

// Firmness says in a few lines how firm the first place is, and which weights
// alone would change it: the nearest first, at most most of them.
func Firmness(r score.Result, width, most int, g style.Glyphs, s style.Styles) []string {
	sc := scoring{r, width, g, s}
	sens := r.Sensitivity
	if len(r.Ranking) < 2 || width <= 4 {
		return nil
	}
	if sens.Tied {
		text := "The first place is shared: any change of a weight in which the first differ decides."
		if sc.alike() {
			text = "The first place is shared by systems that are alike in everything this profile asks."
		}
		return paragraph(s.Fg, "", text, width, g)
	}
	lines := paragraph(s.Fg, "", verdict(sens), width, g)
	for _, f := range sens.Flips {
		if f.At == nil || most <= 0 {
			continue
		}
		most--
		text := fmt.Sprintf("%s at %s puts %s first", f.Title, points(*f.At), sc.title(f.To))
		lines = append(lines, paragraph(s.FgMuted, g.Bullet, text, width, g)...)
	}
	return lines
}

// Share draws a part of a whole as a bar of a number of cells.
func Share(part float64, cells int, g style.Glyphs, s style.Styles) string {
	sc := scoring{score.Result{}, cells, g, s}
	l := &line{}
	part = max(min(part, 1), 0)
	sc.bar(l, 100*part, 100*part, max(cells, 0), s.Of(1))
	return l.String()
}
