package report

import (
	"fmt"
	"math"

	"distrolab/labs/results"
	"distrolab/labs/stats"
)

// Room of one system in the picture of the order, and above and below its runs.
const (
	orderHeight = 84.0
	orderMargin = 12.0
)

// orderOf draws the runs of each system in the order in which they were made,
// each system on a scale of its own: a slope or a step is drift of the machine.
func orderOf(t results.Table, id string) picture {
	most := 1
	for _, r := range t.Rows {
		most = max(most, len(r.Points))
	}
	axis := stats.NewAxis(0.5, float64(most)+0.5, 10)
	p := picture{ID: id, Width: pictureWidth, Bottom: axisHeight + float64(len(t.Rows))*orderHeight}
	p.Height = p.Bottom + 8
	for _, v := range axis.Ticks() {
		if v == math.Trunc(v) && v >= 1 && v <= float64(most) {
			p.Ticks = append(p.Ticks, tick{labelWidth + axis.Share(v)*plotWidth, axis.Text(v)})
		}
	}
	p.Alt = "The runs of each system in the order they were made"
	for i, r := range t.Rows {
		top := axisHeight + float64(i)*orderHeight
		row := orderRow(r, axis, top)
		p.Text += row.Tip + " "
		p.Rows = append(p.Rows, row)
	}
	return p
}

func orderRow(r results.Row, axis stats.Axis, top float64) pictureRow {
	low, high := math.Inf(1), math.Inf(-1)
	for _, pt := range r.Points {
		if v := r.PrimaryOf(pt); v != nil {
			low, high = math.Min(low, *v), math.Max(high, *v)
		}
	}
	row := pictureRow{Y: top, TextY: top + orderHeight/2, Label: shortLabel(r.Label), Value: "unknown"}
	row.Tip = r.Label + ": no run finished."
	if math.IsInf(low, 0) {
		return row
	}
	margin := math.Max((high-low)*0.1, high*0.001)
	scale := stats.Axis{Low: low - margin, High: high + margin, Step: 1}
	height := func(v float64) float64 { return top + orderMargin + (orderHeight-2*orderMargin)*(1-scale.Share(v)) }
	for k, pt := range r.Points {
		v := r.PrimaryOf(pt)
		if v == nil {
			continue
		}
		tip := fmt.Sprintf("%s, %d in order: %s", pt.RunID, k+1, results.Seconds(*v))
		row.Dots = append(row.Dots, point{X: labelWidth + axis.Share(float64(k+1))*plotWidth, Y: height(*v), Doubtful: pt.Doubtful, Tip: tip})
	}
	row.Value = results.Range(low, high)
	row.Tip = fmt.Sprintf("%s: runs took %s s; %s.", r.Label, row.Value, driftText(r.Drift))
	if m := r.Primary().Median; !math.IsNaN(m) && !math.IsInf(m, 0) {
		row.Median = new(height(m))
	}
	return row
}

// driftText says what the drift check found.
func driftText(d results.Drift) string {
	if d.Change == nil {
		return "too few runs to look for drift"
	}
	text := fmt.Sprintf("the last third took %+.1f %% of the first", *d.Change*100)
	if d.Lag1 != nil {
		text += fmt.Sprintf(", each run correlates with the next by %.2f", *d.Lag1)
	}
	if d.Suspicious {
		text += ": drift"
	}
	return text
}
