package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// WriteCSV writes one line for each run, warm-ups included, with the seconds of
// every milestone from the zero of its run: the start call, or of a warm join
// its trigger. An empty cell is not known; the reason is in the JSON Lines.
func WriteCSV(w io.Writer, s results.Session, runs []results.Run) error {
	infos := observe.Milestones()
	if s.Scenario.Joins() {
		infos = append(infos, observe.JoinMilestones()...)
	}
	head := []string{"session", "run_id", "phase", "block", "pos", "scenario", "os", "version", "kind", "firmware", "accel", "vcpus", "mem_mib",
		"cache", "resident_frac", "image", "name", "load1", "others_cpu", "canary_p99_us",
		"outcome", "cause", "taints", "headline_s"}
	for _, info := range infos {
		head = append(head, string(info.Milestone)+"_s")
	}
	out := csv.NewWriter(w)
	lines := [][]string{head}
	for _, r := range runs {
		lines = append(lines, csvLine(r, infos))
	}
	if err := out.WriteAll(lines); err != nil {
		return fmt.Errorf("writing table of session %s: %w", s.ID, err)
	}
	return nil
}

func csvLine(r results.Run, infos []observe.Info) []string {
	line := []string{r.Session, r.RunID, string(r.Phase), strconv.Itoa(r.Block), strconv.Itoa(r.Pos), string(r.Scenario),
		r.Subject.OS, r.Subject.Version, string(r.Subject.Kind), r.VM.Firmware, r.VM.Accel, strconv.Itoa(r.VM.VCPUs), strconv.Itoa(r.VM.MemMiB),
		r.Cache.State, number(r.Cache.ResidentFrac), r.Subject.ImageSHA256, r.Subject.Name, number(r.Env.Volatile.Load1), number(r.Env.Volatile.OthersCPU), canary(r.Clock),
		string(r.Outcome), r.Cause, strings.Join(r.Taints, "; ")}
	for i := range line {
		line[i] = harmless(line[i])
	}
	headline := ""
	if d, ok := r.Headline(); ok {
		headline = seconds(d)
	}
	line = append(line, headline)
	tl := r.Timeline()
	_, zero := milestonesOf(r)
	for _, info := range infos {
		text := ""
		if at, ok := tl.At(info.Milestone); ok {
			text = seconds(at - zero)
		}
		line = append(line, text)
	}
	return line
}

// number writes a value; one that is not known is empty.
func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

func canary(c results.Clock) string {
	if c.Canary == nil {
		return ""
	}
	return number(&c.Canary.P99)
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// harmless keeps a spreadsheet from taking text of a guest for a formula.
func harmless(text string) string {
	text = printable(text)
	if text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
		return "'" + text
	}
	return text
}
