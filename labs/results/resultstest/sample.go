// Package resultstest makes sessions of results for the tests of everything
// that prints results. The numbers are invented but shaped like real ones; the
// same arguments always give the same session. It touches nothing.
package resultstest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"distrolab/distros"
	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// Session returns the given number of blocks of three systems under TCG, with a
// warm-up each: a local Debian, a stand-in, and a vendor's image that times out
// in the second block. From the third block on some runs are doubtful.
func Session(blocks int) (results.Session, []results.Run) {
	s := results.Session{
		Schema: results.SessionSchema, ID: "20261122-2349-boot", Started: start(), Mode: results.ModeBench, Scenario: results.FirstBoot,
		Subjects: subjects(), Blocks: blocks, Warmups: 1, Seed: 42, Target: 0.03, Budget: time.Hour, Deadline: 3 * time.Minute,
		StopRule: "after 10 blocks, when every interval is within 3 % of its median",
		Env:      environment(), Tool: results.Tool{Version: "0.1.0", Commit: "0123abc"},
	}
	if blocks < 6 {
		s.Mode = results.ModeDemo
	}
	rng := rand.New(rand.NewPCG(42, 1))
	var runs []results.Run
	for block := 0; block <= blocks; block++ {
		for pos, which := range rng.Perm(len(s.Subjects)) {
			runs = append(runs, run(s, block, pos+1, which, rng))
		}
	}
	return s, runs
}

func start() time.Time { return time.Date(2026, 11, 22, 23, 49, 0, 0, time.UTC) }

func subjects() []results.Subject {
	return []results.Subject{
		{OS: "debian", Title: "Debian", Kind: distros.KindLocal, Version: "13", Arch: "amd64", ImageSHA256: "aa11", Kernel: "6.12.57", Init: "systemd 257"},
		{OS: "ignition-standin", Title: "Ignition stand-in", Kind: distros.KindStandIn, StandsFor: "Flatcar and Fedora CoreOS", Version: "13", Arch: "amd64", ImageSHA256: "bb22"},
		{OS: "flatcar", Title: "Flatcar", Kind: distros.KindVendor, Version: "4372.1.0", Arch: "amd64", ImageSHA256: "cc33"},
	}
}

func environment() results.Environment {
	e := results.Environment{
		CPUModel: "Example CPU", Cores: new(2), SMT: new(false), Kernel: "6.18.44", QEMU: "7.2.22", Libvirt: "9.0.0",
		MemGiB: new(24.0), THP: "madvise", NestedLevel: new(1),
		Volatile: results.Volatile{Load1: new(0.4), PSICPUSome10: new(1.2)},
	}
	return e.Seal()
}

func run(s results.Session, block, pos, which int, rng *rand.Rand) results.Run {
	r := results.Run{
		Schema: results.RunSchema, Session: s.ID, RunID: fmt.Sprintf("b%02d-p%d", block, pos), Block: block, Pos: pos, Seed: s.Seed,
		Phase: results.PhaseMeasure, Scenario: s.Scenario, Finish: observe.BootComplete, Subject: s.Subjects[which],
		VM: results.VM{
			VCPUs: 2, MemMiB: 2048, Machine: "q35", Firmware: "bios", Accel: "tcg", RNG: true, Serial: "isa-serial", Net: "virtio-net, distrolab switch",
			Disk: results.Disk{Format: "qcow2", Cache: "writeback", Overlay: true},
		},
		Env: s.Env, Clock: results.Clock{Source: "tsc", WallStart: start(), Canary: &results.Canary{P50: 60, P99: 900, Max: 2100}},
		Cache: results.Cache{State: "warm"}, Outcome: results.OutcomeOK, Tool: s.Tool,
		Counters: results.Counters{SerialBytes: new(int64(48213)), Frames: new(int64(312)), SYNProbes: new(int64(1800))},
	}
	if block == 0 {
		r.Phase = results.PhaseWarmup
	}
	noise := func(mean float64) time.Duration {
		return time.Duration(mean * (1 + 0.03*rng.NormFloat64()) * float64(time.Second))
	}
	scale := []float64{1, 1.4, 0.8}[which]
	at := map[observe.Milestone]time.Duration{observe.Request: 0, observe.VCPUStart: 210 * time.Millisecond}
	at[observe.FirmwareFirst] = at[observe.VCPUStart] + noise(0.15)
	at[observe.LoaderFirst] = at[observe.FirmwareFirst] + noise(1.1)
	at[observe.KernelStart] = at[observe.LoaderFirst] + noise(2.2)
	at[observe.KernelConsole] = at[observe.KernelStart] + noise(0.2)
	at[observe.InitStart] = at[observe.KernelConsole] + noise(2.4*scale)
	at[observe.SwitchRoot] = at[observe.InitStart] + noise(2.1*scale*scale)
	at[observe.NetFirstFrame] = at[observe.SwitchRoot] + noise(4*scale)
	at[observe.DHCPDiscover] = at[observe.NetFirstFrame] + noise(0.3)
	at[observe.DHCPAck] = at[observe.DHCPDiscover] + noise(0.01)
	at[observe.NetUsable] = at[observe.DHCPAck] + noise(0.4)
	at[observe.ManagementByte] = at[observe.NetUsable] + noise(6*scale)
	at[observe.BootComplete] = at[observe.ManagementByte] + noise(2.5*scale)
	fill(&r, at)
	if which == 2 && block == 2 {
		r.Outcome, r.Cause, r.Events = results.OutcomeTimeout, "no boot_complete within 3m0s; the console ends in \"dracut-initqueue timeout\"", r.Events[:7]
		r.Missing = append(r.Missing, observe.Missing{M: observe.BootComplete, Why: "the deadline passed"})
	}
	if block > 2 && (block+which)%4 == 0 {
		r.Taints = []string{"the observer itself was late: canary p99 6.2 ms"}
	}
	return r
}

// fill writes the milestones in their order, and reasons for the others.
func fill(r *results.Run, at map[observe.Milestone]time.Duration) {
	for _, info := range observe.Milestones() {
		t, seen := at[info.Milestone]
		if !seen {
			r.Missing = append(r.Missing, observe.Missing{M: info.Milestone, Why: "this system does not show it"})
			continue
		}
		e := observe.Event{M: info.Milestone, T: t, Source: observe.SourceSerial, Err: 2 * time.Millisecond, Q: observe.Exact}
		switch info.Milestone {
		case observe.Request:
			e.Source, e.Err = observe.SourceRequest, 0
		case observe.VCPUStart:
			e.Source = observe.SourceQMP
		case observe.KernelStart:
			e.Q, e.Err = observe.Estimate, 150*time.Millisecond
		case observe.NetFirstFrame, observe.DHCPDiscover, observe.DHCPAck, observe.NetUsable:
			e.Source = observe.SourceNet
		case observe.ManagementByte:
			e.Source, e.Q, e.Err, e.Raw = observe.SourceProbe, observe.AtMost, 12*time.Millisecond, "SSH-2.0-OpenSSH_10.0p2"
		}
		r.Events = append(r.Events, e)
	}
}
