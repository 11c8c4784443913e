package observe

import (
	"encoding/binary"
	"net/netip"
)

const ethernetLen = 14

// broadcast is the limited broadcast address.
func broadcast() netip.Addr { return netip.AddrFrom4([4]byte{255, 255, 255, 255}) }

// ipv4 is a packet whose lengths have been checked. The payload is the frame's.
type ipv4 struct {
	src, dst netip.Addr
	protocol byte
	payload  []byte
}

// parseIPv4 reads the IPv4 packet (RFC 791) of an Ethernet frame. Later
// fragments are refused: their payload begins with no header.
func parseIPv4(frame []byte) (ipv4, bool) {
	if len(frame) < ethernetLen+20 || binary.BigEndian.Uint16(frame[12:]) != 0x0800 {
		return ipv4{}, false
	}
	b := frame[ethernetLen:]
	header, total := int(b[0]&0x0f)*4, int(binary.BigEndian.Uint16(b[2:]))
	if b[0]>>4 != 4 || header < 20 || total < header || total > len(b) {
		return ipv4{}, false
	}
	if binary.BigEndian.Uint16(b[6:])&0x1fff != 0 {
		return ipv4{}, false
	}
	return ipv4{
		src: netip.AddrFrom4([4]byte(b[12:16])), dst: netip.AddrFrom4([4]byte(b[16:20])),
		protocol: b[9], payload: b[header:total],
	}, true
}

// tcp is what is needed of a TCP header (RFC 9293).
type tcp struct {
	srcPort, dstPort uint16
	syn, ack, rst    bool
	data             []byte // the packet's
}

func parseTCP(p ipv4) (tcp, bool) {
	if p.protocol != 6 || len(p.payload) < 20 {
		return tcp{}, false
	}
	flags, header := p.payload[13], int(p.payload[12]>>4)*4
	if header < 20 || header > len(p.payload) {
		return tcp{}, false
	}
	return tcp{
		srcPort: binary.BigEndian.Uint16(p.payload), dstPort: binary.BigEndian.Uint16(p.payload[2:]),
		data: p.payload[header:],
		syn:  flags&0x02 != 0, ack: flags&0x10 != 0, rst: flags&0x04 != 0,
	}, true
}

// clientHello says whether the data begins with a TLS handshake in which a
// client greets (RFC 8446, sections 4 and 5.1).
func clientHello(data []byte) bool {
	return len(data) > 5 && data[0] == 22 && data[1] == 3 && data[5] == 1
}

// parseUDP returns the port and the content of a datagram (RFC 768).
func parseUDP(p ipv4) (dstPort uint16, data []byte, ok bool) {
	if p.protocol != 17 || len(p.payload) < 8 {
		return 0, nil, false
	}
	length := int(binary.BigEndian.Uint16(p.payload[4:]))
	if length < 8 || length > len(p.payload) {
		return 0, nil, false
	}
	return binary.BigEndian.Uint16(p.payload[2:]), p.payload[8:length], true
}

// Kinds of DHCP messages (RFC 2132, section 9.6).
const (
	dhcpDiscover = 1
	dhcpRequest  = 3
	dhcpAck      = 5
)

// dhcp is what is needed of a DHCP message (RFC 2131).
type dhcp struct {
	fromClient bool
	kind       byte
	xid        uint32
	mac        [6]byte    // the client's
	yours      netip.Addr // address given to the client
}

// parseDHCP reads a DHCP message between a client's and a server's port.
func parseDHCP(p ipv4) (dhcp, bool) {
	const fixed = 240 // up to and with the magic cookie
	if p.protocol != 17 || len(p.payload) < 8 {
		return dhcp{}, false
	}
	src, dst := binary.BigEndian.Uint16(p.payload), binary.BigEndian.Uint16(p.payload[2:])
	length := int(binary.BigEndian.Uint16(p.payload[4:]))
	if length < 8+fixed || length > len(p.payload) {
		return dhcp{}, false
	}
	b := p.payload[8:length]
	client := src == 68 && dst == 67 && b[0] == 1
	server := src == 67 && dst == 68 && b[0] == 2
	if !(client || server) || b[1] != 1 || b[2] != 6 || binary.BigEndian.Uint32(b[236:]) != 0x63825363 {
		return dhcp{}, false
	}
	d := dhcp{
		fromClient: client, xid: binary.BigEndian.Uint32(b[4:]), mac: [6]byte(b[28:34]),
		yours: netip.AddrFrom4([4]byte(b[16:20])),
	}
	kind, ok := dhcpKind(b[fixed:])
	d.kind = kind
	return d, ok
}

// dhcpKind finds the message type among the options.
func dhcpKind(options []byte) (byte, bool) {
	for len(options) > 0 {
		code := options[0]
		if code == 0 {
			options = options[1:]
			continue
		}
		if code == 255 || len(options) < 2 || len(options) < 2+int(options[1]) {
			return 0, false
		}
		if code == 53 {
			return options[min(2, len(options)-1)], options[1] == 1
		}
		options = options[2+int(options[1]):]
	}
	return 0, false
}

// arpSender is the address that the sender of an ARP message for IPv4 over
// Ethernet says is its own (RFC 826); invalid in any other frame.
func arpSender(data []byte) netip.Addr {
	const header = "\x08\x06\x00\x01\x08\x00\x06\x04" // type, Ethernet, IPv4, lengths
	if len(data) < 42 || string(data[12:20]) != header {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(data[28:32]))
}
