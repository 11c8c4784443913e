package score

import (
	"cmp"
	"math"
	"slices"
)

// sensitivity finds for each criterion the nearest weight that changes who is
// first. A difference of two totals is linear in every single weight, so each
// rival overtakes at exactly one weight or at none, and no search is needed.
func sensitivity(weighted []Weighted, ranking []Place) Sensitivity {
	s := Sensitivity{Flips: []Flip{}, CouldLead: []string{}}
	if len(ranking) == 0 {
		return s
	}
	first := ranking[0]
	s.Tied = first.Tied
	for _, p := range ranking[1:] {
		if p.Rank > 1 && p.Unknown.Gain > 0 && p.Total+p.Unknown.Gain >= first.Total-first.Unknown.Loss-level {
			s.CouldLead = append(s.CouldLead, p.Distro)
		}
	}
	if s.Tied {
		return s
	}
	for i, w := range weighted {
		if w.LeftOut == "" {
			s.Flips = append(s.Flips, nearest(i, weighted, ranking))
		}
	}
	slices.SortStableFunc(s.Flips, func(a, b Flip) int { return cmp.Compare(a.change(), b.change()) })
	return s
}

// nearest returns the weight of a criterion at which the first rival draws
// level. Of several that do so at once, the one that gains most is first beyond.
func nearest(i int, weighted []Weighted, ranking []Place) Flip {
	w := weighted[i]
	flip := Flip{Criterion: w.Name, Title: w.Title, Weight: w.Weight}
	slope := 0.0
	for _, rival := range ranking[1:] {
		ahead := ranking[0].Criteria[i].Grade - rival.Criteria[i].Grade
		if math.Abs(ahead) < 1e-12 {
			continue // this weight does not move the two against each other
		}
		at := w.Weight - lead(weighted, ranking[0], rival)/ahead
		if at < 1e-9 {
			continue // no weight lies beyond nothing
		}
		farther := math.Abs(at-w.Weight) - flip.change()
		if farther < -1e-9 || farther < 1e-9 && math.Abs(ahead) > slope {
			flip.At, flip.To, slope = &at, rival.Distro, math.Abs(ahead)
		}
	}
	return flip
}

// lead is how far one system is ahead of another, in units of the weights.
func lead(weighted []Weighted, first, rival Place) float64 {
	sum := 0.0
	for k, w := range weighted {
		if w.LeftOut == "" {
			sum += w.Weight * (first.Criteria[k].Grade - rival.Criteria[k].Grade)
		}
	}
	return sum
}

// change is how far the weight has to move; infinite if nothing helps.
func (f Flip) change() float64 {
	if f.At == nil {
		return math.Inf(1)
	}
	return math.Abs(*f.At - f.Weight)
}
