package network

import (
	"encoding/binary"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// card is the gateway's network card: the TCP/IP stack on one side, the switch
// on the other. It implements [stack.LinkEndpoint].
type card struct {
	mac        [6]byte
	ip         [4]byte
	cable      *ethernetSwitch
	dispatcher atomic.Pointer[stack.NetworkDispatcher] // nil until the stack has it
}

// receive gives the stack a frame of a guest.
func (c *card) receive(f ethernet) {
	dispatcher := c.dispatcher.Load()
	if dispatcher == nil {
		return
	}
	packet := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(f[ethernetLen:])})
	defer packet.DecRef()
	(*dispatcher).DeliverNetworkPacket(tcpip.NetworkProtocolNumber(binary.BigEndian.Uint16(f[12:])), packet)
}

// WritePackets sends what the stack has to say.
func (c *card) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	for _, p := range packets.AsSlice() {
		c.send(p)
	}
	return packets.Len(), nil
}

// send puts one packet into a frame for the switch. As a router the stack
// takes packets for every address, and would answer for every address when
// somebody asks who has it; only the answer for its own may leave.
func (c *card) send(p *stack.PacketBuffer) {
	arp := header.ARP(p.NetworkHeader().Slice())
	if p.NetworkProtocolNumber == header.ARPProtocolNumber && arp.IsValid() && arp.Op() == header.ARPReply &&
		[4]byte(arp.ProtocolAddressSender()) != c.ip {
		return
	}
	to := broadcast()
	if remote := p.EgressRoute.RemoteLinkAddress; len(remote) == len(to) {
		to = [6]byte([]byte(remote))
	}
	size := ethernetLen + p.Size()
	frame := make([]byte, prefixLen, prefixLen+size)
	binary.BigEndian.PutUint32(frame, uint32(size))
	frame = append(frame, to[:]...)
	frame = append(frame, c.mac[:]...)
	frame = binary.BigEndian.AppendUint16(frame, uint16(p.NetworkProtocolNumber))
	for _, part := range p.AsSlices() {
		frame = append(frame, part...)
	}
	c.cable.pass(nil, to, frame)
}

// Attach is told by the stack where to deliver; nil takes that back.
func (c *card) Attach(dispatcher stack.NetworkDispatcher) {
	if dispatcher == nil {
		c.dispatcher.Store(nil)
		return
	}
	c.dispatcher.Store(&dispatcher)
}

// IsAttached reports whether the stack listens.
func (c *card) IsAttached() bool { return c.dispatcher.Load() != nil }

// MTU is the bytes of the largest IP packet.
func (c *card) MTU() uint32 { return mtu }

// SetMTU does nothing: the cable is what it is.
func (c *card) SetMTU(uint32) {}

// MaxHeaderLength is the bytes that the stack leaves free for the link; send
// writes the header elsewhere.
func (c *card) MaxHeaderLength() uint16 { return 0 }

// LinkAddress is the card's MAC address.
func (c *card) LinkAddress() tcpip.LinkAddress { return tcpip.LinkAddress(c.mac[:]) }

// SetLinkAddress does nothing: leases and names are bound to the address.
func (c *card) SetLinkAddress(tcpip.LinkAddress) {}

// Capabilities say that neighbours are found by ARP, and that what comes over
// a unix socket needs no second check of its sums.
func (c *card) Capabilities() stack.LinkEndpointCapabilities {
	return stack.CapabilityResolutionRequired | stack.CapabilityRXChecksumOffload
}

// ARPHardwareType is Ethernet.
func (c *card) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareEther }

// AddHeader does nothing; send writes the header.
func (c *card) AddHeader(*stack.PacketBuffer) {}

// ParseHeader has nothing left to do; receive cut the header off.
func (c *card) ParseHeader(*stack.PacketBuffer) bool { return true }

// Wait returns at once: the card has no goroutine.
func (c *card) Wait() {}

// Close has nothing to release.
func (c *card) Close() {}

// SetOnCloseAction is not needed, since nothing closes.
func (c *card) SetOnCloseAction(func()) {}
