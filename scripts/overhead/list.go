package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"distrolab/labs/stats"
)

const listUsage = `usage: scripts/bench-list [--pairs N] [--record FILE]

Measures "distrolab list" from exec to exit, each time beside /bin/true, which
is what starting any program costs here. The target is a median below 50 ms. It
also prints the CPU time and the packages whose initialisation took longest.

  --pairs N       runs of each (default 50)
  --record FILE   append the samples to this file, a JSON object a line
  --binary FILE   the distrolab to measure (default bin/distrolab)

Exit status: 0 done, 1 failed, 2 wrong usage, 3 the target was missed.

example:
  scripts/bench-list --pairs 200
`

const (
	listLimit   = 50 * time.Millisecond
	defaultRuns = 50
)

func measureList(ctx context.Context, opt options) (bool, error) {
	if opt.pairs == 0 {
		opt.pairs = defaultRuns
	}
	if _, err := os.Stat(opt.binary); err != nil {
		return false, fmt.Errorf("finding the binary to measure: %w; build it: go build -o bin/distrolab ./cmd/distrolab", err)
	}
	commands := [2][]string{{"/bin/true"}, {opt.binary, "list"}}
	p := pairs{Measurement: "list", Seed: opt.seed, Started: time.Now(), Names: [2]string{"/bin/true", "distrolab list"}}
	for range 3 { // warm-up: the binary is in the page cache
		if _, _, err := timed(ctx, commands[1]); err != nil {
			return false, err
		}
	}
	for _, first := range firstArm(opt.seed, opt.pairs) {
		var wall, cpu [2]float64
		for i := range 2 {
			arm := (first + i) % 2
			w, c, err := timed(ctx, commands[arm])
			if err != nil {
				return false, err
			}
			wall[arm], cpu[arm] = w.Seconds(), c.Seconds()
		}
		p.Seconds, p.CPU = append(p.Seconds, wall), append(p.CPU, cpu)
	}
	p.print(opt)
	cpu := stats.MedianInterval(column(p.CPU, 1), stats.Confidence95)
	fmt.Fprintf(opt.out, "%-28s median %s%s\n", "its CPU time, user and system", seconds(cpu.Median), interval(cpu.Bounded(), seconds(cpu.Low), seconds(cpu.High)))
	if err := printInit(ctx, opt); err != nil {
		return false, err
	}
	iv := stats.MedianInterval(column(p.Seconds, 1), stats.Confidence95)
	v := atMost(stats.Ratio{Low: iv.Low, High: iv.High, Confidence: iv.Confidence}, listLimit.Seconds())
	fmt.Fprintf(opt.out, "target below %s: %s\n", listLimit, v)
	return v != missed, p.keep(opt.record)
}

// timed runs a command and returns its wall and CPU time.
func timed(ctx context.Context, argv []string) (wall, cpu time.Duration, err error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	began := time.Now()
	err = cmd.Run()
	wall = time.Since(began)
	if err != nil {
		return 0, 0, fmt.Errorf("running %s: %w", strings.Join(argv, " "), err)
	}
	return wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// initialisation is the time one package took before main.
type initialisation struct {
	name  string
	clock float64 // ms
	bytes int
}

// printInit shows what the runtime says of the packages' initialisation.
func printInit(ctx context.Context, opt options) error {
	cmd := exec.CommandContext(ctx, opt.binary, "list")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("tracing the initialisation: %w", err)
	}
	all := readInitTrace(trace.String())
	var total float64
	for _, i := range all {
		total += i.clock
	}
	fmt.Fprintf(opt.out, "%-28s %.1f ms in %d packages, most in:\n", "before main, in one run", total, len(all))
	slices.SortFunc(all, func(a, b initialisation) int { return int(1e6 * (b.clock - a.clock)) })
	for _, i := range all[:min(5, len(all))] {
		fmt.Fprintf(opt.out, "  %-44s %6.2f ms %8d bytes\n", i.name, i.clock, i.bytes)
	}
	return nil
}

// readInitTrace reads lines such as
// "init internal/bytealg @0.008 ms, 0 ms clock, 0 bytes, 0 allocs"
// (https://pkg.go.dev/runtime#hdr-Environment_Variables).
func readInitTrace(text string) []initialisation {
	var all []initialisation
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 8 || f[0] != "init" {
			continue
		}
		clock, err1 := strconv.ParseFloat(f[4], 64)
		size, err2 := strconv.Atoi(f[7])
		if err1 == nil && err2 == nil {
			all = append(all, initialisation{f[1], clock, size})
		}
	}
	return all
}
