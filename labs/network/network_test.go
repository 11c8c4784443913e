package network

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestGuestsTalkByTCP(t *testing.T) {
	n := newLab(t, nil)
	a, b := boot(t, n, one, nil), boot(t, n, two, nil)
	conn, err := a.dial(t, b.echo(t, 7))
	if err != nil {
		t.Fatal(err)
	}
	talk(t, conn)
}

func TestDialReachesAGuest(t *testing.T) {
	n := newLab(t, nil)
	conn, err := n.Dial(t.Context(), boot(t, n, one, nil).echo(t, 22))
	if err != nil {
		t.Fatal(err)
	}
	talk(t, conn)
}

func TestDialSaysRefusedForAClosedPort(t *testing.T) {
	n := newLab(t, nil)
	boot(t, n, one, nil)
	_, err := n.Dial(t.Context(), netip.AddrPortFrom(one.IP, 22))
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("got %v, want connection refused", err)
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	n := newLab(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := n.Dial(ctx, netip.AddrPortFrom(one.IP, 22)); err == nil {
		t.Fatal("dialing a guest that is off succeeded")
	}
	if _, err := n.Dial(t.Context(), netip.MustParseAddrPort("127.0.0.1:22")); err == nil {
		t.Fatal("dialing outside the lab succeeded")
	}
}

func TestGatewayServesAListener(t *testing.T) {
	n := newLab(t, func(c *Config) { c.Isolated = true })
	listener, err := n.ListenGateway(5000)
	if err != nil {
		t.Fatal(err)
	}
	serveEcho(t, listener)
	conn, err := boot(t, n, one, nil).dial(t, netip.AddrPortFrom(gatewayIP, 5000))
	if err != nil {
		t.Fatal(err)
	}
	talk(t, conn)
}

func TestForwardLeadsFromLoopbackToAGuest(t *testing.T) {
	n := newLab(t, nil)
	to := boot(t, n, one, nil).echo(t, 22)
	f, err := n.Forward(t.Context(), netip.MustParseAddrPort("127.0.0.1:0"), to)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	talk(t, conn)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", f.Addr().String()); err == nil {
		conn.Close()
		t.Fatal("forward still listens after Close")
	}
}

func TestForwardRefuses(t *testing.T) {
	n := newLab(t, nil)
	for name, addrs := range map[string][2]string{
		"a local address that is open to others": {"0.0.0.0:0", "192.168.127.11:22"},
		"a target outside the lab":               {"127.0.0.1:0", "10.0.0.1:22"},
		"a target without a port":                {"127.0.0.1:0", "192.168.127.11:0"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := n.Forward(t.Context(), netip.MustParseAddrPort(addrs[0]), netip.MustParseAddrPort(addrs[1]))
			if err == nil {
				f.Close()
				t.Fatal("accepted")
			}
		})
	}
}

func TestTapSeesEveryFrameInOrder(t *testing.T) {
	n := newLab(t, nil)
	var seenOne, seenTwo frames
	a, _ := plug(t, n, seenOne.tap)
	b, _ := plug(t, n, seenTwo.tap)
	send(t, b, numbered(two.MAC, one.MAC, 0)) // tells the switch where two is
	eventually(t, func() bool { return len(seenTwo.list()) == 1 })
	const count = 500
	start := time.Now()
	for i := range uint32(count) {
		send(t, a, numbered(one.MAC, two.MAC, i))
	}
	for i := range uint32(count) {
		got := receive(t, b, func([]byte) bool { return true })
		if number(got) != i {
			t.Fatalf("frame %d arrived as number %d", number(got), i)
		}
	}
	end := time.Now()
	checkTap(t, filter(seenOne.list(), true), count, start, end)
	eventually(t, func() bool { return len(filter(seenTwo.list(), false)) == count })
	checkTap(t, filter(seenTwo.list(), false), count, start, time.Now())
	c := n.Counters()
	if g := c.Guests[0]; g.Name != "one" || g.FramesFrom != count || g.DroppedFrom != 0 {
		t.Errorf("counters of one: %+v", g)
	}
	if g := c.Guests[1]; g.Name != "two" || g.FramesTo != count || g.DroppedTo != 0 {
		t.Errorf("counters of two: %+v", g)
	}
}

