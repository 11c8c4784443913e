package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

const (
	nic = tcpip.NICID(1) // the gateway's only card
	mtu = 1500           // bytes of an IP packet
)

// buildStack makes the switch and the gateway's TCP/IP stack on it.
func (n *Network) buildStack() error {
	n.cable = newSwitch()
	n.cable.gateway = &card{mac: n.gatewayMAC, ip: n.cfg.Gateway.As4(), cable: n.cable}
	n.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
	})
	if err := n.stack.CreateNIC(nic, n.cable.gateway); err != nil {
		return stackError("adding gateway card", err)
	}
	return n.configureStack()
}

func (n *Network) configureStack() error {
	s := n.stack
	sack := tcpip.TCPSACKEnabled(true)
	if err := s.SetTransportProtocolOption(tcp.ProtocolNumber, &sack); err != nil {
		return stackError("enabling selective acknowledgements", err)
	}
	addr := tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: address(n.cfg.Gateway).WithPrefix()}
	if err := s.AddProtocolAddress(nic, addr, stack.AddressProperties{}); err != nil {
		return stackError("setting gateway address", err)
	}
	// As a router it takes packets for any address and answers in their name.
	if err := errors.Join(stackError("routing", s.SetPromiscuousMode(nic, true)),
		stackError("routing", s.SetSpoofing(nic, true))); err != nil {
		return err
	}
	mask := net.CIDRMask(n.cfg.Subnet.Bits(), 32)
	subnet, err := tcpip.NewSubnet(address(n.cfg.Subnet.Addr()), tcpip.MaskFromBytes(mask))
	if err != nil {
		return fmt.Errorf("routing to %s: %w", n.cfg.Subnet, err)
	}
	s.SetRouteTable([]tcpip.Route{{Destination: subnet, NIC: nic}})
	// Fixed neighbours keep ARP's waits of a second out of probes, and keep a
	// guest from answering for another.
	for _, l := range n.cfg.Leases {
		if err := s.AddStaticNeighbor(nic, ipv4.ProtocolNumber, address(l.IP), tcpip.LinkAddress(l.MAC)); err != nil {
			return stackError("adding neighbour "+l.Name, err)
		}
	}
	return nil
}

// stopStack ends every connection of the gateway, so that whoever reads from
// one returns.
func (n *Network) stopStack() {
	if n.stack != nil {
		n.stack.Close()
	}
}

// waitStack waits for the stack's goroutines.
func (n *Network) waitStack() {
	if n.stack != nil {
		n.stack.Destroy()
	}
}

func (n *Network) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	if n.ctx.Err() != nil {
		return nil, fmt.Errorf("dialing %s: %w", to, net.ErrClosed)
	}
	conn, err := gonet.DialContextTCP(ctx, n.stack, endpoint(to), ipv4.ProtocolNumber)
	if err != nil {
		return nil, fmt.Errorf("dialing %s: %w", to, err)
	}
	return conn, nil
}

// ListenGateway accepts TCP connections of guests on a port of the gateway, for
// instance for a mirror. Port 53 (DNS) is taken.
func (n *Network) ListenGateway(port uint16) (net.Listener, error) {
	l, err := gonet.ListenTCP(n.stack, endpoint(netip.AddrPortFrom(n.cfg.Gateway, port)), ipv4.ProtocolNumber)
	if err != nil {
		return nil, fmt.Errorf("listening on gateway port %d: %w", port, err)
	}
	return l, nil
}

// listenUDP opens a UDP port on the gateway; broadcast also takes and sends
// packets to everyone.
func (n *Network) listenUDP(port uint16, broadcast bool) (*gonet.UDPConn, error) {
	var queue waiter.Queue
	ep, err := n.stack.NewEndpoint(udp.ProtocolNumber, ipv4.ProtocolNumber, &queue)
	if err != nil {
		return nil, stackError("opening UDP port", err)
	}
	to := tcpip.FullAddress{NIC: nic, Port: port}
	if broadcast {
		ep.SocketOptions().SetBroadcast(true)
	} else {
		to.Addr = address(n.cfg.Gateway)
	}
	if err := ep.Bind(to); err != nil {
		ep.Close()
		return nil, stackError(fmt.Sprintf("opening UDP port %d", port), err)
	}
	return gonet.NewUDPConn(&queue, ep), nil
}

func address(a netip.Addr) tcpip.Address { return tcpip.AddrFrom4(a.As4()) }

func endpoint(a netip.AddrPort) tcpip.FullAddress {
	return tcpip.FullAddress{NIC: nic, Addr: address(a.Addr()), Port: a.Port()}
}

// addrPort is the inverse of endpoint; invalid when it is no IPv4 address.
func addrPort(a tcpip.Address, port uint16) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(a.AsSlice())
	return netip.AddrPortFrom(ip, port)
}

// stackError turns the stack's error, which is none for Go, into one.
func stackError(what string, err tcpip.Error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s", what, err)
}
