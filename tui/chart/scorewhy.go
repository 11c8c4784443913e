package chart

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/distros/score"
	"distrolab/tui/style"
)

// whyBar is the length of the bars beside each criterion, in cells.
const whyBar = 20

// ScoreWhy draws how the total of one system comes about: every criterion with
// its points, every fact behind it with its grade and its source.
func ScoreWhy(r score.Result, p score.Place, width int, g style.Glyphs, s style.Styles) []string {
	sc := scoring{r, min(width, 110), g, s}
	lines := paragraph(s.Title, "", sc.standing(p), sc.width, g)
	lines = append(lines, paragraph(s.FgMuted, "", fmt.Sprintf("%s (profile %s, as of %s)", r.Profile.Title, r.Profile.Name, r.Day), sc.width, g)...)
	if len(p.Reasons) > 0 {
		lines = append(lines, "", s.Err.Render(g.Cross+" Ruled out"))
		lines = append(lines, sc.reasons(p.Reasons)...)
	}
	lines = append(lines, sc.doubts(p)...)
	for i, c := range p.Criteria {
		lines = append(lines, "")
		lines = append(lines, sc.derivation(r.Criteria[i], c)...)
	}
	lines = append(lines, "", s.Title.Render(fmt.Sprintf("Total %.1f of 100", p.Total)))
	if p.Unknown.Count > 0 {
		lines = append(lines, paragraph(s.Of(0), "?", unknownText(p.Unknown), sc.width, g)...)
	}
	if p.Against != "" {
		lines = append(append(lines, ""), sc.heading("Against "+sc.title(p.Against))...)
		lines = append(lines, sc.contrast(p)...)
	}
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return lines
}

func (sc scoring) standing(p score.Place) string {
	switch {
	case p.Rank == 0:
		return fmt.Sprintf("%s is ruled out; without that it would have %.1f of 100 points.", p.Title, p.Total)
	case p.Tied:
		return fmt.Sprintf("%s has %.1f of 100 points and shares place %d of %d.", p.Title, p.Total, p.Rank, len(sc.r.Ranking))
	}
	return fmt.Sprintf("%s has %.1f of 100 points: place %d of %d.", p.Title, p.Total, p.Rank, len(sc.r.Ranking))
}

// derivation is one criterion with the answers it was judged by.
func (sc scoring) derivation(w score.Weighted, c score.Points) []string {
	if w.LeftOut != "" {
		return append(paragraph(sc.s.Title, "", w.Title, sc.width, sc.g), sc.indented(sc.s.FgMuted, 2, w.LeftOut)...)
	}
	l := &line{}
	of := fmt.Sprintf("%s of %s", points(c.Points), points(c.Max))
	title := sc.width - gap - len("10.5 of 10.5")
	wide := sc.width >= 60
	if wide {
		title -= whyBar + gap
	}
	l.column(sc.s.Title, sc.g.Clean(w.Title), title, false, sc.g)
	l.pad(l.cells + gap)
	if wide {
		sc.bar(l, 100*c.Grade, 100*c.Grade, whyBar, sc.s.Of(1))
		l.pad(l.cells + gap)
	}
	l.column(sc.s.Fg, of, len("10.5 of 10.5"), true, sc.g)
	lines := []string{l.String()}
	for _, a := range c.Answers {
		lines = append(lines, sc.answered(a, len(c.Answers) > 1)...)
	}
	return lines
}

// answered is one fact: its class with the grade, its sentence, its source.
func (sc scoring) answered(a score.Answer, several bool) []string {
	grade := fmt.Sprintf("grade %s", gradeText(a.Grade))
	if several {
		grade += fmt.Sprintf(", %s of %s", points(a.Points), points(a.Max))
	}
	verdict := a.Class
	st := sc.s.FgMuted
	switch {
	case a.Unknown && a.Value == "":
		verdict, st = "not known", sc.s.Warn
	case a.Unknown:
		verdict, st = strings.TrimPrefix(a.Class+", not confirmed", ", "), sc.s.Warn
	}
	l := &line{}
	l.pad(2)
	l.add(sc.s.Fg, fit(sc.g.Clean(a.Title), sc.width-2, sc.g))
	if verdict != "" {
		l.add(st, fit(": "+sc.g.Clean(verdict), sc.width-l.cells, sc.g))
	}
	if room := sc.width - l.cells - gap; room >= ansi.StringWidth(grade) {
		l.pad(sc.width - ansi.StringWidth(grade))
		l.add(sc.s.FgMuted, grade)
	}
	lines := []string{l.String()}
	if a.Value != "" && a.Value != a.Class {
		lines = append(lines, sc.indented(sc.s.Fg, 4, a.Value)...)
	}
	if source := strings.TrimSpace(a.Source + " " + a.Checked); source != "" {
		lines = append(lines, sc.indented(sc.s.FgFaint, 4, source)...)
	}
	return lines
}

// gradeText writes a grade with two decimals where it has them.
func gradeText(v float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}
