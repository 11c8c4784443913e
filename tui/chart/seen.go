package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/tui/style"
)

// Seen draws the milestones that were seen so far in the order of time, for a
// boot or join that is still under way: what was not seen yet is left out.
func Seen(t observe.Timeline, width int, g style.Glyphs, s style.Styles) []string {
	events := slices.Clone(t.Events)
	slices.SortStableFunc(events, func(a, b observe.Event) int { return cmp.Compare(a.T, b.T) })
	last, widest := 0.0, 0
	titles := make([]string, len(events))
	for i, e := range events {
		last = math.Max(last, e.T.Seconds())
		titles[i] = titleOf(e.M)
		widest = max(widest, len(titles[i]))
	}
	plot := min(max(0, width-widest-34), 60)
	sc := newScale(0, last, max(plot, 1))
	var lines []string
	for i, e := range events {
		l, ink := &line{}, 1
		if e.M == observe.BootComplete || e.M == observe.NodeReady {
			ink = 2
		}
		l.column(s.Title, qualityMark(e.Q)+results.Seconds(e.T.Seconds()), min(14, width), true, g)
		l.pad(l.cells + gap)
		if plot >= leastPlot {
			at := sc.cell(e.T.Seconds())
			l.add(s.Track, strings.Repeat(g.Line, at))
			l.add(s.Of(ink), g.Dot)
			l.pad(14 + gap + plot + gap)
		} else {
			l.add(s.Of(ink), g.Dot)
			l.pad(l.cells + 1)
		}
		title := l.cells
		l.add(s.Fg, fit(titles[i], width-l.cells, g))
		if width-title-widest-gap > 8 {
			l.pad(max(l.cells, title+widest) + gap)
			l.add(s.FgMuted, fit(sourceText(e.Source), width-l.cells, g))
		}
		l.pad(width)
		lines = append(lines, l.String())
	}
	return lines
}

func titleOf(m observe.Milestone) string {
	for _, info := range append(observe.Milestones(), observe.JoinMilestones()...) {
		if info.Milestone == m {
			return info.Title
		}
	}
	return string(m)
}