// checkTap wants the numbers in order, each with a rising stamp within the span.
func checkTap(t *testing.T, got []Frame, count int, start, end time.Time) {
	t.Helper()
	if len(got) != count {
		t.Fatalf("tap saw %d frames, want %d", len(got), count)
	}
	last := start
	for i, f := range got {
		if number(f.Data) != uint32(i) {
			t.Fatalf("tap saw number %d as frame %d", number(f.Data), i)
		}
		if f.At.Before(last) || f.At.After(end) {
			t.Fatalf("frame %d stamped %v after start, before the one before or after the end", i, f.At.Sub(start))
		}
		last = f.At
	}
}

func filter(all []Frame, fromGuest bool) (some []Frame) {
	for _, f := range all {
		if f.FromGuest == fromGuest {
			some = append(some, f)
		}
	}
	return some
}

// numbered is a frame of a type that the gateway does not know.
func numbered(from, to net.HardwareAddr, n uint32) []byte {
	f := append(append(append([]byte(nil), to...), from...), 0x88, 0xb5)
	return append(binary.BigEndian.AppendUint32(f, n), make([]byte, 42)...)
}

func number(f []byte) uint32 { return binary.BigEndian.Uint32(f[ethernetLen:]) }

func TestFramesOfOneReadAreMarkedShared(t *testing.T) {
	n := newLab(t, nil)
	var seen frames
	conn, _ := plug(t, n, seen.tap)
	batch := append(prefixed(numbered(one.MAC, two.MAC, 0)), prefixed(numbered(one.MAC, two.MAC, 1))...)
	if _, err := conn.Write(batch); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return len(seen.list()) == 2 })
	send(t, conn, numbered(one.MAC, two.MAC, 2))
	eventually(t, func() bool { return len(seen.list()) == 3 })
	got := seen.list()
	if !got[0].Shared || !got[1].Shared || !got[0].At.Equal(got[1].At) || got[2].Shared {
		t.Errorf("shared: %v %v %v; want the first two, with one stamp", got[0].Shared, got[1].Shared, got[2].Shared)
	}
}

func TestSlowTapIsNoticed(t *testing.T) {
	n := newLab(t, nil)
	conn, _ := plug(t, n, func(Frame) { time.Sleep(2 * time.Millisecond) })
	send(t, conn, numbered(one.MAC, two.MAC, 0))
	eventually(t, func() bool {
		g := n.Counters().Guests[0]
		return g.SlowTaps == 1 && g.TapMax >= 2*time.Millisecond
	})
}

func TestGuestThatDoesNotReadStopsNoOne(t *testing.T) {
	n := newLab(t, nil)
	asleep, _ := plug(t, n, nil)
	send(t, asleep, numbered(one.MAC, two.MAC, 0))
	eventually(t, func() bool { return n.Counters().Guests[0].FramesFrom == 1 })
	awake, _ := plug(t, n, nil)
	big := append(numbered(two.MAC, one.MAC, 0), make([]byte, 60_000)...)
	for range 2 * queueLimit / len(big) {
		send(t, awake, big)
	}
	eventually(t, func() bool { return n.Counters().Guests[0].DroppedTo > 0 })
}

func TestHostileStreamEndsTheConnection(t *testing.T) {
	for name, stream := range map[string][]byte{
		"length of 4 GiB":        {0xff, 0xff, 0xff, 0xff},
		"one byte over the most": {0, 1, 0, 1},
		"length of nothing":      {0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			n := newLab(t, nil)
			conn, result := plug(t, n, nil)
			if _, err := conn.Write(stream); err != nil {
				t.Fatal(err)
			}
			if err := wait(t, result); err == nil || !strings.Contains(err.Error(), "announced") {
				t.Fatalf("Attach: got %v, want an error on the length", err)
			}
			if _, err := conn.Read(make([]byte, 1)); err == nil {
				t.Fatal("connection is still open")
			}
		})
	}
}

func TestGuestCannotSendAs(t *testing.T) {
	for name, source := range map[string]net.HardwareAddr{
		"another guest": two.MAC,
		"the gateway":   {2, 'd', 'l', 0, 0, 1},
		"a group":       {3, 0, 0, 0, 0, 1},
		"nobody":        {0, 0, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			n := newLab(t, nil)
			a, _ := plug(t, n, nil)
			b, _ := plug(t, n, nil)
			send(t, b, numbered(two.MAC, one.MAC, 0))
			eventually(t, func() bool { return n.Counters().Guests[1].FramesFrom == 1 })
			send(t, a, numbered(one.MAC, two.MAC, 1))
			receive(t, b, func([]byte) bool { return true })
			send(t, a, numbered(source, two.MAC, 2), numbered(one.MAC, two.MAC, 3))
			if got := number(receive(t, b, func([]byte) bool { return true })); got != 3 {
				t.Fatalf("frame %d arrived, want 3", got)
			}
			if got := n.Counters().Guests[0].DroppedFrom; got != 1 {
				t.Errorf("dropped %d frames, want 1", got)
			}
		})
	}
}

