package results

import (
	"math"

	"distrolab/labs/stats"
)

// The rule of a regression: the interval excludes 1, the change is larger than
// both 5 % and 100 ms, and the p-value among all comparisons is below 0.01.
const (
	regressionShare   = 0.05
	regressionSeconds = 0.1
	regressionP       = 0.01
)

// Judgement is what the rule says of a change.
type Judgement string

// The judgements, from the worst to the best.
const (
	JudgedRegression  Judgement = "regression"
	JudgedOpen        Judgement = "open"        // neither shown nor excluded: more runs would tell
	JudgedPass        Judgement = "pass"        // a regression of the size that counts is excluded
	JudgedImprovement Judgement = "improvement" // the rule of a regression, the other way round
	JudgedNot         Judgement = "not_judged"  // other hosts or conditions, or nothing to compare
)

// judge applies the rule to a change from a baseline of the given median.
func judge(c contrast, baseline float64) Judgement {
	if c.N == 0 || math.IsNaN(c.Ratio.Ratio) || math.IsNaN(baseline) {
		return JudgedNot
	}
	if !c.enough() {
		return JudgedOpen
	}
	limit := max(regressionShare, regressionSeconds/baseline) // as a share of the baseline
	sure := c.Differs() && c.Holm < regressionP
	switch {
	case sure && c.Ratio.Ratio > 1+limit:
		return JudgedRegression
	case sure && c.Ratio.Ratio < 1-limit:
		return JudgedImprovement
	case c.High <= 1+limit:
		return JudgedPass
	}
	return JudgedOpen
}

// worst is the judgement of a whole comparison: one regression makes it one.
func worst(rows []VersusRow) Judgement {
	for _, j := range []Judgement{JudgedRegression, JudgedOpen, JudgedPass, JudgedImprovement} {
		for _, r := range rows {
			if r.Judgement == j {
				return j
			}
		}
	}
	return JudgedNot
}

// setVerdicts says in words what each ratio of rows that share a baseline means.
func setVerdicts(rows []rowOf) {
	ratios := make([]*stats.Ratio, len(rows))
	for i, r := range rows {
		ratios[i] = r.Ratio
	}
	for i, c := range contrasts(ratios, "block") {
		if ratios[i] != nil {
			rows[i].Holm, rows[i].Verdict = known(c.Holm), c.words()
		}
	}
}
