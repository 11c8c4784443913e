package observe

import (
	"net/netip"
	"strings"
)

// helloText begins the datagram of the probe pod; the node's name follows.
const helloText = "distrolab-hello "

// joinSeen says which milestones of a join the frames have shown, or never
// will.
type joinSeen struct {
	syn, hello, listening, pod bool
}

// rejoin opens the milestones of a join that was just asked for.
func (w *netWatch) rejoin(join *JoinWatch) {
	if join == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	api := join.API.IsValid()
	w.join = joinSeen{syn: !api, hello: !api, pod: !join.Hello.IsValid()}
	w.done.Store(false)
}

// joining looks at a packet from the guest for signs of a join. A pod's packets
// have its own address, and the guest's Ethernet address as all others.
func (w *netWatch) joining(o *Observer, ip ipv4, found []Milestone) []Milestone {
	join := o.opt.Join
	if port, data, ok := parseUDP(ip); ok {
		if !w.join.pod && netip.AddrPortFrom(ip.dst, port) == join.Hello && saysHello(data, join.Node) {
			found = newly(found, &w.join.pod, FirstPod)
		}
		return found
	}
	t, ok := parseTCP(ip)
	if !ok {
		return found
	}
	if netip.AddrPortFrom(ip.dst, t.dstPort) == join.API {
		if t.syn && !t.ack && !t.rst {
			found = newly(found, &w.join.syn, APIFirstSYN)
		}
		if clientHello(t.data) {
			found = newly(found, &w.join.hello, APIFirstRequest)
		}
	}
	if t.srcPort == kubeletPort && t.syn && t.ack && !w.join.listening {
		if addr, known := o.Address(); known && ip.src == addr {
			found = newly(found, &w.join.listening, KubeletListening)
		}
	}
	return found
}

// saysHello says whether a datagram is that of the probe pod on the node. What
// follows the name after white space does not matter.
func saysHello(data []byte, node string) bool {
	if len(data) < len(helloText) || string(data[:len(helloText)]) != helloText {
		return false
	}
	rest := data[len(helloText):]
	if node == "" {
		return true
	}
	if len(rest) < len(node) || string(rest[:len(node)]) != node {
		return false
	}
	return len(rest) == len(node) || strings.IndexByte(" \t\r\n\x00", rest[len(node)]) >= 0
}

// ofJoin is the sighting of m, which may be a join's, in a frame. A client's TLS
// hello comes before its request, so that its time is a lower bound; in a frame
// whose own time is an upper bound it is an estimate.
func ofJoin(m Milestone, s sighting, frame []byte) sighting {
	switch m {
	case APIFirstRequest:
		s.raw = "TLS client hello"
		if s.q == Exact {
			s.q = AtLeast
		} else {
			s.q = Estimate
		}
	case FirstPod:
		if ip, ok := parseIPv4(frame); ok {
			_, data, _ := parseUDP(ip)
			s.raw = ip.src.String() + " says " + printable(data, maxRaw/2)
		}
	}
	return s
}
