package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/distros/score"
	"distrolab/tui/style"
)

// detailed is the number of ranked systems up to which each gets its
// differences in whole sentences, one a line.
const detailed = 8

// Score draws a ranking for plain output: the answer, the totals with what they
// lack, what is ruled out, where the points come from, and how firm it is.
// Lines are at most width cells and have no trailing spaces.
func Score(r score.Result, width int, g style.Glyphs, s style.Styles) []string {
	sc := scoring{r, width, g, s}
	lines := paragraph(s.Title, "", r.Profile.Title, width, g)
	lines = append(lines, paragraph(s.FgMuted, "", r.Profile.For, width, g)...)
	lines = append(lines, paragraph(s.FgMuted, "", sc.scope(), width, g)...)
	for _, part := range [][]string{
		paragraph(s.Title, "", sc.answer(), width, g), sc.ranking(), sc.ruledOut(), sc.matrix(), sc.firmness(), sc.notes(),
	} {
		if len(part) > 0 {
			lines = append(append(lines, ""), part...)
		}
	}
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return lines
}

// scoring is a result being drawn.
type scoring struct {
	r     score.Result
	width int
	g     style.Glyphs
	s     style.Styles
}

// scope says what was weighed by what, so that a picture of it can be repeated.
func (sc scoring) scope() string {
	text := fmt.Sprintf("Profile %s, %d systems ranked", sc.r.Profile.Name, len(sc.r.Ranking))
	if n := len(sc.r.Disqualified); n > 0 {
		text += fmt.Sprintf(", %d ruled out", n)
	}
	return text + ", as of " + sc.r.Day
}

func (sc scoring) answer() string {
	ranked := sc.r.Ranking
	if len(ranked) == 0 {
		return "No system is left to rank: all are ruled out."
	}
	first := ranked[0]
	var equals []string
	for _, p := range ranked {
		if p.Rank == 1 {
			equals = append(equals, p.Title)
		}
	}
	switch {
	case len(equals) > 1:
		return fmt.Sprintf("%s share the first place with %.1f of 100 points.", and(equals), first.Total)
	case len(ranked) == 1:
		return fmt.Sprintf("%s has %.1f of 100 points.", first.Title, first.Total)
	}
	var next []string
	for _, p := range ranked[1:] {
		if p.Rank == 2 {
			next = append(next, p.Title)
		}
	}
	return fmt.Sprintf("%s is first with %.1f of 100 points, %s before %s.", first.Title, first.Total, points(first.Total-ranked[1].Total), and(next))
}

