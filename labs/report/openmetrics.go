package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"distrolab/labs/results"
	"distrolab/labs/stats"
)

// WriteOpenMetrics writes the comparison as OpenMetrics text: for each row the
// medians with their intervals, the ratio to the baseline, and the runs by
// outcome. Samples have no time stamp, as scrapers and the push gateway want
// it; when the session began is a metric of its own. A value that is not known
// has no sample, one that is infinite is +Inf.
func WriteOpenMetrics(w io.Writer, s results.Session, c results.Comparison) error {
	m := metrics{seen: map[string]bool{}}
	m.family("distrolab_session", "info", "", "The session that the other metrics are of.")
	m.sample("distrolab_session_info", labels("id", s.ID, "mode", string(s.Mode), "distrolab", s.Tool.Version, "qemu", s.Env.QEMU, "kernel", s.Env.Kernel, "cpu", s.Env.CPUModel), 1)
	m.family("distrolab_session_started_seconds", "gauge", "seconds", "When the session began, in seconds since 1970.")
	m.sample("distrolab_session_started_seconds", "", float64(s.Started.Unix()))
	m.medians(c)
	m.ratios(c)
	m.runs(c)
	m.text.WriteString("# EOF\n")
	if _, err := io.WriteString(w, m.text.String()); err != nil {
		return fmt.Errorf("writing metrics of session %s: %w", s.ID, err)
	}
	return nil
}

// metrics is text in the making. A series may be there once only.
type metrics struct {
	text strings.Builder
	seen map[string]bool
}

func (m *metrics) family(name, kind, unit, help string) {
	fmt.Fprintf(&m.text, "# TYPE %s %s\n", name, kind)
	if unit != "" {
		fmt.Fprintf(&m.text, "# UNIT %s %s\n", name, unit)
	}
	fmt.Fprintf(&m.text, "# HELP %s %s\n", name, metricText(help))
}

// sample adds one value; the label set is that of [labels].
func (m *metrics) sample(name, labels string, value float64) {
	series := name
	if labels != "" {
		series += "{" + labels + "}"
	}
	if math.IsNaN(value) || m.seen[series] {
		return
	}
	m.seen[series] = true
	text := strconv.FormatFloat(value, 'g', -1, 64)
	if math.IsInf(value, 0) {
		text = map[bool]string{true: "+Inf", false: "-Inf"}[value > 0]
	}
	m.text.WriteString(series + " " + text + "\n")
}

// each calls do for every row with the labels of its conditions and its system.
func each(c results.Comparison, do func(labels string, t results.Table, r results.Row)) {
	for _, t := range c.Tables {
		for _, r := range t.Rows {
			do(labels(
				"scenario", string(t.Scenario), "accel", t.Accel, "cache", t.Cache, "vcpus", strconv.Itoa(t.VCPUs), "mem_mib", strconv.Itoa(t.MemMiB),
				"host", t.Fingerprint[:min(12, len(t.Fingerprint))], "os", r.Subject.OS, "version", r.Subject.Version, "kind", string(r.Subject.Kind),
				"arch", r.Subject.Arch, "firmware", r.Firmware, "image", r.Subject.ImageSHA256[:min(12, len(r.Subject.ImageSHA256))]), t, r)
		}
	}
}

// named are the intervals of a row by the milestone at which they end.
func named(r results.Row) map[string]stats.Interval {
	if r.Join != nil {
		return map[string]stats.Interval{"node_ready": r.Join.Ready, "node_registered": r.Join.Registered, "first_pod": r.Join.FirstPod}
	}
	return map[string]stats.Interval{"boot_complete": r.Boot, "mgmt_answer": r.Management, "first_container": r.Container}
}

func (m *metrics) medians(c results.Comparison) {
	order := []string{"boot_complete", "mgmt_answer", "first_container", "node_registered", "node_ready", "first_pod"}
	for _, f := range []struct {
		name, help string
		value      func(stats.Interval) float64
	}{
		{"distrolab_median_seconds", "Median time to a milestone, unfinished runs ranked as the slowest.", func(iv stats.Interval) float64 { return iv.Median }},
		{"distrolab_median_low_seconds", "Lower end of the exact 95 % interval of the median.", func(iv stats.Interval) float64 { return bounded(iv, iv.Low) }},
		{"distrolab_median_high_seconds", "Upper end of the exact 95 % interval of the median.", func(iv stats.Interval) float64 { return bounded(iv, iv.High) }},
	} {
		m.family(f.name, "gauge", "seconds", f.help)
		each(c, func(row string, _ results.Table, r results.Row) {
			intervals := named(r)
			for _, milestone := range order {
				if iv, ok := intervals[milestone]; ok {
					m.sample(f.name, row+","+labels("milestone", milestone), f.value(iv))
				}
			}
		})
	}
}

// bounded is the end of an interval, or NaN where the runs give none.
func bounded(iv stats.Interval, end float64) float64 {
	if !iv.Bounded() {
		return math.NaN()
	}
	return end
}

func (m *metrics) ratios(c results.Comparison) {
	for _, f := range []struct {
		name, help string
		value      func(stats.Ratio) float64
	}{
		{"distrolab_time_ratio", "Time over that of the baseline in the same blocks.", func(r stats.Ratio) float64 { return r.Ratio }},
		{"distrolab_time_low_ratio", "Lower end of the 95 % interval of the ratio.", func(r stats.Ratio) float64 { return r.Low }},
		{"distrolab_time_high_ratio", "Upper end of the 95 % interval of the ratio.", func(r stats.Ratio) float64 { return r.High }},
	} {
		m.family(f.name, "gauge", "ratio", f.help)
		each(c, func(row string, t results.Table, r results.Row) {
			if r.Ratio == nil || r.Ratio.N == 0 || f.name != "distrolab_time_ratio" && !r.Ratio.Bounded() {
				return
			}
			m.sample(f.name, row+","+labels("baseline", t.Baseline), f.value(*r.Ratio))
		})
	}
}

func (m *metrics) runs(c results.Comparison) {
	m.family("distrolab_runs", "gauge", "", "Measured runs by how they ended.")
	each(c, func(row string, _ results.Table, r results.Row) {
		m.sample("distrolab_runs", row+","+labels("outcome", "ok"), float64(r.OK))
		m.sample("distrolab_runs", row+","+labels("outcome", "unfinished"), float64(r.Unfinished))
		m.sample("distrolab_runs", row+","+labels("outcome", "tainted"), float64(r.Tainted))
	})
	m.family("distrolab_failure_bound_ratio", "gauge", "ratio", "Largest rate of unfinished runs that is not ruled out at 95 %.")
	each(c, func(row string, _ results.Table, r results.Row) {
		m.sample("distrolab_failure_bound_ratio", row, r.FailureBound)
	})
}

// labels writes pairs of name and value. An empty value is the same as no
// label, and is left out.
func labels(pairs ...string) string {
	var list []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, pairs[i]+`="`+metricText(pairs[i+1])+`"`)
		}
	}
	return strings.Join(list, ",")
}

// metricText escapes as OpenMetrics wants it, in labels and in help.
func metricText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(printable(text))
}
