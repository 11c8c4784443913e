package results

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"distrolab/labs/stats"
)

// VersusSchema names the version of the JSON of [Versus].
const VersusSchema = "distrolab.versus/1"

// Versus sets what two sessions measured, or the systems of one session and its
// baseline, against each other. A is before, B is now.
type Versus struct {
	Schema    string       `json:"schema"`
	A         string       `json:"a"`                  // id of the session
	B         string       `json:"b"`                  // the same where one session is compared
	Baseline  string       `json:"baseline,omitempty"` // of one session: the row that all others are set against, in the same blocks
	Judgement Judgement    `json:"judgement"`          // the worst of the rows
	Unjudged  string       `json:"unjudged,omitempty"` // why no change may be called a regression
	Rows      []VersusRow  `json:"rows"`
	Differs   []Difference `json:"differs"` // in what the two differ besides the times
	Only      []string     `json:"only"`    // what only one of them measured, one sentence each
	Limits    []string     `json:"limits"`  // what must be read with the numbers
}

// Difference is a condition in which two sessions differ.
type Difference struct {
	Name string `json:"name"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// VersusRow is one system in both sessions, or one system and the baseline.
type VersusRow struct {
	Label string `json:"label"`
	A     Row    `json:"a"`
	B     Row    `json:"b"`
	// Ratio is how many times longer B takes than A; nil where they measured
	// different things.
	Ratio      *stats.Ratio `json:"ratio"`
	Holm       *float64     `json:"p_holm"`     // the ratio's p-value among all rows
	Detectable *float64     `json:"detectable"` // change that as many runs would show in four of five cases, as a share
	Verdict    string       `json:"verdict"`
	Judgement  Judgement    `json:"judgement"`
}

// Against compares two sessions. Ratios are of runs that share no blocks, so
// that whatever changed between the sessions is in them; where host or
// conditions differ they say as much of those, and nothing is judged.
func Against(a, b Session, ca, cb Comparison) Versus {
	v := Versus{Schema: VersusSchema, A: a.ID, B: b.ID, Judgement: JudgedNot, Rows: []VersusRow{}, Differs: []Difference{}, Only: []string{}, Limits: []string{}}
	if len(ca.Tables) == 0 || len(cb.Tables) == 0 {
		v.Unjudged = "One of the sessions has no measured run."
		v.Limits = append(v.Limits, v.Unjudged)
		return v
	}
	ta, tb := tablesAlike(ca, cb)
	v.Differs = differences(a, b, ta, tb)
	v.Unjudged = unjudged(a, b, ta, tb)
	if v.Unjudged != "" {
		v.Limits = append(v.Limits, v.Unjudged)
	}
	if len(ca.Tables)+len(cb.Tables) > 2 {
		v.Limits = append(v.Limits, "A session has runs under several conditions; one set of each is compared.")
	}
	var matched []string
	for _, row := range ta.Rows {
		other, ok := rowLike(tb, row)
		if !ok {
			v.Only = append(v.Only, row.Label+" was measured in the first session only.")
			continue
		}
		matched = append(matched, other.Label)
		v.Rows = append(v.Rows, versusRow(row, other, ta, tb))
	}
	for _, row := range tb.Rows {
		if !slices.Contains(matched, row.Label) {
			v.Only = append(v.Only, row.Label+" was measured in the second session only.")
		}
	}
	v.decide("run of each")
	return v
}

// tablesAlike are the first tables under the same conditions, or the first ones.
func tablesAlike(a, b Comparison) (Table, Table) {
	for _, ta := range a.Tables {
		for _, tb := range b.Tables {
			if ta.Conditions == tb.Conditions {
				return ta, tb
			}
		}
	}
	return a.Tables[0], b.Tables[0]
}

// rowLike finds a row of another session that is of the same system: by its
// label, else the only one of that system, in whatever version.
func rowLike(t Table, like Row) (Row, bool) {
	var same []Row
	for _, r := range t.Rows {
		if r.Label == like.Label && r.Subject.OS == like.Subject.OS {
			return r, true
		}
		if r.Subject.OS == like.Subject.OS {
			same = append(same, r)
		}
	}
	if len(same) != 1 {
		return Row{}, false
	}
	return same[0], true
}

func versusRow(a, b Row, ta, tb Table) VersusRow {
	v := VersusRow{Label: a.Subject.OS, A: a, B: b}
	if a.Label == b.Label {
		v.Label = a.Label
	}
	if ta.Scenario == tb.Scenario && (a.Boot.N == 0) == (b.Boot.N == 0) {
		r := stats.UnpairedRatio(a.Sample(), b.Sample(), stats.Confidence95)
		v.Ratio = &r
	}
	return v
}

// decide adjusts the ratios for their number and says what each means.
func (v *Versus) decide(unit string) {
	ratios := make([]*stats.Ratio, len(v.Rows))
	for i, r := range v.Rows {
		ratios[i] = r.Ratio
	}
	for i, c := range contrasts(ratios, unit) {
		r := &v.Rows[i]
		r.Judgement = JudgedNot
		switch {
		case r.Ratio == nil:
			r.Verdict = "they measure different things"
			continue
		case v.Unjudged == "":
			r.Verdict, r.Judgement = c.words(), judge(c, r.A.Primary().Median)
		case c.shown():
			r.Verdict = "differs, under other conditions"
		case !c.Differs():
			r.Verdict = c.words()
		default:
			r.Verdict = "not shown to differ"
		}
		r.Holm, r.Detectable = known(c.Holm), known(c.Ratio.Detectable())
	}
	v.Judgement = worst(v.Rows)
}

// Within sets the systems of one session against one of them, in the blocks
// they share: what the machine did meanwhile happened to all. An empty name is
// the baseline that the session has.
func Within(s Session, runs []Run, baseline string) (Versus, error) {
	if baseline != "" {
		s.Baseline = baseline
	}
	v := Versus{Schema: VersusSchema, A: s.ID, B: s.ID, Judgement: JudgedNot, Rows: []VersusRow{}, Differs: []Difference{}, Only: []string{}, Limits: []string{}}
	c := Summarise(s, runs)
	if len(c.Tables) == 0 {
		return v, fmt.Errorf("session %s has no measured run", s.ID)
	}
	t := slices.MaxFunc(c.Tables, func(a, b Table) int { return a.Blocks*len(a.Rows) - b.Blocks*len(b.Rows) })
	if len(c.Tables) > 1 {
		v.Limits = append(v.Limits, "The session has runs under several conditions; those with most blocks are compared.")
	}
	base := t.Rows[slices.IndexFunc(t.Rows, func(r Row) bool { return r.Label == t.Baseline })]
	if baseline != "" && base.Label != baseline && base.Subject.OS != baseline {
		return v, fmt.Errorf("session %s has no runs of %s; it has %s", s.ID, bounded(baseline), namesOf(t))
	}
	v.Baseline = base.Label
	for _, row := range t.Rows {
		if row.Label != base.Label {
			v.Rows = append(v.Rows, VersusRow{Label: row.Label, A: base, B: row, Ratio: row.Ratio})
		}
	}
	if len(v.Rows) == 0 {
		return v, fmt.Errorf("session %s has runs of %s only, and nothing to compare it with", s.ID, base.Label)
	}
	v.decide("block")
	return v, nil
}

func namesOf(t Table) string {
	var names []string
	for _, r := range t.Rows {
		names = append(names, r.Label)
	}
	return strings.Join(names, ", ")
}

// Sample is the times that [Row.Primary] is the median of, in the order of the
// runs: seconds, +Inf for a run that did not finish, NaN for one not known.
// Runs that are not valid are left out.
func (r Row) Sample() []float64 {
	iv := r.Primary()
	list := make([]float64, 0, len(r.Points))
	for _, p := range r.Points {
		at := r.PrimaryOf(p)
		switch {
		case p.Outcome == OutcomeTainted:
		case at != nil:
			list = append(list, *at)
		case iv.N > 0 && p.Outcome != OutcomeOK:
			list = append(list, math.Inf(1))
		default:
			list = append(list, math.NaN())
		}
	}
	return list
}
