//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"distrolab/labs/probe"
)

// DHCP message types and options, RFC 2132.
const (
	msgDiscover, msgOffer, msgRequest, msgAck, msgNak = 1, 2, 3, 5, 6

	optMask, optRouter, optDNS, optHostname, optDomain, optMTU  = 1, 3, 6, 12, 15, 26
	optAddress, optLeaseTime, optType, optServer, optParameters = 50, 51, 53, 54, 55
	optEnd                                                      = 255
)

// exchange asks for one lease over a link that carries IPv4 packets.
type exchange struct {
	send     func(packet []byte) error
	receive  func(buffer []byte, wait time.Duration) (int, error)
	mac      net.HardwareAddr
	id       uint32
	interval time.Duration
	now      func() time.Time
}

// reply is the part of a DHCP message that matters here.
type reply struct {
	kind    byte
	address net.IP
	options map[byte][]byte
}

// run does the four steps of RFC 2131: discover, offer, request, acknowledge.
func (x exchange) run(deadline time.Time) (*probe.Lease, error) {
	offer, err := x.ask(msgDiscover, nil, msgOffer, deadline)
	if err != nil {
		return nil, fmt.Errorf("waiting for a DHCP offer: %w", err)
	}
	chosen := map[byte][]byte{optAddress: offer.address.To4(), optServer: offer.options[optServer]}
	ack, err := x.ask(msgRequest, chosen, msgAck, deadline)
	if err != nil {
		return nil, fmt.Errorf("waiting for the DHCP acknowledgement: %w", err)
	}
	return ack.lease(), nil
}

// ask sends one message until the wanted answer comes.
func (x exchange) ask(kind byte, options map[byte][]byte, want byte, deadline time.Time) (reply, error) {
	packet := x.packet(kind, options)
	buffer := make([]byte, 2048)
	for x.now().Before(deadline) {
		if err := x.send(packet); err != nil {
			return reply{}, err
		}
		again := x.now().Add(x.interval)
		for x.now().Before(again) {
			n, err := x.receive(buffer, again.Sub(x.now()))
			if errors.Is(err, errNothing) {
				break
			}
			if err != nil {
				return reply{}, err
			}
			r, ok := parseReply(buffer[:n], x.id)
			if ok && r.kind == msgNak {
				return reply{}, errors.New("the server refused the address")
			}
			if ok && r.kind == want {
				return r, nil
			}
		}
	}
	return reply{}, errors.New("no answer in time")
}

// packet builds an IPv4 packet from 0.0.0.0:68 to 255.255.255.255:67.
func (x exchange) packet(kind byte, options map[byte][]byte) []byte {
	b := make([]byte, 20+8+240, 600)
	bootp := b[28:]
	bootp[0], bootp[1], bootp[2] = 1, 1, 6 // request, Ethernet, address length
	binary.BigEndian.PutUint32(bootp[4:], x.id)
	copy(bootp[28:], x.mac)
	copy(bootp[236:], []byte{99, 130, 83, 99}) // magic cookie
	b = append(b, optType, 1, kind)
	for _, code := range []byte{optAddress, optServer} {
		if value := options[code]; len(value) > 0 {
			b = append(append(b, code, byte(len(value))), value...)
		}
	}
	b = append(b, optParameters, 6, optMask, optRouter, optDNS, optHostname, optDomain, optMTU, optEnd)
	b[0], b[8], b[9] = 0x45, 64, 17 // version and length, hops, UDP
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	copy(b[16:], []byte{255, 255, 255, 255})
	binary.BigEndian.PutUint16(b[10:], headerChecksum(b[:20]))
	binary.BigEndian.PutUint16(b[20:], 68)
	binary.BigEndian.PutUint16(b[22:], 67)
	binary.BigEndian.PutUint16(b[24:], uint16(len(b)-20)) // UDP checksum 0: not used
	return b
}

// headerChecksum is the Internet checksum of RFC 1071.
func headerChecksum(header []byte) uint16 {
	var sum uint32
	for i := 0; i < len(header); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(header[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// parseReply reads an IPv4 packet; ok is false for anything but a DHCP reply
// to the exchange with that id.
func parseReply(p []byte, id uint32) (reply, bool) {
	if len(p) < 20 || p[0]>>4 != 4 || p[9] != 17 {
		return reply{}, false
	}
	header := int(p[0]&15) * 4
	if header < 20 || len(p) < header+8+240 {
		return reply{}, false
	}
	udp := p[header:]
	bootp := udp[8:]
	if binary.BigEndian.Uint16(udp[2:]) != 68 || bootp[0] != 2 || binary.BigEndian.Uint32(bootp[4:]) != id {
		return reply{}, false
	}
	r := reply{address: append(net.IP(nil), bootp[16:20]...), options: parseOptions(bootp[240:])}
	if kind := r.options[optType]; len(kind) == 1 {
		r.kind = kind[0]
	}
	return r, r.kind != 0
}

// parseOptions reads code, length, value triples until the end or damage.
func parseOptions(b []byte) map[byte][]byte {
	out := map[byte][]byte{}
	for len(b) >= 2 && b[0] != optEnd {
		if b[0] == 0 { // padding
			b = b[1:]
			continue
		}
		length := int(b[1])
		if len(b) < 2+length {
			break
		}
		out[b[0]] = append([]byte(nil), b[2:2+length]...)
		b = b[2+length:]
	}
	return out
}

// lease returns what the report says of an acknowledgement.
func (r reply) lease() *probe.Lease {
	l := &probe.Lease{
		Address:  r.address.String(),
		Hostname: string(r.options[optHostname]),
		Domain:   string(r.options[optDomain]),
		Routers:  addresses(r.options[optRouter]),
		DNS:      addresses(r.options[optDNS]),
	}
	if mask := r.options[optMask]; len(mask) == 4 {
		ones, _ := net.IPMask(mask).Size()
		l.Address = fmt.Sprintf("%s/%d", r.address, ones)
	}
	if server := addresses(r.options[optServer]); len(server) > 0 {
		l.Server = server[0]
	}
	if mtu := r.options[optMTU]; len(mtu) == 2 {
		l.MTU = int(binary.BigEndian.Uint16(mtu))
	}
	if t := r.options[optLeaseTime]; len(t) == 4 {
		l.Seconds = int64(binary.BigEndian.Uint32(t))
	}
	return l
}

// addresses splits an option into IPv4 addresses.
func addresses(b []byte) []string {
	var out []string
	for ; len(b) >= 4; b = b[4:] {
		out = append(out, net.IP(b[:4]).String())
	}
	return out
}
