package network

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/miekg/dns"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

var broadcastMAC = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// ask sends a DHCP message as a client without an address does.
func ask(t testing.TB, conn net.Conn, m *dhcpv4.DHCPv4) {
	t.Helper()
	send(t, conn, udpFrame(m.ClientHWAddr, broadcastMAC, netip.MustParseAddrPort("0.0.0.0:68"),
		netip.MustParseAddrPort("255.255.255.255:67"), m.ToBytes()))
}

// answer returns the DHCP answer and the MAC it was sent to.
func answer(t testing.TB, conn net.Conn) (*dhcpv4.DHCPv4, net.HardwareAddr) {
	t.Helper()
	frame := receive(t, conn, func(f []byte) bool {
		_, protocol, ok := ethernet(f).ipv4()
		return ok && protocol == 17 && header.UDP(header.IPv4(f[ethernetLen:]).Payload()).DestinationPort() == 68
	})
	m, err := dhcpv4.FromBytes(header.UDP(header.IPv4(frame[ethernetLen:]).Payload()).Payload())
	if err != nil {
		t.Fatal(err)
	}
	return m, frame[:6]
}

func TestDHCPGivesTheLeaseOfTheMAC(t *testing.T) {
	n := newLab(t, nil)
	for _, lease := range []Lease{two, one} {
		for _, broadcast := range []bool{false, true} {
			conn, _ := plug(t, n, nil)
			discover, err := dhcpv4.NewDiscovery(lease.MAC, dhcpv4.WithBroadcast(broadcast))
			if err != nil {
				t.Fatal(err)
			}
			ask(t, conn, discover)
			offer, to := answer(t, conn)
			wantTo := lease.MAC
			if broadcast {
				wantTo = broadcastMAC
			}
			if to.String() != wantTo.String() || offer.MessageType() != dhcpv4.MessageTypeOffer {
				t.Errorf("got %v to %v, want an offer to %v", offer.MessageType(), to, wantTo)
			}
			request, err := dhcpv4.NewRequestFromOffer(offer, dhcpv4.WithBroadcast(broadcast))
			if err != nil {
				t.Fatal(err)
			}
			ask(t, conn, request)
			ack, _ := answer(t, conn)
			if diff := cmp.Diff(summary{
				Kind: dhcpv4.MessageTypeAck, IP: lease.IP.String(), Mask: "ffffff00", Router: "[192.168.127.1]",
				DNS: "[192.168.127.1]", NTP: "[192.168.127.1]", Name: lease.Name, Domain: "lab", Time: leaseTime,
			}, summarize(ack)); diff != "" {
				t.Errorf("lease of %s (-want +got):\n%s", lease.Name, diff)
			}
			conn.Close()
			eventually(t, func() bool { n.mu.Lock(); defer n.mu.Unlock(); return len(n.owners) == 0 })
		}
	}
}

type summary struct {
	Kind                                     dhcpv4.MessageType
	IP, Mask, Router, DNS, NTP, Name, Domain string
	Time                                     time.Duration
}

func summarize(m *dhcpv4.DHCPv4) summary {
	list := func(ips []net.IP) string { return fmtIPs(ips) }
	return summary{
		Kind: m.MessageType(), IP: m.YourIPAddr.String(), Mask: m.SubnetMask().String(), Router: list(m.Router()),
		DNS: list(m.DNS()), NTP: list(m.NTPServers()), Name: m.HostName(), Domain: m.DomainName(), Time: m.IPAddressLeaseTime(0),
	}
}

func fmtIPs(ips []net.IP) string {
	s := "["
	for i, ip := range ips {
		if i > 0 {
			s += " "
		}
		s += ip.String()
	}
	return s + "]"
}

