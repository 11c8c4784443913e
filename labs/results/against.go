package results

import (
	"fmt"
	"math"
	"strings"

	"distrolab/labs/stats"
)

// Versus sets two sessions against each other, system by system.
type Versus struct {
	A, B    string // ids of the sessions
	Differs []Difference
	Rows    []VersusRow
	Only    []string // what only one of them measured, one sentence each
	// Limits are what must be read with the numbers.
	Limits []string
}

// Difference is a condition in which the two sessions differ.
type Difference struct{ Name, A, B string }

// VersusRow is one system in both sessions.
type VersusRow struct {
	Label string
	A, B  Row
	// Ratio is how many times longer B takes than A; nil where the sessions
	// measured different things.
	Ratio   *stats.Ratio
	Verdict string
}

// Against compares two sessions. Ratios are of runs that share no blocks, so
// that whatever changed between the sessions is in them; where the host differs
// they say nothing of the systems, and the verdict says so.
func Against(a, b Session, ca, cb Comparison) Versus {
	v := Versus{A: a.ID, B: b.ID}
	if len(ca.Tables) == 0 || len(cb.Tables) == 0 {
		v.Limits = append(v.Limits, "One of the sessions has no measured run.")
		return v
	}
	ta, tb := tablesAlike(ca, cb)
	v.Differs = differences(a, b, ta, tb)
	if ta.Scenario != tb.Scenario {
		v.Limits = append(v.Limits, "They measure different things: no ratio is given.")
	} else if ta.Conditions != tb.Conditions {
		v.Limits = append(v.Limits, "The conditions differ: a ratio tells of the conditions as much as of the systems.")
	}
	if len(ca.Tables)+len(cb.Tables) > 2 {
		v.Limits = append(v.Limits, "A session has runs under several conditions; one set of each is compared.")
	}
	matched := map[string]bool{}
	for _, row := range ta.Rows {
		other, ok := rowNamed(tb, row.Subject.OS)
		if !ok {
			v.Only = append(v.Only, row.Label+" was measured in the first session only.")
			continue
		}
		matched[row.Subject.OS] = true
		v.Rows = append(v.Rows, versusRow(row, other, ta, tb))
	}
	for _, row := range tb.Rows {
		if !matched[row.Subject.OS] {
			v.Only = append(v.Only, row.Label+" was measured in the second session only.")
		}
	}
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

func rowNamed(t Table, os string) (Row, bool) {
	for _, r := range t.Rows {
		if r.Subject.OS == os {
			return r, true
		}
	}
	return Row{}, false
}

func versusRow(a, b Row, ta, tb Table) VersusRow {
	v := VersusRow{Label: a.Subject.OS, A: a, B: b}
	if ta.Scenario != tb.Scenario || (a.Boot.N == 0) != (b.Boot.N == 0) {
		v.Verdict = "they measure different things"
		return v
	}
	r := stats.UnpairedRatio(a.Sample(), b.Sample(), stats.Confidence95)
	v.Ratio = &r
	v.Verdict = verdict(r, ta.Conditions != tb.Conditions)
	return v
}

// verdict never says faster or slower unless the interval excludes 1 and the
// conditions are the same.
func verdict(r stats.Ratio, otherwise bool) string {
	switch {
	case r.N == 0 || math.IsNaN(r.Ratio):
		return "not known: a session has no finished run of it"
	case !r.Bounded() || r.N < stats.MinimumRuns(stats.Confidence95): // few runs of one session share its moods
		return fmt.Sprintf("not certain: too few runs (%d in the smaller session)", r.N)
	case !r.Differs():
		return "not shown to differ"
	case otherwise:
		return "differs, under other conditions"
	case r.Ratio > 1:
		return "slower in the second"
	}
	return "faster in the second"
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

// differences lists in what two sessions differ, what matters most first. Configs
// are not compared: each session has a key of its own in them.
func differences(a, b Session, ta, tb Table) []Difference {
	var list []Difference
	add := func(name, x, y string) {
		if x != y {
			list = append(list, Difference{name, orUnknown(x), orUnknown(y)})
		}
	}
	words := func(s Scenario) string { return strings.ReplaceAll(string(s), "_", " ") }
	add("measures", words(ta.Scenario), words(tb.Scenario))
	add("accelerator", strings.ToUpper(ta.Accel), strings.ToUpper(tb.Accel))
	add("page cache", ta.Cache, tb.Cache)
	add("virtual CPUs", fmt.Sprint(ta.VCPUs), fmt.Sprint(tb.VCPUs))
	add("memory", fmt.Sprintf("%d MiB", ta.MemMiB), fmt.Sprintf("%d MiB", tb.MemMiB))
	add("host", head(ta.Fingerprint, 12), head(tb.Fingerprint, 12))
	add("CPU", a.Env.CPUModel, b.Env.CPUModel)
	add("host's kernel", a.Env.Kernel, b.Env.Kernel)
	add("governor", a.Env.Governor, b.Env.Governor)
	add("QEMU", a.Env.QEMU, b.Env.QEMU)
	add("libvirt", a.Env.Libvirt, b.Env.Libvirt)
	for _, row := range ta.Rows {
		other, ok := rowNamed(tb, row.Subject.OS)
		if !ok {
			continue
		}
		x, y := row.Subject, other.Subject
		add(x.OS+": version", x.Version, y.Version)
		add(x.OS+": image", head(x.ImageSHA256, 12), head(y.ImageSHA256, 12))
		add(x.OS+": firmware", row.Firmware, other.Firmware)
		add(x.OS+": Kubernetes", x.K8s, y.K8s)
	}
	add("complete blocks", fmt.Sprint(ta.Blocks), fmt.Sprint(tb.Blocks))
	add("distrolab", a.Tool.Version, b.Tool.Version)
	return list
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