func and(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// points writes points with one decimal where there is one.
func points(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// indent is where names begin, after rank and mark.
const indent = 6

func (sc scoring) ranking() []string {
	name := 0
	for _, p := range sc.r.Ranking {
		name = max(name, ansi.StringWidth(sc.g.Clean(p.Title)))
	}
	name = min(name, max(12, sc.width*3/10), max(1, sc.width-indent-gap-5))
	var lines []string
	unknown := false
	for _, p := range sc.r.Ranking {
		if len(sc.r.Ranking) <= detailed && len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(append(lines, sc.place(p, name)), sc.differences(p)...)
		unknown = unknown || p.Unknown.Gain > 0
	}
	if unknown {
		lines = append(lines, "")
		lines = append(lines, legend([]legendEntry{
			{sc.g.Of(2) + sc.g.Of(2), sc.s.Of(1), "points"},
			{sc.g.Of(0) + sc.g.Of(0), sc.s.Of(0), "more, at most, if what is not known were at its best"},
		}, indent, sc.width, sc.g, sc.s)...)
	}
	return lines
}

// place is the line of one system: rank, name, bar, total.
func (sc scoring) place(p score.Place, name int) string {
	l := &line{}
	rank, mark, weight := strconv.Itoa(p.Rank), "", sc.s.Fg
	if p.Tied {
		rank += "="
	}
	if p.Rank == 1 {
		mark, weight = sc.g.Star, sc.s.Accent
	}
	l.column(sc.s.FgMuted, rank, 3, true, sc.g)
	l.pad(4)
	l.column(weight, mark, 1, false, sc.g)
	l.pad(indent)
	l.column(weight, sc.g.Clean(p.Title), name, false, sc.g)
	l.pad(indent + name + gap)
	if cells := min(100, sc.width-l.cells-gap-5); cells >= leastPlot {
		sc.bar(l, p.Total, p.Total+p.Unknown.Gain, cells, sc.s.Of(1))
		l.pad(l.cells + gap)
	}
	l.column(sc.s.Title, fmt.Sprintf("%.1f", p.Total), 5, true, sc.g)
	return l.String()
}

// bar draws a share of 100, and a lighter one up to what it might be.
func (sc scoring) bar(l *line, total, might float64, cells int, st lipgloss.Style) {
	end := total / 100 * float64(cells)
	whole := int(end)
	part := ""
	if n := len(sc.g.Part); n == 0 {
		whole = int(math.Round(end))
	} else if i := int((end - float64(whole)) * float64(n+1)); i > 0 && whole < cells {
		part = sc.g.Part[i-1]
	}
	l.add(st, strings.Repeat(sc.g.Of(2), whole)+part)
	used := whole + ansi.StringWidth(part)
	light := min(cells, int(math.Round(might/100*float64(cells)))) - used
	l.add(sc.s.Of(0), repeat(sc.g.Of(0), light))
	l.add(sc.s.Track, repeat(sc.g.Track, cells-used-max(0, light)))
}

// differences says by what a system loses and wins most, and what is not known.
func (sc scoring) differences(p score.Place) []string {
	if len(sc.r.Ranking) <= detailed {
		return sc.sentences(p)
	}
	var chips []legendEntry
	for _, d := range p.Costs {
		chips = append(chips, legendEntry{fmt.Sprintf("-%.1f", d.Points), sc.s.Fg, d.Title + ": " + inOneWord(d)})
	}
	if p.Unknown.Count > 0 {
		chips = append(chips, legendEntry{"?", sc.s.Of(0), fmt.Sprintf("%d unknown, -%s at most", p.Unknown.Count, points(p.Unknown.Gain))})
	}
	lines := legend(chips, indent, sc.width, sc.g, sc.s)
	return append(lines, sc.doubts(p)...)
}

// sentences are the differences and what is not known, one a line.
func (sc scoring) sentences(p score.Place) []string {
	lines := sc.contrast(p)
	if p.Unknown.Count > 0 {
		lines = append(lines, sc.indented(sc.s.Of(0), indent, "? "+unknownText(p.Unknown))...)
	}
	return append(lines, sc.doubts(p)...)
}

// contrast is what a system loses and wins by, in the facts' own words.
func (sc scoring) contrast(p score.Place) []string {
	title := 0 // the same for all, so that the eye can run down
	for _, p := range append([]score.Place{p}, sc.r.Ranking[:min(detailed, len(sc.r.Ranking))]...) {
		for _, d := range slices.Concat(p.Costs, p.Gains) {
			title = max(title, ansi.StringWidth(d.Title))
		}
	}
	var lines []string
	add := func(sign string, st lipgloss.Style, all []score.Difference) {
		for _, d := range all {
			l := &line{}
			l.pad(indent)
			l.column(st, fmt.Sprintf("%s%.1f", sign, d.Points), 5, true, sc.g)
			l.pad(l.cells + gap)
			l.column(sc.s.FgMuted, d.Title, min(title, sc.width-l.cells), false, sc.g)
			l.pad(l.cells + gap)
			l.add(sc.s.Fg, fit(sc.g.Clean(words(d)), sc.width-l.cells, sc.g))
			lines = append(lines, l.String())
		}
	}
	add("-", sc.s.Fg, p.Costs)
	add("+", sc.s.OK, p.Gains)
	return lines
}

func (sc scoring) doubts(p score.Place) []string {
	var lines []string
	for _, d := range p.Doubts {
		text := fmt.Sprintf("would be ruled out if this were confirmed: %s: %s", d.Title, d.Value)
		for _, l := range paragraph(sc.s.Warn, sc.g.Warn, text, sc.width-indent, sc.g) {
			lines = append(lines, strings.Repeat(" ", indent)+l)
		}
	}
	return lines
}

// words is the answer of a system in the fact's own words.
func words(d score.Difference) string {
	switch {
	case d.Value == "":
		return "not known"
	case d.Unknown:
		return "unconfirmed: " + d.Value
	}
	return d.Value
}

// inOneWord is the answer in one word.
func inOneWord(d score.Difference) string {
	switch {
	case d.Value == "":
		return "not known"
	case d.Unknown:
		return "not confirmed"
	case d.Class != "":
		return d.Class
	}
	return d.Value
}

func unknownText(u score.Unknown) string {
	what := "criteria are"
	if u.Count == 1 {
		what = "criterion is"
	}
	text := fmt.Sprintf("%d %s not known or not confirmed: -%s at most", u.Count, what, points(u.Gain))
	if u.Loss > 0 {
		text += fmt.Sprintf(", +%s if known to be bad", points(u.Loss))
	}
	return text
}

// ruledOut lists the disqualified systems, each with every reason; many of
// them under the reasons that they share.
func (sc scoring) ruledOut() []string {
	if len(sc.r.Disqualified) == 0 {
		return nil
	}
	lines := sc.heading("Ruled out")
	if len(sc.r.Disqualified) > manyRuledOut {
		return append(lines, sc.byReason()...)
	}
	for _, p := range sc.r.Disqualified {
		lines = append(lines, sc.s.Err.Render("    "+sc.g.Cross)+" "+sc.s.Fg.Render(fit(sc.g.Clean(p.Title), sc.width-indent, sc.g)))
		lines = append(lines, sc.reasons(p.Reasons)...)
	}
	return lines
}

// manyRuledOut is the number of ruled out systems up to which each is listed
// with its own reasons.
const manyRuledOut = 4

func (sc scoring) byReason() []string {
	var order []string
	systems := map[string][]string{}
	name := 0
	for _, p := range sc.r.Disqualified {
		name = max(name, ansi.StringWidth(sc.g.Clean(p.Title)))
		for _, r := range p.Reasons {
			if !slices.Contains(order, r.Reason) {
				order = append(order, r.Reason)
			}
		}
	}
	name = min(name, sc.width*3/10)
	for _, p := range sc.r.Disqualified {
		for _, r := range p.Reasons {
			l := &line{}
			l.pad(indent)
			l.column(sc.s.Fg, sc.g.Clean(p.Title), name, false, sc.g)
			l.pad(l.cells + gap)
			l.add(sc.s.FgMuted, fit(sc.g.Clean(r.Value), sc.width-l.cells, sc.g))
			systems[r.Reason] = append(systems[r.Reason], l.String())
		}
	}
	var lines []string
	for _, reason := range order {
		text := sc.indented(sc.s.Fg, indent, reason)
		if len(text) > 0 {
			text[0] = sc.s.Err.Render("    "+sc.g.Cross) + text[0][indent-1:]
		}
		lines = append(lines, text...)
		lines = append(lines, systems[reason]...)
	}
	return lines
}

// reasons says the profile's sentence and the fact behind it.
func (sc scoring) reasons(reasons []score.Reason) []string {
	var lines []string
	for _, r := range reasons {
		lines = append(lines, sc.indented(sc.s.Fg, indent, r.Reason)...)
		lines = append(lines, sc.indented(sc.s.FgMuted, indent+2, r.Title+": "+r.Value)...)
	}
	return lines
}

func (sc scoring) indented(st lipgloss.Style, by int, text string) []string {
	var lines []string
	for _, l := range paragraph(st, "", text, min(sc.width, 110)-by, sc.g) {
		lines = append(lines, strings.Repeat(" ", by)+l)
	}
	return lines
}

func (sc scoring) heading(text string) []string {
	return paragraph(sc.s.Title, "", text, sc.width, sc.g)
}

// notes are what else the reader should know.
func (sc scoring) notes() []string {
	var lines []string
	for _, n := range sc.r.Notes {
		lines = append(lines, paragraph(sc.s.Warn, sc.g.Warn, n, sc.width, sc.g)...)
	}
	return lines
}
