package stats_test

import (
	"math"
	"strings"
	"testing"

	"distrolab/labs/stats"
)

func TestAxis(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		ticks     int
		want      string
	}{
		{0, 29.2, 6, "0 5 10 15 20 25 30"},
		{17.2, 29.9, 5, "15 20 25 30"},
		{0, 0.3, 4, "0.0 0.1 0.2 0.3"},
		{5, 5, 4, "4.5 5.0 5.5"},
		{0, 0, 4, "0.0 0.5 1.0"},
		{math.NaN(), 3, 2, "0.0 0.5 1.0"},
		{0, 2000, 2, "0 1000 2000"},
	} {
		a := stats.NewAxis(c.low, c.high, c.ticks)
		var got []string
		for _, v := range a.Ticks() {
			got = append(got, a.Text(v))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v to %v: %v, want %s", c.low, c.high, got, c.want)
		}
		if c.high > c.low && (a.Low > c.low || a.High <= c.high) {
			t.Errorf("%v to %v: the axis runs from %v to %v", c.low, c.high, a.Low, a.High)
		}
	}
	a := stats.NewAxis(10, 20, 5)
	if a.Share(5) != 0 || a.Share(50) != 1 || a.Share(math.Inf(1)) != 1 {
		t.Error("a value outside the axis is drawn outside of it")
	}
}
