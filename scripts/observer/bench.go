package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/labs/holder"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/ledger"
	"distrolab/labs/machine"
	"distrolab/labs/network"
	"distrolab/labs/results"
	"distrolab/provision"
)

// lab is the name of the only lab in the home of a measurement.
const lab = "observer"

// bench is what the measurements stand on: a home of its own with the probe
// guest in it, and libvirt.
type bench struct {
	base    string
	trace   string // directory of QEMU's trace
	home    home.Home
	uri     string
	libvirt *hypervisor.Connection
	host    hypervisor.Host
	accel   hypervisor.AcceleratorKind
	spec    machine.Spec
	record  *ledger.Ledger
}

// openBench makes the home. It must be closed, also after an error.
func openBench(ctx context.Context) (*bench, error) {
	b := &bench{uri: os.Getenv("DISTROLAB_CONNECT")}
	if b.uri == "" {
		b.uri = hypervisor.DefaultURI(os.Geteuid())
	}
	for _, step := range []func(context.Context) error{b.makeHome, b.connect, b.addGuest, b.makeLab, b.makeTrace} {
		if err := step(ctx); err != nil {
			return b, err
		}
	}
	return b, nil
}

// makeHome makes a home that QEMU's user can walk into.
func (b *bench) makeHome(context.Context) error {
	base, err := os.MkdirTemp("/tmp", "distrolab-observer-")
	if err != nil {
		return fmt.Errorf("making a home: %w", err)
	}
	b.base = base
	b.home = home.Home{Data: filepath.Join(base, "data"), Run: filepath.Join(base, "run", "distrolab")}
	return errors.Join(os.Chmod(base, 0o711), b.home.Prepare())
}

func (b *bench) connect(ctx context.Context) (err error) {
	b.libvirt, err = hypervisor.Open(ctx, hypervisor.Options{URI: b.uri, RuntimeDir: os.Getenv("XDG_RUNTIME_DIR")})
	if err != nil {
		return err
	}
	if b.host, err = b.libvirt.Host(ctx); err != nil {
		return err
	}
	b.accel = hypervisor.DetectAccelerator(ctx, b.host.Emulator).Kind
	return nil
}

// addGuest builds the probe guest, or takes the build that is cached, and makes
// a machine's spec of it.
func (b *bench) addGuest(ctx context.Context) error {
	directory, err := output(ctx, "scripts/guests/build", "probe")
	if err != nil {
		return err
	}
	store, err := image.Open(b.home.Images())
	if err != nil {
		return err
	}
	img, err := store.Add(ctx, strings.TrimSpace(directory), nil)
	if err != nil {
		return err
	}
	catalog, err := distros.Load()
	if err != nil {
		return err
	}
	distro, err := catalog.Find("probe")
	if err != nil {
		return err
	}
	none := provision.Config{Delivery: distros.Delivery{Kind: distros.DeliverNone}}
	b.spec, err = machine.Assemble("probe", distro, img, none, machine.Wishes{MemoryMiB: 512}, 0)
	return err
}

// makeLab records a lab of this process, so that gc finds what a kill leaves.
func (b *bench) makeLab(context.Context) error {
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		return err
	}
	b.record, err = ledger.Create(b.home.Lab(lab), ledger.Owner{Lab: lab, Purpose: "bench", URI: b.uri, Process: self, Created: time.Now()})
	if err != nil {
		return fmt.Errorf("recording the lab: %w", err)
	}
	return holder.MakeSockets(b.home.Sockets(lab))
}

// makeTrace makes the place of QEMU's trace in memory: QEMU reads the clock,
// writes the line, and only then lets the byte go. A disk that is busy would be
// taken for an observer that is late.
func (b *bench) makeTrace(context.Context) error {
	directory, err := os.MkdirTemp("/dev/shm", "distrolab-observer-")
	if err != nil {
		return fmt.Errorf("making a place in memory for QEMU's trace: %w", err)
	}
	b.trace = directory
	return b.host.Give(directory)
}

// close takes everything back.
func (b *bench) close() error {
	var errs []error
	if b.record != nil {
		errs = append(errs, b.record.Remove())
	}
	if b.libvirt != nil {
		errs = append(errs, b.libvirt.Close())
	}
	if b.base != "" {
		errs = append(errs, os.RemoveAll(b.base))
	}
	if b.trace != "" {
		errs = append(errs, os.RemoveAll(b.trace))
	}
	return errors.Join(errs...)
}

// lan is the closed network of one boot; hold keeps frames back.
func (b *bench) lan(ctx context.Context, hold func([]byte) time.Duration) (*network.Network, error) {
	leases, err := holder.Leases([]machine.Spec{b.spec})
	if err != nil {
		return nil, err
	}
	return network.New(ctx, network.Config{Leases: leases, Isolated: true, Hold: hold})
}

// newRecord begins a record with what the host says of itself.
func (b *bench) newRecord(title string) record {
	e := results.ReadEnvironment(os.DirFS("/"))
	e.QEMU, e.Libvirt = b.host.QEMU.String(), b.host.Libvirt.String()
	return record{Title: title, Started: time.Now(), Accelerator: string(b.accel), Environment: e.Seal()}
}

// output runs a program and returns what it printed.
func output(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("running %s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return string(out), nil
}
