package stats_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"distrolab/labs/stats"
)

const sessions = 2000

func figures() []figure {
	var all []figure
	for _, group := range [][]figure{widths(), sight(), coverage(), stopping(), several(), drifting(), planning(), changing()} {
		all = append(all, group...)
	}
	return all
}

func widths() []figure {
	var list []figure
	for _, c := range []struct {
		cv   float64
		says [3]float64
	}{{0.02, [3]float64{2.4, 1.4, 1.1}}, {0.05, [3]float64{6.1, 3.5, 2.8}}, {0.10, [3]float64{12, 7, 5.6}}} {
		for i, n := range []int{10, 20, 30} {
			says := c.says[i] / 100
			list = append(list, figure{
				group: "Half width of a median's interval that three of four sessions stay under", setting: fmt.Sprintf("CV %.0f %%, %d runs", 100*c.cv, n),
				says: fmt.Sprintf("%v %%", c.says[i]), low: says * 0.93, high: says * 1.07, trials: sessions, quantile: 0.75,
				trial: func(rng *rand.Rand) float64 {
					return stats.MedianInterval(lognormal(c.cv).sample(rng, n), stats.Confidence95).HalfWidth()
				},
			})
		}
	}
	return list
}

func sight() []figure {
	var list []figure
	for _, c := range []struct {
		cv, effect float64
		says       [3]float64
	}{{0.02, 1.05, [3]float64{1, 1, 1}}, {0.05, 1.05, [3]float64{.50, .83, .95}}, {0.10, 1.05, [3]float64{.16, .31, .46}}, {0.10, 1.10, [3]float64{.48, .82, .95}}} {
		for i, n := range []int{10, 20, 30} {
			list = append(list, figure{
				group: "Chance to see a difference", setting: fmt.Sprintf("%.0f %% slower, CV %.0f %%, %d blocks", 100*(c.effect-1), 100*c.cv, n),
				says: fmt.Sprintf("%.0f %%", 100*c.says[i]), low: c.says[i] - 0.045, high: c.says[i] + 0.045, trials: sessions,
				trial: func(rng *rand.Rand) float64 {
					return one(paired(lognormal(c.cv).blocks(rng, n, c.effect)).Differs())
				},
			})
		}
	}
	return list
}

func coverage() []figure {
	covers := func(r stats.Ratio) float64 { return one(r.Low <= 1.1 && 1.1 <= r.High) }
	var list []figure
	add := func(setting string, says string, low, high float64, trial func(*rand.Rand) float64) {
		list = append(list, figure{"How often the interval holds the truth", setting, says, low, high, sessions, trial, 0})
	}
	for _, n := range []int{6, 10, 20, 40} {
		add(fmt.Sprintf("median, CV 10 %%, %d runs", n), "at least 95 %", 0.943, 0.985, func(rng *rand.Rand) float64 {
			iv := stats.MedianInterval(lognormal(0.1).sample(rng, n), stats.Confidence95)
			return one(iv.Low <= 1 && 1 <= iv.High)
		})
	}
	for _, shape := range []struct {
		name string
		noise
	}{{"one mode", lognormal(0.05)}, {"two modes", bimodal(0.05)}} {
		for _, n := range []int{10, 20, 30} {
			add(fmt.Sprintf("ratio by blocks, %s, %d blocks", shape.name, n), "94 to 97 %", 0.935, 0.975, func(rng *rand.Rand) float64 {
				return covers(paired(shape.blocks(rng, n, 1.1)))
			})
			add(fmt.Sprintf("ratio of sessions apart, %s, %d runs of each", shape.name, n), "94 to 97 %", 0.935, 0.975, func(rng *rand.Rand) float64 {
				a, b := shape.sample(rng, n), shape.sample(rng, n)
				for i := range b {
					b[i] *= 1.1
				}
				return covers(stats.UnpairedRatio(a, b, stats.Confidence95))
			})
		}
	}
	for _, rate := range []float64{0.02, 0.1, 0.3} {
		add(fmt.Sprintf("bound on failures, rate %.0f %%, 10 runs", 100*rate), "at least 95 %", 0.94, 1, func(rng *rand.Rand) float64 {
			failed := 0
			for range 10 {
				failed += int(one(rng.Float64() < rate))
			}
			return one(stats.FailureBound(failed, 10, stats.Confidence95) >= rate)
		})
	}
	return list
}

