package holder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"distrolab/labs"
	"distrolab/labs/cluster"
	"distrolab/labs/console"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
)

// maxConsoleLog bounds the console log of one machine on disk, in bytes. The
// live console goes on after it.
const maxConsoleLog = 64 << 20

// member is one machine of the lab with what is known of it.
type member struct {
	spec machine.Spec
	role labs.Role

	mu       sync.Mutex
	console  *console.Console // of the last boot
	machine  *machine.Machine
	state    labs.MachineState
	err      string
	events   []observe.Event
	timeline *observe.Timeline // when the boot has ended
	forwards []labs.Forward
	boots    int
	ending   bool          // someone told it to stop
	rested   bool          // its disk waits for another boot
	followed chan struct{} // closed when nobody follows the last boot any more
	power    sync.Mutex    // held while it is stopped or started
}

// startMachines starts every machine, one after the other; they boot side by
// side. One that fails leaves the others alone.
func (h *Holder) startMachines(ctx context.Context) {
	host, err := h.libvirt.Host(ctx)
	if err == nil && h.cluster != nil {
		err = h.raise(ctx, host)
	}
	for _, m := range h.machines {
		if m.role == labs.RoleControlPlane && h.cluster.status.State != labs.ClusterRaising {
			continue // it was raised, or failed for its own reason
		}
		if err != nil {
			h.change(m, labs.StateFailed, err)
			continue
		}
		env := h.environment()
		env.Host = host
		if err := h.start(ctx, env, m); err != nil {
			h.change(m, labs.StateFailed, err)
		}
	}
}

func (h *Holder) start(ctx context.Context, env machine.Environment, m *member) error {
	there := make(chan struct{})
	if err := h.begin(ctx, env, m, func() { close(there) }); err != nil {
		return err
	}
	h.oneByOne(ctx, there)
	return nil
}

// begin makes a machine and lets it run. there is called once, when it is ready
// or has failed, but for an error here or the end of ctx.
func (h *Holder) begin(ctx context.Context, env machine.Environment, m *member, there func()) error {
	made, err := h.prepare(ctx, env, m, false)
	if err != nil {
		return err
	}
	watch, err := h.expect(ctx, m, made)
	if err != nil {
		return err
	}
	if err := made.Start(ctx); err != nil {
		watch.Close()
		return err
	}
	h.follow(ctx, m, made, watch, h.cluster != nil, there)
	return nil
}

// prepare makes the machine, for its first boot or for another one.
func (h *Holder) prepare(ctx context.Context, env machine.Environment, m *member, again bool) (*machine.Machine, error) {
	how, live := os.O_TRUNC, m.console
	join := h.joinWatch(m)
	if again {
		how, live, join = os.O_APPEND, console.New(), nil
	}
	log, err := os.OpenFile(h.logPath(m.spec.Name), os.O_CREATE|os.O_WRONLY|how, 0o600)
	if err != nil {
		return nil, err
	}
	made, err := machine.Prepare(ctx, env, m.spec, machine.Options{
		OnEvent:      func(e observe.Event) { h.saw(m, e) },
		Console:      &tee{live: live, log: log, room: maxConsoleLog},
		ConsoleLimit: 1 << 62,
		Firmware:     true,
		Probe:        true,
		Join:         join,
		Again:        again,
	})
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	m.mu.Lock()
	m.machine, m.console = made, live
	m.mu.Unlock()
	return made, nil
}

// follow follows a machine whose processors run, to its end.
func (h *Holder) follow(ctx context.Context, m *member, made *machine.Machine, watch *cluster.Watch, joins bool, there func()) {
	followed := make(chan struct{})
	m.mu.Lock()
	m.boots++
	m.followed = followed
	live := m.console
	m.mu.Unlock()
	h.change(m, labs.StateBooting, nil)
	go func() {
		defer close(followed)
		h.awaitBoot(ctx, m, made, watch, joins, there)
	}()
	go func() {
		<-made.Silent()
		live.Close() // those who watch it need not wait any longer
	}()
}

// oneByOne waits for a machine that joins before the next one is started, where
// processors are emulated: a control plane that gets too little of them misses
// its own deadlines.
func (h *Holder) oneByOne(ctx context.Context, there <-chan struct{}) {
	if h.cluster == nil || h.spec.Accelerator != hypervisor.TCG {
		return
	}
	select {
	case <-there:
	case <-ctx.Done():
	}
}

