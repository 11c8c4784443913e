package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"distrolab/labs/access"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
)

// The addresses that every cluster of a lab has.
const (
	APIPort  = 6443
	snapshot = "settled" // name of the state within a saved disk
)

// Address is the control plane's address in a lab's network, below those of the
// other machines.
func Address() netip.Addr { return netip.AddrFrom4([4]byte{192, 168, 127, 5}) }

// Endpoint is where the API server answers within a lab.
func Endpoint() netip.AddrPort { return netip.AddrPortFrom(Address(), APIPort) }

// HelloAddress is where the probe pods of a lab say hello.
func HelloAddress() netip.AddrPort { return netip.AddrPortFrom(gateway(), 9) }

// DefaultDeadline is how long a control plane may take that has to be made, and
// a machine after its boot to join.
func DefaultDeadline(a hypervisor.AcceleratorKind) time.Duration {
	if a == hypervisor.KVM {
		return 10 * time.Minute
	}
	return 40 * time.Minute
}

// Surroundings are what a control plane is raised in.
type Surroundings struct {
	Lab       machine.Environment
	Saved     Store      // states to go on from
	LabKey    access.Key // is let in besides the recipe's own
	Deadline  time.Duration
	Console   io.Writer              // the serial port's bytes
	OnStep    func(text string)      // what is being done now, a few words
	OnEvent   func(observe.Event)    // milestones of the boot, when there is one
	OnMachine func(*machine.Machine) // the machine, each time that there is a new one
}

// ControlPlane is a control plane that runs.
type ControlPlane struct {
	Machine *machine.Machine
	API     *Client
	Recipe  Recipe // what it was made of
}

// Raise brings up a control plane: from the saved state of one that was made by
// the same recipe, or else by making one, which takes minutes, and saving it.
// Either way the one that it returns went on from a saved state, so that what
// comes after cannot depend on which way was taken.
func Raise(ctx context.Context, s Surroundings, r Recipe) (*ControlPlane, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.Deadline, fmt.Errorf("the control plane was not up after %s", s.Deadline))
	defer cancel()
	saved, found, err := s.Saved.Find(r.ID())
	if err != nil {
		return nil, err
	}
	if !found {
		if saved, err = create(ctx, s, r); err != nil {
			return nil, fmt.Errorf("making the control plane: %w", err)
		}
	}
	c, err := restore(ctx, s, saved)
	if err != nil {
		return nil, fmt.Errorf("restoring the control plane: %w", err)
	}
	return c, nil
}

// create makes a control plane from its recipe, waits until it is at rest, and
// saves it.
func create(ctx context.Context, s Surroundings, r Recipe) (saved Recipe, err error) {
	s.step("booting the control plane")
	m, err := boot(ctx, s, r.Machine)
	if err != nil {
		return Recipe{}, err
	}
	defer func() { err = errors.Join(err, m.Stop(context.WithoutCancel(ctx))) }()
	key, err := access.ParseKey(r.Key)
	if err != nil {
		return Recipe{}, err
	}
	shell, err := login(ctx, m, key)
	if err != nil {
		return Recipe{}, err
	}
	defer shell.Close()
	s.step("kubeadm init")
	if err := awaitInit(ctx, shell); err != nil {
		return Recipe{}, err
	}
	s.step("waiting for the control plane to come to rest")
	if err := settle(ctx, m, r); err != nil {
		return Recipe{}, err
	}
	s.step("saving the control plane")
	return s.Saved.Keep(r, filepath.Join(s.Lab.Directory, "saving"), func(path string) (machine.Saved, error) { return m.Save(ctx, path, snapshot) })
}

// restore goes on from a saved state.
func restore(ctx context.Context, s Surroundings, r Recipe) (_ *ControlPlane, err error) {
	s.step("restoring the saved control plane")
	m, err := start(ctx, s, r.Machine)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.Stop(context.WithoutCancel(ctx)))
		}
	}()
	key, err := access.ParseKey(r.Key)
	if err != nil {
		return nil, err
	}
	shell, err := login(ctx, m, key)
	if err != nil {
		return nil, err
	}
	defer shell.Close()
	if err := wake(ctx, shell, s.LabKey.Authorized); err != nil {
		return nil, err
	}
	s.step("waiting for the API server")
	c, err := connect(ctx, m, r)
	if err != nil {
		return nil, err
	}
	return c, c.API.Ready(ctx)
}

