package results

import (
	"math"
	"slices"

	"distrolab/labs/observe"
	"distrolab/labs/stats"
)

// label gives each row a short name that is unique in its table.
func label(rows []rowOf) {
	forms := []func(Row) string{
		func(r Row) string { return r.Subject.Called() },
		func(r Row) string { return r.Subject.OS + " " + r.Subject.Version },
		func(r Row) string { return r.Subject.OS + " " + r.Subject.Version + " " + r.Firmware },
		func(r Row) string {
			return r.Subject.OS + " " + r.Subject.Version + " " + r.Firmware + " " + r.Subject.Arch + " " + head(r.Subject.ImageSHA256, 8)
		},
	}
	for i := range rows {
		for _, form := range forms {
			rows[i].Label = form(rows[i].Row)
			if alike(rows, rows[i].Label, form) == 1 {
				break
			}
		}
	}
}

func alike(rows []rowOf, text string, form func(Row) string) int {
	n := 0
	for _, r := range rows {
		if form(r.Row) == text {
			n++
		}
	}
	return n
}

func head(s string, n int) string { return s[:min(n, len(s))] }

// baseline returns the row that the session names, or its first subject.
func baseline(rows []rowOf, s Session) int {
	name := s.Baseline
	if name == "" && len(s.Subjects) > 0 {
		name = s.Subjects[0].Called()
	}
	return max(0, slices.IndexFunc(rows, func(r rowOf) bool { return r.Subject.Called() == name || r.Label == name }))
}

// ratio says how many times longer b takes than a, from the blocks they share.
func ratio(a, b rowOf) *stats.Ratio {
	r := stats.PairedRatio(pairs(a.runs, b.runs, milestoneOf(a.Row, b.Row)), stats.Confidence95)
	return &r
}

// milestoneOf returns the end of the interval that both rows know.
func milestoneOf(a, b Row) observe.Milestone {
	switch {
	case a.Join != nil:
		return observe.NodeReady
	case a.Boot.N == 0 || b.Boot.N == 0:
		return observe.ManagementByte
	}
	return observe.BootComplete
}

// pairs joins the valid runs of two subjects by block. A block that a crash cut
// in two has the first run of each.
func pairs(a, b []Run, to observe.Milestone) []stats.Pair {
	ofA, ofB := byBlock(a, to), byBlock(b, to)
	var list []stats.Pair
	for _, r := range a {
		va, okA := ofA[r.Block]
		vb, okB := ofB[r.Block]
		if okA && okB {
			list = append(list, stats.Pair{A: va, B: vb})
			delete(ofA, r.Block)
		}
	}
	return list
}

func byBlock(runs []Run, to observe.Milestone) map[int]float64 {
	values := times(runs, to)
	m := make(map[int]float64)
	for i, r := range runs {
		if _, seen := m[r.Block]; !seen && r.Outcome != OutcomeTainted {
			m[r.Block] = values[i]
		}
	}
	return m
}

// markFastest marks the rows that no other row was shown to beat, when there is
// a row that was beaten. Rows are sorted; overlapping intervals are a tie.
func markFastest(rows []Row) {
	if len(rows) < 2 || !rows[0].Primary().Bounded() || math.IsInf(rows[0].Primary().High, 1) {
		return
	}
	limit := rows[0].Primary().High
	ties := 0
	for ties < len(rows) && rows[ties].Primary().Bounded() && rows[ties].Primary().Low <= limit {
		ties++
	}
	if ties == len(rows) {
		return
	}
	for i := range rows[:ties] {
		rows[i].Fastest = true
	}
}
