package hypervisor

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	libvirt "github.com/digitalocean/go-libvirt"
)

// watchBuffer is how many events a watcher may lag behind. A guest can cause
// few events per second, so only a stuck watcher ever loses one.
const watchBuffer = 1024

// dispatcher gives each event to every watcher and never waits for one: it
// runs in the goroutine that reads the socket.
type dispatcher struct {
	log       *slog.Logger
	sameClock bool

	subscribed chan bool // one value: whether libvirt was asked; taken while asking

	mu       sync.Mutex
	watchers map[chan Event]struct{}
	closed   bool
}

func newDispatcher(log *slog.Logger, sameClock bool) *dispatcher {
	d := &dispatcher{log: log, sameClock: sameClock, subscribed: make(chan bool, 1), watchers: map[chan Event]struct{}{}}
	d.subscribed <- false
	return d
}

func (d *dispatcher) receive(p packet) {
	event, err := decodeEvent(p, d.sameClock)
	if err != nil {
		d.log.Warn("dropping an event of libvirt", "err", err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for w := range d.watchers {
		select {
		case w <- event:
		default:
			d.log.Warn("a watcher is stuck and loses an event", "domain", event.Domain, "kind", event.Kind)
		}
	}
}

func (d *dispatcher) add() chan Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := make(chan Event, watchBuffer)
	if d.closed {
		close(w)
		return w
	}
	d.watchers[w] = struct{}{}
	return w
}

func (d *dispatcher) remove(w chan Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.watchers[w]; ok {
		delete(d.watchers, w)
		close(w)
	}
}

func (d *dispatcher) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for w := range d.watchers {
		delete(d.watchers, w)
		close(w)
	}
}

// Watch returns the events of all domains of the connection, others' too;
// filter by name. It returns after libvirt confirmed the subscription, so that
// nothing that a later call causes is missed. The channel is closed when ctx
// ends, and when the daemon dies: then Done is closed as well. A watcher that
// lags more than 1024 events behind loses events.
func (c *Connection) Watch(ctx context.Context) (<-chan Event, error) {
	watcher := c.events.add()
	if err := c.subscribe(ctx); err != nil {
		c.events.remove(watcher)
		return nil, fmt.Errorf("subscribing to events of %s: %w", c.uri, err)
	}
	go func() {
		select {
		case <-ctx.Done():
		case <-c.tap.closed:
		}
		c.events.remove(watcher)
	}()
	return watcher, nil
}

// subscribe asks libvirt for all domains' events, once per connection.
func (c *Connection) subscribe(ctx context.Context) error {
	var asked bool
	select {
	case asked = <-c.events.subscribed:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { c.events.subscribed <- asked }()
	if asked {
		return nil
	}
	err := do(ctx, c, func(l *libvirt.Libvirt) error {
		if _, err := l.ConnectDomainEventCallbackRegisterAny(int32(libvirt.DomainEventIDLifecycle), nil); err != nil {
			return err
		}
		_, err := l.QEMUConnectDomainMonitorEventRegister(nil, nil, 0)
		return err
	})
	asked = err == nil
	return err
}
