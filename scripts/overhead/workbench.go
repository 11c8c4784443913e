package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
)

// workbench is what the measurements with machines stand on: a home of its own
// with the guest's image in it, and libvirt's events.
type workbench struct {
	binary  string
	uri     string
	home    home.Home
	base    string // directory that holds the home
	libvirt *hypervisor.Connection
	host    hypervisor.Host
	stamps  *stamps
	log     io.Writer
	undo    []func(context.Context) error
}

// openWorkbench makes a home below /tmp that QEMU's user can walk into, and
// puts the guest into it. It must be closed, also after an error.
func openWorkbench(ctx context.Context, opt options) (*workbench, error) {
	binary, err := filepath.Abs(opt.binary)
	if err == nil {
		_, err = os.Stat(binary)
	}
	if err != nil {
		return nil, fmt.Errorf("finding the binary to measure: %w; build it: go build -o bin/distrolab ./cmd/distrolab", err)
	}
	w := &workbench{binary: binary, log: opt.log, uri: os.Getenv("DISTROLAB_CONNECT")}
	if w.uri == "" {
		w.uri = hypervisor.DefaultURI(os.Geteuid())
	}
	for _, step := range []func(context.Context) error{w.sweep, w.makeHome, w.connect} {
		if err := step(ctx); err != nil {
			return w, err
		}
	}
	return w, w.addGuest(ctx, opt.guest)
}

func (w *workbench) makeHome(context.Context) error {
	base, err := os.MkdirTemp("/tmp", "distrolab-bench-")
	if err != nil {
		return fmt.Errorf("making a home for the benchmark: %w", err)
	}
	w.base = base
	if err := errors.Join(os.Chmod(base, 0o711), w.claim()); err != nil {
		return err
	}
	w.home, err = home.For(os.Geteuid(), w.getenv)
	if err != nil {
		return err
	}
	return w.home.Prepare()
}

func (w *workbench) getenv(name string) string {
	if name == "DISTROLAB_HOME" {
		return filepath.Join(w.base, "home")
	}
	return os.Getenv(name)
}

func (w *workbench) connect(ctx context.Context) error {
	connection, err := hypervisor.Open(ctx, hypervisor.Options{URI: w.uri, RuntimeDir: os.Getenv("XDG_RUNTIME_DIR")})
	if err != nil {
		return err
	}
	w.libvirt = connection
	w.onClose(func(context.Context) error { return connection.Close() })
	if w.host, err = connection.Host(ctx); err != nil {
		return err
	}
	watched, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w.onClose(func(context.Context) error { cancel(); return nil })
	events, err := connection.Watch(watched)
	if err != nil {
		return err
	}
	w.stamps = newStamps(events)
	return nil
}

// addGuest builds the guest, or takes the build that is cached, and adds it.
func (w *workbench) addGuest(ctx context.Context, guest string) error {
	directory, err := w.output(ctx, "scripts/guests/build", guest)
	if err != nil {
		return fmt.Errorf("getting guest %s: %w", guest, err)
	}
	_, err = w.output(ctx, w.binary, "import", strings.TrimSpace(directory))
	return err
}

// command is a program in the workbench's home, interrupted rather than killed
// when ctx ends, so that it can take back what it made.
func (w *workbench) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "DISTROLAB_HOME="+w.home.Data, "DISTROLAB_CONNECT="+w.uri)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

func (w *workbench) output(ctx context.Context, program string, args ...string) (string, error) {
	cmd := w.command(ctx, program, args...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("running %s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return string(out), nil
}

// virsh runs virsh on the same connection that distrolab uses.
func (w *workbench) virsh(ctx context.Context, args ...string) (string, error) {
	return w.output(ctx, "virsh", append([]string{"-c", w.uri}, args...)...)
}

// runProgram is the runner of machines made in this process.
func (w *workbench) runProgram(ctx context.Context, program string, args ...string) error {
	_, err := w.output(ctx, program, args...)
	return err
}

func (w *workbench) onClose(f func(context.Context) error) { w.undo = append(w.undo, f) }

// close takes everything back, proves that nothing is left, and removes the
// home.
func (w *workbench) close(ctx context.Context) error {
	if w == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for i := len(w.undo) - 1; i >= 0; i-- {
		errs = append(errs, w.undo[i](ctx))
	}
	if w.base == "" {
		return errors.Join(errs...)
	}
	errs = append(errs, w.endLabs(ctx))
	proof, err := w.output(ctx, w.binary, "gc", "--prove")
	if err != nil {
		return errors.Join(append(errs, fmt.Errorf("taking back what is left: %w; the home is %s", err, w.home.Data))...)
	}
	if !strings.Contains(proof, "nothing is left") {
		errs = append(errs, fmt.Errorf("something is left:\n%s", proof))
	}
	return errors.Join(append(errs, os.RemoveAll(w.home.Run), os.RemoveAll(w.base))...)
}
