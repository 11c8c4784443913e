package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"distrolab/labs/hypervisor"
	"distrolab/labs/ledger"
	"distrolab/labs/network"
	"distrolab/labs/observe"
	"distrolab/provision"
)

// Environment is the lab around a machine.
type Environment struct {
	Libvirt     *hypervisor.Connection
	Host        hypervisor.Host
	Accelerator hypervisor.AcceleratorKind
	Network     *network.Network
	Ledger      *ledger.Ledger
	Home        string // data directory, in the tag of every domain
	Lab         string
	Directory   string // the lab's directory
	Sockets     string // the lab's directory of sockets
	Run         Runner
}

// Runner runs a program of this machine and returns its error with what it said.
type Runner func(ctx context.Context, program string, args ...string) error

// Options say how a machine is watched.
type Options struct {
	OnEvent      func(observe.Event) // see observe.Options
	Console      io.Writer           // the serial port's bytes as they come
	ConsoleLimit int64               // bytes of Console and Stamps; 0 is the observer's default
	Stamps       io.Writer           // when they came
	OneBoot      bool                // a reboot ends the machine, so that one boot is measured
	Firmware     bool                // attach the firmware's debug port
	Probe        bool                // probe the management port
	Join         *observe.JoinWatch  // also watch it join a cluster
	Again        bool                // boots the disk that a machine of the same spec left by Rest
}

// Machine is one virtual machine, created and watched. Its methods may be
// called from several goroutines.
type Machine struct {
	spec     Spec
	env      Environment
	opt      Options
	observer *observe.Observer

	domain    *hypervisor.Machine
	name      string // of the domain
	directory string
	media     media
	listeners map[string]net.Listener
	console   net.Conn        // the guest's serial port
	process   ledger.Identity // QEMU, where it runs on this machine

	cancel context.CancelCauseFunc
	tasks  sync.WaitGroup
	undo   []func(context.Context) error // newest last
	stop   sync.Once
	result error
	rests  atomic.Bool // its directory stays

	silent   chan struct{} // closed when the serial port has said its last
	gone     chan struct{} // closed when the domain is no more
	goneOnce sync.Once
	goneWhy  string      // set before gone is closed
	asserted atomic.Bool // QEMU found a fault in itself; set before gone is closed
}

// DomainName is libvirt's name of a lab's machine.
func DomainName(lab, machine string) string { return "distrolab-" + lab + "-" + machine }

// Prepare makes the machine: overlay, seed, sockets, and a domain whose CPUs do
// not run yet, with everything attached that watches it. On error nothing is
// left. The machine must be stopped with [Machine.Stop].
func Prepare(ctx context.Context, env Environment, spec Spec, opt Options) (*Machine, error) {
	return prepare(ctx, env, spec, opt, []provision.Config{spec.Config})
}

// prepare takes several configs, so that one boot can test many deliveries.
func prepare(ctx context.Context, env Environment, spec Spec, opt Options, configs []provision.Config) (*Machine, error) {
	profile, err := observe.Compile(spec.Boot)
	if err != nil {
		return nil, fmt.Errorf("preparing machine %s: %w", spec.Name, err)
	}
	if err := checkDelivery(spec); err != nil {
		return nil, fmt.Errorf("preparing machine %s: %w", spec.Name, err)
	}
	mac, err := spec.Hardware.HardwareAddress()
	if err != nil {
		return nil, fmt.Errorf("preparing machine %s: %w", spec.Name, err)
	}
	m := &Machine{
		spec: spec, env: env, opt: opt,
		name:      DomainName(env.Lab, spec.Name),
		directory: filepath.Join(env.Directory, spec.Name),
		listeners: make(map[string]net.Listener),
		silent:    make(chan struct{}),
		gone:      make(chan struct{}),
		observer: observe.New(profile, observe.Options{
			OnEvent: opt.OnEvent, Console: opt.Console, Stamps: opt.Stamps, ConsoleLimit: opt.ConsoleLimit,
			Join: opt.Join, MAC: mac, Subnet: netip.PrefixFrom(spec.Address, 24).Masked(),
		}),
	}
	m.rests.Store(opt.Again) // a boot that fails leaves the disk too
	steps := []func(context.Context) error{m.checkFirmware, m.makeDirectory, m.makeOverlay, m.makeMedia(configs), m.listen, m.create, m.attach}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			// Taking back must work after ctrl-c too.
			return nil, errors.Join(fmt.Errorf("preparing machine %s: %w", spec.Name, err), m.Stop(context.WithoutCancel(ctx)))
		}
	}
	m.rests.Store(false)
	return m, nil
}

