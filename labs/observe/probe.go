package observe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	probeEvery   = 10 * time.Millisecond  // one attempt each, at most 100 SYN/s
	probeTimeout = 990 * time.Millisecond // shorter than a TCP retransmission, so that one attempt is one SYN
	probeFlight  = 100                    // attempts in flight
	answerRetry  = time.Second            // an open port that is silent is asked again after this
	answerWait   = 4                      // open connections that wait for a first byte
	maxGreeting  = 512                    // bytes kept of the answer
)

// Dialer opens a TCP connection to the guest from within its network.
type Dialer func(context.Context, netip.AddrPort) (net.Conn, error)

// probeState is what the probe has done so far.
type probeState struct {
	sent    atomic.Int64
	asked   atomic.Int64 // of sent, those of kubelet's port
	waiting atomic.Int64 // open connections that wait for a byte

	// Whether each probe asks at its full rate. When both do, they take turns,
	// so that the guest gets no more SYNs than from one.
	management, kubelet atomic.Bool

	mu       sync.Mutex
	greeting []byte
}

// late is how much earlier than an answer the port may have become ready.
func (s *probeState) late() time.Duration {
	every := probeEvery
	if s.management.Load() && s.kubelet.Load() {
		every *= 2
	}
	return every + 2*time.Millisecond
}

// Greeting returns the first bytes of the management service, printable.
func (o *Observer) Greeting() string {
	o.probe.mu.Lock()
	defer o.probe.mu.Unlock()
	return printable(o.probe.greeting, maxGreeting)
}

// Probe asks the management port every 10 ms until it has answered, from the
// moment the guest's address is known: the first refusal, the first connection
// and the first byte are milestones, seen 0 to 10 ms late. Once the port is
// open it asks once a second, and after the answer never again. It returns nil
// after the answer or where the profile has no port, else the context's error.
func (o *Observer) Probe(ctx context.Context, dial Dialer) error {
	if o.profile.Port == 0 {
		return nil
	}
	select {
	case <-o.addressy:
	case <-ctx.Done():
		return fmt.Errorf("waiting for the guest's address: %w", ctx.Err())
	}
	addr, _ := o.Address()
	target := netip.AddrPortFrom(addr, o.profile.Port)
	p := &prober{o: o, dial: dial, target: target, slots: make(chan struct{}, probeFlight), answered: make(chan struct{})}
	return p.run(ctx)
}

// prober is one run of the probe.
type prober struct {
	o        *Observer
	dial     Dialer
	target   netip.AddrPort
	slots    chan struct{}
	opened   atomic.Bool
	once     sync.Once
	answered chan struct{}
}

func (p *prober) run(parent context.Context) error {
	ctx, cancel := context.WithCancel(parent)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	p.o.probe.management.Store(true)
	defer p.o.probe.management.Store(false)
	slow := false
	for n := 0; ; n++ {
		if p.mayAsk() && (slow || n%2 == 0 || !p.o.probe.kubelet.Load()) {
			select {
			case p.slots <- struct{}{}:
				wg.Go(func() { p.attempt(ctx); <-p.slots })
			default: // too many in flight: this one is left out
			}
		}
		select {
		case <-p.answered:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("probing %s: %w", p.target, ctx.Err())
		case <-tick.C:
		}
		if !slow && p.opened.Load() {
			slow = true
			p.o.probe.management.Store(false)
			tick.Reset(answerRetry)
			select { // the first slow attempt comes a full interval later
			case <-p.answered:
				return nil
			case <-ctx.Done():
				return fmt.Errorf("probing %s: %w", p.target, ctx.Err())
			case <-tick.C:
			}
		}
	}
}

// mayAsk says whether another attempt is due: not while enough open
// connections wait for the service's first byte.
func (p *prober) mayAsk() bool { return p.o.probe.waiting.Load() < answerWait }

// attempt makes one connection and, when it opens, waits for the first byte.
func (p *prober) attempt(ctx context.Context) {
	p.o.probe.sent.Add(1)
	dialCtx, cancel := context.WithTimeout(ctx, probeTimeout)
	conn, err := p.dial(dialCtx, p.target)
	at := p.o.now()
	cancel()
	if err != nil {
		if refused(err) && !p.opened.Load() {
			p.o.see(ManagementRST, p.sighting(at, ""))
			p.o.see(NetUsable, p.sighting(at, ""))
		}
		return
	}
	defer conn.Close()
	p.opened.Store(true)
	p.o.see(ManagementSYN, p.sighting(at, ""))
	if p.o.probe.waiting.Add(1) > answerWait {
		p.o.probe.waiting.Add(-1)
		return // enough others wait
	}
	defer p.o.probe.waiting.Add(-1)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	p.listen(conn)
}

// listen waits for the service's first bytes and compares them with the banner.
func (p *prober) listen(conn net.Conn) {
	var (
		buf   [maxGreeting]byte
		n     int
		first time.Duration
	)
	want := p.o.profile.Banner
	for n < len(buf) {
		k, err := conn.Read(buf[n:])
		if at := p.o.now(); n == 0 {
			first = at
		}
		n += k
		short := n < len(want)
		if short && !strings.HasPrefix(want, string(buf[:n])) {
			break
		}
		if n > 0 && !short {
			p.answer(buf[:n], first)
			return
		}
		if err != nil {
			if n == 0 && errors.Is(err, io.EOF) {
				p.note("the port closes connections without a word")
			}
			return
		}
	}
	p.note(fmt.Sprintf("the port answers %q, not %q", printable(buf[:min(n, 40)], maxRaw), want))
}

// answer compares the first bytes with the banner and records the milestone.
func (p *prober) answer(greeting []byte, at time.Duration) {
	if !strings.HasPrefix(string(greeting), p.o.profile.Banner) {
		p.note(fmt.Sprintf("the port answers %q, not %q", printable(greeting[:min(len(greeting), 40)], maxRaw), p.o.profile.Banner))
		return
	}
	p.once.Do(func() {
		p.o.probe.mu.Lock()
		p.o.probe.greeting = append([]byte(nil), greeting...)
		p.o.probe.mu.Unlock()
		p.o.see(ManagementByte, p.sighting(at, printable(greeting, maxRaw)))
		close(p.answered)
	})
}

func (p *prober) sighting(at time.Duration, raw string) sighting {
	return sighting{at: at, src: SourceProbe, err: p.o.probe.late(), q: AtMost, raw: raw}
}

func (p *prober) note(why string) {
	p.o.mu.Lock()
	defer p.o.mu.Unlock()
	p.o.notes[ManagementByte] = why
}

// refused says whether the guest itself answered with a reset. A user-space
// network stack has its own errors, which only their text tells apart.
func refused(err error) bool {
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) {
		return true
	}
	text := err.Error()
	return strings.Contains(text, "connection was refused") || strings.Contains(text, "connection reset by peer")
}