// awaitBoot follows the boot, and the join where there is a cluster, to the end,
// and calls there when the machine is ready or has failed.
func (h *Holder) awaitBoot(ctx context.Context, m *member, made *machine.Machine, watch *cluster.Watch, joins bool, there func()) {
	defer watch.Close()
	waited, cancel := context.WithTimeout(ctx, h.spec.Deadline)
	defer cancel()
	err := made.Await(waited)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = fmt.Errorf("it has not booted after %s and goes on trying; %s%s", h.spec.Deadline, besides(err), made.Explain())
	}
	if err == nil && joins {
		err = h.awaitJoin(ctx, m, made, watch)
	}
	if ctx.Err() != nil || h.anew(ctx, m, made, err, there) {
		return
	}
	timeline := made.Observer().Finish(reason(err))
	m.mu.Lock()
	m.timeline = &timeline
	m.mu.Unlock()
	var stopped *observe.StoppedError
	switch {
	case err != nil && h.blind():
		h.change(m, labs.StateLost, h.whyBlind())
	case m.told():
		h.change(m, labs.StateOff, nil)
	case err == nil:
		h.change(m, labs.StateReady, nil)
	case errors.As(err, &stopped) && m.spec.Boot.PowersOff && m.spec.Finished(timeline):
		h.change(m, labs.StateOff, nil)
	default:
		h.change(m, labs.StateFailed, err)
	}
	there()
	if err == nil {
		h.awaitEnd(ctx, m, made)
	}
}

// awaitEnd follows a machine that has booted until it ends by itself.
func (h *Holder) awaitEnd(ctx context.Context, m *member, made *machine.Machine) {
	select {
	case <-ctx.Done():
		return
	case <-made.Gone():
	}
	if ctx.Err() != nil || m.spec.Boot.PowersOff || m.told() {
		h.change(m, labs.StateOff, nil)
		return
	}
	if h.blind() {
		h.change(m, labs.StateLost, h.whyBlind())
		return
	}
	h.change(m, labs.StateOff, errors.New(made.GoneWhy()))
}

// besides is what an error says besides that the time is over: such as what
// keeps a config from being sent.
func besides(err error) string {
	if err.Error() == context.DeadlineExceeded.Error() {
		return ""
	}
	return err.Error() + "; "
}

// blind says that libvirt's daemon is gone: nobody sees what becomes of the
// machines, which live on.
func (h *Holder) blind() bool {
	if h.libvirt == nil {
		return false
	}
	select {
	case <-h.libvirt.Done():
		return true
	default:
		return false
	}
}

func (h *Holder) whyBlind() error {
	return fmt.Errorf("libvirt's daemon is gone, and with it the sight of this machine; end the lab with `distrolab down %s`", h.spec.Name)
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// saw keeps an event; a later one of the same milestone is better.
func (h *Holder) saw(m *member, e observe.Event) {
	m.mu.Lock()
	if i := slices.IndexFunc(m.events, func(x observe.Event) bool { return x.M == e.M }); i >= 0 {
		m.events[i] = e
	} else {
		m.events = append(m.events, e)
	}
	m.mu.Unlock()
	h.journal.add(labs.Event{Machine: m.spec.Name, Milestone: &e})
}

func (h *Holder) change(m *member, state labs.MachineState, err error) {
	m.mu.Lock()
	m.state, m.err = state, reason(err)
	m.mu.Unlock()
	h.journal.add(labs.Event{Machine: m.spec.Name, State: state, Error: reason(err)})
}

func (h *Holder) stopMachines(ctx context.Context) error {
	errs := make([]error, len(h.machines))
	var stopping sync.WaitGroup
	for i, m := range h.machines {
		m.mu.Lock()
		made, live := m.machine, m.console
		m.mu.Unlock()
		if made != nil {
			stopping.Go(func() { errs[i] = made.Stop(ctx) })
		}
		live.Close()
	}
	stopping.Wait()
	return errors.Join(errs...)
}

// status is the machine as it is now.
func (m *member) status(lab string) labs.MachineStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := labs.MachineStatus{
		Name: m.spec.Name, Distro: m.spec.Distro, Kind: string(m.spec.Kind), Version: m.spec.Version,
		State: m.state, Error: m.err, Address: m.spec.Address, User: m.spec.User,
		Role: m.role, Domain: machine.DomainName(lab, m.spec.Name), Forwards: slices.Clone(m.forwards),
		VCPUs: m.spec.Hardware.VCPUs, Memory: m.spec.Hardware.MemoryMiB, Boots: m.boots,
	}
	if s.Forwards == nil {
		s.Forwards = []labs.Forward{}
	}
	if m.timeline != nil {
		s.Timeline = *m.timeline
		return s
	}
	s.Timeline = observe.Timeline{Events: slices.Clone(m.events), Missing: []observe.Missing{}}
	slices.SortStableFunc(s.Timeline.Events, func(a, b observe.Event) int { return cmp.Compare(a.T, b.T) })
	return s
}

// tee gives the console's bytes to those who watch and, up to a size, to a file.
type tee struct {
	live *console.Console
	log  *os.File
	room int64
}

func (t *tee) Write(p []byte) (int, error) {
	t.live.Write(p)
	keep := p[:min(int64(len(p)), t.room)]
	if len(keep) > 0 {
		n, err := t.log.Write(keep)
		t.room -= int64(n)
		if err != nil {
			t.room = 0 // a full disk ends the log, not the console
		}
	}
	return len(p), nil
}
