package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"distrolab/labs/bench/quiet"
	"distrolab/labs/cluster"
	"distrolab/labs/holder"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/network"
	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/session"
)

// logsDirectory is where the raw logs of runs are in an export of the session.
const logsDirectory = "logs"

// place is a run's place in the experiment.
type place struct {
	subject, block, pos int
	phase               results.Phase
}

// runOne boots one machine, records the boot, and takes the machine away. The
// error is one of the session, not of the guest: a guest that fails is a record.
func (s *Session) runOne(ctx context.Context, at place) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	held, err := s.pass(ctx)
	if err != nil {
		return err
	}
	if err := s.reconnect(ctx); err != nil {
		return err
	}
	spec := s.design.Subjects[at.subject]
	r := &attempt{session: s, place: at, spec: spec, held: held, id: fmt.Sprintf("%s-%02d-%02d-%s", at.phase, at.block, at.pos, spec.Distro)}
	if err := r.name(ctx); err != nil {
		return err
	}
	if err := r.waitQuiet(func() (time.Duration, []string, error) { return s.waitForQuiet(ctx) }); err != nil {
		return err
	}
	name := s.design.name(at.subject)
	s.tell(session.Progress{Step: session.StepRun, RunID: r.id, OS: name, Phase: at.phase, Block: at.block})
	run, err := r.boot(ctx)
	if errors.Is(err, hypervisor.ErrDisconnected) && run.RunID == "" && ctx.Err() == nil {
		// The daemon died while the machine was made: nothing was measured yet.
		if err := errors.Join(r.discard(), s.reconnect(ctx)); err != nil {
			return err
		}
		run, err = r.boot(ctx)
	}
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), err, r.discard())
	}
	if err != nil && run.RunID == "" {
		return err
	}
	// A run that was measured is kept, also when its machine could not be taken
	// back, or its logs not be kept.
	run.Files, err = r.keep(context.WithoutCancel(ctx), err)
	if appended := s.results.Append(context.WithoutCancel(ctx), run); appended != nil {
		return errors.Join(err, appended)
	}
	s.done++
	if at.phase == results.PhaseMeasure {
		s.keepHeadline(at.subject, run)
	}
	dropped := s.judge(at, run.Outcome)
	s.tell(session.Progress{Step: session.StepRunDone, RunID: r.id, OS: name, Phase: at.phase, Block: at.block, Run: &run, Left: s.left()})
	if dropped {
		s.tell(session.Progress{Step: session.StepDropped, OS: name, Reason: run.Cause})
	}
	return errors.Join(err, s.planeEnded())
}

// pass waits while the session is held, and says for how long it was.
func (s *Session) pass(ctx context.Context) (time.Duration, error) {
	if s.opt.Gate == nil {
		return 0, nil
	}
	held, err := s.opt.Gate.Pass(ctx, func() { s.tell(session.Progress{Step: session.StepPaused}) })
	if held > 0 && err == nil {
		s.paused += held
		s.tell(session.Progress{Step: session.StepResumed, Reason: "held for " + held.Round(time.Second).String()})
	}
	return held, err
}

// reconnect opens libvirt again when its daemon died since the last run.
func (s *Session) reconnect(ctx context.Context) error {
	select {
	case <-s.libvirt.Done():
	default:
		return nil
	}
	connection, err := hypervisor.Open(ctx, hypervisor.Options{URI: s.opt.URI, RuntimeDir: s.opt.RuntimeDir, Log: s.opt.Log})
	if err != nil {
		return fmt.Errorf("connecting to libvirt again after its daemon ended: %w", err)
	}
	s.libvirt = connection
	return s.forget(ctx)
}

// forget ends what the daemon before left to the new one: it still knows a
// machine whose QEMU we ended ourselves, for as long as it takes to find out,
// and its name is taken until then.
func (s *Session) forget(ctx context.Context) error {
	known, err := s.libvirt.List(ctx, s.opt.Home.Data)
	if err != nil {
		return fmt.Errorf("looking for machines of the daemon before: %w", err)
	}
	for _, d := range known {
		if d.Tag.Owner != s.lab {
			continue
		}
		if err := d.Destroy(ctx); err != nil {
			return fmt.Errorf("ending a machine of the daemon before: %w", err)
		}
	}
	return nil
}

// attempt is one boot.
type attempt struct {
	session *Session
	place   place
	spec    machine.Spec
	id      string
	held    time.Duration // by the gate, just before
	waited  time.Duration // for a quiet machine, after that
	node    string        // name of the joining node
	cache   results.Cache // when the CPUs began to run
	doubts  []string      // why the run is not valid

	watch           *cluster.Watch // of the join; nil: a boot, or nobody watches
	egress          uint64         // bytes that the network had counted before
	console, stamps *os.File
	network         *network.Network
	machine         *machine.Machine
	environment     results.Environment
	clocks          observe.ClockMark
	usage           usage
	mark            quiet.Mark
}

