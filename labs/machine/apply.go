package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"distrolab/distros"
	"distrolab/labs/observe"
	"distrolab/labs/talosapi"
)

// lateWords is how long a machine whose node is ready may take to say
// that it has booted, before it counts as booted all the same. Talos, as the
// worker of a control plane that is not its own, never says it.
const lateWords = time.Minute

// errJoined ends the wait for a boot that the cluster has seen the end of.
var errJoined = errors.New("its node is ready")

// Await waits for the finish line as [observe.Observer.Wait] does, and
// meanwhile gives the machine its config where that goes by the system's own
// API. A config that the system refuses ends the wait. A machine that joins a
// cluster while it boots has booted a minute after its node is ready, if it has
// not said so itself.
func (m *Machine) Await(ctx context.Context) error {
	return m.awaitJoined(ctx, m.apiPort)
}

func (m *Machine) awaitJoined(ctx context.Context, dial talosapi.Dialer) error {
	if m.opt.Join == nil || !m.opt.Join.Cold {
		return m.await(ctx, dial)
	}
	waited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if m.observer.WaitFor(waited, observe.NodeReady) != nil {
			return
		}
		timer := time.NewTimer(lateWords)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(errJoined)
		case <-waited.Done():
		}
	}()
	err := m.await(waited, dial)
	if err != nil && ctx.Err() == nil && errors.Is(context.Cause(waited), errJoined) {
		return nil
	}
	return err
}

// Apply sends the machine its config where the delivery is the system's own
// API, as soon as that answers, and otherwise does nothing. It ends with ctx
// or with the machine. Call it once, after [Machine.Start]; [Machine.Await]
// does.
func (m *Machine) Apply(ctx context.Context) error {
	return m.apply(ctx, m.apiPort)
}

// apiPort opens a connection to the API of the machine.
func (m *Machine) apiPort(ctx context.Context) (net.Conn, error) {
	return m.Dial(ctx, talosapi.Port)
}

func (m *Machine) await(ctx context.Context, dial talosapi.Dialer) error {
	if m.spec.Config.Delivery.Kind != distros.DeliverAPI {
		return m.observer.Wait(ctx)
	}
	waited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sent := make(chan error, 1)
	go func() {
		err := m.apply(waited, dial)
		if err != nil {
			cancel(err)
		}
		sent <- err
	}()
	err := m.observer.Wait(waited)
	ended := waited.Err() != nil
	cancel(nil)
	unsent := <-sent
	if unsent == nil || !ended {
		return err
	}
	select {
	case <-m.gone:
		return m.observer.Wait(ctx) // which says how the machine ended
	default:
		return unsent // which knows more of the same end
	}
}

func (m *Machine) apply(ctx context.Context, dial talosapi.Dialer) error {
	cfg := m.spec.Config
	if cfg.Delivery.Kind != distros.DeliverAPI {
		return nil
	}
	if err := checkDelivery(m.spec); err != nil {
		return fmt.Errorf("giving machine %s its config: %w", m.spec.Name, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-m.gone:
			cancel(errors.New(m.goneWhy))
		case <-ctx.Done():
		}
	}()
	if _, err := talosapi.Apply(ctx, dial, cfg.Documents[0].Content); err != nil {
		return fmt.Errorf("giving machine %s its config: %w", m.spec.Name, err)
	}
	return nil
}