func TestDHCPRules(t *testing.T) {
	n := newLab(t, nil)
	with := dhcpv4.WithOption
	ip := func(s string) net.IP { return net.ParseIP(s) }
	for name, test := range map[string]struct {
		mac  net.HardwareAddr
		mods []dhcpv4.Modifier
		want dhcpv4.MessageType // none: silence
	}{
		"a request for the lease after a reboot": {one.MAC, []dhcpv4.Modifier{dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest), with(dhcpv4.OptRequestedIPAddress(ip("192.168.127.11")))}, dhcpv4.MessageTypeAck},
		"a renewal":                              {one.MAC, []dhcpv4.Modifier{dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest), dhcpv4.WithClientIP(ip("192.168.127.11"))}, dhcpv4.MessageTypeAck},
		"a request for the lease of another":     {one.MAC, []dhcpv4.Modifier{dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest), with(dhcpv4.OptRequestedIPAddress(ip("192.168.127.12")))}, dhcpv4.MessageTypeNak},
		"a request without an address":           {one.MAC, []dhcpv4.Modifier{dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest)}, dhcpv4.MessageTypeNak},
		"a request to another server":            {one.MAC, []dhcpv4.Modifier{dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest), with(dhcpv4.OptServerIdentifier(ip("10.0.0.1")))}, dhcpv4.MessageTypeNone},
		"a release":                              {one.MAC, []dhcpv4.Modifier{dhcpv4.WithMessageType(dhcpv4.MessageTypeRelease)}, dhcpv4.MessageTypeNone},
		"an unknown card":                        {net.HardwareAddr{2, 0, 0, 0, 0, 0x99}, []dhcpv4.Modifier{dhcpv4.WithMessageType(dhcpv4.MessageTypeDiscover)}, dhcpv4.MessageTypeNone},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := dhcpv4.New(append(test.mods, dhcpv4.WithHwAddr(test.mac))...)
			if err != nil {
				t.Fatal(err)
			}
			reply, _ := n.dhcpAnswer(request.ToBytes())
			got := dhcpv4.MessageTypeNone
			if reply != nil {
				m, err := dhcpv4.FromBytes(reply)
				if err != nil {
					t.Fatal(err)
				}
				got = m.MessageType()
			}
			if got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	if got := n.Counters().UnknownDHCP; got != 1 {
		t.Errorf("counted %d requests of unknown cards, want 1", got)
	}
}

// lookup asks the gateway by UDP or TCP from within a guest.
func lookup(t testing.TB, g *pc, network, name string, kind uint16) *dns.Msg {
	t.Helper()
	at := netip.AddrPortFrom(gatewayIP, dnsPort)
	var conn net.Conn = g.udp(t, at)
	if network == "tcp" {
		conn.Close()
		var err error
		if conn, err = g.dial(t, at); err != nil {
			t.Fatal(err)
		}
	}
	defer conn.Close()
	// gonet's UDP connection is no net.PacketConn for the client, so frame by hand.
	question, err := new(dns.Msg).SetQuestion(name, kind).Pack()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if network == "tcp" {
		question = append(binary.BigEndian.AppendUint16(nil, uint16(len(question))), question...)
	}
	if _, err := conn.Write(question); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, dns.MaxMsgSize)
	var size int
	if network == "tcp" {
		if _, err = io.ReadFull(conn, buf[:2]); err == nil {
			size, err = io.ReadFull(conn, buf[:binary.BigEndian.Uint16(buf)])
		}
	} else {
		size, err = conn.Read(buf)
	}
	if err != nil {
		t.Fatalf("asking for %s: %v", name, err)
	}
	reply := new(dns.Msg)
	if err := reply.Unpack(buf[:size]); err != nil {
		t.Fatal(err)
	}
	return reply
}

func answers(m *dns.Msg) string {
	s := dns.RcodeToString[m.Rcode]
	for _, rr := range m.Answer {
		switch rr := rr.(type) {
		case *dns.A:
			s += " " + rr.A.String()
		case *dns.PTR:
			s += " " + rr.Ptr
		}
	}
	return s
}

