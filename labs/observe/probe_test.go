package observe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"distrolab/distros"
)

// service is a guest's management port: refusing, then open and silent, then
// speaking. It answers a dial within the test's clock.
type service struct {
	opens, speaks time.Time
	says          string
	dials         atomic.Int64
}

func (s *service) dial(context.Context, netip.AddrPort) (net.Conn, error) {
	s.dials.Add(1)
	if time.Now().Before(s.opens) {
		return nil, &net.OpError{Op: "connect", Err: errors.New("connection was refused")} // gvisor's text
	}
	guest, host := net.Pipe()
	go func() {
		time.Sleep(time.Until(s.speaks))
		_, _ = guest.Write([]byte(s.says))
		_ = guest.Close()
	}()
	return host, nil
}

func probed(t *testing.T, boot distros.BootProfile) *Observer {
	t.Helper()
	o := New(compile(t, boot), Options{})
	o.Begin(time.Now())
	return o
}

func TestProbeSeesThePortCloseOpenAndAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := probed(t, distros.BootProfile{ManagementPort: 22, Banner: "SSH-2.0-"})
		s := &service{says: "SSH-2.0-OpenSSH_10.0p2 Debian-7\r\n",
			opens: time.Now().Add(2045 * time.Millisecond), speaks: time.Now().Add(2345 * time.Millisecond)}
		time.AfterFunc(time.Second, func() { o.UseAddress(guestIP) })
		if err := o.Probe(t.Context(), s.dial); err != nil {
			t.Fatalf("Probe: %v", err)
		}
		dials := s.dials.Load()
		time.Sleep(5 * time.Second)
		if s.dials.Load() != dials {
			t.Error("the port was asked after it had answered")
		}
		if dials > 106 {
			t.Errorf("%d dials in 1.045 s and one connection: more than 100 a second", dials)
		}
		tl := o.Finish("")
		for m, want := range map[Milestone]time.Duration{
			ManagementRST: 1000 * time.Millisecond, NetUsable: 1000 * time.Millisecond,
			ManagementSYN: 2050 * time.Millisecond, ManagementByte: 2345 * time.Millisecond,
		} {
			if at, ok := tl.At(m); !ok || at != want {
				t.Errorf("%s at %v, %v; want %v", m, at, ok, want)
			}
		}
		if got := o.Greeting(); got != `SSH-2.0-OpenSSH_10.0p2 Debian-7\r\n` {
			t.Errorf("greeting %q", got)
		}
	})
}

func TestProbeDoesNotTakeAnotherServiceForTheRightOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := probed(t, distros.BootProfile{ManagementPort: 22, Banner: "SSH-2.0-"})
		o.UseAddress(guestIP)
		s := &service{says: "HTTP/1.1 400 \x1b[31mBad Request\r\n"}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := o.Probe(ctx, s.dial); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Probe: %v, want the deadline", err)
		}
		if n := s.dials.Load(); n > 15 {
			t.Errorf("%d dials to an open port in 10 s, want about one a second", n)
		}
		tl := o.Finish("")
		if why := tl.Why(ManagementByte); !strings.Contains(why, `"HTTP/1.1 400 \\x1b[31m`) {
			t.Errorf("reason %q does not show the answer", why)
		}
	})
}

func TestProbeBoundsItsConnectionsToAFilteredPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := probed(t, distros.BootProfile{ManagementPort: 22})
		o.UseAddress(guestIP)
		var flying, most atomic.Int64
		silent := func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
			if n := flying.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer flying.Add(-1)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_ = o.Probe(ctx, silent)
		if most.Load() > probeFlight || flying.Load() != 0 {
			t.Errorf("at most %d attempts in flight and %d left; want %d and 0", most.Load(), flying.Load(), probeFlight)
		}
		if tl := o.Finish(""); len(tl.Events) != 1 {
			t.Errorf("events %+v of a port that never answered", tl.Events)
		}
	})
}

func TestProbeOfARealSocket(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("SSH-2.0-x\r\n"))
			_ = conn.Close()
		}
	}()
	port := listener.Addr().(*net.TCPAddr).AddrPort().Port()
	o := probed(t, distros.BootProfile{ManagementPort: int(port), Banner: "SSH-2.0-"})
	o.UseAddress(netip.MustParseAddr("127.0.0.1"))
	dial := func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", to.String())
	}
	if err := o.Probe(t.Context(), dial); err != nil {
		t.Fatal(err)
	}
	tl := o.Finish("")
	if _, ok := tl.Between(ManagementSYN, ManagementByte); !ok {
		t.Errorf("port not seen: %+v", tl)
	}
}

func TestRefusedKnowsBothNetworkStacks(t *testing.T) {
	for err, want := range map[error]bool{
		&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}:                    true,
		&net.OpError{Op: "connect", Err: errors.New("connection was refused")}: true,
		&net.OpError{Op: "connect", Err: errors.New("operation timed out")}:    false,
		&net.OpError{Op: "connect", Err: errors.New("no route to host")}:       false,
		context.DeadlineExceeded: false,
	} {
		if got := refused(err); got != want {
			t.Errorf("refused(%v) = %v, want %v", err, got, want)
		}
	}
}

func TestProbeWithoutAPortIsNothing(t *testing.T) {
	o := probed(t, distros.BootProfile{})
	if err := o.Probe(t.Context(), nil); err != nil {
		t.Errorf("Probe: %v", err)
	}
}