// boot makes the machine and waits until it has booted. One whose QEMU failed by
// itself is made once more.
func boot(ctx context.Context, s Surroundings, spec machine.Spec) (*machine.Machine, error) {
	for again := false; ; again = true {
		m, err := start(ctx, s, spec)
		if err != nil {
			return nil, err
		}
		if err = m.Observer().Wait(ctx); err == nil {
			return m, nil
		}
		once := !again && m.EmulatorFailed(err)
		stopped := m.Stop(context.WithoutCancel(ctx))
		if !once || stopped != nil {
			return nil, errors.Join(cause(ctx, err, m), stopped)
		}
		s.step(m.GoneWhy() + "; started once more")
	}
}

// start makes the machine and lets it run.
func start(ctx context.Context, s Surroundings, spec machine.Spec) (*machine.Machine, error) {
	m, err := machine.Prepare(ctx, s.Lab, spec, machine.Options{
		OnEvent: s.OnEvent, Console: s.Console, ConsoleLimit: 1 << 62, Firmware: true, Probe: spec.Saved == nil})
	if err != nil {
		return nil, err
	}
	if s.OnMachine != nil {
		s.OnMachine(m)
	}
	if err := m.Start(ctx); err != nil {
		return nil, errors.Join(err, m.Stop(context.WithoutCancel(ctx)))
	}
	return m, nil
}

// connect opens the API as distrolab's own administrator.
func connect(_ context.Context, m *machine.Machine, r Recipe) (*ControlPlane, error) {
	kubeconfig, err := r.Kubeconfig(Endpoint(), time.Now())
	if err != nil {
		return nil, err
	}
	api, err := Connect([]byte(kubeconfig), func(ctx context.Context, _, _ string) (net.Conn, error) { return m.Dial(ctx, APIPort) })
	if err != nil {
		return nil, err
	}
	return &ControlPlane{Machine: m, API: api, Recipe: r}, nil
}

// login logs in, again until it works.
func login(ctx context.Context, m *machine.Machine, key access.Key) (*access.Client, error) {
	for {
		client, err := tryLogin(ctx, m, key)
		if err == nil {
			return client, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), err)
		case <-m.Gone():
			return nil, fmt.Errorf("its machine ended: %s", m.GoneWhy())
		case <-time.After(time.Second):
		}
	}
}

func tryLogin(ctx context.Context, m *machine.Machine, key access.Key) (*access.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, loginLimit)
	defer cancel()
	conn, err := m.Dial(ctx, 22)
	if err != nil {
		return nil, err
	}
	return access.Login(ctx, conn, m.Spec().User, key)
}

// loginLimit is how long one try of a login may take; a loaded guest under TCG
// needs some ten seconds for its part of the key exchange.
const loginLimit = time.Minute

// wake sets the clock, which stood still while the state was saved, has the
// controllers start anew, and lets the lab's own key in.
//
// The controllers' own tokens are valid for an hour of the clock, but renewed by
// a timer that stands still with the machine (Kubernetes' DynamicControllerClientBuilder):
// after the clock is set on, the API server refuses what the controllers ask with
// them, now or in the middle of a measurement. Only a new start gives them new ones.
// The kubelet sees their end and starts them after some ten seconds.
func wake(ctx context.Context, shell *access.Client, key string) error {
	now := time.Now()
	command := fmt.Sprintf("sudo date -u -s @%d.%09d >/dev/null && { sudo pkill -KILL -x %s || test $? -eq 1; }", // 1: it does not run
		now.Unix(), now.Nanosecond(), controllers)
	if key != "" {
		command += " && echo '" + strings.ReplaceAll(key, "'", "") + "' >>~/.ssh/authorized_keys"
	}
	if _, err := shell.Run(ctx, command, 0); err != nil {
		return fmt.Errorf("setting its clock and starting its controllers anew: %w", err)
	}
	return nil
}

// controllers is the name of kube-controller-manager's process, of which the
// kernel keeps 15 characters.
const controllers = "kube-controller"

func (s Surroundings) step(text string) {
	if s.OnStep != nil {
		s.OnStep(text)
	}
}

// cause adds what the console tells.
func cause(ctx context.Context, err error, m *machine.Machine) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	var fault *observe.FaultError
	if errors.As(err, &fault) {
		return err
	}
	return fmt.Errorf("%w; %s", err, m.Explain())
}
