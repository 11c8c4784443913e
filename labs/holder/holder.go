// Package holder is the background process of a lab: it holds the network,
// starts the machines, watches them boot, and answers on a unix socket that
// only its user can open until it is told to end the lab.
package holder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"distrolab/distros/image"
	"distrolab/labs"
	"distrolab/labs/console"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/ledger"
	"distrolab/labs/machine"
	"distrolab/labs/network"
)

// Options are what the process needs besides the lab's own files.
type Options struct {
	Home       home.Home
	Lab        string
	RuntimeDir string // XDG_RUNTIME_DIR, for the session daemon
	Run        machine.Runner
	Log        *slog.Logger
	Ready      func() // called once when the lab answers
}

// Holder is a lab that runs.
type Holder struct {
	opt      Options
	spec     labs.Spec
	record   *ledger.Ledger
	libvirt  *hypervisor.Connection
	network  *network.Network
	journal  *journal
	machines []*member
	cluster  *held         // nil: none
	down     chan struct{} // closed when someone asked for the end
	downOnce sync.Once
	tasks    chan func(context.Context) // what clients ask for and that must end with the lab
	usage    usages
	undo     []func(context.Context) error
}

// Run holds the lab until ctx ends or a client asks for its end, then takes
// everything back. It returns before Ready when the lab cannot be held.
func Run(ctx context.Context, opt Options) error {
	spec, err := labs.ReadSpec(opt.Home, opt.Lab)
	if err != nil {
		return err
	}
	h := &Holder{opt: opt, spec: spec, journal: newJournal(), down: make(chan struct{}), tasks: make(chan func(context.Context))}
	for _, m := range spec.All() {
		h.machines = append(h.machines, &member{spec: m, role: spec.Role(m), console: console.New(), state: labs.StatePlanned})
	}
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, step := range []func(context.Context) error{h.own, h.prepareCluster, h.holdImages, h.makeSockets, h.connect, h.makeNetwork, h.serveBundle, h.serve} {
		if err := step(running); err != nil {
			return errors.Join(err, h.takeBack(context.WithoutCancel(ctx)))
		}
	}
	opt.Ready()
	var starting sync.WaitGroup
	starting.Go(func() { h.startMachines(running) })
	h.work(ctx, running, &starting)
	cancel() // ends what still starts
	starting.Wait()
	return h.takeBack(context.WithoutCancel(ctx))
}

// work does what clients ask for until the lab ends.
func (h *Holder) work(ctx, running context.Context, under *sync.WaitGroup) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.down:
			return
		case task := <-h.tasks:
			under.Go(func() { task(running) })
		}
	}
}

// own makes this process the one that answers for the lab.
func (h *Holder) own(context.Context) error {
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		return err
	}
	h.record, err = ledger.Open(h.opt.Home.Lab(h.spec.Name))
	if err != nil {
		return err
	}
	h.onEnd(func(context.Context) error { return h.record.Remove() })
	return h.record.TakeOver(self)
}

// holdImages keeps the images from being removed while this process lives.
func (h *Holder) holdImages(context.Context) error {
	store, err := image.Open(h.opt.Home.Images())
	if err != nil {
		return err
	}
	for _, m := range h.spec.All() {
		release, err := store.Hold(m.Image)
		if err != nil {
			return err
		}
		h.onEnd(func(context.Context) error { release(); return nil })
	}
	return nil
}

// makeSockets makes the directory of sockets, which only QEMU's user may walk
// through besides us.
func (h *Holder) makeSockets(context.Context) error {
	dir := h.opt.Home.Sockets(h.spec.Name)
	if err := h.record.Record(ledger.Resource{Kind: ledger.Directory, ID: dir}); err != nil {
		return err
	}
	h.onEnd(func(context.Context) error { return os.RemoveAll(dir) })
	return MakeSockets(dir)
}

// MakeSockets makes a lab's directory of sockets anew.
func MakeSockets(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("clearing %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return fmt.Errorf("making %s: %w", dir, err)
	}
	return os.Chmod(dir, 0o711)
}

func (h *Holder) connect(ctx context.Context) error {
	connection, err := hypervisor.Open(ctx, hypervisor.Options{URI: h.spec.URI, RuntimeDir: h.opt.RuntimeDir, Log: h.opt.Log})
	if err != nil {
		return err
	}
	h.libvirt = connection
	h.onEnd(func(context.Context) error { return connection.Close() })
	return nil
}

func (h *Holder) makeNetwork(ctx context.Context) error {
	leases, err := Leases(h.spec.All())
	if err != nil {
		return err
	}
	made, err := network.New(ctx, network.Config{Leases: leases, Log: h.opt.Log})
	if err != nil {
		return fmt.Errorf("making the network of lab %s: %w", h.spec.Name, err)
	}
	h.network = made
	h.onEnd(func(context.Context) error { return made.Close() })
	return nil
}

// Leases fixes the addresses that the specs name.
func Leases(machines []machine.Spec) ([]network.Lease, error) {
	leases := make([]network.Lease, 0, len(machines))
	for _, m := range machines {
		mac, err := m.Hardware.HardwareAddress()
		if err != nil {
			return nil, fmt.Errorf("reading the address of machine %s: %w", m.Name, err)
		}
		leases = append(leases, network.Lease{Name: m.Name, MAC: mac, IP: m.Address})
	}
	return leases, nil
}

// serve opens the lab's socket. It is made in a directory that others may walk
// through, so its own mode must keep them out from the first moment.
func (h *Holder) serve(context.Context) error {
	listener, err := network.Listen(labs.SocketPath(h.opt.Home, h.spec.Name), nil)
	if err != nil {
		return fmt.Errorf("opening the socket of lab %s: %w", h.spec.Name, err)
	}
	server := &http.Server{Handler: h.routes(), ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return context.Background() }}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			h.opt.Log.Error("the lab's socket broke", "error", err)
		}
	}()
	h.onEnd(func(ctx context.Context) error {
		h.journal.close()
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			return server.Close()
		}
		return nil
	})
	return nil
}

func (h *Holder) onEnd(f func(context.Context) error) { h.undo = append(h.undo, f) }

// takeBack undoes every step, newest first, and goes on after an error.
func (h *Holder) takeBack(ctx context.Context) error {
	var errs []error
	errs = append(errs, h.stopMachines(ctx))
	for i := len(h.undo) - 1; i >= 0; i-- {
		errs = append(errs, h.undo[i](ctx))
	}
	return errors.Join(errs...)
}

func (h *Holder) environment() machine.Environment {
	return machine.Environment{
		Libvirt: h.libvirt, Accelerator: h.spec.Accelerator, Network: h.network, Ledger: h.record,
		Home: h.opt.Home.Data, Lab: h.spec.Name, Directory: h.opt.Home.Lab(h.spec.Name),
		Sockets: h.opt.Home.Sockets(h.spec.Name), Run: h.opt.Run,
	}
}

func (h *Holder) logPath(m string) string {
	return labs.ConsoleLogPath(h.opt.Home, h.spec.Name, m)
}
