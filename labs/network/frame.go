package network

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"
)

const (
	prefixLen   = 4        // bytes of length in front of each frame on QEMU's stream
	maxFrameLen = 64 << 10 // longest frame taken from a guest
	ethernetLen = 14       // bytes of an Ethernet header
)

// Frame is one Ethernet frame that passed between a guest and the switch.
type Frame struct {
	// At carries the monotonic clock. It was read right after the socket's read
	// or write returned and before anything was parsed.
	At time.Time
	// FromGuest is the direction.
	FromGuest bool
	// Shared says that several frames came with one read (or went with one
	// write) of the socket, so that At is an upper bound.
	Shared bool
	// Data is the whole frame without checksum, valid only during the call.
	// From a guest it is hostile and may be shorter than an Ethernet header.
	Data []byte
}

// splitter cuts a stream of length-prefixed frames. It holds at most one
// buffer, whatever the stream says.
type splitter struct {
	buf        []byte
	start, end int // buf[start:end] is not yet handed out
}

func newSplitter() *splitter { return &splitter{buf: make([]byte, 2*(prefixLen+maxFrameLen))} }

// next returns the next whole frame with its prefix, or nil when more bytes are
// needed. The slice is valid until room is called.
func (s *splitter) next() ([]byte, error) {
	n, err := frameLen(s.buf[s.start:s.end])
	if n == 0 || err != nil {
		return nil, err
	}
	frame := s.buf[s.start : s.start+n]
	s.start += n
	return frame, nil
}

// several says whether at least two whole frames are waiting.
func (s *splitter) several() bool {
	first, err := frameLen(s.buf[s.start:s.end])
	if first == 0 || err != nil {
		return false
	}
	second, err := frameLen(s.buf[s.start+first : s.end])
	return second != 0 && err == nil
}

// room returns where to read the next bytes to; it is never empty after next
// returned nil. Tell fed how many came.
func (s *splitter) room() []byte {
	if s.start > 0 {
		s.end = copy(s.buf, s.buf[s.start:s.end])
		s.start = 0
	}
	return s.buf[s.end:]
}

func (s *splitter) fed(n int) { s.end += n }

// frameLen returns the length of the frame at the head of b, prefix included,
// or 0 when b does not hold all of it yet.
func frameLen(b []byte) (int, error) {
	if len(b) < prefixLen {
		return 0, nil
	}
	n := binary.BigEndian.Uint32(b)
	if n == 0 || n > maxFrameLen {
		return 0, fmt.Errorf("frame of %d bytes announced: want 1 to %d", n, maxFrameLen)
	}
	if uint32(len(b)-prefixLen) < n {
		return 0, nil
	}
	return prefixLen + int(n), nil
}

// ethernet is a frame of at least ethernetLen bytes.
type ethernet []byte

func (e ethernet) dst() [6]byte { return [6]byte(e[0:6]) }
func (e ethernet) src() [6]byte { return [6]byte(e[6:12]) }

// The protocols that have ports, by their numbers in an IPv4 header.
const protocolTCP, protocolUDP = 6, 17

// ipv4 returns destination and protocol of the IPv4 packet within, if any.
func (e ethernet) ipv4() (dst netip.Addr, protocol byte, ok bool) {
	if len(e) < ethernetLen+20 || binary.BigEndian.Uint16(e[12:]) != 0x0800 || e[ethernetLen]>>4 != 4 {
		return netip.Addr{}, 0, false
	}
	ip := e[ethernetLen:]
	return netip.AddrFrom4([4]byte(ip[16:20])), ip[9], true
}

// portTo is the destination's port of a TCP or UDP packet; 0 when there is none
// to be seen, as in the later fragments of one.
func (e ethernet) portTo() uint16 {
	_, protocol, ok := e.ipv4()
	if !ok || protocol != protocolTCP && protocol != protocolUDP {
		return 0
	}
	ip := e[ethernetLen:]
	header, fragment := int(ip[0]&0xf)*4, binary.BigEndian.Uint16(ip[6:])&0x1fff
	if fragment != 0 || len(ip) < header+4 {
		return 0
	}
	return binary.BigEndian.Uint16(ip[header+2:])
}
