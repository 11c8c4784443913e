package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/perf/benchfmt"

	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// Units of the benchmark lines. A unit that begins with another name than sec
// is a table of its own in benchstat.
const (
	unitHeadline   = "sec/op"
	unitManagement = "mgmt-sec/op"
	unitContainer  = "container-sec/op"
	unitRegistered = "registered-sec/op"
	unitFirstPod   = "pod-sec/op"
	unitUnfinished = "unfinished/op"
)

// WriteBenchfmt writes the measured runs of the comparison in the format of Go's
// benchmarks, one line each, for benchstat. Tainted runs are left out, as they are of every
// statistic. The format has no infinity: a run that did not finish has no time
// and counts in unfinished/op, so that benchstat's medians are of finished runs
// only.
func WriteBenchfmt(w io.Writer, s results.Session, runs []results.Run, c results.Comparison) error {
	label := map[string]string{} // by run
	for _, t := range c.Tables {
		for _, r := range t.Rows {
			for _, pt := range r.Points {
				label[pt.RunID] = r.Label
			}
		}
	}
	out := benchfmt.NewWriter(w)
	for _, unit := range []string{unitHeadline, unitManagement, unitContainer, unitRegistered, unitFirstPod, unitUnfinished} {
		meta := &benchfmt.UnitMetadata{UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: unit, Key: "better"}, OrigUnit: unit, Value: "lower"}
		if err := out.Write(meta); err != nil {
			return fmt.Errorf("writing benchmark lines of session %s: %w", s.ID, err)
		}
	}
	for _, r := range runs {
		name, measured := label[r.RunID]
		if !measured || r.Outcome == results.OutcomeTainted {
			continue
		}
		line := benchLine(r, name)
		if len(line.Values) == 0 {
			continue
		}
		if err := out.Write(line); err != nil {
			return fmt.Errorf("writing run %s of session %s: %w", r.RunID, s.ID, err)
		}
	}
	return nil
}

// benchLine is one run of a row. What all runs of a table share is
// configuration: benchstat compares only what has the same. What differs from
// session to session without making them incomparable, such as the version of
// a system, is in neither.
func benchLine(r results.Run, label string) *benchfmt.Result {
	name := "Boot"
	if r.Scenario.Joins() {
		name = "Join"
	}
	name += "/system=" + word(label)
	line := &benchfmt.Result{Name: benchfmt.Name(name), Iters: 1, Values: benchValues(r)}
	for _, part := range []struct{ key, value string }{
		{"scenario", string(r.Scenario)}, {"accel", r.VM.Accel}, {"cache", r.Cache.State},
		{"vcpus", fmt.Sprint(r.VM.VCPUs)}, {"memory", fmt.Sprintf("%dMiB", r.VM.MemMiB)},
		{"fingerprint", r.Env.Fingerprint}, {"cpu", r.Env.CPUModel},
	} {
		if part.value != "" {
			line.Config = append(line.Config, benchfmt.Config{Key: part.key, Value: []byte(oneLine(part.value)), File: true})
		}
	}
	return line
}

func benchValues(r results.Run) []benchfmt.Value {
	if r.Outcome != results.OutcomeOK {
		return []benchfmt.Value{{Value: 1, Unit: unitUnfinished}}
	}
	tl := r.Timeline()
	from := observe.VCPUStart
	ends := []struct {
		unit string
		to   observe.Milestone
	}{{unitHeadline, observe.BootComplete}, {unitManagement, observe.ManagementByte}, {unitContainer, observe.FirstContainer}}
	if r.Scenario.Joins() {
		from = observe.Trigger
		ends[0].to, ends[1].to, ends[1].unit, ends[2].to, ends[2].unit =
			observe.NodeReady, observe.NodeRegistered, unitRegistered, observe.FirstPod, unitFirstPod
	}
	var values []benchfmt.Value
	for _, end := range ends {
		if d, ok := tl.Between(from, end.to); ok && d >= 0 {
			values = append(values, benchfmt.Value{Value: d.Seconds(), Unit: end.unit})
		}
	}
	return append(values, benchfmt.Value{Value: 0, Unit: unitUnfinished})
}

// word makes foreign text one part of a benchmark's name: no space, no slash,
// and no dash before a number at the end, which would be read as GOMAXPROCS.
func word(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune("._+-:@", r):
			return r
		}
		return '_'
	}, text)
	if i := strings.LastIndexByte(text, '-'); i >= 0 && strings.Trim(text[i+1:], "0123456789") == "" {
		text = text[:i] + "_" + text[i+1:]
	}
	return text
}

// oneLine makes foreign text the value of a line, without white space at its
// ends.
func oneLine(text string) string { return strings.TrimSpace(printable(text)) }