func TestDNS(t *testing.T) {
	asked := make(chan string, 100)
	upstream := fakeUpstream(t, asked)
	hosts := map[string]netip.Addr{"Time.Example.com": gatewayIP}
	open := boot(t, newLab(t, func(c *Config) { c.Upstream, c.Hosts = upstream, hosts }), one, nil)
	closed := boot(t, newLab(t, func(c *Config) { c.Upstream, c.Hosts, c.Isolated = upstream, hosts, true }), one, nil)
	for _, test := range []struct {
		name           string
		kind           uint16
		open, isolated string
	}{
		{"two.lab.", dns.TypeA, "NOERROR 192.168.127.12", "NOERROR 192.168.127.12"},
		{"TWO.Lab.", dns.TypeA, "NOERROR 192.168.127.12", "NOERROR 192.168.127.12"},
		{"two.", dns.TypeA, "NOERROR 192.168.127.12", "NOERROR 192.168.127.12"},
		{"two.lab.", dns.TypeAAAA, "NOERROR", "NOERROR"},
		{"host.", dns.TypeA, "NOERROR 192.168.127.1", "NOERROR 192.168.127.1"},
		{"gateway.lab.", dns.TypeA, "NOERROR 192.168.127.1", "NOERROR 192.168.127.1"},
		{"time.example.com.", dns.TypeA, "NOERROR 192.168.127.1", "NOERROR 192.168.127.1"},
		{"12.127.168.192.in-addr.arpa.", dns.TypePTR, "NOERROR two.lab.", "NOERROR two.lab."},
		{"three.lab.", dns.TypeA, "NXDOMAIN", "NXDOMAIN"},
		{"three.", dns.TypeA, "NXDOMAIN", "NXDOMAIN"},
		{"example.org.", dns.TypeA, "NOERROR 203.0.113.9", "NXDOMAIN"},
		{"example.org.", dns.TypeTXT, "NOERROR", "NXDOMAIN"},
	} {
		for _, network := range []string{"udp", "tcp"} {
			if got := answers(lookup(t, open, network, test.name, test.kind)); got != test.open {
				t.Errorf("%s %s %s: got %q, want %q", network, test.name, dns.TypeToString[test.kind], got, test.open)
			}
			if got := answers(lookup(t, closed, network, test.name, test.kind)); got != test.isolated {
				t.Errorf("isolated, %s %s %s: got %q, want %q", network, test.name, dns.TypeToString[test.kind], got, test.isolated)
			}
		}
	}
	for range 4 { // two types by two transports
		if name := <-asked; name != "example.org." {
			t.Errorf("the outside was asked for %s", name)
		}
	}
	select {
	case name := <-asked:
		t.Errorf("the outside was also asked for %s", name)
	default:
	}
}

// fakeUpstream is a name server on loopback.
func fakeUpstream(t testing.TB, asked chan<- string) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(started) },
		Handler: dns.HandlerFunc(func(w dns.ResponseWriter, m *dns.Msg) {
			asked <- m.Question[0].Name
			reply := new(dns.Msg).SetReply(m)
			if q := m.Question[0]; q.Qtype == dns.TypeA {
				reply.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(203, 0, 113, 9)}}
			}
			_ = w.WriteMsg(reply)
		})}
	go server.ActivateAndServe()
	<-started
	t.Cleanup(func() { server.Shutdown() })
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestNTPTellsTheHostsTime(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC)
	packet := make([]byte, ntpLen)
	packet[0] = 4<<3 | ntpClient
	copy(packet[40:], "mytime!!")
	reply := ntpAnswer(packet, now)
	if len(reply) != ntpLen || reply[0] != 4<<3|ntpServer || string(reply[24:32]) != "mytime!!" {
		t.Fatalf("got % x", reply)
	}
	seconds, fraction := binary.BigEndian.Uint32(reply[40:]), binary.BigEndian.Uint32(reply[44:])
	if got := int64(seconds) - ntpEpoch; got != now.Unix() || fraction != 1<<31 {
		t.Errorf("got %d s and %#x, want %d s and a half", got, fraction, now.Unix())
	}
	for name, bad := range map[string][]byte{"short": packet[:47], "a server's": append([]byte{4<<3 | ntpServer}, packet[1:]...)} {
		if ntpAnswer(bad, now) != nil {
			t.Errorf("answered a packet that is %s", name)
		}
	}
}
