package report

import (
	"fmt"
	"math"
	"slices"

	"distrolab/labs/results"
	"distrolab/labs/stats"
)

// Geometry of the pictures, in SVG user units.
const (
	pictureWidth = 960.0
	labelWidth   = 190.0
	valueWidth   = 90.0
	plotWidth    = pictureWidth - labelWidth - valueWidth
	axisHeight   = 30.0
	barHeight    = 26.0
	rowHeight    = 42.0
	stepHeight   = 30.0
	dot          = 5.0
	wholeSeries  = 7 // of what cannot be divided, unless there are more phases
	lanes        = 5 // dots beside each other are stacked this high
)

// picture is a plot of rows on one axis. Alt and Text are its name and its
// content in words.
type picture struct {
	ID                    string // unique on the page
	Width, Height, Bottom float64
	Ticks                 []tick
	Rows                  []pictureRow
	Legend                []legendItem
	Alt, Text             string
	Notes                 []string
}

type (
	tick struct {
		X    float64
		Text string
	}
	pictureRow struct {
		Y, TextY     float64
		Label, Value string
		Bars         []bar
		Dots         []point
		Interval     *interval
		Median       *float64
		Unfinished   string
		Tip          string
	}
	bar struct {
		X, Y, W, H float64
		Series     int
		Tip        string
	}
	point struct {
		X, Y     float64
		Doubtful bool
		Tip      string
	}
	interval   struct{ X1, X2, Y float64 }
	legendItem struct {
		Series int
		Text   string
		X, Y   float64
	}
)

func newPicture(axis stats.Axis, rows int, height float64) picture {
	p := picture{Width: pictureWidth, Bottom: axisHeight + float64(rows)*height}
	p.Height = p.Bottom + 8
	for i, v := range axis.Ticks() {
		t := tick{labelWidth + axis.Share(v)*plotWidth, axis.Text(v)}
		if i == 0 {
			t.Text += " s"
		}
		p.Ticks = append(p.Ticks, t)
	}
	return p
}

// ganttOf draws the median phases of each row.
func ganttOf(t results.Table, id string) picture {
	longest := 0.0
	for _, r := range t.Rows {
		longest = math.Max(longest, rowLength(r))
	}
	axis := stats.NewAxis(0, longest, 8)
	p := newPicture(axis, len(t.Rows), rowHeight)
	p.ID = id
	noun := t.Words().Noun
	whole := wholeSeries
	p.Alt = "Median length of each phase of the " + noun + ", one bar for each system"
	var names []string
	undivided := false
	for i, r := range t.Rows {
		top := axisHeight + float64(i)*rowHeight + (rowHeight-barHeight)/2
		row := pictureRow{Y: top, TextY: top + barHeight/2 + 5, Label: shortLabel(r.Label), Value: results.Seconds(r.Primary().Median)}
		phases, why := phasesOf(r)
		if why != "" {
			p.Notes = append(p.Notes, r.Label+": "+why)
		}
		whole = max(whole, len(r.Phases))
		if len(phases) == 0 {
			if m := r.Primary().Median; m > 0 && !math.IsInf(m, 0) {
				row.Bars = []bar{{labelWidth, top, axis.Share(m) * plotWidth, barHeight, whole, "whole " + noun + ": " + results.Seconds(m)}}
				undivided = true
			}
		} else {
			at := 0.0
			for series, ph := range phases {
				from, to := axis.Share(at), axis.Share(at+*ph.Seconds)
				row.Bars = append(row.Bars, bar{labelWidth + from*plotWidth, top, (to - from) * plotWidth, barHeight, series, ph.Name + ": " + results.Seconds(*ph.Seconds)})
				at += *ph.Seconds
				if !slices.Contains(names, ph.Name) {
					names = append(names, ph.Name)
				}
			}
		}
		p.Rows = append(p.Rows, row)
	}
	for series, name := range names {
		p.Legend = append(p.Legend, legendItem{Series: series, Text: name})
	}
	if undivided {
		p.Legend = append(p.Legend, legendItem{Series: whole, Text: "whole " + noun + ", phases not known"})
	}
	p.placeLegend()
	p.Text = phasesText(p.Rows)
	return p
}