func TestShortAndOddFramesDoNoHarm(t *testing.T) {
	n := newLab(t, nil)
	conn, _ := plug(t, n, nil)
	for size := 1; size < 64; size++ {
		f := append(append([]byte{2, 'd', 'l', 0, 0, 1}, one.MAC...), 8, 0, 0x45)
		f = append(f, make([]byte, 64)...)
		send(t, conn, f[:size])
	}
	macs := make([]byte, 6)
	for i := range uint16(2 * maxSources) {
		binary.BigEndian.PutUint16(macs[4:], i)
		macs[0] = 2
		send(t, conn, numbered(macs, two.MAC, 0))
	}
	sum := func() (from, dropped uint64) {
		for _, g := range n.Counters().Guests {
			from, dropped = from+g.FramesFrom, dropped+g.DroppedFrom
		}
		return from, dropped
	}
	eventually(t, func() bool { from, _ := sum(); return from == 63+2*maxSources })
	if _, got := sum(); got < maxSources {
		t.Errorf("dropped %d frames, want at least the %d of surplus addresses", got, maxSources)
	}
}

func TestGuestMayComeBack(t *testing.T) {
	n := newLab(t, nil)
	for range 3 {
		conn, result := plug(t, n, nil)
		send(t, conn, numbered(one.MAC, two.MAC, 0))
		conn.Close()
		if err := wait(t, result); err != nil {
			t.Fatalf("Attach after a disconnect: %v", err)
		}
	}
	if got := n.Counters().Guests[0].FramesFrom; got != 3 {
		t.Errorf("counted %d frames, want 3", got)
	}
}

func TestAttachEndsWithItsContext(t *testing.T) {
	n := newLab(t, nil)
	guest, host := net.Pipe()
	defer guest.Close()
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- n.Attach(ctx, host, nil) }()
	cancel()
	if err := wait(t, result); err != nil {
		t.Fatal(err)
	}
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	before := ours()
	n, err := New(t.Context(), Config{Leases: []Lease{one, two}})
	if err != nil {
		t.Fatal(err)
	}
	guest, result := plug(t, n, nil)
	f, err := n.Forward(t.Context(), netip.MustParseAddrPort("127.0.0.1:0"), netip.AddrPortFrom(one.IP, 22))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := n.ListenGateway(5000)
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan error, 1)
	go func() { _, err := listener.Accept(); accepted <- err }()
	// A connection through the forward that stays half open for ever.
	client, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	send(t, guest, udpFrame(one.MAC, n.cfg.GatewayMAC, netip.AddrPortFrom(one.IP, 9), netip.AddrPortFrom(gatewayIP, dnsPort), []byte("x")))
	eventually(t, func() bool { return n.Counters().Guests[0].FramesFrom == 1 })
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if err := wait(t, result); err != nil {
		t.Errorf("Attach after Close: %v", err)
	}
	if err := wait(t, accepted); err == nil {
		t.Error("gateway listener accepted something after Close")
	}
	if _, err := n.Dial(t.Context(), netip.AddrPortFrom(one.IP, 22)); err == nil {
		t.Error("Dial works after Close")
	}
	deadline := time.Now().Add(10 * time.Second)
	for len(ours()) > len(before) && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if left := ours(); len(left) > len(before) {
		t.Errorf("%d goroutines before, %d after:\n%s", len(before), len(left), strings.Join(left, "\n\n"))
	}
}

// ours lists goroutines of this package and of the stack, but not of tests.
func ours() (found []string) {
	buf := make([]byte, 1<<20)
	for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if !strings.Contains(g, "testing.tRunner(") && (strings.Contains(g, "labs/network.") ||
			strings.Contains(g, "gvisor") || strings.Contains(g, "miekg")) {
			found = append(found, g)
		}
	}
	return found
}

func TestContextEndsTheNetwork(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n, err := New(ctx, Config{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case <-n.closed:
	case <-time.After(10 * time.Second):
		t.Fatal("network did not end")
	}
}

func eventually(t testing.TB, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("did not happen within 10 s")
		}
	}
}

func wait(t testing.TB, result <-chan error) error {
	t.Helper()
	select {
	case err := <-result:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("did not end within 10 s")
		return nil
	}
}
