package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"distrolab/labs/results"
)

// record is what one measurement found, as it is kept in docs/observer.
type record struct {
	Title       string              `json:"title"`
	Started     time.Time           `json:"started"`
	Took        float64             `json:"took_s"`
	Accelerator string              `json:"accel"`
	Environment results.Environment `json:"env"`
	Errors      []spread            `json:"errors,omitempty"` // stamps against the truth
	Shifts      []shift             `json:"shifts,omitempty"` // milestones that were to move, or to stay
	Notes       []string            `json:"notes,omitempty"`
}

// spread is the distribution of one kind of error, in milliseconds.
type spread struct {
	What  string  `json:"what"`
	N     int     `json:"n"`
	Least float64 `json:"least_ms"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	Most  float64 `json:"max_ms"`
	Bound string  `json:"bound,omitempty"` // in words; empty: only shown
	Kept  bool    `json:"kept"`
}

// shift is by how much a milestone came later than without the delay, in
// milliseconds.
type shift struct {
	Delay     string  `json:"delay"`
	Milestone string  `json:"milestone"`
	N         int     `json:"n"`
	Moved     float64 `json:"moved_ms"` // median of the blocks
	Low       float64 `json:"low_ms"`
	High      float64 `json:"high_ms"`
	Expected  float64 `json:"expected_ms"`
	Judged    bool    `json:"judged"` // false: only shown
	Kept      bool    `json:"kept"`
}

// spreadOf sorts the errors into a distribution.
func spreadOf(what string, errors []time.Duration) spread {
	s := spread{What: what, N: len(errors), Kept: true}
	if s.N == 0 {
		return s
	}
	sorted := slices.Sorted(slices.Values(errors))
	at := func(share float64) float64 { return millis(sorted[max(0, int(math.Ceil(share*float64(s.N)))-1)]) }
	s.Least, s.P50, s.P99, s.Most = at(0), at(0.5), at(0.99), at(1)
	return s
}

func millis(d time.Duration) float64 { return math.Round(float64(d)/float64(time.Microsecond)) / 1000 }

// within judges the distribution by limits in milliseconds, as T1 has them.
// None may be earlier than the truth by more than 0.1 ms.
func (s spread) within(p50, p99, most float64) spread {
	s.Bound = fmt.Sprintf("p50 ≤ %g, p99 ≤ %g, max ≤ %g, none below -0.1", p50, p99, most)
	s.Kept = s.N > 0 && s.P50 <= p50 && s.P99 <= p99 && s.Most <= most && s.Least >= -0.1
	return s
}

// kept says whether every bound was.
func (r record) kept() bool {
	return !slices.ContainsFunc(r.Errors, func(s spread) bool { return !s.Kept }) &&
		!slices.ContainsFunc(r.Shifts, func(s shift) bool { return s.Judged && !s.Kept })
}

func (r record) print(out io.Writer) {
	fmt.Fprintf(out, "%s (%s, load %s)\n", r.Title, r.Accelerator, loadOf(r.Environment))
	for _, s := range r.Errors {
		fmt.Fprintf(out, "%-46s n %6d  least %8.3f  p50 %8.3f  p99 %8.3f  max %8.3f ms%s\n", s.What, s.N, s.Least, s.P50, s.P99, s.Most, verdict(s.Bound, s.Kept))
	}
	for _, s := range r.Shifts {
		said := ""
		if s.Judged {
			said = verdict(fmt.Sprintf("expected %.0f", s.Expected), s.Kept)
		}
		fmt.Fprintf(out, "%-22s %-28s n %2d  moved %9.1f [%9.1f, %9.1f] ms%s\n", s.Delay, s.Milestone, s.N, s.Moved, s.Low, s.High, said)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(out, note)
	}
}

func verdict(bound string, kept bool) string {
	switch {
	case bound == "":
		return ""
	case kept:
		return "  kept: " + bound
	}
	return "  NOT KEPT: " + bound
}

func loadOf(e results.Environment) string {
	if e.Volatile.Load1 == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.1f", *e.Volatile.Load1)
}

// keep writes the record.
func (r record) keep(path string) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("keeping the figures: %w", err)
	}
	return nil
}
