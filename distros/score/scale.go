package score

import (
	"fmt"
	"math"
	"slices"
	"time"

	"distrolab/distros"
)

// scale is a profile made ready for judging: what each criterion can give, and
// who judges it.
type scale struct {
	weighted []Weighted
	judges   [][]judge // those of each criterion
	notes    []string
}

// judge grades one answer.
type judge struct {
	key, title string
	share      float64 // of the criterion's points; the judges of one have 1 together
	low, high  float64 // least and highest grade there is
	unknown    float64 // grade where nothing is known
	grades     map[string]float64
	day        time.Time

	measure  Measure // "": a fact
	measured Measurements
	best     float64
	worst    float64 // NaN: grade against the best
}

// newScale resolves shares and weights. A measured criterion counts when there
// are two systems to compare; without, everybody would lose its points alike.
func newScale(p Profile, in Input) scale {
	s := scale{weighted: []Weighted{}, notes: []string{}}
	sum := 0.0
	for _, c := range p.Criteria {
		w := Weighted{Name: c.Name, Title: c.Title, Weight: c.Weight}
		if c.Measure != "" {
			values := measuredOf(p, in, c.Measure)
			if len(values) < 2 {
				w.LeftOut = fmt.Sprintf("not counted: measured of %d of these systems, and it takes two to compare", len(values))
			}
			s.judges = append(s.judges, []judge{c.measuring(values, in.Measured)})
		} else {
			s.judges = append(s.judges, c.judging(in.Day))
		}
		if w.LeftOut == "" {
			sum += w.Weight
		} else {
			s.notes = append(s.notes, c.Title+" is "+w.LeftOut+".")
		}
		s.weighted = append(s.weighted, w)
	}
	for i, w := range s.weighted {
		if w.LeftOut == "" && sum > 0 {
			s.weighted[i].Max = 100 * w.Weight / sum
		}
	}
	return s
}

// judging makes the judges of a criterion that facts answer.
func (c Criterion) judging(day time.Time) []judge {
	parts := c.Parts
	if c.Key != "" {
		parts = []Part{{Key: c.Key, Grades: c.Grades, Unknown: c.Unknown}}
	}
	sum := 0.0
	for _, p := range parts {
		sum += p.share()
	}
	var judges []judge
	for _, p := range parts {
		j := judge{key: p.Key, title: titleOf(p.Key), share: p.share() / sum, unknown: p.Unknown, grades: p.Grades, day: day}
		j.low, j.high = p.span()
		judges = append(judges, j)
	}
	return judges
}

func (p Part) share() float64 {
	if p.Share == nil {
		return 1
	}
	return *p.Share
}

// span is the lowest and the highest grade that a class can give.
func (p Part) span() (low, high float64) {
	c, _ := criterion(p.Key)
	low, high = 1, 0
	for _, class := range c.Classes {
		low, high = min(low, p.Grades[class]), max(high, p.Grades[class])
	}
	return low, high
}

// measuring makes the judge of a measured criterion.
func (c Criterion) measuring(values []float64, measured Measurements) judge {
	j := judge{
		key: string(c.Measure), title: c.Measure.Title(), share: 1, high: 1, unknown: c.Unknown,
		measure: c.Measure, measured: measured, worst: math.NaN(),
	}
	if c.Best != nil {
		j.best, j.worst = *c.Best, *c.Worst
	} else if len(values) > 0 {
		j.best = slices.Min(values)
	}
	return j
}

// measuredOf returns what was measured of the systems that are not ruled out.
func measuredOf(p Profile, in Input, m Measure) []float64 {
	var values []float64
	for _, d := range in.Systems {
		if got, ok := in.Measured.of(d.Name, m); ok {
			if reasons, _ := apply(p.Disqualify, d, in.Day); len(reasons) == 0 {
				values = append(values, got.Value)
			}
		}
	}
	return values
}

// of returns a usable measurement: one that never ended is none.
func (m Measurements) of(name string, measure Measure) (Measurement, bool) {
	got, ok := m[name][measure]
	return got, ok && got.Value >= 0 && !math.IsInf(got.Value, 0)
}

func (j judge) judge(d distros.Distro) Answer {
	if j.measure != "" {
		return j.time(d)
	}
	a := look(d, j.key, j.day)
	out := Answer{
		Key: j.key, Title: j.title, Class: a.class, Value: a.fact.Value, Source: a.fact.Source,
		Checked: a.fact.Checked, Unconfirmed: a.fact.Unconfirmed, Grade: j.grades[a.class],
	}
	if a.class == "" {
		out.Class, out.Unknown, out.Grade = a.unconfirmed, true, j.unknown
	}
	return out
}

// time grades a measurement: on a line from worst to best, or as the best
// value's part of it, so that twice as long is half the grade.
func (j judge) time(d distros.Distro) Answer {
	got, ok := j.measured.of(d.Name, j.measure)
	out := Answer{Key: j.key, Title: j.title, Value: got.Text, Source: got.Source, Grade: j.unknown, Unknown: !ok}
	switch {
	case !ok:
		out.Value, out.Source = "", ""
	case !math.IsNaN(j.worst):
		out.Grade = min(1, max(0, (j.worst-got.Value)/(j.worst-j.best)))
	case got.Value <= j.best:
		out.Grade = 1
	default:
		out.Grade = j.best / got.Value
	}
	return out
}
