package network

import "sync"

// broadcast is the address of every card.
func broadcast() [6]byte { return [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff} }

// ethernetSwitch passes frames between the ports of guests and the gateway's
// card. It learns who is where from the frames it sees. A frame to an address
// that it has not seen goes to no one, and so does multicast: the lab is IPv4,
// where both would only be noise in a measurement.
type ethernetSwitch struct {
	gateway *card

	mu    sync.RWMutex
	ports map[*port]bool
	where map[[6]byte]*port
}

func newSwitch() *ethernetSwitch {
	return &ethernetSwitch{ports: map[*port]bool{}, where: map[[6]byte]*port{}}
}

// join lets a port take part.
func (s *ethernetSwitch) join(p *port) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ports[p] = true
}

// leave forgets the port and the addresses that were seen on it.
func (s *ethernetSwitch) leave(p *port) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ports, p)
	for mac, at := range s.where {
		if at == p {
			delete(s.where, mac)
		}
	}
}

// fromGuest passes on a checked frame, with its prefix, that came in by a port.
func (s *ethernetSwitch) fromGuest(from *port, frame []byte) {
	f := ethernet(frame[prefixLen:])
	s.learn(f.src(), from)
	to := f.dst()
	if to != s.gateway.mac {
		s.pass(from, to, frame)
	}
	if to == s.gateway.mac || to == broadcast() {
		s.gateway.receive(f)
	}
}

// learn notes on which port an address is.
func (s *ethernetSwitch) learn(mac [6]byte, at *port) {
	s.mu.RLock()
	known := s.where[mac] == at
	s.mu.RUnlock()
	if known {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.where[mac] = at
}

// pass queues a frame, with its prefix, at the port of the address, or at all
// but the one it came from (nil: the gateway).
func (s *ethernetSwitch) pass(from *port, to [6]byte, frame []byte) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if to != broadcast() {
		if p := s.where[to]; p != nil && p != from {
			p.queue(frame)
		}
		return
	}
	for p := range s.ports {
		if p != from {
			p.queue(frame)
		}
	}
}