// boot makes the machine, watches it to the finish line or the deadline, asks
// the guest, and takes everything back.
func (r *attempt) boot(ctx context.Context) (run results.Run, err error) {
	if err := r.openLogs(); err != nil {
		return run, err
	}
	defer func() { err = errors.Join(err, r.console.Close(), r.stamps.Close()) }()
	if err := r.makeNetwork(ctx); err != nil {
		return run, err
	}
	defer func() { err = errors.Join(err, r.leaveNetwork()) }()
	defer func() { err = errors.Join(err, r.forget(ctx)) }()
	lost, err := r.beforeSecond(ctx)
	if lost != nil {
		return *lost, nil
	}
	if err != nil {
		return run, err
	}
	r.machine, err = r.prepare(ctx, machine.Options{
		OnEvent: r.tell, Console: r.console, Stamps: r.stamps, OneBoot: true, Firmware: true, Probe: true, Join: r.joinWatch(),
		Again: r.session.design.scenario() == results.SecondBoot})
	if err != nil {
		return run, err
	}
	defer func() { err = errors.Join(err, r.machine.Stop(context.WithoutCancel(ctx))) }()
	return r.observe(ctx)
}

// name gives a run that joins its node's name, and the machine of that name.
func (r *attempt) name(ctx context.Context) error {
	join := r.session.design.Join
	if join == nil {
		return nil
	}
	r.node = r.nodeName()
	spec, err := join.Node(ctx, r.place.subject, r.node)
	if err != nil {
		return fmt.Errorf("run %s: %w", r.id, err)
	}
	r.spec = spec
	return nil
}

// makeNetwork makes a network for this run alone, closed to the outside: no
// measured boot may wait for the internet. Joins share one with the control plane.
func (r *attempt) makeNetwork(ctx context.Context) error {
	if p := r.session.plane; p != nil {
		r.network, r.egress = p.lan, p.lan.Counters().EgressBytesOf(r.spec.Name)
		return nil
	}
	leases, err := holder.Leases([]machine.Spec{r.spec})
	if err != nil {
		return err
	}
	r.network, err = network.New(ctx, network.Config{Leases: leases, Isolated: true, Log: r.session.opt.Log})
	if err != nil {
		return fmt.Errorf("making the network of run %s: %w", r.id, err)
	}
	return nil
}

// leaveNetwork ends the network, unless it is the session's.
func (r *attempt) leaveNetwork() error {
	if r.session.plane != nil {
		return nil
	}
	return r.network.Close()
}

// observe starts the machine and follows it to the end of the run.
func (r *attempt) observe(ctx context.Context) (results.Run, error) {
	watched, cancel := context.WithTimeoutCause(ctx, r.session.design.Deadline,
		fmt.Errorf("the deadline of %s passed", r.session.design.Deadline))
	defer cancel()
	r.settleCache(ctx)
	canary, err := observe.StartCanary()
	if err != nil {
		return results.Run{}, err
	}
	r.before()
	var ended error
	err = r.follow(watched, func(ctx context.Context) error {
		ended = r.toFinish(ctx)
		return nil
	})
	result := canary.Stop()
	r.machine.Observer().Doubt(canary.Stalls())
	if err != nil && watched.Err() == nil {
		return results.Run{}, err
	}
	if ended != nil && watched.Err() != nil {
		ended = context.Cause(watched)
	}
	timeline, guest := r.afterBoot(ctx, ended)
	run := r.describe(ctx, timeline, guest, result)
	run.Audit = r.audit(ctx, timeline)
	r.conclude(ctx, &run, ended)
	return run, nil
}

// toFinish starts the machine and waits for the end of what is measured. The
// error is the guest's.
func (r *attempt) toFinish(ctx context.Context) error {
	if p := r.session.plane; p != nil && p.control != nil {
		waited, letGo := p.control.While(ctx)
		defer letGo()
		err := r.toEnd(waited)
		if gone := p.control.Ended(); err != nil && gone != nil {
			return gone
		}
		return err
	}
	return r.toEnd(ctx)
}

func (r *attempt) toEnd(ctx context.Context) error {
	if err := r.machine.Start(ctx); err != nil {
		return &observe.StoppedError{Reason: err.Error()} // its QEMU or libvirt died under it
	}
	err := r.machine.Await(ctx)
	if err != nil || r.session.design.Join == nil {
		return err
	}
	if err := r.warmJoin(ctx); err != nil {
		return err
	}
	return r.awaitJoined(ctx)
}

func (r *attempt) openLogs() error {
	var err error
	if r.console, err = r.create(".console"); err != nil {
		return err
	}
	if r.stamps, err = r.create(".stamps"); err != nil {
		return errors.Join(err, r.console.Close())
	}
	return nil
}

func (r *attempt) create(suffix string) (*os.File, error) {
	f, err := os.OpenFile(r.path(suffix), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("keeping the console of run %s: %w", r.id, err)
	}
	return f, nil
}

func (r *attempt) path(suffix string) string {
	return filepath.Join(r.session.opt.Home.Lab(r.session.lab), r.id+suffix)
}

// discard removes the logs of a run that was interrupted and is not recorded.
func (r *attempt) discard() error {
	return errors.Join(os.RemoveAll(r.path(".console")), os.RemoveAll(r.path(".stamps")))
}

func (r *attempt) tell(e observe.Event) {
	r.session.tell(session.Progress{Step: session.StepMilestone, RunID: r.id, OS: r.session.design.name(r.place.subject), Phase: r.place.phase, Block: r.place.block, Milestone: &e})
}
