package holder

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"distrolab/labs"
	"distrolab/labs/console"
	"distrolab/labs/home"
	"distrolab/labs/machine"
	"distrolab/labs/network"
	"distrolab/labs/observe"
)

// newHolder is a lab that answers on its socket, with machines that were never
// made: everything but libvirt is real.
func newHolder(t *testing.T) (*Holder, *labs.Client) {
	t.Helper()
	run, err := os.MkdirTemp("/tmp", "dl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	hm := home.Home{Data: filepath.Join(t.TempDir(), "data"), Run: filepath.Join(run, "r", "x")}
	if err := hm.Prepare(); err != nil {
		t.Fatal(err)
	}
	h := &Holder{opt: Options{Home: hm, Log: slog.New(slog.DiscardHandler)}, journal: newJournal(), down: make(chan struct{}), tasks: make(chan func(context.Context)),
		spec: labs.Spec{Name: "trial", Created: time.Unix(1, 0)}}
	for i, name := range []string{"one", "two"} {
		h.machines = append(h.machines, &member{console: console.New(), state: labs.StatePlanned, spec: machine.Spec{Name: name,
			Address: netip.AddrFrom4([4]byte{192, 168, 127, byte(10 + i)})}})
	}
	if h.network, err = network.New(t.Context(), network.Config{Isolated: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.network.Close() })
	if err := MakeSockets(hm.Sockets("trial")); err != nil {
		t.Fatal(err)
	}
	if err := h.serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.takeBack(context.Background()) })
	return h, labs.Connect(hm, "trial")
}

func TestSocketIsForItsUserAlone(t *testing.T) {
	h, _ := newHolder(t)
	info, err := os.Stat(labs.SocketPath(h.opt.Home, "trial"))
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestStatusFollowsTheMachines(t *testing.T) {
	h, c := newHolder(t)
	m := h.machines[0]
	h.saw(m, observe.Event{M: observe.KernelConsole, T: 3 * time.Second})
	h.saw(m, observe.Event{M: observe.VCPUStart, T: 2 * time.Second})
	h.saw(m, observe.Event{M: observe.VCPUStart, T: time.Second}) // a better stamp
	h.change(m, labs.StateFailed, io.ErrUnexpectedEOF)
	s, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !s.Running || s.Lab != "trial" || len(s.Machines) != 2 {
		t.Fatalf("status %+v", s)
	}
	one := s.Machines[0]
	if one.State != labs.StateFailed || one.Error != "unexpected EOF" || one.Domain != "distrolab-trial-one" {
		t.Errorf("machine %+v", one)
	}
	if at, ok := one.Timeline.At(observe.VCPUStart); len(one.Timeline.Events) != 2 || !ok || at != time.Second || one.Timeline.Events[0].M != observe.VCPUStart {
		t.Errorf("timeline %+v", one.Timeline.Events)
	}
}

func TestEventsReachTheClientUntilTheEnd(t *testing.T) {
	h, c := newHolder(t)
	h.change(h.machines[0], labs.StateBooting, nil)
	var seen []labs.MachineState
	err := c.Events(t.Context(), func(e labs.Event) bool {
		if seen = append(seen, e.State); len(seen) == 1 {
			h.change(h.machines[0], labs.StateReady, nil)
			h.journal.close()
		}
		return true
	})
	if err != nil || len(seen) != 2 || seen[1] != labs.StateReady {
		t.Errorf("saw %v, %v", seen, err)
	}
}

func TestQuestionsThatCannotBeAnswered(t *testing.T) {
	_, c := newHolder(t)
	_, err := c.Console(t.Context(), "one")
	wantError(t, err, "machine one has no console: it does not run")
	_, err = c.Console(t.Context(), "three")
	wantError(t, err, `lab trial has no machine "three"`)
	_, err = c.Dial(t.Context(), "one", 0)
	wantError(t, err, "a port is a number")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := c.Dial(ctx, "one", 22); err == nil {
		t.Error("connected to a machine that is not there")
	}
}

func TestForwardOpensAndSaysWhere(t *testing.T) {
	_, c := newHolder(t)
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	opened, err := c.Forward(t.Context(), "one", labs.Forward{Local: netip.AddrPortFrom(loopback, 0), Port: 22})
	if err != nil || opened.Local.Port() == 0 {
		t.Fatalf("%+v, %v", opened, err)
	}
	_, err = c.Forward(t.Context(), "two", labs.Forward{Local: opened.Local, Port: 22})
	wantError(t, err, "address already in use")
	_, err = c.Forward(t.Context(), "one", labs.Forward{Local: netip.MustParseAddrPort("0.0.0.0:0"), Port: 22})
	wantError(t, err, "not a loopback address")
	conn, err := net.Dial("tcp", opened.Local.String())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	s, err := c.Status(t.Context())
	if err != nil || len(s.Machines[0].Forwards) != 1 || len(s.Machines[1].Forwards) != 0 {
		t.Errorf("forwards %+v, %v", s.Machines, err)
	}
}

func TestDownIsAskedOnceOrTwice(t *testing.T) {
	h, c := newHolder(t)
	for range 2 {
		if err := c.Down(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-h.down:
	default:
		t.Error("the lab was not told to end")
	}
}

func TestConsoleLogIsBounded(t *testing.T) {
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	out := &tee{live: console.New(), log: log, room: 10}
	for range 5 {
		if n, err := out.Write([]byte("1234")); n != 4 || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
	}
	text, err := os.ReadFile(log.Name())
	if err != nil || string(text) != "1234123412" {
		t.Errorf("log %q, %v", text, err)
	}
	out.live.Close()
	if live, err := io.ReadAll(out.live.Watch()); err != nil || len(live) != 20 {
		t.Errorf("live %q, %v", live, err)
	}
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want an error with %q", err, text)
	}
}
