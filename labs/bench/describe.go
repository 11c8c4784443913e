package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"distrolab/labs/cluster"
	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/provision"
)

// before reads what is compared with its value after the boot.
func (r *attempt) before() {
	r.environment = r.session.environment()
	r.usage = readUsage()
	r.mark = r.session.quiet.Mark()
	if mark, err := observe.ReadClocks(); err == nil {
		r.clocks = mark
	}
}

// describe fills the record of the run but its outcome.
func (r *attempt) describe(ctx context.Context, t observe.Timeline, guest *results.Guest, canary observe.CanaryResult) results.Run {
	s := r.session
	after := s.environment().During(r.environment)
	r.lookBack(ctx, &after)
	run := results.Run{
		RunID: r.id, Session: s.meta.ID, Block: r.place.block, Pos: r.place.pos, Seed: s.design.Seed,
		Phase: r.place.phase, Scenario: s.design.scenario(), Finish: s.finish(),
		Subject: r.subject(guest), VM: r.hardware(), Env: after,
		Clock:    results.Clock{Source: observe.ClockSource(s.opt.Host), WallStart: r.clocks.Wall},
		Cache:    r.cache,
		Events:   t.Events,
		Missing:  t.Missing,
		Counters: r.counters(),
		Guest:    guest,
		Held:     r.held,
		Waited:   r.waited,
		Taints:   append([]string{}, r.doubts...),
		Tool:     s.opt.Tool,
	}
	if canary.Samples > 0 {
		run.Clock.Canary = &results.Canary{P50: canary.P50, P99: canary.P99, Max: canary.Max}
	}
	if taint := canary.Taint(); taint != "" {
		run.Taints = append(run.Taints, taint)
	}
	if taint := egressTaint(*run.Counters.EgressBytes); taint != "" {
		run.Taints = append(run.Taints, taint)
	}
	if mark, err := observe.ReadClocks(); err == nil {
		drift := r.clocks.Drift(mark)
		run.Clock.WallDriftUS = pointer(drift.Wall.Microseconds())
		run.Clock.SuspendUS = pointer(drift.Suspend.Microseconds())
		run.Taints = append(run.Taints, drift.Taints()...)
	}
	return run
}

// conclude decides the outcome, and adds what the console may tell of a failure.
func (r *attempt) conclude(ctx context.Context, run *results.Run, ended error) {
	r.decide(run, ended)
	var fault *observe.FaultError
	if run.Outcome != results.OutcomeOK && ended != nil && !errors.As(ended, &fault) {
		run.Cause += "; " + r.explain(ctx) // a fault line names its cause itself
	}
}

// explain asks a machine that did not join why; a boot is judged by its console.
func (r *attempt) explain(ctx context.Context) string {
	if r.session.plane == nil {
		return r.machine.Explain()
	}
	return cluster.Explain(ctx, r.machine, r.session.opt.Key, r.watch)
}

// decide sets the outcome. A finished run whose environment checks failed stays
// in the file and enters no statistic.
func (r *attempt) decide(run *results.Run, ended error) {
	var fault *observe.FaultError
	var stopped *observe.StoppedError
	finished := ended == nil || r.poweredOff(ended, run.Events)
	switch {
	case finished && len(run.Taints) > 0:
		run.Outcome, run.Cause = results.OutcomeTainted, run.Taints[0]
	case finished:
		run.Outcome = results.OutcomeOK
	case errors.As(ended, &fault), errors.As(ended, &stopped):
		run.Outcome, run.Cause = results.OutcomeFailed, ended.Error()
	default:
		run.Outcome, run.Cause = results.OutcomeTimeout, ended.Error()
	}
}

func (r *attempt) hardware() results.VM {
	p := r.machine.Profile()
	vm := results.VM{
		VCPUs: r.spec.Hardware.VCPUs, MemMiB: r.spec.Hardware.MemoryMiB, Machine: p.Machine,
		Firmware: r.spec.Hardware.Firmware, Net: p.Network, RNG: p.RNG != "", Balloon: p.Balloon != "none",
		Serial: p.Serial, Accel: string(r.session.design.Accelerator),
	}
	if r.spec.Files.Kernel != "" {
		vm.Firmware = "direct"
	}
	if r.spec.Files.Disk != "" {
		vm.Disk = results.Disk{Format: r.spec.Files.DiskFormat, Cache: p.DiskCache, Overlay: true}
	}
	return vm
}

func (r *attempt) counters() results.Counters {
	o := r.machine.Observer().Counters()
	used := readUsage().since(r.usage)
	left, refused := egress(int64(r.network.Counters().EgressBytesOf(r.spec.Name)-r.egress), r.network.Isolated())
	c := results.Counters{
		SerialBytes: &o.SerialBytes, Frames: &o.Frames, SYNProbes: &o.Probes,
		EgressBytes:   pointer(left),
		RefusedBytes:  pointer(refused),
		ObserverCPUms: pointer(used.cpu.Milliseconds()),
	}
	if r.watch != nil {
		c.APIWatchReconnects = pointer(int64(r.watch.Reconnects()))
	}
	if used.rssKiB > 0 {
		c.ObserverRSSKiB = &used.rssKiB
	}
	return c
}

