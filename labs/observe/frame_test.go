package observe

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"distrolab/distros"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"
)

var (
	guestMAC = net.HardwareAddr{0x52, 0x54, 0, 1, 2, 3}
	otherMAC = net.HardwareAddr{0x52, 0x54, 0, 9, 9, 9}
	guestIP  = netip.MustParseAddr("192.168.90.10")
	gateway  = netip.MustParseAddr("192.168.90.1")
	subnet   = netip.MustParsePrefix("192.168.90.0/24")
)

// frameOf builds an Ethernet frame with an IPv4 packet.
func frameOf(dst, src net.HardwareAddr, from, to netip.Addr, protocol byte, payload []byte) []byte {
	b := append(append(append([]byte{}, dst...), src...), 0x08, 0x00)
	ip := make([]byte, 20)
	ip[0], ip[8], ip[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(ip[2:], uint16(20+len(payload)))
	copy(ip[12:], from.AsSlice())
	copy(ip[16:], to.AsSlice())
	return append(append(b, ip...), payload...)
}

func udpOf(src, dst uint16, payload []byte) []byte {
	b := make([]byte, 8)
	binary.BigEndian.PutUint16(b, src)
	binary.BigEndian.PutUint16(b[2:], dst)
	binary.BigEndian.PutUint16(b[4:], uint16(8+len(payload)))
	return append(b, payload...)
}

func tcpOf(src uint16, flags byte) []byte {
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b, src)
	b[12], b[13] = 5<<4, flags
	return b
}

func discover(t testing.TB, xid uint32) []byte {
	t.Helper()
	d, err := dhcpv4.NewDiscovery(guestMAC)
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint32(d.TransactionID[:], xid)
	broadcastMAC := net.HardwareAddr{255, 255, 255, 255, 255, 255}
	return frameOf(broadcastMAC, guestMAC, netip.IPv4Unspecified(), broadcast(), 17, udpOf(68, 67, d.ToBytes()))
}

func ack(t testing.TB, xid uint32, mac net.HardwareAddr, ip netip.Addr) []byte {
	t.Helper()
	a, err := dhcpv4.New(
		dhcpv4.WithMessageType(dhcpv4.MessageTypeAck), dhcpv4.WithHwAddr(mac), dhcpv4.WithYourIP(ip.AsSlice()))
	if err != nil {
		t.Fatal(err)
	}
	a.OpCode = dhcpv4.OpcodeBootReply
	binary.BigEndian.PutUint32(a.TransactionID[:], xid)
	return frameOf(mac, otherMAC, gateway, ip, 17, udpOf(67, 68, a.ToBytes()))
}

// frames is a sequence of frames, one each 100 ms.
type frame struct {
	fromGuest bool
	data      []byte
}

func watched(t testing.TB, frames []frame) *Observer {
	t.Helper()
	clock := newFakeClock()
	o := New(compile(t, distros.BootProfile{ManagementPort: 22}), Options{Clock: clock.Now, MAC: guestMAC, Subnet: subnet})
	zero := clock.Now()
	o.Begin(zero)
	for i, f := range frames {
		o.Frame(zero.Add(time.Duration(i+1)*100*time.Millisecond), f.fromGuest, false, f.data)
	}
	return o
}

func TestFramesShowTheNetworkComingUp(t *testing.T) {
	icmp := make([]byte, 8)
	o := watched(t, []frame{
		{true, []byte{1, 2, 3}},
		{true, frameOf(otherMAC, guestMAC, netip.IPv4Unspecified(), broadcast(), 17, nil)}, // 200 ms
		{true, discover(t, 7)}, // 300 ms
		{true, discover(t, 8)},
		{false, ack(t, 7, guestMAC, guestIP)}, // 500 ms
		{true, frameOf(net.HardwareAddr{1, 0, 0x5e, 0, 0, 22}, guestMAC, guestIP, netip.MustParseAddr("224.0.0.22"), 2, nil)},
		{true, frameOf(otherMAC, guestMAC, guestIP, gateway, 1, icmp)},            // 700 ms
		{true, frameOf(otherMAC, guestMAC, guestIP, gateway, 6, tcpOf(22, 0x14))}, // 800 ms: RST
		{true, frameOf(otherMAC, guestMAC, guestIP, gateway, 6, tcpOf(22, 0x12))}, // 900 ms: SYN/ACK
	})
	got := map[Milestone]time.Duration{}
	for _, e := range o.Finish("").Events {
		got[e.M] = e.T / time.Millisecond
	}
	want := map[Milestone]time.Duration{
		Request: 0, NetFirstFrame: 200, DHCPDiscover: 300, DHCPAck: 500, NetUsable: 700,
		ManagementRST: 800, ManagementSYN: 900,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("milestones in ms (-want +got):\n%s", diff)
	}
	if addr, ok := o.Address(); !ok || addr != guestIP {
		t.Errorf("address %v, %v; want %v", addr, ok, guestIP)
	}
	if !o.net.done.Load() {
		t.Error("frames are still parsed after all was seen")
	}
}

