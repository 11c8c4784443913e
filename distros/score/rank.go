package score

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"distrolab/distros"
)

// level is the difference of totals, in points of 100, below which systems are
// called equal: far below what is shown, far above the error of a sum.
const level = 1e-7

// Input is what is ranked.
type Input struct {
	Systems  []distros.Distro
	Day      time.Time // support is judged as of this day
	Measured Measurements
}

// Rank judges the systems by a profile. The order of the systems does not
// matter, nor do their names, except for the order in which equals are listed.
func Rank(p Profile, in Input) Result {
	s := newScale(p, in)
	r := Result{
		Profile: Heading{p.Name, p.Title, p.For}, Day: in.Day.Format(time.DateOnly),
		Criteria: s.weighted, Ranking: []Place{}, Disqualified: []Place{}, Notes: s.notes,
	}
	for _, d := range in.Systems {
		place := s.place(d)
		place.Reasons, place.Doubts = apply(p.Disqualify, d, in.Day)
		if len(place.Reasons) > 0 {
			r.Disqualified = append(r.Disqualified, place)
		} else {
			r.Ranking = append(r.Ranking, place)
		}
	}
	slices.SortFunc(r.Ranking, better)
	slices.SortFunc(r.Disqualified, better)
	number(r.Ranking)
	contrast(r.Ranking, r.Disqualified)
	r.Sensitivity = sensitivity(s.weighted, r.Ranking)
	r.Notes = append(r.Notes, origins(r.Ranking)...)
	return r
}

// better orders places by their totals. Of equals, the one that does better on
// what comes first in the profile comes first; the name decides last, and only
// between systems that do equally well in everything.
func better(a, b Place) int {
	if d := cmp.Compare(b.Total, a.Total); d != 0 {
		return d
	}
	for i := range a.Criteria {
		for k := range a.Criteria[i].Answers {
			if d := cmp.Compare(b.Criteria[i].Answers[k].Grade, a.Criteria[i].Answers[k].Grade); d != 0 {
				return d
			}
		}
	}
	return cmp.Compare(a.Distro, b.Distro)
}

// number gives ranks to sorted places: equals share one, the next is skipped.
func number(places []Place) {
	for i := range places {
		places[i].Rank = i + 1
		if i > 0 && places[i-1].Total-places[i].Total < level {
			places[i].Rank = places[i-1].Rank
			places[i].Tied, places[i-1].Tied = true, true
		}
	}
}

// place judges one system.
func (s scale) place(d distros.Distro) Place {
	at := Place{Distro: d.Name, Title: d.Title, Kind: string(d.Kind), Criteria: make([]Points, 0, len(s.weighted))}
	for i, w := range s.weighted {
		got := Points{Name: w.Name, Max: w.Max, Answers: make([]Answer, 0, len(s.judges[i]))}
		for _, j := range s.judges[i] {
			a := j.judge(d)
			a.Max = w.Max * j.share
			a.Points = a.Max * a.Grade
			got.Points += a.Points
			got.Grade += j.share * a.Grade
			got.Answers = append(got.Answers, a)
			if a.Unknown && a.Max > 0 {
				at.Unknown.Count++
				at.Unknown.Gain += a.Max * max(0, j.high-a.Grade)
				at.Unknown.Loss += a.Max * max(0, a.Grade-j.low)
			}
		}
		at.Total += got.Points
		at.Criteria = append(at.Criteria, got)
	}
	return at
}

// apply finds the rules that rule a system out, and those that would if an
// unconfirmed fact were confirmed.
func apply(rules []Rule, d distros.Distro, day time.Time) (reasons, doubts []Reason) {
	reasons, doubts = []Reason{}, []Reason{}
	for _, r := range rules {
		a := look(d, r.Key, day)
		switch {
		case slices.Contains(r.Is, a.class):
			reasons = append(reasons, r.reason(a, a.class))
		case slices.Contains(r.Is, a.unconfirmed):
			doubts = append(doubts, r.reason(a, a.unconfirmed))
		}
	}
	return reasons, doubts
}

func (r Rule) reason(a answer, class string) Reason {
	return Reason{Reason: r.Reason, Key: r.Key, Title: titleOf(r.Key), Class: class, Value: a.fact.Value, Source: a.fact.Source}
}

// contrast says in what every system differs from the first, and the first
// from the full marks.
func contrast(ranking, disqualified []Place) {
	if len(ranking) == 0 {
		for i := range disqualified {
			disqualified[i].differ(Place{})
		}
		return
	}
	first := ranking[0]
	ranking[0].differ(Place{})
	for i := range ranking[1:] {
		ranking[i+1].differ(first)
	}
	for i := range disqualified {
		disqualified[i].differ(first)
	}
}

// differ fills in what the place loses and wins against another; the empty
// place stands for the full marks.
func (p *Place) differ(other Place) {
	p.Against = other.Distro
	p.Costs, p.Gains = []Difference{}, []Difference{}
	for i, c := range p.Criteria {
		for k, a := range c.Answers {
			lost, theirs := a.Max-a.Points, ""
			if other.Distro != "" {
				answer := other.Criteria[i].Answers[k]
				lost, theirs = answer.Points-a.Points, answer.Value
			}
			d := Difference{
				Criterion: c.Name, Key: a.Key, Title: a.Title, Class: a.Class, Value: a.Value,
				Unknown: a.Unknown, Other: theirs, Points: math.Abs(lost),
			}
			switch {
			case lost > level:
				p.Costs = keep(p.Costs, d)
			case lost < -level:
				p.Gains = keep(p.Gains, d)
			}
		}
	}
}

// keep adds a difference to a list of the three largest, largest first.
func keep(largest []Difference, d Difference) []Difference {
	i := slices.IndexFunc(largest, func(x Difference) bool { return x.Points < d.Points })
	if i < 0 {
		i = len(largest)
	}
	largest = slices.Insert(largest, i, d)
	return largest[:min(3, len(largest))]
}

// origins says which of the ranked images are not a vendor's.
func origins(ranking []Place) []string {
	var notes []string
	for _, p := range ranking {
		switch distros.Kind(p.Kind) {
		case distros.KindStandIn:
			notes = append(notes, fmt.Sprintf("%s is a stand-in built on this machine: its points are its own, not those of the system it imitates.", p.Title))
		case distros.KindLocal, distros.KindProbe:
			notes = append(notes, fmt.Sprintf("%s is built on this machine; it is no vendor's image.", p.Title))
		}
	}
	return notes
}
