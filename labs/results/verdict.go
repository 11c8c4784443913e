package results

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"distrolab/labs/stats"
)

// What a comparison calls a difference worth telling, and how sure it is of it.
const (
	worthTelling = 0.05 // share of the baseline's time
	significance = 0.05 // of the p-value, adjusted for the number of comparisons
)

// contrast is one ratio with what its words need to know.
type contrast struct {
	stats.Ratio
	Holm  float64 // p-value among all comparisons that were made
	Among int     // their number
	Unit  string  // what N counts: "block", or "run of each"
}

// contrasts adjusts the ratios that are made together; nil is none.
func contrasts(ratios []*stats.Ratio, unit string) []contrast {
	p := make([]float64, len(ratios))
	among := 0
	for i, r := range ratios {
		p[i] = math.NaN()
		if r != nil && r.N > 0 {
			p[i] = r.P
			among++
		}
	}
	list := make([]contrast, len(ratios))
	for i, holm := range stats.Holm(p) {
		if ratios[i] != nil {
			list[i] = contrast{*ratios[i], holm, among, unit}
		}
	}
	return list
}

// enough says whether there are runs for an interval. Few runs of one session
// share its moods, whatever an exact interval says of them.
func (c contrast) enough() bool {
	return c.Bounded() && c.N >= stats.MinimumRuns(stats.Confidence95)
}

// shown says whether the times differ: the interval excludes 1, and the p-value
// stays small among all comparisons.
func (c contrast) shown() bool { return c.enough() && c.Differs() && c.Holm < significance }

// words say what the ratio means, without the name of either system.
func (c contrast) words() string {
	least := stats.MinimumRuns(stats.Confidence95)
	switch {
	case c.N == 0 || math.IsNaN(c.Ratio.Ratio):
		return "not known: no finished run to compare with"
	case !c.enough():
		return fmt.Sprintf("cannot tell yet: an interval needs %s, there are %d", units(least, c.Unit), c.N)
	case c.shown():
		return c.amount()
	case c.Differs() && c.Among > 1:
		return fmt.Sprintf("%s; not certain among %d comparisons", c.amount(), c.Among)
	case c.Differs():
		return c.amount() + "; not certain"
	case c.High <= 1+worthTelling && c.Low >= 1/(1+worthTelling):
		return fmt.Sprintf("no difference above %s %%", percent(max(c.High, 1/c.Low)-1))
	}
	if more := c.RunsFor(worthTelling) - c.N; more > 0 {
		return fmt.Sprintf("cannot tell at this size: %s would show %s %%", units(more, "more "+c.Unit), percent(worthTelling))
	}
	return "not shown to differ: " + strings.Join(c.sides(), " and ")
}

// amount is a difference with its interval.
func (c contrast) amount() string {
	ratio, low, high, word := c.Ratio.Ratio, c.Low, c.High, "slower"
	if ratio < 1 {
		word = "faster"
	}
	share := func(r float64) float64 { return math.Abs(r - 1) }
	times := func(r float64) string { return Digits(r) }
	much := " times as long"
	if ratio < 1 {
		low, high = high, low // from the smaller difference to the larger one
		times, much = func(r float64) string { return Digits(1 / r) }, " times as fast"
	}
	open := math.IsInf(high, 1) || high == 0
	switch {
	case math.IsInf(ratio, 1):
		return "slower: at least half of the runs did not finish"
	case ratio == 0:
		return "faster: at least half of the baseline's runs did not finish"
	case ratio >= 2 || ratio <= 0.5:
		return "about " + times(ratio) + much + between(times(low), times(high), open, "")
	}
	return "about " + percent(share(ratio)) + " % " + word + between(percent(share(low)), percent(share(high)), open, " %")
}

// between are the ends of an interval; nothing where they read the same.
func between(low, high string, open bool, sign string) string {
	switch {
	case open:
		return ", at least " + low + sign
	case low == high:
		return ""
	}
	return ", between " + low + " and " + high + sign
}

// sides are the ends of an interval that contains 1.
func (c contrast) sides() []string {
	fast, slow := fmt.Sprintf("at most %s %% faster", percent(1-c.Low)), fmt.Sprintf("at most %s %% slower", percent(c.High-1))
	if c.Low == 0 {
		fast = "how much faster is open"
	}
	if math.IsInf(c.High, 1) {
		slow = "how much slower is open"
	}
	return []string{fast, slow}
}

// percent writes a share without its sign: 5, 2.4, 0.3, 140.
func percent(share float64) string {
	v := share * 100
	if v >= 9.95 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

// units writes a number of blocks, or of runs of each system.
func units(n int, unit string) string {
	what, of, _ := strings.Cut(unit, " of ")
	text := count(n, what)
	if of != "" {
		text += " of " + of
	}
	return text
}
