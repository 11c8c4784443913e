package observe

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	frameErr = time.Millisecond // error of a frame's stamp
	maxXIDs  = 16               // DHCP transactions that are remembered
)

// netWatch is what the frames have shown so far.
type netWatch struct {
	frames atomic.Int64
	done   atomic.Bool // nothing more can be learned

	mu     sync.Mutex
	mac    [6]byte
	hasMAC bool
	seen   netSeen
	xids   []uint32
	join   joinSeen
}

// netSeen says which milestones the frames have shown, so that a frame costs
// little once they have.
type netSeen struct {
	frame, discover, ack, usable, rst, syn bool
}

// begin opens all milestones: those seen before the request were forgotten.
func (w *netWatch) begin(port bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = netSeen{rst: !port, syn: !port}
	w.join = joinSeen{syn: true, hello: true, listening: true, pod: true} // nobody joins yet
	w.done.Store(false)
}

// Frame looks at one Ethernet frame between the guest and the lab's switch that
// passed at the time at. shared says that the read which brought it held other
// frames too, so that it may have come earlier. The data is not kept.
func (o *Observer) Frame(at time.Time, fromGuest, shared bool, data []byte) {
	w := &o.net
	w.frames.Add(1)
	if w.done.Load() || len(data) < ethernetLen {
		return
	}
	s := sighting{at: at.Sub(o.origin), src: SourceNet, err: frameErr, q: Exact}
	if shared {
		s.q = AtMost
	}
	var marks [8]Milestone // on the stack: a frame allocates nothing
	w.mu.Lock()
	var found []Milestone
	var acked netip.Addr
	if fromGuest {
		found = w.outgoing(o, data, marks[:0])
	} else {
		found, acked = w.incoming(o, data, marks[:0])
	}
	w.done.Store(w.seen == netSeen{true, true, true, true, true, true} && w.join == joinSeen{true, true, true, true})
	w.mu.Unlock()
	for _, m := range found {
		o.see(m, ofJoin(m, s, data))
	}
	if acked.IsValid() {
		o.UseAddress(acked)
	}
}

// outgoing looks at a frame from the guest.
func (w *netWatch) outgoing(o *Observer, data []byte, found []Milestone) []Milestone {
	source := [6]byte(data[6:12])
	if !w.hasMAC {
		w.mac, w.hasMAC = source, true
	}
	if source != w.mac {
		return found
	}
	found = newly(found, &w.seen.frame, NetFirstFrame)
	w.fixed(o, data)
	ip, ok := parseIPv4(data)
	if !ok {
		return found
	}
	if d, ok := parseDHCP(ip); ok && d.fromClient && d.mac == w.mac && (d.kind == dhcpDiscover || d.kind == dhcpRequest) {
		if len(w.xids) < maxXIDs {
			w.xids = append(w.xids, d.xid)
		} else {
			w.xids[int(d.xid)%maxXIDs] = d.xid
		}
		return newly(found, &w.seen.discover, DHCPDiscover)
	}
	if w.join != (joinSeen{true, true, true, true}) {
		found = w.joining(o, ip, found)
	}
	addr, ok := o.Address()
	if !ok || ip.src != addr || data[0]&1 != 0 || ip.dst.IsMulticast() || ip.dst == broadcast() {
		return found
	}
	found = newly(found, &w.seen.usable, NetUsable)
	if t, ok := parseTCP(ip); ok && o.profile.Port != 0 && t.srcPort == o.profile.Port {
		switch {
		case t.rst:
			found = newly(found, &w.seen.rst, ManagementRST)
		case t.syn && t.ack:
			found = newly(found, &w.seen.syn, ManagementSYN)
			w.seen.rst = true // what closes after it has opened was not closed
		}
	}
	return found
}

// fixed takes the address of a guest that never asks for one from what it
// sends: from ARP, by which it looks for its gateway, or from a packet.
func (w *netWatch) fixed(o *Observer, data []byte) {
	if len(w.xids) > 0 || !o.opt.Subnet.IsValid() {
		return
	}
	if _, known := o.Address(); known {
		return
	}
	addr := arpSender(data)
	if ip, ok := parseIPv4(data); ok {
		addr = ip.src
	}
	if usableAddress(addr) && o.opt.Subnet.Contains(addr) {
		o.UseAddress(addr)
	}
}

// incoming looks at a frame to the guest. Only an acknowledgement that answers
// the guest's own request, with an address of the lab, is believed.
func (w *netWatch) incoming(o *Observer, data []byte, found []Milestone) ([]Milestone, netip.Addr) {
	if w.seen.ack {
		return found, netip.Addr{}
	}
	ip, ok := parseIPv4(data)
	if !ok {
		return found, netip.Addr{}
	}
	d, ok := parseDHCP(ip)
	if !ok || d.fromClient || d.kind != dhcpAck || !w.hasMAC || d.mac != w.mac || !w.asked(d.xid) {
		return found, netip.Addr{}
	}
	if !usableAddress(d.yours) || (o.opt.Subnet.IsValid() && !o.opt.Subnet.Contains(d.yours)) {
		return found, netip.Addr{}
	}
	return newly(found, &w.seen.ack, DHCPAck), d.yours
}

func (w *netWatch) asked(xid uint32) bool {
	for _, x := range w.xids {
		if x == xid {
			return true
		}
	}
	return false
}

// newly adds m to what was found, the first time.
func newly(found []Milestone, seen *bool, m Milestone) []Milestone {
	if *seen {
		return found
	}
	*seen = true
	return append(found, m)
}

func usableAddress(a netip.Addr) bool {
	return a.Is4() && !a.IsUnspecified() && !a.IsLoopback() && !a.IsMulticast() && a != broadcast()
}

// Address returns the guest's address, once it is known.
func (o *Observer) Address() (netip.Addr, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.address, o.address.IsValid()
}

// UseAddress tells the guest's address, where it is not seen in a DHCP
// acknowledgement. The first one counts.
func (o *Observer) UseAddress(a netip.Addr) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.address.IsValid() && a.IsValid() {
		o.address = a.Unmap()
		close(o.addressy)
	}
}
