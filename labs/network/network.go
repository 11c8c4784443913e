package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// Network is a running lab network. Its methods may be called from any
// goroutine.
type Network struct {
	cfg        Config // with defaults
	gatewayMAC [6]byte
	names      map[[6]byte]string // lease names by MAC, constant

	ctx    context.Context // ends with Close; the parent of everything that waits
	cancel context.CancelFunc
	tasks  tasks

	stack  *stack.Stack
	cable  *ethernetSwitch
	closed chan struct{} // Close has finished
	// dialOut opens a socket of the host to the outside; tests replace it.
	dialOut func(ctx context.Context, network, address string) (net.Conn, error)

	documents documents
	outside   outsideStats
	mu        sync.Mutex
	stats     map[[6]byte]*guestStats // zero MAC: not known
	owners    map[[6]byte]*port       // who sends from a leased MAC now
}

// New starts a network. It lives until Close is called or ctx ends.
func New(ctx context.Context, cfg Config) (*Network, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("checking lab network: %w", err)
	}
	n := &Network{
		cfg: cfg, gatewayMAC: [6]byte(cfg.GatewayMAC),
		names:   map[[6]byte]string{},
		closed:  make(chan struct{}),
		dialOut: (&net.Dialer{Timeout: connectTimeout}).DialContext,
		stats:   map[[6]byte]*guestStats{},
		owners:  map[[6]byte]*port{},
	}
	for _, l := range cfg.Leases {
		n.names[[6]byte(l.MAC)] = l.Name
		n.statsOf([6]byte(l.MAC))
	}
	n.ctx, n.cancel = context.WithCancel(ctx)
	n.documents.network = n
	if err := n.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting lab network: %w", err), n.Close())
	}
	context.AfterFunc(n.ctx, func() { _ = n.Close() })
	return n, nil
}

// start builds the stack and its services.
func (n *Network) start() error {
	if err := n.buildStack(); err != nil {
		return err
	}
	n.serveNAT()
	return errors.Join(n.serveDHCP(), n.serveDNS(), n.serveNTP())
}

// Attach serves one guest whose QEMU is on the other end of conn, and closes
// conn. It returns nil when the guest disconnects, ctx ends or the network is
// closed, and an error when the guest's stream makes no sense.
//
// Every frame of the guest in both directions is given to tap (nil: to no one),
// one at a time and in order within a direction; a frame of the guest is shown
// before anything can answer it, also when it is then dropped. Frames to the
// guest are shown after they were written, so compare At, not the order of
// calls, across directions. The tap must return within microseconds and must
// not wait for the network: meanwhile this guest, and no other, stands still.
// Counters say how long it took.
func (n *Network) Attach(ctx context.Context, conn net.Conn, tap func(Frame)) error {
	if !n.tasks.begin() {
		_ = conn.Close()
		return fmt.Errorf("attaching guest: %w", net.ErrClosed)
	}
	defer n.tasks.end()
	p := newPort(n, conn, tap)
	defer context.AfterFunc(ctx, func() { _ = p.Close() })()
	defer context.AfterFunc(n.ctx, func() { _ = p.Close() })()

	var sending sync.WaitGroup
	sending.Go(p.send)
	n.cable.join(p)
	err := p.receive()
	n.cable.leave(p)
	_ = p.Close()
	sending.Wait()
	n.release(p)
	if err != nil {
		return fmt.Errorf("serving guest %s: %w", n.names[p.last], err)
	}
	return nil
}

// Dial opens a TCP connection from the gateway to a guest. Addresses of leases
// are known without asking (no ARP), so a probe's SYN leaves at once.
func (n *Network) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	if !n.cfg.Subnet.Contains(to.Addr()) {
		return nil, fmt.Errorf("dialing %s: not in lab subnet %s", to, n.cfg.Subnet)
	}
	return n.dial(ctx, to)
}

// Close ends everything and waits for it: guests, forwards, connections of
// Dial, services. Calling it again is harmless.
func (n *Network) Close() error {
	n.cancel()
	if !n.tasks.close() {
		<-n.closed
		return nil
	}
	defer close(n.closed)
	n.stopStack()
	n.tasks.wait()
	n.waitStack()
	return nil
}

// statsOf returns the counters of a MAC, made when needed.
func (n *Network) statsOf(mac [6]byte) *guestStats {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.stats[mac]
	if s == nil {
		s = &guestStats{}
		n.stats[mac] = s
	}
	return s
}

// claim says whether the port may send from this MAC. A leased MAC belongs to
// the first port that uses it until that port ends, and tells who the guest is.
func (n *Network) claim(mac [6]byte, p *port) bool {
	if mac == n.gatewayMAC {
		return false
	}
	if _, leased := n.names[mac]; !leased {
		return true
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if owner := n.owners[mac]; owner != nil && owner != p {
		return false
	}
	n.owners[mac] = p
	p.stats.Store(n.stats[mac])
	return true
}

func (n *Network) release(p *port) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for mac, owner := range n.owners {
		if owner == p {
			delete(n.owners, mac)
		}
	}
}

func formatMAC(mac [6]byte) string { return net.HardwareAddr(mac[:]).String() }

// tasks counts running work and refuses new work once closed.
type tasks struct {
	mu      sync.Mutex
	running sync.WaitGroup
	closed  bool
}

func (t *tasks) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.running.Add(1)
	}
	return !t.closed
}

func (t *tasks) end() { t.running.Done() }

// run starts f unless closed.
func (t *tasks) run(f func()) bool {
	if !t.begin() {
		return false
	}
	go func() {
		defer t.end()
		f()
	}()
	return true
}

// close refuses further work; false when it was closed before.
func (t *tasks) close() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := !t.closed
	t.closed = true
	return first
}

func (t *tasks) wait() { t.running.Wait() }
