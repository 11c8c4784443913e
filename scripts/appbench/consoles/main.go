// Command consoles shows the app's screen Labs, in the app's own frame, of four
// machines that do not exist and whose consoles say a megabyte a second each. It
// is what appbench measures keys on; it touches nothing.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/charmbracelet/colorprofile"

	"distrolab/distros"
	"distrolab/labs"
	"distrolab/tui"
	"distrolab/tui/lab"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

// The stream of one console: so many bytes, so often.
const (
	portion = 10_000
	every   = 10 * time.Millisecond
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "consoles:", err)
		os.Exit(1)
	}
}

func run() error {
	catalog, err := distros.Load()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	shared := &screen.Shared{Catalog: catalog, Now: time.Now}
	look := screen.Look{Glyphs: style.Unicode(), Styles: style.NewStyles(true, colorprofile.TrueColor)}
	model := tui.New(ctx, shared, []screen.Screen{lab.New(shared, streams{})}, tui.Options{Look: look, Theme: tui.Dark,
		Facts: func(context.Context) tui.Facts { return tui.Facts{} }})
	return tui.Run(ctx, model, tui.Terminal{In: os.Stdin, Out: os.Stdout, Environ: os.Environ()})
}

// streams is one lab of four machines. What the screen does not do while
// somebody looks at it is not there.
type streams struct{ lab.Backend }

// Watch implements [lab.Observer].
func (streams) Watch(ctx context.Context, changed func([]labs.Status)) error {
	one := labs.Status{Lab: "streams", Running: true, Created: time.Now()}
	for _, name := range []string{"one", "two", "three", "four"} {
		one.Machines = append(one.Machines, labs.MachineStatus{Name: name, Distro: "debian-local", State: labs.StateReady, Boots: 1, VCPUs: 2, Memory: 2048})
	}
	changed([]labs.Status{one})
	<-ctx.Done()
	return nil
}

// Usage implements [lab.Observer].
func (streams) Usage(context.Context, string) ([]labs.Usage, error) { return nil, nil }

// Console implements [lab.Observer].
func (streams) Console(_ context.Context, _, machine string) (io.ReadWriteCloser, error) {
	return &stream{name: machine, closed: make(chan struct{})}, nil
}

// stream is a console that boots for ever.
type stream struct {
	name   string
	lines  int
	rest   bytes.Buffer
	next   time.Time
	closed chan struct{}
	once   sync.Once
}

// Read gives a portion as soon as it is due.
func (s *stream) Read(p []byte) (int, error) {
	if s.rest.Len() == 0 {
		if s.next.IsZero() {
			s.next = time.Now()
		}
		select {
		case <-time.After(time.Until(s.next)):
		case <-s.closed:
			return 0, io.EOF
		}
		s.next = s.next.Add(every)
		for s.rest.Len() < portion {
			s.lines++
			fmt.Fprintf(&s.rest, "[%12.6f] \x1b[0;32m  OK  \x1b[0m Started \x1b[0;1;39m%s-%d.service\x1b[0m - a unit of the console of machine %[2]s.\r\n", float64(s.lines)/1000, s.name, s.lines)
		}
	}
	return s.rest.Read(p)
}

// Write throws away what is typed.
func (s *stream) Write(p []byte) (int, error) { return len(p), nil }

// Close implements [io.Closer].
func (s *stream) Close() error { s.once.Do(func() { close(s.closed) }); return nil }
