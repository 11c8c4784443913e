package network

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

const (
	maxConnecting  = 256              // TCP connections that wait for the outside to accept
	maxUDPFlows    = 1024             // UDP flows to the outside at once
	connectTimeout = 30 * time.Second // for the outside to accept
	udpIdle        = 60 * time.Second // after this a silent UDP flow is forgotten
	maxDatagram    = 64 << 10         // bytes
)

// serveNAT carries TCP and UDP for addresses outside the lab by sockets of the
// host. A packet it does not take is answered by the stack at once, by a reset
// or by ICMP "port unreachable", so that no guest waits.
func (n *Network) serveNAT() {
	tcpForwarder := tcp.NewForwarder(n.stack, 0, maxConnecting, n.natTCP)
	n.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, func(id stack.TransportEndpointID, pkt *stack.PacketBuffer) bool {
		to := addrPort(id.LocalAddress, id.LocalPort)
		if n.routable(to) {
			return tcpForwarder.HandlePacket(id, pkt)
		}
		syn := header.TCP(pkt.TransportHeader().Slice()).Flags() == header.TCPFlagSyn
		n.countRefused(to, syn)
		return false
	})
	slots := make(chan struct{}, maxUDPFlows)
	udpForwarder := udp.NewForwarder(n.stack, func(r *udp.ForwarderRequest) { n.natUDP(r, slots) })
	n.stack.SetTransportProtocolHandler(udp.ProtocolNumber, func(id stack.TransportEndpointID, pkt *stack.PacketBuffer) bool {
		to := addrPort(id.LocalAddress, id.LocalPort)
		switch {
		case n.routable(to):
			return udpForwarder.HandlePacket(id, pkt)
		case reserved(to.Addr()):
			return true // to everyone, or nonsense: no answer
		}
		n.countRefused(to, true)
		return false
	})
}

// routable says whether NAT carries packets to this address.
func (n *Network) routable(to netip.AddrPort) bool {
	if n.cfg.Subnet.Contains(to.Addr()) || reserved(to.Addr()) {
		return false
	}
	return !n.cfg.Isolated || slices.Contains(n.cfg.Allowed, to)
}

func (n *Network) countRefused(to netip.AddrPort, opens bool) {
	if opens && !n.cfg.Subnet.Contains(to.Addr()) {
		n.outside.refused.Add(1)
		n.cfg.Log.Debug("refusing way out of the lab", "to", to)
	}
}

// natTCP serves one connection to the outside; the forwarder gives it its own
// goroutine. The guest's SYN is answered when the outside has accepted.
func (n *Network) natTCP(r *tcp.ForwarderRequest) {
	if !n.tasks.begin() {
		r.Complete(true)
		return
	}
	defer n.tasks.end()
	to := addrPort(r.ID().LocalAddress, r.ID().LocalPort)
	n.outside.flows.Add(1)
	remote, err := n.dialOut(n.ctx, "tcp4", to.String())
	if err != nil {
		n.outside.refused.Add(1)
		n.cfg.Log.Debug("connecting guest to the outside", "to", to, "error", err)
		r.Complete(true)
		return
	}
	var queue waiter.Queue
	ep, tcpErr := r.CreateEndpoint(&queue)
	r.Complete(false)
	if tcpErr != nil {
		_ = remote.Close()
		return
	}
	splice(n.ctx, gonet.NewTCPConn(&queue, ep), counted{remote, &n.outside.bytes})
}

// counted counts what comes from outside. It has no other methods of the
// connection, since io.Copy would use them to go around Read.
type counted struct {
	net.Conn
	bytes *atomic.Uint64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.bytes.Add(uint64(n))
	return n, err
}

func (c counted) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

// natUDP opens one flow to the outside.
func (n *Network) natUDP(r *udp.ForwarderRequest, slots chan struct{}) {
	select {
	case slots <- struct{}{}:
	default:
		n.outside.refused.Add(1)
		return
	}
	var queue waiter.Queue
	ep, err := r.CreateEndpoint(&queue)
	if err != nil {
		<-slots
		return
	}
	guest := gonet.NewUDPConn(&queue, ep)
	to := addrPort(r.ID().LocalAddress, r.ID().LocalPort)
	n.outside.flows.Add(1)
	if !n.tasks.run(func() {
		defer func() { <-slots }()
		n.relayUDP(guest, to)
	}) {
		_ = guest.Close()
		<-slots
	}
}

// relayUDP copies datagrams both ways until the flow has been silent for
// udpIdle.
func (n *Network) relayUDP(guest *gonet.UDPConn, to netip.AddrPort) {
	defer guest.Close()
	socket, err := n.dialOut(n.ctx, "udp4", to.String())
	if err != nil {
		n.outside.refused.Add(1)
		return
	}
	remote := counted{socket, &n.outside.bytes}
	closeBoth := func() { _ = guest.Close(); _ = socket.Close() }
	defer closeBoth()
	defer context.AfterFunc(n.ctx, closeBoth)()
	alive := func() {
		end := time.Now().Add(udpIdle)
		_, _ = guest.SetReadDeadline(end), socket.SetReadDeadline(end)
	}
	alive()
	var back sync.WaitGroup
	defer back.Wait()
	defer closeBoth()
	back.Go(func() { relay(guest, remote, alive); closeBoth() })
	relay(remote, guest, alive)
}

// relay copies datagrams one way until from is closed or silent.
func relay(to, from net.Conn, alive func()) {
	buf := make([]byte, maxDatagram)
	for {
		size, err := from.Read(buf)
		if isRefused(err) {
			continue // the outside answered "port unreachable"; a later packet may pass
		}
		if err != nil {
			return
		}
		alive()
		if _, err := to.Write(buf[:size]); err != nil && !isRefused(err) {
			return
		}
	}
}

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