// keep moves the raw logs into the store, now that nothing writes to them any
// more, and adds what went wrong to an error.
func (r *attempt) keep(ctx context.Context, err error) ([]results.File, error) {
	var files []results.File
	for _, log := range []struct{ kind, suffix string }{{"serial", ".console"}, {"serial_stamps", ".stamps"}} {
		f, failed := r.session.results.Keep(ctx, log.kind, logsDirectory+"/"+r.id+log.suffix, r.path(log.suffix))
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		files = append(files, f)
	}
	return files, err
}

// environment reads the host's facts and adds what only we know.
func (s *Session) environment() results.Environment {
	e := results.ReadEnvironment(s.opt.Host)
	e.QEMU, e.Libvirt = s.host.QEMU.String(), s.host.Libvirt.String()
	var stat unix.Stat_t
	if unix.Stat(s.opt.Home.Images(), &stat) == nil {
		e.Storage = results.StorageOf(s.opt.Host, unix.Major(stat.Dev), unix.Minor(stat.Dev))
	}
	return e.Seal()
}

// subject is what ran. That the config of each join names another node does not
// make it another subject.
func (r *attempt) subject(guest *results.Guest) results.Subject {
	subject := r.session.subjectOf(r.place.subject)
	subject.CmdlineSHA256 = r.cmdlineDigest(guest)
	if guest != nil {
		subject.Kernel, subject.Init = guest.Values["kernel"], guest.Values["init"]
		subject.CRI = guest.Values["containerd"]
	}
	if join := r.session.design.Join; join != nil {
		subject.K8s = join.Cluster.Kubernetes
	}
	return subject
}

// cmdlineDigest is of the kernel command line that the guest read, or else of
// the one that QEMU got; "" when nobody told.
func (r *attempt) cmdlineDigest(guest *results.Guest) string {
	line := ""
	if r.spec.Files.Kernel != "" && r.spec.Files.Disk == "" {
		line = r.spec.Files.Cmdline
	}
	if guest != nil && guest.Values["cmdline"] != "" {
		line = guest.Values["cmdline"]
	}
	if line == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(line))
	return hex.EncodeToString(sum[:])
}

func (s *Session) subjectOf(i int) results.Subject {
	m := s.design.Subjects[i]
	subject := results.Subject{
		OS: m.Distro, Title: m.Title, Kind: m.Kind, StandsFor: m.StandsFor, Version: m.Version,
		Arch: "amd64", ImageSHA256: m.ImageSHA256, ConfigSHA256: configDigest(m.Config, s.drawn()),
	}
	if name := s.design.name(i); name != m.Distro {
		subject.Name = name
	}
	return subject
}

// drawn are the keys and tokens of this session alone.
func (s *Session) drawn() []string {
	drawn := []string{strings.TrimSpace(s.opt.Key.Authorized)}
	if join := s.design.Join; join != nil {
		drawn = append(drawn, join.Cluster.Token)
	}
	return drawn
}

// configDigest is the SHA-256 of what the guest reads, names included. What is
// drawn anew for each session is left out, so that the same config has the same
// digest in all of them.
func configDigest(c provision.Config, drawn []string) string {
	data, err := json.Marshal(c.Documents)
	if err != nil {
		return ""
	}
	text := string(data)
	for i, secret := range drawn {
		if len(secret) > 8 {
			text = strings.ReplaceAll(text, secret, fmt.Sprintf("drawn-%d", i))
		}
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// usage is what this process has used so far.
type usage struct {
	cpu    time.Duration
	rssKiB int64
}

func readUsage() usage {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return usage{}
	}
	return usage{cpu: time.Duration(u.Utime.Nano() + u.Stime.Nano()), rssKiB: residentKiB()}
}

func (u usage) since(before usage) usage {
	return usage{cpu: u.cpu - before.cpu, rssKiB: u.rssKiB}
}

// residentKiB reads VmRSS of /proc/self/status (proc_pid_status(5)).
func residentKiB() int64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), "VmRSS:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib
}

func pointer[T any](v T) *T { return &v }

// afterBoot logs in and asks the guest, now that nothing is measured any more,
// and freezes the timeline.
func (r *attempt) afterBoot(ctx context.Context, ended error) (observe.Timeline, *results.Guest) {
	observer := r.machine.Observer()
	if ended != nil {
		return observer.Finish(ended.Error()), nil
	}
	guest := r.ask(ctx)
	return observer.Finish(""), guest
}
