package observe

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// kubeletPort is where a kubelet serves; distributions do not change it.
const kubeletPort = 10250

// ProbeKubelet asks kubelet's port every 10 ms until it has accepted a
// connection, which is J3, seen 0 to 10 ms late, and never again. It begins
// when the guest has been told to join, its address is known, and it has shown
// that it calls the API server: no kubelet listens before that. It returns nil
// after success, else the context's error.
func (o *Observer) ProbeKubelet(ctx context.Context, dial Dialer) error {
	if o.opt.Join == nil {
		return nil
	}
	for _, ready := range []<-chan struct{}{o.asked, o.addressy, o.called} {
		select {
		case <-ready:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the guest to join: %w", ctx.Err())
		}
	}
	addr, _ := o.Address()
	p := &kubeletProber{o: o, dial: dial, target: netip.AddrPortFrom(addr, kubeletPort),
		slots: make(chan struct{}, probeFlight), open: make(chan struct{})}
	return p.run(ctx)
}

// kubeletProber is one run of the probe of kubelet's port.
type kubeletProber struct {
	o      *Observer
	dial   Dialer
	target netip.AddrPort
	slots  chan struct{}
	once   sync.Once
	open   chan struct{}
}

func (p *kubeletProber) run(parent context.Context) error {
	ctx, cancel := context.WithCancel(parent)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	p.o.probe.kubelet.Store(true)
	defer p.o.probe.kubelet.Store(false)
	for n := 0; ; n++ {
		if n%2 == 0 || !p.o.probe.management.Load() {
			first := n == 0
			select {
			case p.slots <- struct{}{}:
				wg.Go(func() { p.attempt(ctx, first); <-p.slots })
			default: // too many in flight: this one is left out
			}
		}
		select {
		case <-p.open:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("probing %s: %w", p.target, ctx.Err())
		case <-tick.C:
		}
	}
}

// attempt makes one connection. A port that is open at the first attempt may
// have been open since the trigger.
func (p *kubeletProber) attempt(ctx context.Context, first bool) {
	p.o.probe.sent.Add(1)
	p.o.probe.asked.Add(1)
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := p.dial(ctx, p.target)
	at := p.o.now()
	if err != nil {
		return
	}
	_ = conn.Close() // nothing was said on it
	p.once.Do(func() {
		late := p.o.probe.late()
		if first {
			p.o.mu.Lock()
			late = max(late, at-p.o.seen[Trigger].at)
			p.o.mu.Unlock()
		}
		p.o.see(KubeletListening, sighting{at: at, src: SourceProbe, err: late, q: AtMost})
		close(p.open)
	})
}

// whyKubelet says why kubelet's port was not seen open; callers hold mu.
func (o *Observer) whyKubelet() string {
	switch {
	case !o.address.IsValid():
		return "the guest's address never became known"
	case o.probe.asked.Load() == 0:
		return "kubelet's port was not probed, and nobody else called it"
	}
	return fmt.Sprintf("port %d accepted no connection", kubeletPort)
}
