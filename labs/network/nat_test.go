package network

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// outside is an address of a documentation range; tests lead it to loopback.
var outside = netip.MustParseAddrPort("203.0.113.5:80")

func TestNATCarriesTCPAndUDP(t *testing.T) {
	tcpAt, udpAt := echoServers(t)
	n := newLab(t, nil)
	n.dialOut = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != outside.String() {
			t.Errorf("dialed %s, want %s", address, outside)
		}
		if network == "udp4" {
			return net.Dial(network, udpAt)
		}
		return net.Dial(network, tcpAt)
	}
	g := boot(t, n, one, nil)
	conn, err := g.dial(t, outside)
	if err != nil {
		t.Fatal(err)
	}
	talk(t, conn)
	talk(t, g.udp(t, outside))
	c := n.Counters()
	if c.OutsideFlows != 2 || c.OutsideBytes != 24 || c.EgressBytes() < 24 || c.OutsideRefused != 0 {
		t.Errorf("counters: %+v", c)
	}
}

// echoServers answers on loopback.
func echoServers(t *testing.T) (tcpAt, udpAt string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveEcho(t, listener)
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { packets.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			size, from, err := packets.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = packets.WriteTo(buf[:size], from)
		}
	}()
	return listener.Addr().String(), packets.LocalAddr().String()
}

func TestIsolationRefusesAtOnceAndCounts(t *testing.T) {
	n := newLab(t, func(c *Config) { c.Isolated = true })
	n.dialOut = forbidden(t)
	var seen frames
	g := boot(t, n, one, seen.tap)
	if _, err := g.dial(t, outside); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("TCP: got %v, want connection refused", err)
	}
	conn := g.udp(t, outside)
	defer conn.Close()
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { // the stack of the test's guest tells a reader nothing, so look at the frame
		for _, f := range filter(seen.list(), false) {
			if isPortUnreachable(f.Data) {
				return true
			}
		}
		return false
	})
	c := n.Counters()
	if c.OutsideRefused != 2 || c.OutsideFlows != 0 || c.Guests[0].EgressFrames != 2 || c.EgressBytes() == 0 {
		t.Errorf("counters: %+v", c)
	}
}

// TestWhatIsAllowedIsNoEgress lets an isolated guest talk to one address, and
// refuses another port of it.
func TestWhatIsAllowedIsNoEgress(t *testing.T) {
	tcpAt, udpAt := echoServers(t)
	n := newLab(t, func(c *Config) { c.Isolated, c.Allowed = true, []netip.AddrPort{outside} })
	n.dialOut = func(_ context.Context, network, address string) (net.Conn, error) {
		if address != outside.String() {
			t.Errorf("dialed %s, want %s", address, outside)
		}
		return net.Dial(network, map[string]string{"tcp4": tcpAt, "udp4": udpAt}[network])
	}
	g := boot(t, n, one, nil)
	conn, err := g.dial(t, outside)
	if err != nil {
		t.Fatal(err)
	}
	talk(t, conn)
	talk(t, g.udp(t, outside))
	if c := n.Counters(); c.OutsideFlows != 2 || c.EgressBytes() != 0 {
		t.Errorf("what is allowed is counted: %+v", c)
	}
	if _, err := g.dial(t, netip.AddrPortFrom(outside.Addr(), outside.Port()+1)); err == nil {
		t.Error("another port was reached")
	}
	if c := n.Counters(); c.OutsideRefused != 1 || c.EgressBytes() == 0 {
		t.Errorf("what is refused is not counted: %+v", c)
	}
}

func isPortUnreachable(f []byte) bool {
	if _, protocol, ok := ethernet(f).ipv4(); !ok || protocol != uint8(header.ICMPv4ProtocolNumber) {
		return false
	}
	icmp := header.ICMPv4(header.IPv4(f[ethernetLen:]).Payload())
	return icmp.Type() == header.ICMPv4DstUnreachable && icmp.Code() == header.ICMPv4PortUnreachable
}

func forbidden(t *testing.T) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, network, address string) (net.Conn, error) {
		t.Errorf("the host was made to dial %s %s", network, address)
		return nil, net.ErrClosed
	}
}

func TestNATNeverReachesTheHostItself(t *testing.T) {
	n := newLab(t, nil)
	n.dialOut = forbidden(t)
	conn, _ := plug(t, n, nil)
	for _, to := range []string{"127.0.0.1:80", "169.254.169.254:80", "0.0.0.0:80", "192.168.127.1:80",
		"192.168.127.200:80", "224.0.0.251:5353", "240.0.0.1:80", "255.255.255.255:5355"} {
		send(t, conn, udpFrame(one.MAC, n.cfg.GatewayMAC, netip.AddrPortFrom(one.IP, 9), netip.MustParseAddrPort(to), []byte("x")))
	}
	// The answer to the last shows that all before it were handled.
	packet := make([]byte, ntpLen)
	packet[0] = 4<<3 | ntpClient
	send(t, conn, udpFrame(one.MAC, n.cfg.GatewayMAC, netip.AddrPortFrom(one.IP, 123), netip.AddrPortFrom(gatewayIP, ntpPort), packet))
	receive(t, conn, func(f []byte) bool {
		_, protocol, ok := ethernet(f).ipv4()
		return ok && protocol == uint8(header.UDPProtocolNumber)
	})
	if got := n.Counters(); got.OutsideFlows != 0 || got.EgressBytes() != 0 {
		t.Errorf("counters: %+v", got)
	}
}

func TestEchoRequestsToTheOutsideAreNotAnsweredByTheGateway(t *testing.T) {
	n := newLab(t, nil)
	conn, _ := plug(t, n, nil)
	for _, to := range []netip.Addr{outside.Addr(), gatewayIP} {
		f := udpFrame(one.MAC, n.cfg.GatewayMAC, netip.AddrPortFrom(one.IP, 0), netip.AddrPortFrom(to, 0), make([]byte, 8))
		ip := header.IPv4(f[ethernetLen:])
		ip.SetChecksum(0)
		ip[9] = uint8(header.ICMPv4ProtocolNumber)
		ip.SetChecksum(^ip.CalculateChecksum())
		icmp := header.ICMPv4(ip.Payload())
		clear(icmp)
		icmp.SetType(header.ICMPv4Echo)
		icmp.SetChecksum(header.ICMPv4Checksum(icmp, 0))
		send(t, conn, f)
	}
	f := receive(t, conn, func(f []byte) bool { _, p, ok := ethernet(f).ipv4(); return ok && p == 1 })
	if from := header.IPv4(f[ethernetLen:]).SourceAddress(); from != address(gatewayIP) {
		t.Errorf("answer from %s, want only the gateway's own", from)
	}
	if got := n.Counters().Guests[0]; got.EgressFrames != 1 || got.DroppedFrom != 1 {
		t.Errorf("counters: %+v", got)
	}
}
