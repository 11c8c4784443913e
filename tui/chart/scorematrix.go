package chart

import (
	"fmt"
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/distros/score"
)

// matrix draws the points of each criterion for as many systems as fit, from
// the first on.
func (sc scoring) matrix() []string {
	shown := sc.fitting()
	if len(shown) == 0 {
		return nil
	}
	columns := []Column{{Title: "  points"}, {Title: "of", Right: true}}
	for _, p := range shown {
		columns = append(columns, Column{Title: p.Distro, Right: true})
	}
	var rows [][]Cell
	doubtful := false
	for i, c := range sc.r.Criteria {
		if c.LeftOut != "" {
			continue
		}
		row := []Cell{{"  " + c.Title, sc.s.Fg}, {points(c.Max), sc.s.FgMuted}}
		for _, p := range shown {
			cell := sc.cell(p.Criteria[i])
			doubtful = doubtful || strings.HasPrefix(cell.Text, "?")
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	sum := []Cell{{"  total", sc.s.Title}, {"100", sc.s.FgMuted}}
	for _, p := range shown {
		sum = append(sum, Cell{fmt.Sprintf("%.1f", p.Total), sc.s.Title})
	}
	title := "Where the points come from"
	if n := len(sc.r.Ranking); len(shown) < n {
		title += fmt.Sprintf(", the first %d of %d", len(shown), n)
	}
	lines := sc.heading(title)
	lines = append(lines, Table(columns, append(rows, sum), sc.width, sc.g, sc.s)...)
	if doubtful {
		lines = append(lines, paragraph(sc.s.FgMuted, "", "  ? not all of it is known", sc.width, sc.g)...)
	}
	return lines
}

// cell is what a system has on one criterion: all of it, nothing, or between.
func (sc scoring) cell(c score.Points) Cell {
	text, st := fmt.Sprintf("%.1f", c.Points), sc.s.Fg
	switch {
	case c.Points >= c.Max-0.05:
		st = sc.s.OK
	case c.Points < 0.05:
		st = sc.s.Err
	}
	for _, a := range c.Answers {
		if a.Unknown && a.Max > 0 {
			return Cell{"? " + text, sc.s.Warn}
		}
	}
	return Cell{text, st}
}

// fitting returns the ranked systems that have room beside the criteria.
func (sc scoring) fitting() []score.Place {
	room := sc.width - gap - len("100")
	widest := 0
	for _, c := range sc.r.Criteria {
		widest = max(widest, ansi.StringWidth(sc.g.Clean(c.Title))+2)
	}
	room -= widest
	for i, p := range sc.r.Ranking {
		if room -= gap + max(ansi.StringWidth(p.Distro), len("? 10.5")); room < 0 {
			return sc.r.Ranking[:i]
		}
	}
	return sc.r.Ranking
}

// firmness says which single weight would change the first place.
func (sc scoring) firmness() []string {
	s := sc.r.Sensitivity
	if len(sc.r.Ranking) < 2 {
		return nil
	}
	lines := sc.heading("How firm the first place is")
	text := func(t string) { lines = append(lines, sc.indented(sc.s.Fg, 2, t)...) }
	if s.Tied {
		if sc.alike() {
			text("It is shared by systems that are alike in everything this profile asks.")
		} else {
			text("It is shared: any change of a weight in which the first differ decides.")
		}
		return append(lines, sc.couldLead()...)
	}
	var rows [][]Cell
	var never []string
	for _, f := range s.Flips {
		if f.At == nil {
			never = append(never, f.Title)
			continue
		}
		rows = append(rows, []Cell{
			{"  " + f.Title, sc.s.Fg}, {points(f.Weight), sc.s.FgMuted}, {points(*f.At), sc.s.Fg},
			{sc.g.Times + " " + factor(f), sc.s.FgMuted}, {sc.title(f.To), sc.s.Accent},
		})
	}
	text(verdict(s))
	if len(rows) > 0 {
		lines = append(lines, Table([]Column{
			{Title: "  changing one weight alone"}, {Title: "from", Right: true}, {Title: "to", Right: true},
			{Title: "that is", Right: true, Drop: 1}, {Title: "puts first"},
		}, rows, sc.width, sc.g, sc.s)...)
		if len(never) > 0 {
			text("No weight of these does: " + strings.Join(never, ", ") + ".")
		}
	}
	return append(lines, sc.couldLead()...)
}

// alike says whether those that share the first place have the same points on
// every criterion, so that no weight can part them.
func (sc scoring) alike() bool {
	first := sc.r.Ranking[0]
	for _, p := range sc.r.Ranking {
		for i, c := range p.Criteria {
			if p.Rank == 1 && math.Abs(c.Grade-first.Criteria[i].Grade) > 1e-9 {
				return false
			}
		}
	}
	return true
}

// verdict says in one sentence what the table of weights means.
func verdict(s score.Sensitivity) string {
	nearest := math.Inf(1) // largest factor by which any weight may change
	for _, f := range s.Flips {
		if f.At != nil && f.Weight > 0 {
			nearest = math.Min(nearest, math.Max(*f.At/f.Weight, f.Weight / *f.At))
		} else if f.At != nil {
			nearest = math.Min(nearest, 1+*f.At/10) // from nothing to something: by its size
		}
	}
	switch {
	case math.IsInf(nearest, 1):
		return "Firm: no single weight, however large or small, changes it."
	case nearest >= 2:
		return "Firm: no single weight changes it before it is doubled or halved."
	case nearest >= 1.25:
		return "Fairly firm: a quarter more or less of any one weight does not change it."
	}
	return "Not firm: less than a quarter more or less of one weight changes it."
}

func factor(f score.Flip) string {
	if f.Weight == 0 {
		return "-"
	}
	v := *f.At / f.Weight
	switch {
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	case v >= 0.1:
		return fmt.Sprintf("%.2g", v)
	}
	return fmt.Sprintf("%.1g", v)
}

func (sc scoring) title(name string) string {
	for _, p := range sc.r.Ranking {
		if p.Distro == name {
			return p.Title
		}
	}
	return name
}

// couldLead names the systems that only ignorance keeps from the first place.
func (sc scoring) couldLead() []string {
	var titles []string
	for _, name := range sc.r.Sensitivity.CouldLead {
		titles = append(titles, sc.title(name))
	}
	if len(titles) == 0 {
		return nil
	}
	text := "Too little is known to be sure: if every unknown fact were at its best, one of these could be first: " + strings.Join(titles, ", ") + "."
	var lines []string
	for _, l := range paragraph(sc.s.Warn, sc.g.Warn, text, min(sc.width, 110)-2, sc.g) {
		lines = append(lines, "  "+l)
	}
	return lines
}
