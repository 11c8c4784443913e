package network

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Forward is a TCP port of the host that leads to a guest.
type Forward struct {
	listener net.Listener
	cancel   context.CancelFunc
	done     chan struct{}
}

// Forward listens on local and connects whoever comes to remote in the lab,
// until Forward.Close, Network.Close or the end of ctx. Local port 0 picks a
// free one. Local addresses other than loopback need
// Config.AllowRemoteForwards.
func (n *Network) Forward(ctx context.Context, local, remote netip.AddrPort) (*Forward, error) {
	if !local.Addr().IsLoopback() && !n.cfg.AllowRemoteForwards {
		return nil, fmt.Errorf("forwarding %s: not a loopback address; allow it in the lab's config to open the guest to the host's network", local)
	}
	if !n.cfg.Subnet.Contains(remote.Addr()) || remote.Port() == 0 {
		return nil, fmt.Errorf("forwarding %s to %s: want a port in lab subnet %s", local, remote, n.cfg.Subnet)
	}
	if !n.tasks.begin() {
		return nil, fmt.Errorf("forwarding %s: %w", local, net.ErrClosed)
	}
	defer n.tasks.end()
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", local.String())
	if err != nil {
		return nil, fmt.Errorf("forwarding %s: %w", local, err)
	}
	f := &Forward{listener: listener, done: make(chan struct{})}
	ctx, f.cancel = context.WithCancel(ctx)
	stopped := context.AfterFunc(n.ctx, f.cancel)
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	n.tasks.running.Go(func() {
		defer close(f.done)
		defer stopped()
		n.acceptForward(ctx, listener, remote)
	})
	return f, nil
}

// Addr is the address on the host.
func (f *Forward) Addr() netip.AddrPort {
	return f.listener.Addr().(*net.TCPAddr).AddrPort()
}

// Close stops listening, cuts the connections and waits for their end.
func (f *Forward) Close() error {
	f.cancel()
	<-f.done
	return nil
}

func (n *Network) acceptForward(ctx context.Context, listener net.Listener, remote netip.AddrPort) {
	defer listener.Close()
	var conns sync.WaitGroup
	defer conns.Wait()
	for {
		client, err := listener.Accept()
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return
		default: // out of descriptors, or the client has gone already
			n.cfg.Log.Warn("accepting forwarded connection", "to", remote, "error", err)
			if !sleep(ctx, 100*time.Millisecond) {
				return
			}
			continue
		}
		conns.Go(func() {
			guest, err := n.dial(ctx, remote)
			if err != nil {
				n.cfg.Log.Debug("forwarding connection", "error", err)
				reset(client)
				return
			}
			splice(ctx, client, guest)
		})
	}
}

// reset closes so that the client sees a refused connection, not an empty
// answer.
func reset(conn net.Conn) {
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
	_ = conn.Close()
}

// splice copies both ways until both sides have said all, one breaks, or ctx
// ends, and closes both.
func splice(ctx context.Context, a, b net.Conn) {
	closeBoth := func() { _ = a.Close(); _ = b.Close() }
	defer closeBoth()
	defer context.AfterFunc(ctx, closeBoth)()
	var copies sync.WaitGroup
	pour := func(to, from net.Conn) {
		if _, err := io.Copy(to, from); err != nil {
			closeBoth()
			return
		}
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}
	copies.Go(func() { pour(a, b) })
	copies.Go(func() { pour(b, a) })
	copies.Wait()
}

// sleep waits; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