// placeLegend sets the legend under the picture: up to four items beside each
// other, more in rows of three.
func (p *picture) placeLegend() {
	columns, step := 4, 180.0
	if len(p.Legend) > columns {
		columns, step = 3, 250.0
	}
	for i := range p.Legend {
		p.Legend[i].X = labelWidth + float64(i%columns)*step
		p.Legend[i].Y = p.Bottom + 14 + float64(i/columns)*22
		p.Height = p.Legend[i].Y + 22
	}
}

func rowLength(r results.Row) float64 {
	sum := 0.0
	for _, p := range r.Phases {
		if p.Seconds != nil {
			sum += *p.Seconds
		}
	}
	if m := r.Primary().Median; !math.IsInf(m, 0) && !math.IsNaN(m) {
		sum = math.Max(sum, m)
	}
	return sum
}

// phasesOf returns the phases of a row that can be drawn, and why others
// cannot. Without all up to the headline there are none.
func phasesOf(r results.Row) ([]results.PhaseMedian, string) {
	for i, p := range r.Phases {
		if p.Seconds != nil {
			continue
		}
		why := p.Name + " is not known: " + p.Why
		if r.After(p) {
			return r.Phases[:i], why
		}
		return nil, why
	}
	return r.Phases, ""
}

// stripOf draws every measured run.
func stripOf(t results.Table, id string) picture {
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range t.Rows {
		for _, pt := range r.Points {
			if v := r.PrimaryOf(pt); v != nil {
				low, high = math.Min(low, *v), math.Max(high, *v)
			}
		}
	}
	height := float64(lanes)*dot*2 + 22
	axis := stats.NewAxis(low, high, 8)
	p := newPicture(axis, len(t.Rows), height)
	p.ID, p.Text = id, stripText(t)
	p.Alt = "Every measured run of each system with the median and its interval"
	for i, r := range t.Rows {
		top := axisHeight + float64(i)*height
		row := pictureRow{Y: top, TextY: top + height/2, Label: shortLabel(r.Label), Value: results.Seconds(r.Primary().Median)}
		row.Dots = dotsOf(r, axis, top+float64(lanes)*dot*2)
		under := top + float64(lanes)*dot*2 + 11
		if iv := r.Primary(); iv.Bounded() {
			row.Interval = &interval{labelWidth + axis.Share(iv.Low)*plotWidth, labelWidth + axis.Share(iv.High)*plotWidth, under}
		}
		if m := r.Primary().Median; !math.IsNaN(m) && !math.IsInf(m, 0) {
			row.Median = new(labelWidth + axis.Share(m)*plotWidth)
		}
		if r.Unfinished > 0 {
			row.Unfinished = fmt.Sprintf("%d not finished", r.Unfinished)
		}
		row.Y = under
		p.Rows = append(p.Rows, row)
	}
	return p
}

// dotsOf places the runs of a row, stacked where they would hide each other.
func dotsOf(r results.Row, axis stats.Axis, floor float64) []point {
	var dots []point
	for _, pt := range r.Points {
		v := r.PrimaryOf(pt)
		if v == nil {
			continue
		}
		tip := fmt.Sprintf("%s: %s", pt.RunID, results.Seconds(*v))
		if pt.Outcome != results.OutcomeOK {
			tip += ", " + string(pt.Outcome)
		}
		if pt.Outlier {
			tip += ", far from the others"
		}
		dots = append(dots, point{X: labelWidth + axis.Share(*v)*plotWidth, Doubtful: pt.Doubtful, Tip: tip})
	}
	slices.SortFunc(dots, func(a, b point) int {
		switch {
		case a.X < b.X:
			return -1
		case a.X > b.X:
			return 1
		}
		return 0
	})
	var last [lanes]float64
	for i := range last {
		last[i] = math.Inf(-1)
	}
	for i := range dots {
		lane := 0
		for lane < lanes-1 && dots[i].X-last[lane] < 2*dot {
			lane++
		}
		last[lane] = dots[i].X
		dots[i].Y = floor - dot - float64(lane)*2*dot
	}
	return dots
}

// shortLabel cuts a label to the room at the left of the plot.
func shortLabel(label string) string {
	const most = 24
	if r := []rune(label); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return label
}
