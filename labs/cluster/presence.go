package cluster

import (
	"context"
	"errors"
	"fmt"
)

// While returns a context that ends when ctx does, or when the machine of the
// control plane ends by itself; its cause says then why that was. Call the
// function to let go of it.
func (p *ControlPlane) While(ctx context.Context) (context.Context, context.CancelFunc) {
	waited, cancel := context.WithCancelCause(ctx)
	stop := make(chan struct{})
	go func() {
		select {
		case <-p.Machine.Gone():
			cancel(p.Ended())
		case <-waited.Done():
		case <-stop:
		}
	}()
	return waited, func() {
		close(stop)
		cancel(context.Canceled)
	}
}

// Ended says why the control plane is no longer there; nil while it is.
func (p *ControlPlane) Ended() error {
	select {
	case <-p.Machine.Gone():
		return fmt.Errorf("%w: %s", ErrPlaneGone, p.Machine.GoneWhy())
	default:
		return nil
	}
}

// ErrPlaneGone is in what follows from the end of the control plane's machine.
var ErrPlaneGone = errors.New("the control plane has ended")
