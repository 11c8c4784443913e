package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/tui/style"
)

// RunLine says in one line how a run ended, for progress that is appended line
// by line: "✓ debian  run 3 of 12  21.9 s  firmware+loader 1.1, …".
func RunLine(r results.Run, done, total, width int, g style.Glyphs, s style.Styles) string {
	mark, st := outcomeMark(r.Outcome, g, s)
	l := &line{}
	rest := func() int { return width - l.cells }
	l.add(st, fit(mark, width, g))
	text := fmt.Sprintf(" %s  run %d of %d", g.Clean(r.Subject.Called()), done, total)
	if r.Phase == results.PhaseWarmup {
		text += " (warm-up)"
	}
	l.add(s.Fg, fit(text, rest(), g))
	tl := r.Timeline()
	switch d, ok := tl.Between(observe.VCPUStart, finishOf(r)); {
	case r.Outcome != results.OutcomeOK && r.Outcome != results.OutcomeTainted:
		l.add(st, fit("  "+string(r.Outcome)+": "+g.Clean(r.Cause), rest(), g))
	case r.Scenario.Joins():
		l.join(tl, width, g, s)
	case ok:
		l.add(s.Title, fit("  "+results.Seconds(d.Seconds()), rest(), g))
		l.add(s.FgMuted, fit("  "+spansText(observe.Phases(tl, finishOf(r)), rest()-2, g), rest(), g))
	default:
		l.add(s.FgMuted, fit("  time unknown: "+g.Clean(tl.Why(finishOf(r))), rest(), g))
	}
	if len(r.Taints) > 0 {
		l.add(s.Warn, fit("  "+g.Warn+" "+g.Clean(strings.Join(r.Taints, "; ")), rest(), g))
	}
	return l.String()
}

func finishOf(r results.Run) observe.Milestone {
	if r.Finish != "" {
		return r.Finish
	}
	return observe.BootComplete
}

// spansText lists phases in their order. Where the width has no room for all,
// the shortest are left out, which an ellipsis at the end says.
func spansText(spans []observe.PhaseSpan, width int, g style.Glyphs) string {
	var parts []string
	var lengths []time.Duration
	for _, p := range spans {
		if p.OK {
			parts = append(parts, p.Name+" "+results.Digits(p.Length.Seconds()))
			lengths = append(lengths, p.Length)
		}
	}
	text, more := strings.Join(parts, ", "), ""
	for ansi.StringWidth(text+more) > width && len(parts) > 1 {
		shortest := slices.Index(lengths, slices.Min(lengths))
		parts, lengths = slices.Delete(parts, shortest, shortest+1), slices.Delete(lengths, shortest, shortest+1)
		text, more = strings.Join(parts, ", "), ", "+g.Ellipsis
	}
	return text + more
}

// Timeline draws the milestones of one boot or join: when each was seen, how
// exactly and where, on a time axis from the request, or from the trigger of a
// join on a machine that ran already. Milestones that were not seen have their
// reason instead.
func Timeline(t observe.Timeline, width int, g style.Glyphs, s style.Styles) []string {
	infos, zero := tableOf(t)
	last := 0.0
	for _, e := range t.Events {
		last = math.Max(last, (e.T - zero).Seconds())
	}
	plot := max(0, width-86) // what the table needs at its widest
	sc := newScale(0, last, max(plot, 1))
	columns := []Column{
		{Title: "", Drop: 4}, {Title: "milestone"}, {Title: "time", Right: true},
		{Title: "error", Right: true, Drop: 2}, {Title: "seen by", Drop: 1},
	}
	if plot >= leastPlot {
		columns = append(columns, Column{Title: fmt.Sprintf("0 to %s s", sc.Text(sc.High)), Drop: 3})
	}
	var rows [][]Cell
	for _, info := range infos {
		if e, ok := t.Find(info.Milestone); ok {
			rows = append(rows, []Cell{
				{info.ID, s.FgFaint}, {info.Title, s.Fg}, {qualityMark(e.Q) + results.Seconds((e.T - zero).Seconds()), s.Title},
				{errorText(e.Err), s.FgMuted}, {sourceText(e.Source), s.FgMuted},
				{strings.Repeat(g.Line, sc.cell((e.T-zero).Seconds())) + g.Dot, s.Of(1)},
			})
		} else {
			why := t.Why(info.Milestone)
			rows = append(rows, []Cell{{info.ID, s.FgFaint}, {info.Title, s.FgFaint}, {"not seen", s.FgFaint}, {}, {short(why), s.FgFaint}})
		}
	}
	return Table(columns, rows, width, g, s)
}

// short keeps the reason of a missing milestone from widening the table; the
// whole reason is in the record and in the HTML report.
func short(why string) string {
	const most = 30
	if r := []rune(why); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return why
}

func qualityMark(q observe.Quality) string {
	switch q {
	case observe.AtMost:
		return "≤ "
	case observe.AtLeast:
		return "≥ "
	case observe.Estimate:
		return "about "
	}
	return ""
}

func errorText(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return "±" + d.Round(100*time.Microsecond).String()
}

func sourceText(src observe.Source) string {
	switch src {
	case observe.SourceRequest:
		return "our call"
	case observe.SourceQMP:
		return "QEMU event"
	case observe.SourceLifecycle:
		return "libvirt event"
	case observe.SourceReturn:
		return "call returned"
	case observe.SourceSerial:
		return "serial console"
	case observe.SourceFirmware:
		return "debug port"
	case observe.SourceNet:
		return "network frame"
	case observe.SourceProbe:
		return "TCP probe"
	case observe.SourceInside:
		return "the guest"
	case observe.SourceLogin:
		return "SSH login"
	case observe.SourceAPI:
		return "cluster's API"
	case observe.SourceAudit:
		return "API's audit log"
	case observe.SourceClient:
		return "our command"
	}
	return string(src)
}