// Start lets the CPUs run. That moment is the zero of the timeline.
func (m *Machine) Start(ctx context.Context) error {
	m.observer.Begin(time.Now())
	if err := m.domain.Resume(ctx); err != nil {
		return fmt.Errorf("starting machine %s: %w", m.spec.Name, err)
	}
	m.observer.Hypervisor(observe.SourceReturn, time.Now(), 0)
	return nil
}

// Observer is what watches the machine.
func (m *Machine) Observer() *observe.Observer { return m.observer }

// Gone is closed when the machine has ended, by itself or by [Machine.Stop].
func (m *Machine) Gone() <-chan struct{} { return m.gone }

// Silent is closed when the serial port has said its last.
func (m *Machine) Silent() <-chan struct{} { return m.silent }

// GoneWhy says how the machine ended. Call it after Gone is closed.
func (m *Machine) GoneWhy() string { return m.goneWhy }

// EmulatorFailed says whether err is of a machine that ended before it had booted
// because QEMU, emulating processors, found a fault in itself: an assertion of
// its own failed. That says nothing of the guest. Under TCG it happens in some
// boots of a thousand (docs/measurements.md).
func (m *Machine) EmulatorFailed(err error) bool {
	var stopped *observe.StoppedError
	return errors.As(err, &stopped) && !stopped.Booted && m.asserted.Load() && m.env.Accelerator == hypervisor.TCG
}

func (m *Machine) ended(why string) {
	m.goneOnce.Do(func() {
		m.goneWhy = why
		m.observer.Stopped(why)
		close(m.gone)
	})
}

// Explain says what the console may tell of a boot that does not end: a known
// fault line with its usual cause, or its last lines.
func (m *Machine) Explain() string {
	if faults := m.observer.FaultLines(); len(faults) > 0 {
		f := faults[len(faults)-1]
		return fmt.Sprintf("the console has %q: %s", f.Line, f.Cause)
	}
	if tail := m.observer.Tail(3); len(tail) > 0 {
		return fmt.Sprintf("the console ends with %q", strings.Join(tail, "\n"))
	}
	return "the console stayed silent"
}

// Spec is what the machine was made from.
func (m *Machine) Spec() Spec { return m.spec }

// Domain is libvirt's name of the machine.
func (m *Machine) Domain() string { return m.name }

// Profile is the hardware that the machine shares with all others.
func (m *Machine) Profile() hypervisor.Profile {
	return hypervisor.Domain{Accelerator: m.env.Accelerator}.Profile()
}

// Type sends bytes to the guest's serial port.
func (m *Machine) Type(p []byte) (int, error) { return m.console.Write(p) }

// Stop destroys the machine and removes everything it was made of. It may be
// called at any time, again too, and returns the first call's error.
func (m *Machine) Stop(ctx context.Context) error {
	m.stop.Do(func() {
		if m.cancel != nil {
			m.cancel(errors.New("the machine was stopped"))
		}
		var errs []error
		for i := len(m.undo) - 1; i >= 0; i-- {
			errs = append(errs, m.undo[i](ctx))
		}
		m.tasks.Wait()
		if err := errors.Join(errs...); err != nil {
			m.result = fmt.Errorf("taking back machine %s: %w; `distrolab gc` tries again", m.spec.Name, err)
		}
	})
	return m.result
}

