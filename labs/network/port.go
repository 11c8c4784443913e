package network

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	queueLimit = 4 << 20 // bytes waiting for a guest that does not read; more is dropped
	maxSources = 64      // MACs one guest may send from; containers may have their own
)

// port is one socket of the switch: a guest's QEMU is on the other end.
type port struct {
	conn    net.Conn // to QEMU
	network *Network
	tap     func(Frame)
	stats   atomic.Pointer[guestStats]

	// Used only by the goroutine that receives.
	in      *splitter
	at      time.Time // when the bytes in `in` came
	shared  bool
	last    [6]byte
	sources map[[6]byte]bool

	tapping sync.Mutex // the tap is never called twice at once

	mu      sync.Mutex
	wake    *sync.Cond // pending grew or closed was set
	pending []byte     // frames with prefix, waiting for the guest
	closed  bool
}

func newPort(n *Network, conn net.Conn, tap func(Frame)) *port {
	p := &port{conn: conn, network: n, tap: tap, in: newSplitter(), sources: map[[6]byte]bool{}}
	p.wake = sync.NewCond(&p.mu)
	p.stats.Store(n.statsOf([6]byte{}))
	return p
}

// receive gives the switch the guest's frames until the guest leaves, which is
// no error, or its stream makes no sense, which is one.
func (p *port) receive() error {
	for {
		frame, err := p.next()
		if isHangup(err) {
			return nil
		}
		if err != nil {
			return err
		}
		p.network.cable.fromGuest(p, frame)
	}
}

// next waits for a frame of the guest that may pass. It has its prefix and is
// valid until the next call.
func (p *port) next() ([]byte, error) {
	for {
		frame, err := p.in.next()
		if err == nil && frame == nil {
			err = p.fill()
		}
		switch {
		case err != nil:
			return nil, err
		case frame != nil && p.admit(frame[prefixLen:]):
			return frame, nil
		}
	}
}

// fill reads from the guest once. Its time stamp comes before anything else.
func (p *port) fill() error {
	n, err := p.conn.Read(p.in.room())
	at := time.Now()
	if err != nil {
		return err
	}
	p.at = at
	p.in.fed(n)
	p.shared = p.in.several()
	return nil
}

// isHangup is true for the ways in which a guest, or we, just leave.
func isHangup(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// admit taps and counts one frame of the guest and says whether the switch may
// have it.
func (p *port) admit(f []byte) bool {
	known := len(f) >= ethernetLen && p.admitSource(ethernet(f).src())
	stats := p.stats.Load() // after admitSource, which may have found out who this is
	stats.framesFrom.Add(1)
	stats.bytesFrom.Add(uint64(len(f)))
	p.show(stats, Frame{At: p.at, FromGuest: true, Shared: p.shared, Data: f})
	if known && p.mayPass(stats, ethernet(f)) {
		return true
	}
	stats.droppedFrom.Add(1)
	return false
}

// admitSource refuses sender addresses that belong to someone else.
func (p *port) admitSource(mac [6]byte) bool {
	if mac == p.last {
		return true
	}
	if !p.sources[mac] {
		if mac[0]&1 != 0 || mac == ([6]byte{}) || len(p.sources) >= maxSources || !p.network.claim(mac, p) {
			return false
		}
		p.sources[mac] = true
	}
	p.last = mac
	return true
}

// mayPass counts what goes to the outside and refuses what NAT cannot carry.
func (p *port) mayPass(stats *guestStats, f ethernet) bool {
	dst, protocol, ok := f.ipv4()
	if !ok || f.dst() != p.network.gatewayMAC || p.network.cfg.Subnet.Contains(dst) || reserved(dst) {
		return true
	}
	if slices.Contains(p.network.cfg.Allowed, netip.AddrPortFrom(dst, f.portTo())) {
		return true
	}
	stats.egress.Add(1)
	stats.egressSize.Add(uint64(len(f) - ethernetLen))
	return protocol == protocolTCP || protocol == protocolUDP
}

// show calls the tap and keeps the time it took.
func (p *port) show(stats *guestStats, f Frame) {
	if p.tap == nil {
		return
	}
	p.tapping.Lock()
	defer p.tapping.Unlock()
	start := time.Now()
	p.tap(f)
	stats.tapped(time.Since(start))
}

// queue takes a copy of one frame with its prefix from the switch and never
// waits: a guest that stands still must not stop the others.
func (p *port) queue(frame []byte) {
	var held time.Duration
	if hold := p.network.cfg.Hold; hold != nil {
		held = hold(frame[prefixLen:])
	}
	switch {
	case held < 0:
	case held > 0:
		late := bytes.Clone(frame)
		time.AfterFunc(held, func() { p.enqueue(late) })
	default:
		p.enqueue(frame)
	}
}

// enqueue puts a copy of the frame behind those that wait for the guest.
func (p *port) enqueue(frame []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
	case len(p.pending)+len(frame) > queueLimit:
		p.stats.Load().droppedTo.Add(1)
	default:
		p.pending = append(p.pending, frame...)
		p.wake.Signal()
	}
}

// send writes queued frames to the guest until the port closes. What has
// gathered goes out in one write.
func (p *port) send() {
	var batch []byte
	for {
		if batch = p.take(batch[:0]); batch == nil {
			return
		}
		_, err := p.conn.Write(batch)
		at := time.Now()
		if err != nil {
			_ = p.Close()
			return
		}
		p.sent(at, batch)
	}
}

// take waits for frames and swaps them against an empty buffer. It returns nil
// when the port is closed.
func (p *port) take(empty []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.pending) == 0 && !p.closed {
		p.wake.Wait()
	}
	if p.closed {
		return nil
	}
	batch := p.pending
	p.pending = empty
	return batch
}

// sent counts and taps the frames of one write.
func (p *port) sent(at time.Time, batch []byte) {
	stats := p.stats.Load()
	first, _ := frameLen(batch)
	shared := first < len(batch)
	for len(batch) > 0 {
		n, err := frameLen(batch)
		if n == 0 || err != nil {
			return // the switch writes whole frames only
		}
		stats.framesTo.Add(1)
		stats.bytesTo.Add(uint64(n - prefixLen))
		p.show(stats, Frame{At: at, Shared: shared, Data: batch[prefixLen:n]})
		batch = batch[n:]
	}
}

// Close ends both directions.
func (p *port) Close() error {
	p.mu.Lock()
	p.closed = true
	p.pending = nil
	p.wake.Broadcast()
	p.mu.Unlock()
	return p.conn.Close()
}
