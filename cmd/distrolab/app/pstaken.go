package app

import (
	"context"
	"fmt"
	"time"

	"distrolab/labs"
	"distrolab/labs/home"
	"distrolab/tui/chart"
)

// usageSpan is how long machines are measured.
const usageSpan = 2 * time.Second

// machineUsage is a line of `distrolab ps --usage`, and its JSON shape.
type machineUsage struct {
	Lab   string  `json:"lab"`
	Share float64 `json:"cpu_share"` // of one processor, 1 is all of it
	labs.Usage
	vcpus, memory int
}

// printTaken measures the machines that run.
func (a *application) printTaken(ctx context.Context, h home.Home, all []labs.Status) error {
	before := map[string]labs.Usage{}
	for _, u := range usageOf(ctx, h, all) {
		before[u.Lab+"/"+u.Machine] = u.Usage
	}
	list := []machineUsage{}
	if len(before) > 0 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(usageSpan):
		}
		for _, u := range usageOf(ctx, h, all) {
			first, had := before[u.Lab+"/"+u.Machine]
			if span := u.At.Sub(first.At); had && span > 0 && u.CPU >= first.CPU {
				u.Share = float64(u.CPU-first.CPU) / float64(span)
				list = append(list, u)
			}
		}
	}
	if a.json() {
		return a.printJSON(list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.world.Out, "no machine runs")
		return err
	}
	var rows [][]string
	for _, u := range list {
		rows = append(rows, []string{u.Lab, u.Machine, fmt.Sprintf("%.0f %%", u.Share/float64(max(u.vcpus, 1))*100),
			fmt.Sprint(u.vcpus), u.CPU.Round(100 * time.Millisecond).String(), bytes(u.Resident), bytes(int64(u.memory) << 20)})
	}
	return a.printTable([]chart.Column{{Title: "LAB"}, {Title: "MACHINE"}, {Title: "CPU", Right: true}, {Title: "VCPUS", Right: true},
		{Title: "CPU TIME", Right: true, Drop: 1}, {Title: "MEMORY", Right: true}, {Title: "OF", Right: true}}, rows)
}

// usageOf asks every lab that runs. One that does not answer has none.
func usageOf(ctx context.Context, h home.Home, all []labs.Status) []machineUsage {
	var list []machineUsage
	for _, s := range all {
		if !s.Running || len(s.Machines) == 0 {
			continue
		}
		used, err := labs.Connect(h, s.Lab).Usage(ctx)
		if err != nil {
			continue
		}
		for _, u := range used {
			for _, m := range s.Machines {
				if m.Name == u.Machine {
					list = append(list, machineUsage{Lab: s.Lab, Usage: u, vcpus: m.VCPUs, memory: m.Memory})
				}
			}
		}
	}
	return list
}