// onStop registers what takes the last step back.
func (m *Machine) onStop(f func(context.Context) error) { m.undo = append(m.undo, f) }

func (m *Machine) makeDirectory(context.Context) error {
	if err := os.Mkdir(m.directory, 0o711); err != nil && !m.opt.Again {
		return fmt.Errorf("making its directory: %w", err)
	}
	m.onStop(m.removeDirectory)
	return os.Chmod(m.directory, 0o711) // the user that runs QEMU walks through
}

// makeOverlay makes the disk that the guest writes to. The image below it is
// never written.
func (m *Machine) makeOverlay(ctx context.Context) error {
	if m.spec.Files.Disk == "" || m.opt.Again {
		return nil
	}
	if m.spec.Saved != nil {
		return m.copySaved(ctx)
	}
	size := max(m.spec.Files.DiskVirtual, int64(m.spec.Hardware.DiskGiB)<<30)
	return m.env.Run(ctx, "qemu-img", "create", "-q", "-f", "qcow2",
		"-F", m.spec.Files.DiskFormat, "-b", m.spec.Files.Disk, m.overlayPath(), fmt.Sprint(size))
}

func (m *Machine) overlayPath() string { return filepath.Join(m.directory, "disk.qcow2") }

// create makes the domain. Its name is written down first.
func (m *Machine) create(ctx context.Context) error {
	domain := m.describe()
	resource := ledger.Resource{Kind: ledger.Domain, ID: m.name}
	if err := m.env.Ledger.Record(resource); err != nil {
		return err
	}
	created, err := m.env.Libvirt.Create(ctx, domain, hypervisor.CreateOptions{AutoDestroy: true})
	if err != nil {
		return err
	}
	m.domain = created
	m.onStop(func(ctx context.Context) error {
		if err := m.destroy(ctx); err != nil {
			return err
		}
		return m.env.Ledger.Release(resource)
	})
	return m.recordProcess()
}

// describe is the domain of this machine.
func (m *Machine) describe() hypervisor.Domain {
	d := hypervisor.Domain{
		Name:           m.name,
		Tag:            hypervisor.Tag{Home: m.env.Home, Owner: m.env.Lab, Machine: m.spec.Name},
		VCPUs:          m.spec.Hardware.VCPUs,
		MemoryMiB:      m.spec.Hardware.MemoryMiB,
		Accelerator:    m.env.Accelerator,
		FWCfg:          m.media.fwcfg,
		SMBIOS:         hypervisor.SMBIOS{Serial: m.media.serial},
		ConsoleSocket:  m.socket(consoleSocket),
		FirmwareSocket: m.socket(firmwareSocket),
		Network:        &hypervisor.NetworkPort{Socket: m.socket(networkSocket), MAC: m.spec.Hardware.MAC},
	}
	if m.spec.Saved != nil && !m.opt.Again {
		d.LoadSnapshot = m.spec.Saved.Snapshot
	}
	if m.opt.OneBoot {
		d.OnReboot = hypervisor.RebootDestroys
	}
	if m.spec.Files.Kernel != "" {
		d.Kernel = &hypervisor.DirectKernel{Kernel: m.spec.Files.Kernel, Initrd: m.spec.Files.Initrd, Cmdline: m.cmdline()}
	}
	if m.spec.Files.Disk != "" {
		d.Disks = append(d.Disks, hypervisor.Disk{Path: m.overlayPath(), Format: hypervisor.QCOW2,
			Backing: []hypervisor.Backing{{Path: m.spec.Files.Disk, Format: hypervisor.DiskFormat(m.spec.Files.DiskFormat)}}})
	}
	d.Disks = append(d.Disks, m.media.disks...)
	if m.spec.Hardware.Firmware == string(hypervisor.UEFI) {
		d.Firmware = m.uefi()
	}
	return d
}

func (m *Machine) cmdline() string {
	line := m.spec.Files.Cmdline
	for _, arg := range m.media.kernelArgs {
		line += " " + arg
	}
	return line
}
