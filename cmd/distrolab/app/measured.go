package app

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"distrolab/distros"
	"distrolab/distros/score"
	"distrolab/labs/results"
	"distrolab/tui/chart"
)

// measurements reads what a session measured of the systems, with notes on what
// the numbers are worth. Runs under other conditions are another metric, so one
// table of the session is used: the one that has most of the systems.
func (a *application) measurements(ctx context.Context, session string, systems []distros.Distro) (score.Measurements, []string, error) {
	s, runs, _, err := a.readSession(ctx, session)
	if err != nil {
		return nil, nil, fmt.Errorf("--results %.128q: %w", session, err)
	}
	comparison := results.Summarise(s, runs)
	best, used := score.Measurements{}, results.Table{}
	for _, t := range comparison.Tables {
		if got := measuredIn(t, s.ID, systems); len(got) > len(best) {
			best, used = got, t
		}
	}
	if len(best) == 0 {
		return best, []string{fmt.Sprintf("Session %s has no finished runs of these systems.", s.ID)}, nil
	}
	notes := []string{fmt.Sprintf("Boot times are medians of session %s: %s.", s.ID, chart.Conditions(used))}
	if len(comparison.Tables) > 1 {
		notes = append(notes, "The session has runs under other conditions too; they compare with nothing here and are left out.")
	}
	return best, append(notes, comparison.Banners...), nil
}

// measuredIn takes the boot times of a table. A row counts for the entry of its
// name and only if it is of the same kind: a vendor's image is not judged by
// what a guest built here did, whoever gave it the name. Of several rows of one
// system, the one with most finished runs counts.
func measuredIn(t results.Table, session string, systems []distros.Distro) score.Measurements {
	got, finished := score.Measurements{}, map[string]int{}
	for _, row := range t.Rows {
		known := slices.ContainsFunc(systems, func(d distros.Distro) bool {
			return d.Name == row.Subject.OS && d.Kind == row.Subject.Kind
		})
		median := row.Boot.Median
		if !known || row.Boot.N == 0 || math.IsNaN(median) || math.IsInf(median, 0) || finished[row.Subject.OS] >= row.OK {
			continue
		}
		finished[row.Subject.OS] = row.OK
		text := results.Seconds(median)
		if row.Boot.Bounded() {
			text += fmt.Sprintf(" (95 %% interval %s)", results.Range(row.Boot.Low, row.Boot.High))
		}
		text += fmt.Sprintf(", %d of %d runs finished, %s", row.OK, row.Total, strings.ToUpper(t.Accel))
		got[row.Subject.OS] = map[score.Measure]score.Measurement{score.Boot: {Value: median, Text: text, Source: "session " + session}}
	}
	return got
}
