package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"distrolab/labs"
	"distrolab/labs/cluster"
	"distrolab/labs/home"
	"distrolab/labs/machine"
	"distrolab/tui/lab"
)

// labScreen is what the screen of labs needs, done by the functions of the
// commands up, ps, stop, start, ssh, console, down and gc.
type labScreen struct{ a *application }

func (l labScreen) client(lab string) (*labs.Client, error) {
	h, err := l.a.home()
	if err != nil {
		return nil, err
	}
	return labs.Connect(h, lab), nil
}

// Watch follows all labs.
func (l labScreen) Watch(ctx context.Context, changed func([]labs.Status)) error {
	h, err := l.a.home()
	if err != nil {
		return err
	}
	return labs.Watch(ctx, h, changed)
}

// Usage asks what a lab's machines take of this host.
func (l labScreen) Usage(ctx context.Context, lab string) ([]labs.Usage, error) {
	c, err := l.client(lab)
	if err != nil {
		return nil, err
	}
	return c.Usage(ctx)
}

// Nodes asks a lab's cluster.
func (l labScreen) Nodes(ctx context.Context, lab string) ([]cluster.Node, error) {
	c, err := l.client(lab)
	if err != nil {
		return nil, err
	}
	return c.Nodes(ctx)
}

// Console opens a machine's console.
func (l labScreen) Console(ctx context.Context, lab, machine string) (io.ReadWriteCloser, error) {
	c, err := l.client(lab)
	if err != nil {
		return nil, err
	}
	return c.Console(ctx, machine)
}

// Log opens the end of a machine's console log.
func (l labScreen) Log(lab, machine string, most int64) (io.ReadCloser, error) {
	h, err := l.a.home()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(labs.ConsoleLogPath(h, lab, machine))
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.Size() > most {
		if _, err := f.Seek(-most, io.SeekEnd); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, nil
}

// Stop shuts a machine down.
func (l labScreen) Stop(ctx context.Context, lab, machine string, now bool) error {
	c, err := l.client(lab)
	if err != nil {
		return err
	}
	return c.Stop(ctx, machine, now)
}

// Boot boots a machine that is off.
func (l labScreen) Boot(ctx context.Context, lab, machine string) error {
	c, err := l.client(lab)
	if err != nil {
		return err
	}
	return c.Start(ctx, machine)
}

// Forward opens a port.
func (l labScreen) Forward(ctx context.Context, lab, machine string, f labs.Forward) (labs.Forward, error) {
	c, err := l.client(lab)
	if err != nil {
		return labs.Forward{}, err
	}
	return c.Forward(ctx, machine, f)
}

// SaveLog copies a console log into a new file.
func (l labScreen) SaveLog(ctx context.Context, lab, machine, path string) (int64, error) {
	log, err := l.Log(lab, machine, 1<<62)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { f.Close() })
	defer stop()
	n, err := io.Copy(f, log)
	return n, errors.Join(err, f.Close())
}

// Down ends a lab.
func (l labScreen) Down(ctx context.Context, lab string) error {
	h, err := l.a.home()
	if err != nil {
		return err
	}
	return labs.Down(ctx, h, lab)
}

// Reclaim takes back what a crash left.
func (l labScreen) Reclaim(ctx context.Context) (string, error) {
	h, err := l.a.home()
	if err != nil {
		return "", err
	}
	report, err := l.a.sweep(ctx, h)
	if err != nil {
		return "", err
	}
	var failed []error
	for _, left := range report.Leftovers {
		if left.Error != "" {
			failed = append(failed, fmt.Errorf("%s %s: %s", left.Kind, left.ID, left.Error))
		}
	}
	switch n := len(report.Leftovers); {
	case len(failed) > 0:
		return "", errors.Join(failed...)
	case n == 0:
		return "nothing to take back", nil
	default:
		return fmt.Sprintf("%d leftovers are gone", n), nil
	}
}

// SSH is a login to a machine.
func (l labScreen) SSH(lab string, m labs.MachineStatus) *exec.Cmd {
	h, err := home.For(l.a.world.UID, l.a.world.Getenv)
	if err != nil {
		return &exec.Cmd{Path: "ssh", Err: err}
	}
	return l.a.sshCommand(context.Background(), h, lab, m, nil)
}

// Attach is the console in the whole terminal.
func (l labScreen) Attach(lab, machine string) *exec.Cmd {
	return exec.Command(l.a.world.Executable, "console", lab+"/"+machine)
}

// Up brings a lab up. A machine that fails is told with the last words of its
// console, and the lab stays to be looked at.
func (l labScreen) Up(ctx context.Context, p lab.Plan, report func(string)) error {
	inner := *l.a
	lines := &lineWriter{line: report}
	inner.world.Err, inner.world.Out = lines, io.Discard
	h, err := inner.home()
	if err != nil {
		return err
	}
	opt := upOptions{lab: p.Lab, cluster: p.Cluster}
	opt.hardware = machine.Wishes{VCPUs: p.VCPUs, MemoryMiB: p.MemoryMiB}
	opt.asked, opt.controlPlane = p.Intent, defaultControl
	report("finding images and writing configs")
	err = inner.bringUp(ctx, h, p.Systems, opt, func(spec labs.Spec) func(labs.Event) {
		report("the lab runs; its machines boot")
		return newBootPrinter(&inner, spec).show
	})
	if err != nil {
		return err
	}
	return l.failures(ctx, h, p.Lab)
}

// failures are the machines of a lab that did not boot.
func (l labScreen) failures(ctx context.Context, h home.Home, lab string) error {
	s, err := labs.Connect(h, lab).Status(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, m := range s.Machines {
		if m.State == labs.StateFailed || m.State == labs.StateLost {
			failed = append(failed, fmt.Errorf("%s: %s", m.Name, m.Error))
		}
	}
	return errors.Join(failed...)
}

// lineWriter gives what is written to a function, line by line.
type lineWriter struct {
	line func(string)
	rest string
}

// Write never fails.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest += string(p)
	for {
		line, rest, whole := strings.Cut(w.rest, "\n")
		if !whole {
			w.rest = w.rest[max(len(w.rest)-4096, 0):]
			return len(p), nil
		}
		w.rest = rest
		if line = strings.TrimSpace(line); line != "" {
			w.line(line)
		}
	}
}
