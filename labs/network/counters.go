package network

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"
)

// GuestCounters is what passed on the cable of one guest since New, summed over
// its connections.
type GuestCounters struct {
	Name string // of its lease; "" sums up connections before, or without, use of a leased MAC
	MAC  string

	FramesFrom, BytesFrom uint64 // sent by the guest, frames that were dropped included
	FramesTo, BytesTo     uint64 // written to the guest

	DroppedFrom uint64 // frames of the guest that were refused: too short, a foreign or surplus MAC, no way out
	DroppedTo   uint64 // frames lost because the guest did not read them in time

	// Egress is what the guest addressed to the world outside the lab, in frames
	// and in bytes of IP packets. When the network is isolated none of it left.
	EgressFrames, EgressBytes uint64

	// TapMax is the longest call of the tap; SlowTaps counts calls over 1 ms. A
	// slow tap delays its own guest and spoils the stamps that follow.
	TapMax   time.Duration
	SlowTaps uint64
}

// Counters is the traffic of a lab network since New.
type Counters struct {
	Guests []GuestCounters // sorted by name

	OutsideFlows   uint64 // TCP connections and UDP flows that guests opened to the outside
	OutsideRefused uint64 // TCP connections and UDP packets to the outside that were refused
	OutsideBytes   uint64 // payload bytes that came back from outside
	NamesForwarded uint64 // DNS questions passed to the host's name server
	UnknownDHCP    uint64 // DHCP requests of MACs without a lease, not answered
}

// EgressBytes sums the bytes that guests addressed to the outside. Any byte
// taints a measured boot.
func (c Counters) EgressBytes() uint64 {
	var sum uint64
	for _, g := range c.Guests {
		sum += g.EgressBytes
	}
	return sum
}

// EgressBytesOf is what one guest of that name addressed to the outside, in bytes.
func (c Counters) EgressBytesOf(guest string) uint64 {
	var sum uint64
	for _, g := range c.Guests {
		if g.Name == guest {
			sum += g.EgressBytes
		}
	}
	return sum
}

// Isolated says whether guests are kept from everything outside the lab. What
// they address to the outside then stays here.
func (n *Network) Isolated() bool { return n.cfg.Isolated }

// guestStats are the live numbers behind GuestCounters.
type guestStats struct {
	framesFrom, bytesFrom, framesTo, bytesTo   atomic.Uint64
	droppedFrom, droppedTo, egress, egressSize atomic.Uint64
	slowTaps                                   atomic.Uint64
	tapMax                                     atomic.Int64
}

func (s *guestStats) tapped(d time.Duration) {
	if d > time.Millisecond {
		s.slowTaps.Add(1)
	}
	for {
		old := s.tapMax.Load()
		if int64(d) <= old || s.tapMax.CompareAndSwap(old, int64(d)) {
			return
		}
	}
}

func (s *guestStats) read(name, mac string) GuestCounters {
	return GuestCounters{
		Name: name, MAC: mac,
		FramesFrom: s.framesFrom.Load(), BytesFrom: s.bytesFrom.Load(),
		FramesTo: s.framesTo.Load(), BytesTo: s.bytesTo.Load(),
		DroppedFrom: s.droppedFrom.Load(), DroppedTo: s.droppedTo.Load(),
		EgressFrames: s.egress.Load(), EgressBytes: s.egressSize.Load(),
		TapMax: time.Duration(s.tapMax.Load()), SlowTaps: s.slowTaps.Load(),
	}
}

// outsideStats are the live numbers of the gateway's services.
type outsideStats struct {
	flows, refused, bytes, names, unknownDHCP atomic.Uint64
}

// Counters returns the traffic so far. It may be called at any time.
func (n *Network) Counters() Counters {
	c := Counters{
		OutsideFlows:   n.outside.flows.Load(),
		OutsideRefused: n.outside.refused.Load(),
		OutsideBytes:   n.outside.bytes.Load(),
		NamesForwarded: n.outside.names.Load(),
		UnknownDHCP:    n.outside.unknownDHCP.Load(),
	}
	n.mu.Lock()
	for mac, s := range n.stats {
		if g := s.read(n.names[mac], formatMAC(mac)); g.Name != "" || g.FramesFrom+g.FramesTo > 0 {
			c.Guests = append(c.Guests, g)
		}
	}
	n.mu.Unlock()
	slices.SortFunc(c.Guests, func(a, b GuestCounters) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.MAC, b.MAC))
	})
	return c
}
