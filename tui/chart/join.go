package chart

import (
	"cmp"
	"math"
	"slices"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/tui/style"
)

// longest is how many phases are explained under the picture of a join.
const longest = 3

// Join draws one join as steps: each phase from where the one before it ended,
// with its length, and under it what the longest ones waited for.
func Join(t observe.Timeline, width int, g style.Glyphs, s style.Styles) []string {
	spans := observe.JoinPhases(t)
	zero, _ := t.At(observe.Trigger)
	end := 0.0
	for _, p := range spans {
		if p.OK {
			end = math.Max(end, (p.Start + p.Length - zero).Seconds())
		}
	}
	frame := frameOf(width, len(spans), func(i int) (string, string) {
		if !spans[i].OK {
			return spans[i].Name, "unknown"
		}
		return spans[i].Name, results.Seconds(spans[i].Length.Seconds())
	}, g)
	var lines []string
	switch {
	case width <= 0:
		return nil
	case frame.plot < leastPlot:
		lines = frame.withoutPlot(s)
	default:
		sc := newScale(0, end, frame.plot)
		lines = sc.axis(frame.indent(), width, g, s)
		for i, p := range spans {
			lines = append(lines, frame.row(i, step(p, i, zero, sc, g), s))
		}
	}
	for _, p := range spans {
		if !p.OK {
			lines = append(lines, paragraph(s.FgMuted, g.Bullet, p.Name+" is not known: "+p.Why, width, g)...)
		}
	}
	for _, p := range longestOf(spans) {
		text := p.Name + " (" + results.Seconds(p.Length.Seconds()) + "): " + observe.Waits(p.Name)
		lines = append(lines, paragraph(s.FgMuted, g.Bullet, text, width, g)...)
	}
	return lines
}

// step draws one phase at its place; a short one is one cell long.
func step(p observe.PhaseSpan, series int, zero time.Duration, sc scale, g style.Glyphs) *plotLine {
	line := newPlotLine(sc, g)
	if !p.OK {
		return line
	}
	from := sc.cell((p.Start - zero).Seconds())
	to := int(math.Round(sc.at((p.Start + p.Length - zero).Seconds())))
	for cell := from; cell < max(to, from+1); cell++ {
		line.set(cell, g.Of(series), seriesInk(series))
	}
	return line
}

// longestOf returns the longest known phases, in the order of time.
func longestOf(spans []observe.PhaseSpan) []observe.PhaseSpan {
	known := slices.DeleteFunc(slices.Clone(spans), func(p observe.PhaseSpan) bool { return !p.OK })
	slices.SortStableFunc(known, func(a, b observe.PhaseSpan) int { return cmp.Compare(b.Length, a.Length) })
	known = known[:min(len(known), longest)]
	slices.SortStableFunc(known, func(a, b observe.PhaseSpan) int { return cmp.Compare(a.Start, b.Start) })
	return known
}

// tableOf returns the milestones to draw and the time of the picture's zero.
// The boot of a machine that ran already when it was told to join is no part of
// the join.
func tableOf(t observe.Timeline) ([]observe.Info, time.Duration) {
	trigger, told := t.At(observe.Trigger)
	switch {
	case told && !t.IsCold():
		return observe.JoinMilestones(), trigger
	case told || t.Why(observe.Trigger) != "":
		return append(observe.Milestones(), observe.JoinMilestones()...), 0
	}
	return observe.Milestones(), 0
}

// join adds how a run joined to its line.
func (l *line) join(t observe.Timeline, width int, g style.Glyphs, s style.Styles) {
	ready, ok := t.JoinSince(observe.NodeReady)
	if !ok {
		l.add(s.FgMuted, fit("  time unknown: "+g.Clean(t.Why(observe.NodeReady)), width-l.cells, g))
		return
	}
	text := "  ready " + results.Seconds(ready.Seconds())
	if pod, ok := t.JoinSince(observe.FirstPod); ok {
		text += ", first pod " + results.Seconds(pod.Seconds())
	}
	l.add(s.Title, fit(text, width-l.cells, g))
	l.add(s.FgMuted, fit("  "+spansText(observe.JoinPhases(t), width-l.cells-2, g), width-l.cells, g))
}