func TestForgedAcknowledgementIsNotBelieved(t *testing.T) {
	tests := map[string]frame{
		"from the guest itself":   {true, ack(t, 7, guestMAC, guestIP)},
		"of another request":      {false, ack(t, 8, guestMAC, guestIP)},
		"for another machine":     {false, ack(t, 7, otherMAC, guestIP)},
		"address outside the lab": {false, ack(t, 7, guestMAC, netip.MustParseAddr("8.8.8.8"))},
		"loopback":                {false, ack(t, 7, guestMAC, netip.MustParseAddr("127.0.0.1"))},
		"cut short":               {false, ack(t, 7, guestMAC, guestIP)[:270]},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			o := watched(t, []frame{{true, discover(t, 7)}, f})
			if addr, ok := o.Address(); ok {
				t.Errorf("believed in %v", addr)
			}
		})
	}
}

func TestFrameOfAnotherSenderIsNotTheGuests(t *testing.T) {
	o := watched(t, []frame{{true, frameOf(guestMAC, otherMAC, guestIP, gateway, 6, tcpOf(22, 0x12))}})
	if tl := o.Finish(""); len(tl.Events) != 1 {
		t.Errorf("events %+v, want the request only", tl.Events)
	}
}

func TestSharedFrameIsAnUpperBound(t *testing.T) {
	clock := newFakeClock()
	o := New(compile(t, distros.BootProfile{}), Options{Clock: clock.Now})
	o.Begin(clock.Now())
	o.Frame(clock.Now(), true, true, discover(t, 1))
	if e, _ := o.Finish("").Find(DHCPDiscover); e.Q != AtMost {
		t.Errorf("quality %s, want le", e.Q)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(true, discover(f, 7))
	f.Add(false, ack(f, 7, guestMAC, guestIP))
	f.Add(true, frameOf(otherMAC, guestMAC, guestIP, gateway, 6, tcpOf(22, 0x14)))
	f.Fuzz(func(t *testing.T, fromGuest bool, data []byte) {
		o := watched(t, []frame{{true, discover(t, 7)}, {fromGuest, data}})
		if addr, ok := o.Address(); ok && !subnet.Contains(addr) {
			t.Errorf("believed in %v, outside of the lab", addr)
		}
		checkComplete(t, o.Finish(""))
	})
}

func BenchmarkFrame(b *testing.B) {
	o := watched(b, []frame{{true, discover(b, 7)}, {false, ack(b, 7, guestMAC, guestIP)}})
	data := frameOf(otherMAC, guestMAC, guestIP, gateway, 6, tcpOf(5000, 0x10))
	at := o.origin.Add(time.Second)
	b.ReportAllocs()
	for b.Loop() {
		o.Frame(at, true, false, data)
	}
}

// arpOf is an ARP message by which its sender looks for the gateway.
func arpOf(mac net.HardwareAddr, sender netip.Addr) []byte {
	b := append([]byte{255, 255, 255, 255, 255, 255}, mac...)
	b = append(b, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1)
	b = append(append(b, mac...), sender.AsSlice()...)
	return append(append(b, 0, 0, 0, 0, 0, 0), gateway.AsSlice()...)
}

// TestFixedAddress: a guest that never asks by DHCP shows its address by what
// it sends. What it may have sent without one, or for another, does not count.
func TestFixedAddress(t *testing.T) {
	elsewhere := netip.MustParseAddr("10.0.0.5")
	toGateway := frameOf(otherMAC, guestMAC, guestIP, gateway, 6, tcpOf(1234, 2))
	cut := arpOf(guestMAC, guestIP)[:40]
	for name, c := range map[string]struct {
		frames []frame
		known  bool
	}{
		"ARP":                          {[]frame{{true, arpOf(guestMAC, guestIP)}}, true},
		"a packet":                     {[]frame{{true, toGateway}}, true},
		"ARP to find out who has it":   {[]frame{{true, arpOf(guestMAC, netip.IPv4Unspecified())}}, false},
		"an address of elsewhere":      {[]frame{{true, arpOf(guestMAC, elsewhere)}}, false},
		"ARP of another card":          {[]frame{{true, arpOf(otherMAC, guestIP)}}, false},
		"ARP to the guest":             {[]frame{{false, arpOf(guestMAC, guestIP)}}, false},
		"a cut message":                {[]frame{{true, cut}}, false},
		"a guest that asked by DHCP":   {[]frame{{true, discover(t, 7)}, {true, arpOf(guestMAC, guestIP)}}, false},
		"DHCP with an acknowledgement": {[]frame{{true, discover(t, 7)}, {false, ack(t, 7, guestMAC, guestIP)}}, true},
	} {
		o := watched(t, c.frames)
		addr, known := o.Address()
		if known != c.known || known && addr != guestIP {
			t.Errorf("%s: address %v, %v; want known %v", name, addr, known, c.known)
		}
	}
}
