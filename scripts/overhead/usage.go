package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"distrolab/labs/stats"
)

// The budgets of what observing may use: measuring.md, section H.
const (
	averageBudget = 2.0  // percent of one core
	windowBudget  = 10.0 // the same, 99th percentile of the windows
	memoryBudget  = 64.0 // MiB
	usageWindow   = 100 * time.Millisecond
)

// usage is what this process used while it watched one boot.
type usage struct {
	average float64 // percent of one core
	window  float64 // 99th percentile of the windows, percent of one core
	memory  float64 // MiB resident, the most of all windows
}

// sampleUsage looks at this process every 100 ms until the returned function
// is called.
func sampleUsage() func() usage {
	done, result := make(chan struct{}), make(chan usage)
	go func() {
		tick := time.NewTicker(usageWindow)
		defer tick.Stop()
		began, first := time.Now(), processorTime()
		last, lastCPU := began, first
		var shares []float64
		var u usage
		for {
			select {
			case <-tick.C:
				now, cpu := time.Now(), processorTime()
				shares = append(shares, share(cpu-lastCPU, now.Sub(last)))
				last, lastCPU = now, cpu
				u.memory = max(u.memory, residentMiB())
			case <-done:
				u.average = share(processorTime()-first, time.Since(began))
				if len(shares) > 0 {
					slices.Sort(shares)
					u.window = shares[max(0, int(math.Ceil(0.99*float64(len(shares))))-1)]
				}
				result <- u
				return
			}
		}
	}()
	return func() usage { close(done); return <-result }
}

func share(cpu, wall time.Duration) float64 { return 100 * float64(cpu) / float64(max(wall, 1)) }

// describeUsage holds the medians of the boots against the budgets.
func describeUsage(all []usage) string {
	of := func(f func(usage) float64) float64 {
		var sample []float64
		for _, u := range all {
			sample = append(sample, f(u))
		}
		return stats.Median(sample)
	}
	word := func(v, budget float64) string {
		if v <= budget {
			return "met"
		}
		return "MISSED"
	}
	average, window, memory := of(func(u usage) float64 { return u.average }), of(func(u usage) float64 { return u.window }), of(func(u usage) float64 { return u.memory })
	return fmt.Sprintf("while watching: %.2f %% of one core (budget %.0f: %s), p99 of 100 ms windows %.1f %% (budget %.0f: %s), %.1f MiB resident (budget %.0f: %s; the benchmark's own included)",
		average, averageBudget, word(average, averageBudget), window, windowBudget, word(window, windowBudget), memory, memoryBudget, word(memory, memoryBudget))
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0 // Linux never refuses this
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// residentMiB reads VmRSS of proc_pid_status(5); 0: not known.
func residentMiB() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib / 1024
}

// loads says how busy the machine is.
func loads() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "load unknown"
	}
	return "load " + strings.Join(strings.Fields(string(text))[:3], " ")
}