// stopping compares ending a session when its intervals are narrow with ending
// it when a difference has been found.
func stopping() []figure {
	var list []figure
	for _, cv := range []float64{0.02, 0.05, 0.08} {
		list = append(list, figure{
			"Ending a session by what it shows", fmt.Sprintf("narrow enough (3 %%), looking after 10 blocks and then every 5, CV %.0f %%: the median's interval holds the truth", 100*cv),
			"93 to 98 %", 0.93, 0.985, sessions,
			func(rng *rand.Rand) float64 {
				a, b := lognormal(cv).sample(rng, 40), lognormal(cv).sample(rng, 40)
				iv := stats.MedianInterval(a[:narrowEnough(a, b)], stats.Confidence95)
				return one(iv.Low <= 1 && 1 <= iv.High)
			}, 0,
		}, figure{
			"Ending a session by what it shows", fmt.Sprintf("the same, CV %.0f %%: equal systems are called different", 100*cv),
			"", 0.02, 0.07, sessions,
			func(rng *rand.Rand) float64 {
				a, b := lognormal(cv).sample(rng, 40), lognormal(cv).sample(rng, 40)
				return one(paired(zip(a, b, narrowEnough(a, b))).Differs())
			}, 0,
		})
	}
	list = append(list, figure{
		"Ending a session by what it shows", "a difference (p < 0.05), looking after every block from 6 to 40: equal systems are called different",
		"22 to 24 %", 0.19, 0.26, sessions,
		func(rng *rand.Rand) float64 {
			a, b := lognormal(0.05).sample(rng, 40), lognormal(0.05).sample(rng, 40)
			for n := 6; n <= 40; n++ {
				if paired(zip(a, b, n)).P < 0.05 {
					return 1
				}
			}
			return 0
		}, 0,
	})
	return list
}

func zip(a, b []float64, n int) []stats.Pair {
	pairs := make([]stats.Pair, n)
	for i := range pairs {
		pairs[i] = stats.Pair{A: a[i], B: b[i]}
	}
	return pairs
}

// narrowEnough is the number of blocks at which a session of two systems ends.
func narrowEnough(a, b []float64) int {
	for n := 10; n < 40; n += 5 {
		if stats.MedianInterval(a[:n], stats.Confidence95).HalfWidth() <= 0.03 && stats.MedianInterval(b[:n], stats.Confidence95).HalfWidth() <= 0.03 {
			return n
		}
	}
	return 40
}

func several() []figure {
	const systems = 8
	draw := func(rng *rand.Rand, n int) [][]float64 {
		all := make([][]float64, systems)
		for i := range all {
			all[i] = lognormal(0.05).sample(rng, n)
		}
		return all
	}
	group := "Eight equal systems: a session with a false difference"
	return []figure{{group, "every pair of them by rank sums, 20 runs", "51 %", 0.46, 0.56, sessions / 2, func(rng *rand.Rand) float64 {
		all := draw(rng, 20)
		for i := range all {
			for j := range i {
				if stats.UnpairedRatio(all[j], all[i], stats.Confidence95).P < 0.05 {
					return 1
				}
			}
		}
		return 0
	}, 0}, {group, "each with the baseline, by blocks, adjusted (Holm), 20 blocks", "", 0.015, 0.055, sessions, func(rng *rand.Rand) float64 {
		all := draw(rng, 20)
		var p []float64
		for _, other := range all[1:] {
			p = append(p, paired(zip(all[0], other, len(other))).P)
		}
		for _, adjusted := range stats.Holm(p) {
			if adjusted < 0.05 {
				return 1
			}
		}
		return 0
	}, 0}}
}

