package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"time"

	"distrolab/labs/stats"
)

// pairs are the times of two arms, one of each in a pair, in seconds.
type pairs struct {
	Measurement string    `json:"measurement"`
	Guest       string    `json:"guest,omitempty"`
	Seed        uint64    `json:"seed"`
	Started     time.Time `json:"started"`
	Names       [2]string `json:"arms"` // without and with distrolab
	Seconds     [][2]float64
	Lease       [][2]float64       `json:"lease_seconds,omitempty"` // to the DHCP acknowledgement
	CPU         [][2]float64       `json:"cpu_seconds,omitempty"`   // of this process, where it is the observer
	Note        []string           `json:"notes,omitempty"`
	Verdicts    map[string]verdict `json:"verdicts,omitempty"` // of each end
}

// firstArm says, for each pair, which arm goes first.
func firstArm(seed uint64, n int) []int {
	r := rand.New(rand.NewPCG(seed, 0))
	first := make([]int, n)
	for i := range first {
		first[i] = i % 2 // as many of each, as far as that goes
	}
	r.Shuffle(n, func(i, j int) { first[i], first[j] = first[j], first[i] })
	return first
}

// column is one arm's sample.
func column(rows [][2]float64, arm int) []float64 {
	sample := make([]float64, len(rows))
	for i, row := range rows {
		sample[i] = row[arm]
	}
	return sample
}

// ratio is the second arm over the first.
func (p pairs) ratio() stats.Ratio {
	both := make([]stats.Pair, len(p.Seconds))
	for i, row := range p.Seconds {
		both[i] = stats.Pair{A: row[0], B: row[1]}
	}
	return stats.PairedRatio(both, stats.Confidence95)
}

// spread is the standard deviation of the log ratios, the noise of one pair.
func (p pairs) spread() float64 {
	var ratios []float64
	for _, row := range p.Seconds {
		ratios = append(ratios, math.Log(row[1]/row[0]))
	}
	return deviation(ratios)
}

// deviation is the standard deviation of a sample.
func deviation(sample []float64) float64 {
	n := float64(len(sample))
	if n < 2 {
		return math.NaN()
	}
	var sum, squares float64
	for _, d := range sample {
		sum += d
		squares += d * d
	}
	return math.Sqrt(max(0, (squares-sum*sum/n)/(n-1)))
}

// tolerance is how close to 1 the ratio must be: within 1 % where the first
// arm's runs vary by 2 % or less, else within 2 %.
func (p pairs) tolerance() float64 {
	var logs []float64
	for _, s := range column(p.Seconds, 0) {
		logs = append(logs, math.Log(s))
	}
	if deviation(logs) <= 0.02 {
		return 0.01
	}
	return 0.02
}

// print writes both medians and the ratio, each with its interval.
func (p pairs) print(opt options) {
	for arm, name := range p.Names {
		iv := stats.MedianInterval(column(p.Seconds, arm), stats.Confidence95)
		fmt.Fprintf(opt.out, "%-28s median %s%s\n", name, seconds(iv.Median), interval(iv.Bounded(), seconds(iv.Low), seconds(iv.High)))
	}
	r := p.ratio()
	fmt.Fprintf(opt.out, "%-28s %.3f%s, %d pairs\n", "ratio (Hodges-Lehmann)", r.Ratio,
		interval(r.Bounded(), fmt.Sprintf("%.3f", r.Low), fmt.Sprintf("%.3f", r.High)), r.N)
	for _, note := range p.Note {
		fmt.Fprintln(opt.out, note)
	}
}

func interval(bounded bool, low, high string) string {
	if !bounded {
		return " [no interval: too few runs]"
	}
	return fmt.Sprintf(" [%s, %s]", low, high)
}

func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.1f ms", s*1000)
	}
	return fmt.Sprintf("%.3f s", s)
}

// keep appends the samples to the file of --record.
func (p pairs) keep(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("keeping the samples: %w", err)
	}
	return errors.Join(json.NewEncoder(f).Encode(p), f.Close())
}

// verdict is what an interval says of a target.
type verdict string

const (
	met    verdict = "met"
	missed verdict = "missed"
	open   verdict = "open"
)

// atMost judges a ratio that must not be above the limit.
func atMost(r stats.Ratio, limit float64) verdict {
	switch {
	case !r.Bounded():
		return open
	case r.High <= limit:
		return met
	case r.Low > limit:
		return missed
	}
	return open
}

// within judges a ratio that must be as good as 1.
func within(r stats.Ratio, tolerance float64) verdict {
	switch {
	case !r.Bounded():
		return open
	case r.Low >= 1-tolerance && r.High <= 1+tolerance:
		return met
	case r.Low > 1+tolerance || r.High < 1-tolerance:
		return missed
	}
	return open
}

// pairsNeeded estimates how many pairs make the interval's half narrow enough
// to lie within the tolerance around the estimate; 0: no number would, because
// the estimate itself is outside. 1.023 is what ranks cost against a mean.
func (p pairs) pairsNeeded(tolerance float64) int {
	room := math.Log(1+tolerance) - math.Abs(math.Log(p.ratio().Ratio))
	if !(room > 0) {
		return 0
	}
	root := 1.96 * 1.023 * p.spread() / room
	return max(stats.MinimumRuns(stats.Confidence95), int(math.Ceil(root*root)))
}
