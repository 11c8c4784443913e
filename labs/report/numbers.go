package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"distrolab/labs/results"
)

// numbers is the data of a picture as a table: for those who do not see the
// picture, and for all who want the values.
type numbers struct {
	Head []string
	Rows []numbersRow
}

type numbersRow struct {
	Name  string
	Cells []string
}

// runNumbers lists every measured run: a row for each block, a column for each
// system.
func runNumbers(t results.Table) numbers {
	n := numbers{Head: []string{"block"}}
	cells := map[int][]string{}
	for column, r := range t.Rows {
		n.Head = append(n.Head, r.Label)
		for _, pt := range r.Points {
			row := cells[pt.Block]
			if row == nil {
				row = make([]string, len(t.Rows))
				cells[pt.Block] = row
			}
			row[column] = strings.TrimPrefix(row[column]+"; "+pointText(r, pt), "; ")
		}
	}
	blocks := make([]int, 0, len(cells))
	for block := range cells {
		blocks = append(blocks, block)
	}
	slices.Sort(blocks)
	for _, block := range blocks {
		n.Rows = append(n.Rows, numbersRow{strconv.Itoa(block), cells[block]})
	}
	return n
}

// pointText writes one run in a few words.
func pointText(r results.Row, pt results.Point) string {
	text := "unknown"
	switch v := r.PrimaryOf(pt); {
	case v != nil:
		text = results.Seconds(*v)
	case pt.Outcome == results.OutcomeTimeout || pt.Outcome == results.OutcomeFailed:
		text = "not finished"
	}
	if pt.Outcome != results.OutcomeOK {
		text += ", " + string(pt.Outcome)
	} else if pt.Doubtful {
		text += ", doubtful"
	}
	if pt.Outlier {
		text += ", far from the others"
	}
	return text
}

// stripText describes the picture of every run in words.
func stripText(t results.Table) string {
	var b strings.Builder
	for _, r := range t.Rows {
		iv := r.Primary()
		fmt.Fprintf(&b, "%s: median %s", r.Label, results.Seconds(iv.Median))
		if iv.Bounded() {
			fmt.Fprintf(&b, ", 95 %% interval %s s", results.Range(iv.Low, iv.High))
		}
		fmt.Fprintf(&b, ", %d of %d runs finished. ", r.OK+r.Tainted, r.Total)
	}
	return strings.TrimSpace(b.String())
}

// phasesText describes the bars of phases in words.
func phasesText(rows []pictureRow) string {
	var b strings.Builder
	for _, row := range rows {
		var tips []string
		for _, bar := range row.Bars {
			tips = append(tips, bar.Tip)
		}
		if len(tips) == 0 {
			tips = []string{"not known"}
		}
		fmt.Fprintf(&b, "%s: %s. ", row.Label, strings.Join(tips, ", "))
	}
	return strings.TrimSpace(b.String())
}
