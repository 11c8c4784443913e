package report

import (
	"fmt"
	"math"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/stats"
)

// Geometry of a timeline, in SVG user units.
const (
	markHeight  = 18.0
	phaseHeight = 20.0
	timelineGap = 8.0
	edge        = 6.0 // room for the marks at both ends; the page's script knows it too
)

// timeline is one run: its phases in one bar, and under it each milestone that
// was seen, in a row of its own with the bound of its error. Positions are in
// seconds as well, so that the page's script can zoom.
type timeline struct {
	Width, Height, X, InnerWidth float64
	Low, High                    float64
	Bottom                       float64
	Ticks                        []tick
	Phases                       []span
	Marks                        []mark
	Alt, Text                    string
}

type (
	span struct {
		A, B, X, Y, W, H float64
		Series           int
		Tip              string
	}
	mark struct {
		At, X, Y, TextY float64
		Label, Value    string
		Error           *span
		Open            bool // the stamp is a bound or an estimate
		Tip             string
	}
)

// timelineOf draws a run, or nothing where no milestone is known.
func timelineOf(r results.Run) *timeline {
	infos, zero := milestonesOf(r)
	tl := r.Timeline()
	low, high := math.Inf(1), math.Inf(-1)
	var seen []observe.Info
	for _, info := range infos {
		if at, ok := tl.At(info.Milestone); ok {
			seen = append(seen, info)
			low, high = math.Min(low, (at-zero).Seconds()), math.Max(high, (at-zero).Seconds())
		}
	}
	if len(seen) < 2 {
		return nil
	}
	axis := stats.NewAxis(low, high, 8)
	t := &timeline{Width: pictureWidth, X: labelWidth, InnerWidth: plotWidth, Low: axis.Low, High: axis.High}
	place := func(seconds float64) float64 { return edge + axis.Share(seconds)*(plotWidth-2*edge) }
	for _, v := range axis.Ticks() {
		t.Ticks = append(t.Ticks, tick{place(v), axis.Text(v)})
	}
	t.phases(phasesOfRun(r), zero, place)
	top := axisHeight + timelineGap
	if len(t.Phases) > 0 {
		top += phaseHeight
	}
	for i, info := range seen {
		e, _ := tl.Find(info.Milestone)
		t.Marks = append(t.Marks, markOf(info, e, zero, top+float64(i)*markHeight, place))
	}
	t.Bottom = top + float64(len(seen))*markHeight
	t.Height = t.Bottom + timelineGap
	t.Alt = "Timeline of run " + printable(r.RunID)
	t.Text = fmt.Sprintf("%d milestones from %s to %s; the table below has every value.", len(seen), results.Seconds(low), results.Seconds(high))
	return t
}

// phasesOfRun are those of its join, or of its boot.
func phasesOfRun(r results.Run) []observe.PhaseSpan {
	if r.Scenario.Joins() {
		return observe.JoinPhases(r.Timeline())
	}
	finish := r.Finish
	if finish == "" {
		finish = observe.BootComplete
	}
	return observe.Phases(r.Timeline(), finish)
}

func (t *timeline) phases(spans []observe.PhaseSpan, zero time.Duration, place func(float64) float64) {
	for series, s := range spans {
		if !s.OK || s.Length <= 0 {
			continue
		}
		a, b := (s.Start - zero).Seconds(), (s.Start + s.Length - zero).Seconds()
		t.Phases = append(t.Phases, span{
			A: a, B: b, X: place(a), Y: axisHeight, W: math.Max(place(b)-place(a), 1), H: phaseHeight - 4, Series: series,
			Tip: s.Name + ": " + results.Seconds(s.Length.Seconds()),
		})
	}
}

func markOf(info observe.Info, e observe.Event, zero time.Duration, y float64, place func(float64) float64) mark {
	at, bound := (e.T - zero).Seconds(), e.Err.Seconds()
	m := mark{
		At: at, X: place(at), Y: y + markHeight/2, TextY: y + markHeight/2 + 4, Label: shortLabel(info.Title),
		Value: qualified(e, at), Open: e.Q != observe.Exact, Tip: info.Title + ": " + qualified(e, at),
	}
	if bound > 0 {
		a, b := at-bound, at+bound
		switch e.Q {
		case observe.AtMost:
			b = at
		case observe.AtLeast:
			a = at
		}
		m.Error = &span{A: a, B: b, X: place(a), Y: m.Y - 3, W: math.Max(place(b)-place(a), 1), H: 6}
	}
	return m
}

// qualified writes a time with what kind of stamp it is.
func qualified(e observe.Event, seconds float64) string {
	before := map[observe.Quality]string{observe.AtMost: "≤ ", observe.AtLeast: "≥ ", observe.Estimate: "about "}
	return before[e.Q] + results.Seconds(seconds)
}
