package network

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	linkethernet "gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

var (
	gatewayIP = netip.MustParseAddr("192.168.127.1")
	one       = Lease{Name: "one", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 0x11}, IP: netip.MustParseAddr("192.168.127.11")}
	two       = Lease{Name: "two", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 0x12}, IP: netip.MustParseAddr("192.168.127.12")}
)

// newLab starts a network with two leases; change may be nil.
func newLab(t testing.TB, change func(*Config)) *Network {
	t.Helper()
	cfg := Config{Leases: []Lease{one, two}}
	if testing.Verbose() {
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if change != nil {
		change(&cfg)
	}
	n, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// frames is a tap that keeps copies.
type frames struct {
	mu  sync.Mutex
	all []Frame
}

func (f *frames) tap(frame Frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	frame.Data = append([]byte(nil), frame.Data...)
	f.all = append(f.all, frame)
}

func (f *frames) list() []Frame {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Frame(nil), f.all...)
}

// plug attaches a guest through a unix socket, as QEMU would, and returns the
// guest's end and a channel with Attach's result.
func plug(t testing.TB, n *Network, tap func(Frame)) (net.Conn, <-chan error) {
	t.Helper()
	dir, err := os.MkdirTemp("", "net") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	listener, err := Listen(filepath.Join(dir, "s"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	guest, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { guest.Close() })
	host, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() { result <- n.Attach(t.Context(), host, tap) }()
	return guest, result
}

func prefixed(frame []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)
}

// send writes frames as they are.
func send(t testing.TB, conn net.Conn, frames ...[]byte) {
	t.Helper()
	for _, f := range frames {
		if _, err := conn.Write(prefixed(f)); err != nil {
			t.Fatal(err)
		}
	}
}

// receive returns the next frame that is wanted.
func receive(t testing.TB, conn net.Conn, want func(ethernetFrame []byte) bool) []byte {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		frame, err := readFrame(conn)
		if err != nil {
			t.Fatalf("waiting for a frame: %v", err)
		}
		if want(frame) {
			return frame
		}
	}
}

func readFrame(conn net.Conn) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(size[:]))
	_, err := io.ReadFull(conn, frame)
	return frame, err
}

// udpFrame builds an Ethernet frame with a UDP packet.
func udpFrame(srcMAC, dstMAC net.HardwareAddr, src, dst netip.AddrPort, payload []byte) []byte {
	f := make([]byte, ethernetLen+header.IPv4MinimumSize+header.UDPMinimumSize+len(payload))
	header.Ethernet(f).Encode(&header.EthernetFields{
		SrcAddr: tcpip.LinkAddress(srcMAC), DstAddr: tcpip.LinkAddress(dstMAC), Type: header.IPv4ProtocolNumber,
	})
	ip := header.IPv4(f[ethernetLen:])
	ip.Encode(&header.IPv4Fields{
		TotalLength: uint16(len(f) - ethernetLen), TTL: 64, Protocol: uint8(header.UDPProtocolNumber),
		SrcAddr: address(src.Addr()), DstAddr: address(dst.Addr()),
	})
	ip.SetChecksum(^ip.CalculateChecksum())
	u := header.UDP(f[ethernetLen+header.IPv4MinimumSize:])
	u.Encode(&header.UDPFields{SrcPort: src.Port(), DstPort: dst.Port(), Length: uint16(len(u))}) // no checksum: allowed
	copy(u.Payload(), payload)
	return f
}

// pc is a guest with a whole TCP/IP stack.
type pc struct {
	stack *stack.Stack
	lease Lease
}

// boot attaches a guest that already has its lease's address.
func boot(t testing.TB, n *Network, lease Lease, tap func(Frame)) *pc {
	t.Helper()
	conn, _ := plug(t, n, tap)
	return newPC(t, conn, lease)
}

func newPC(t testing.TB, conn net.Conn, lease Lease) *pc {
	t.Helper()
	g := silentPC(t, conn, lease)
	g.announce(t)
	return g
}

// silentPC is a guest that has not sent anything yet.
func silentPC(t testing.TB, conn net.Conn, lease Lease) *pc {
	t.Helper()
	wire := channel.New(4096, mtu, tcpip.LinkAddress(lease.MAC))
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
	})
	addr := address(lease.IP)
	if err := errors.Join(stackError("nic", s.CreateNIC(nic, linkethernet.New(wire))),
		stackError("address", s.AddProtocolAddress(nic, tcpip.ProtocolAddress{
			Protocol: ipv4.ProtocolNumber, AddressWithPrefix: tcpip.AddressWithPrefix{Address: addr, PrefixLen: 24},
		}, stack.AddressProperties{}))); err != nil {
		t.Fatal(err)
	}
	s.SetRouteTable([]tcpip.Route{
		{Destination: tcpip.AddressWithPrefix{Address: addr, PrefixLen: 24}.Subnet(), NIC: nic},
		{Destination: header.IPv4EmptySubnet, Gateway: address(gatewayIP), NIC: nic},
	})
	ctx, cancel := context.WithCancel(context.Background())
	var pumps sync.WaitGroup
	pumps.Go(func() {
		for pkt := wire.ReadContext(ctx); pkt != nil; pkt = wire.ReadContext(ctx) {
			_, _ = conn.Write(prefixed(pkt.ToView().AsSlice()))
			pkt.DecRef()
		}
	})
	pumps.Go(func() {
		for {
			frame, err := readFrame(conn)
			if err != nil {
				return
			}
			pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
			wire.InjectInbound(0, pkt)
			pkt.DecRef()
		}
	})
	g := &pc{stack: s, lease: lease}
	t.Cleanup(func() { cancel(); conn.Close(); pumps.Wait(); s.Destroy() })
	return g
}

// announce sends something, so that the switch knows where the guest is.
func (g *pc) announce(t testing.TB) {
	t.Helper()
	conn := g.udp(t, netip.AddrPortFrom(gatewayIP, ntpPort))
	defer conn.Close()
	packet := make([]byte, ntpLen)
	packet[0] = 4<<3 | ntpClient
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write(packet); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(packet); err != nil {
		t.Fatalf("waiting for the gateway's time: %v", err)
	}
}

func (g *pc) udp(t testing.TB, to netip.AddrPort) *gonet.UDPConn {
	t.Helper()
	raddr := endpoint(to)
	conn, err := gonet.DialUDP(g.stack, nil, &raddr, ipv4.ProtocolNumber)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func (g *pc) dial(t testing.TB, to netip.AddrPort) (net.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return gonet.DialContextTCP(ctx, g.stack, endpoint(to), ipv4.ProtocolNumber)
}

// echo accepts TCP connections on a port and returns what it reads.
func (g *pc) echo(t testing.TB, port uint16) netip.AddrPort {
	t.Helper()
	at := netip.AddrPortFrom(g.lease.IP, port)
	listener, err := gonet.ListenTCP(g.stack, endpoint(at), ipv4.ProtocolNumber)
	if err != nil {
		t.Fatal(err)
	}
	serveEcho(t, listener)
	return at
}

func serveEcho(t testing.TB, listener net.Listener) {
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
}

// talk checks that what is said comes back.
func talk(t testing.TB, conn net.Conn) {
	t.Helper()
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	const word = "hello, guest"
	if _, err := conn.Write([]byte(word)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(word))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != word {
		t.Fatalf("echo: got %q, %v", got, err)
	}
}