// drifting has a machine that becomes slower while a session goes on.
func drifting() []figure {
	const n = 20
	var list []figure
	group := "A machine that drifts: equal systems are called different"
	add := func(setting, says string, low, high float64, trial func(*rand.Rand) float64) {
		list = append(list, figure{group, setting, says, low, high, sessions, trial, 0})
	}
	for _, c := range []struct {
		drift     float64
		says      string
		low, high float64
	}{{0.05, "32 %", 0.28, 0.36}, {0.10, "81 %", 0.77, 0.87}} {
		at := func(place int) float64 { return 1 + c.drift*float64(place)/(2*n-1) }
		shuffled := func(rng *rand.Rand) []stats.Pair {
			pairs := lognormal(0.05).blocks(rng, n, 1)
			for i := range pairs {
				first := rng.IntN(2)
				pairs[i].A *= at(2*i + first)
				pairs[i].B *= at(2*i + 1 - first)
			}
			return pairs
		}
		end := fmt.Sprintf("%.0f %% slower at the end, ", 100*c.drift)
		add(end+"all runs of one system first", c.says, c.low, c.high, func(rng *rand.Rand) float64 {
			a, b := lognormal(0.05).sample(rng, n), lognormal(0.05).sample(rng, n)
			for i := range n {
				a[i], b[i] = a[i]*at(i), b[i]*at(n+i)
			}
			return one(stats.UnpairedRatio(a, b, stats.Confidence95).P < 0.05)
		})
		add(end+"shuffled blocks, rank sums", "3 to 4 %", 0.015, 0.05, func(rng *rand.Rand) float64 { return one(apart(shuffled(rng)).P < 0.05) })
		add(end+"shuffled blocks, by blocks", "", 0.03, 0.06, func(rng *rand.Rand) float64 { return one(paired(shuffled(rng)).Differs()) })
	}
	group = "Blocks that share the machine's moods (CV 8 %, runs 4 %): chance to see 5 % with 20 blocks"
	shared := func(rng *rand.Rand) []stats.Pair {
		pairs := lognormal(0.04).blocks(rng, n, 1.05)
		for i := range pairs {
			mood := lognormal(0.08)(rng)
			pairs[i].A, pairs[i].B = pairs[i].A*mood, pairs[i].B*mood
		}
		return pairs
	}
	add("by blocks, signed ranks", "95 %", 0.92, 0.97, func(rng *rand.Rand) float64 { return one(paired(shared(rng)).Differs()) })
	add("the same runs without their blocks, rank sums", "27 %", 0.22, 0.32, func(rng *rand.Rand) float64 { return one(apart(shared(rng)).P < 0.05) })
	return list
}

// apart forgets which runs share a block.
func apart(pairs []stats.Pair) stats.Ratio {
	var a, b []float64
	for _, p := range pairs {
		a, b = append(a, p.A), append(b, p.B)
	}
	return stats.UnpairedRatio(a, b, stats.Confidence95)
}

// planning asks whether "12 more blocks would show 5 %" is true.
func planning() []figure {
	var list []figure
	for _, cv := range []float64{0.04, 0.07} {
		list = append(list, figure{
			"What a session promises: as many blocks as 20 blocks of equal systems said, and a system 5 % slower is seen", fmt.Sprintf("CV %.0f %%", 100*cv),
			"", 0.74, 0.87, sessions,
			func(rng *rand.Rand) float64 {
				more := paired(lognormal(cv).blocks(rng, 20, 1)).RunsFor(0.05)
				return one(paired(lognormal(cv).blocks(rng, more, 1.05)).Differs())
			}, 0,
		})
	}
	return list
}

// changing looks at histories of nightly medians, each with noise of 3 %.
func changing() []figure {
	const nights, noise = 30, 0.03
	look := func(change float64, trial func([]stats.ChangePoint) bool) func(*rand.Rand) float64 {
		return func(rng *rand.Rand) float64 {
			medians := lognormal(noise).sample(rng, nights)
			for i := nights / 2; i < nights; i++ {
				medians[i] *= change
			}
			return one(trial(stats.ChangePoints(medians)))
		}
	}
	some := func(points []stats.ChangePoint) bool { return len(points) > 0 }
	near := func(points []stats.ChangePoint) bool {
		return slices.ContainsFunc(points, func(p stats.ChangePoint) bool { return p.At >= nights/2-1 && p.At <= nights/2+1 })
	}
	const group = "Change points in 30 nights, medians with CV 3 %"
	return []figure{
		{group: group, setting: "no change: some found", low: 0, high: 0.03, trials: 500, trial: look(1, some)},
		{group: group, setting: "5 % slower from the middle on: found", low: 0.5, high: 0.8, trials: 500, trial: look(1.05, some)},
		{group: group, setting: "10 % slower from the middle on: found", low: 0.99, high: 1, trials: 500, trial: look(1.10, some)},
		{group: group, setting: "10 % slower from the middle on: found within a night of it", low: 0.9, high: 1, trials: 500, trial: look(1.10, near)},
	}
}
