package network

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/rfc1035label"
)

const (
	dhcpServerPort = 67
	dhcpClientPort = 68
	leaseTime      = 7 * 24 * time.Hour // long: no renewal falls into a measured boot
)

// serveDHCP answers guests that have a lease, at once and always the same.
func (n *Network) serveDHCP() error {
	conn, err := n.listenUDP(dhcpServerPort, true)
	if err != nil {
		return err
	}
	n.serveUDP(conn, func(packet []byte, _ net.Addr) {
		reply, to := n.dhcpAnswer(packet)
		if reply == nil {
			return
		}
		if _, err := conn.WriteTo(reply, to); err != nil {
			n.cfg.Log.Warn("answering DHCP", "to", to, "error", err)
		}
	})
	return nil
}

// dhcpAnswer returns the answer to a guest's packet and where to send it, or
// nil when there is none.
func (n *Network) dhcpAnswer(packet []byte) ([]byte, *net.UDPAddr) {
	request, err := dhcpv4.FromBytes(packet)
	if err != nil || request.OpCode != dhcpv4.OpcodeBootRequest {
		return nil, nil
	}
	lease, ok := n.leaseOf(request.ClientHWAddr)
	if !ok {
		n.outside.unknownDHCP.Add(1)
		n.cfg.Log.Warn("ignoring DHCP request of unknown card", "mac", request.ClientHWAddr.String())
		return nil, nil
	}
	kind, ok := n.dhcpKind(request, lease.IP)
	if !ok {
		return nil, nil
	}
	reply, err := dhcpv4.NewReplyFromRequest(request, n.dhcpOptions(request, lease, kind)...)
	if err != nil {
		return nil, nil
	}
	return reply.ToBytes(), dhcpDestination(request, lease.IP, kind)
}

// dhcpKind decides what to say; false: nothing. The rules are those of
// RFC 2131, section 4.3.
func (n *Network) dhcpKind(request *dhcpv4.DHCPv4, ip netip.Addr) (dhcpv4.MessageType, bool) {
	server, asked := request.ServerIdentifier(), request.RequestedIPAddress()
	switch request.MessageType() {
	case dhcpv4.MessageTypeDiscover:
		return dhcpv4.MessageTypeOffer, true
	case dhcpv4.MessageTypeInform:
		return dhcpv4.MessageTypeAck, true
	case dhcpv4.MessageTypeRequest:
		if server != nil && !server.Equal(n.cfg.Gateway.AsSlice()) {
			return 0, false // it chose another server
		}
		if asked == nil || asked.IsUnspecified() {
			asked = request.ClientIPAddr
		}
		if asked.Equal(ip.AsSlice()) {
			return dhcpv4.MessageTypeAck, true
		}
		return dhcpv4.MessageTypeNak, true
	default:
		return 0, false
	}
}

func (n *Network) dhcpOptions(request *dhcpv4.DHCPv4, lease Lease, kind dhcpv4.MessageType) []dhcpv4.Modifier {
	gateway := net.IP(n.cfg.Gateway.AsSlice())
	options := []dhcpv4.Modifier{dhcpv4.WithMessageType(kind), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(gateway))}
	if kind == dhcpv4.MessageTypeNak {
		return options
	}
	if request.MessageType() != dhcpv4.MessageTypeInform {
		options = append(options, dhcpv4.WithYourIP(lease.IP.AsSlice()), dhcpv4.WithLeaseTime(uint32(leaseTime.Seconds())))
	}
	return append(options,
		dhcpv4.WithNetmask(net.CIDRMask(n.cfg.Subnet.Bits(), 32)),
		dhcpv4.WithRouter(gateway),
		dhcpv4.WithDNS(gateway),
		dhcpv4.WithOption(dhcpv4.OptNTPServers(gateway)),
		dhcpv4.WithOption(dhcpv4.OptHostName(lease.Name)),
		dhcpv4.WithOption(dhcpv4.OptDomainName(n.cfg.Domain)),
		dhcpv4.WithOption(dhcpv4.OptDomainSearch(&rfc1035label.Labels{Labels: []string{n.cfg.Domain}})),
		dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionInterfaceMTU, binary.BigEndian.AppendUint16(nil, mtu))),
	)
}

// dhcpDestination sends to the guest alone when it can take that: the lease's
// address leads to its MAC already.
func dhcpDestination(request *dhcpv4.DHCPv4, ip netip.Addr, kind dhcpv4.MessageType) *net.UDPAddr {
	to := &net.UDPAddr{IP: net.IPv4bcast, Port: dhcpClientPort}
	if kind != dhcpv4.MessageTypeNak && !request.IsBroadcast() {
		to.IP = ip.AsSlice()
	}
	return to
}

func (n *Network) leaseOf(mac net.HardwareAddr) (Lease, bool) {
	for _, l := range n.cfg.Leases {
		if l.MAC.String() == mac.String() {
			return l, true
		}
	}
	return Lease{}, false
}

// serveUDP calls answer for each packet until the network closes.
func (n *Network) serveUDP(conn net.PacketConn, answer func(packet []byte, from net.Addr)) {
	n.tasks.run(func() {
		defer conn.Close()
		buf := make([]byte, maxDatagram)
		for n.ctx.Err() == nil {
			size, from, err := conn.ReadFrom(buf)
			switch {
			case err == nil:
				answer(buf[:size], from)
			case errors.Is(err, net.ErrClosed) || n.ctx.Err() != nil:
				return
			default: // an ICMP error that came back; the next packet may be good
				n.cfg.Log.Debug("reading gateway service", "error", err)
				if !sleep(n.ctx, time.Millisecond) {
					return
				}
			}
		}
	})
}
