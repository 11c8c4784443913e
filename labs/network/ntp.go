package network

import (
	"encoding/binary"
	"net"
	"time"
)

const (
	ntpPort      = 123
	ntpLen       = 48         // bytes of a packet without extensions
	ntpEpoch     = 2208988800 // seconds from 1900 to 1970
	ntpModeMask  = 0x07
	ntpClient    = 3
	ntpServer    = 4
	ntpStratum   = 3          // we are a server behind the host's own servers
	ntpPrecision = 0xec       // 2^-20 s, about a microsecond
	ntpReference = 0x7f7f0101 // 127.127.1.1: the local clock
)

// serveNTP tells guests the host's wall clock, so that none waits for the time.
func (n *Network) serveNTP() error {
	conn, err := n.listenUDP(ntpPort, false)
	if err != nil {
		return err
	}
	n.serveUDP(conn, func(packet []byte, from net.Addr) {
		if reply := ntpAnswer(packet, time.Now()); reply != nil {
			_, _ = conn.WriteTo(reply, from)
		}
	})
	return nil
}

// ntpAnswer answers a client's packet (RFC 5905, section 7.3) that came at now;
// nil when it is none.
func ntpAnswer(packet []byte, now time.Time) []byte {
	if len(packet) < ntpLen || packet[0]&ntpModeMask != ntpClient {
		return nil
	}
	version := packet[0] & 0x38
	stamp := ntpTime(now)
	reply := make([]byte, 0, ntpLen)
	reply = append(reply, version|ntpServer, ntpStratum, packet[2], ntpPrecision)
	reply = binary.BigEndian.AppendUint32(reply, 0)          // root delay
	reply = binary.BigEndian.AppendUint32(reply, 1<<16/1000) // root dispersion: 1 ms
	reply = binary.BigEndian.AppendUint32(reply, ntpReference)
	reply = binary.BigEndian.AppendUint64(reply, stamp&^0xffffffff) // clock last set
	reply = append(reply, packet[40:48]...)                         // the client's own time
	reply = binary.BigEndian.AppendUint64(reply, stamp)             // received
	return binary.BigEndian.AppendUint64(reply, stamp)              // sent
}

// ntpTime is seconds since 1900 in the upper and their fraction in the lower 32
// bits; it wraps in 2036, as NTP's does.
func ntpTime(t time.Time) uint64 {
	seconds := uint64(t.Unix()+ntpEpoch) & 0xffffffff
	fraction := uint64(t.Nanosecond()) << 32 / uint64(time.Second)
	return seconds<<32 | fraction
}
