package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/stats"
)

// typicalView is one join, drawn as steps: what waited for what.
type typicalView struct {
	Label, Text string
	Steps       picture
	Spans       []observe.PhaseSpan
	Numbers     numbers
}

// typicalRuns are the joins to draw, one for each row that has one.
func typicalRuns(t results.Table, runs []results.Run, id string) []typicalView {
	var list []typicalView
	for _, r := range t.Rows {
		i := slices.IndexFunc(runs, func(x results.Run) bool {
			return r.Join != nil && r.Join.Typical != "" && x.RunID == r.Join.Typical && x.Subject.OS == r.Subject.OS
		})
		if i < 0 {
			continue
		}
		tl := runs[i].Timeline()
		spans := observe.JoinPhases(tl)
		v := typicalView{
			Label: r.Label, Spans: spans, Steps: stepsOf(spans, tl, fmt.Sprintf("%s-join-%d", id, len(list))),
			Text: fmt.Sprintf("Run %s, the one nearest to the median: %s. Each step begins where the one before it ends.", runs[i].RunID, headlineOf(runs[i])),
		}
		v.Numbers = stepNumbers(spans, v.Steps)
		list = append(list, v)
	}
	return list
}

// stepNumbers lists the phases of one join and what each waits for.
func stepNumbers(spans []observe.PhaseSpan, steps picture) numbers {
	n := numbers{Head: []string{"phase", "length", "what it waits for"}}
	for i, s := range spans {
		n.Rows = append(n.Rows, numbersRow{s.Name, []string{steps.Rows[i].Value, observe.Waits(s.Name)}})
	}
	return n
}

// stepsOf draws the phases of one join, each in a row of its own.
func stepsOf(spans []observe.PhaseSpan, tl observe.Timeline, id string) picture {
	zero, _ := tl.At(observe.Trigger)
	since := func(d time.Duration) float64 { return (d - zero).Seconds() }
	end := 0.0
	for _, s := range spans {
		if s.OK {
			end = math.Max(end, since(s.Start+s.Length))
		}
	}
	axis := stats.NewAxis(0, end, 8)
	p := newPicture(axis, len(spans), stepHeight)
	p.ID = id
	p.Alt = "The phases of one join, one under the other, each where it began"
	for i, s := range spans {
		top := axisHeight + float64(i)*stepHeight + 4
		row := pictureRow{Y: top, TextY: top + stepHeight/2, Label: shortLabel(s.Name), Value: "unknown"}
		if s.OK {
			from, to := axis.Share(since(s.Start)), axis.Share(since(s.Start+s.Length))
			row.Value = results.Seconds(s.Length.Seconds())
			row.Bars = []bar{{labelWidth + from*plotWidth, top, math.Max((to-from)*plotWidth, 2), stepHeight - 8, i, s.Name + ": " + row.Value + ". " + observe.Waits(s.Name)}}
		} else {
			p.Notes = append(p.Notes, s.Name+" is not known: "+s.Why)
		}
		p.Rows = append(p.Rows, row)
	}
	p.Text = phasesText(p.Rows)
	return p
}

// steps lists the phases of one join and what each waits for.
func steps(v typicalView) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**One join: %s.** %s\n\n", escape(v.Label), escape(v.Text))
	for i, s := range v.Spans {
		fmt.Fprintf(&b, "%d. %s: %s. %s\n", i+1, escape(s.Name), escape(v.Steps.Rows[i].Value), escape(observe.Waits(s.Name)))
	}
	return b.String() + "\n"
}
