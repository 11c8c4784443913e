package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	libvirt "github.com/digitalocean/go-libvirt"
)

// Options chooses a connection.
type Options struct {
	URI        string       // a libvirt URI; "" means DefaultURI of this process's user
	RuntimeDir string       // the user's XDG_RUNTIME_DIR; "" means ~/.cache, as for libvirt itself. Session only
	Log        *slog.Logger // nil discards
}

// DefaultURI is the connection that needs no privilege: the session daemon,
// or for root, who has none, the system daemon.
func DefaultURI(uid int) string {
	if uid == 0 {
		return string(libvirt.QEMUSystem)
	}
	return string(libvirt.QEMUSession)
}

// letIn is the fix when the system daemon refuses an ordinary user.
const letIn = "Use the session daemon (qemu:///session), or let your user in: sudo usermod -aG libvirt \"$USER\", then log in again."

// closeGrace bounds how long Close waits for calls under way and for the
// daemon's goodbye.
const closeGrace = 3 * time.Second

// Connection is an open connection to one libvirt daemon. Its methods may be
// called concurrently. It does not reconnect: when Done is closed, open a new
// one.
type Connection struct {
	uri        string
	local      bool
	sessionDir string // where the session daemon keeps its files; "" on other connections
	log        *slog.Logger
	rpc        *libvirt.Libvirt
	tap        *tap
	events     *dispatcher
	calls      sync.WaitGroup
	closing    sync.Once

	mu   sync.Mutex
	host *Host // learnt once per connection
}

// Open connects to the daemon of opt.URI. When no session daemon answers it
// starts one, which ends by itself two minutes after its last client and
// domain. An *UnavailableError says what to do when there is no libvirt.
func Open(ctx context.Context, opt Options) (*Connection, error) {
	if opt.URI == "" {
		opt.URI = DefaultURI(os.Getuid())
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	target, err := resolve(opt)
	if err != nil {
		return nil, err
	}
	socket, err := target.dial(ctx)
	if err != nil {
		return nil, err
	}
	c := &Connection{uri: opt.URI, local: target.local, sessionDir: target.sessionDir, log: opt.Log}
	c.events = newDispatcher(c.log, target.local)
	c.tap = newTap(socket, c.events.receive)
	c.rpc = libvirt.NewWithDialer(c.tap)
	if err := c.handshake(ctx, libvirt.ConnectURI(target.name)); err != nil {
		return nil, explainHandshake(opt.URI, target.local && os.Getuid() != 0 && target.start == nil, err)
	}
	return c, nil
}

// handshake authenticates and opens the driver. It may hang with the server,
// so that a cancelled context closes the socket.
func (c *Connection) handshake(ctx context.Context, name libvirt.ConnectURI) error {
	stop := context.AfterFunc(ctx, func() { c.tap.Close() })
	defer stop()
	_, err := guarded(c.rpc, func(l *libvirt.Libvirt) (struct{}, error) { return struct{}{}, l.ConnectToURI(name) })
	if err == nil {
		return nil
	}
	c.tap.Close()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return translate(err)
}

// explainHandshake says what to do. stranger means an ordinary user at the
// system daemon, who is refused in many words: by libvirt, by polkit, or for
// want of a bus to ask polkit.
func explainHandshake(uri string, stranger bool, err error) error {
	var remote libvirt.Error
	if errors.As(err, &remote) {
		if stranger {
			return &UnavailableError{URI: uri, Reason: "permission denied", Err: err, Fix: letIn}
		}
		return &UnavailableError{URI: uri, Reason: "the daemon refuses", Err: err,
			Fix: "Check that the QEMU driver is installed (Debian: libvirt-daemon-driver-qemu)."}
	}
	if errors.Is(err, ErrDisconnected) {
		return &UnavailableError{URI: uri, Reason: "the daemon closed the connection", Err: err, Fix: "Try again; if it stays, look at the daemon's log."}
	}
	return fmt.Errorf("connecting to libvirt at %s: %w", uri, err)
}

// URI is the connection's URI.
func (c *Connection) URI() string { return c.uri }

// Done is closed when the connection has ended, for whatever reason.
func (c *Connection) Done() <-chan struct{} { return c.tap.closed }

// Close ends the connection and with it every domain created with
// AutoDestroy. It waits a few seconds for calls under way, then closes the
// socket below them. A second call does nothing.
func (c *Connection) Close() error {
	var err error
	c.closing.Do(func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.calls.Wait()
			if e := c.rpc.Disconnect(); e != nil && !errors.Is(e, libvirt.ErrInterrupted) && !errors.Is(e, net.ErrClosed) {
				err = fmt.Errorf("closing connection to %s: %w", c.uri, e)
			}
		}()
		timer := time.NewTimer(closeGrace)
		defer timer.Stop()
		select {
		case <-done:
		case <-c.tap.closed:
		case <-timer.C:
		}
		c.tap.Close()
		<-done
		c.events.close()
	})
	return err
}

// call runs one RPC. The library cannot cancel one, so a cancelled context
// leaves it to finish in the background; Close closes the socket below it.
// late, when not nil, gets the result that nobody waits for any more.
func call[T any](ctx context.Context, c *Connection, late func(T), f func(*libvirt.Libvirt) (T, error)) (T, error) {
	var zero T
	if err := ctx.Err(); err != nil {
		return zero, context.Cause(ctx)
	}
	type result struct {
		value T
		err   error
	}
	reply := make(chan result) // unbuffered: either the caller takes the result or late does
	abandoned := make(chan struct{})
	c.calls.Add(1)
	go func() {
		defer c.calls.Done()
		var r result
		r.value, r.err = guarded(c.rpc, f)
		select {
		case reply <- r:
		case <-abandoned:
			if late != nil && r.err == nil {
				late(r.value)
			}
		}
	}()
	select {
	case r := <-reply:
		return r.value, c.explain(r.err)
	case <-c.tap.closed:
		close(abandoned)
		return zero, ErrDisconnected
	case <-ctx.Done():
		close(abandoned)
		return zero, context.Cause(ctx)
	}
}

// explain translates an error of the library. On a closed connection the
// library answers with whatever its socket says, EINVAL among it
// (go-libvirt socket/socket.go); only libvirt's own answer counts then.
func (c *Connection) explain(err error) error {
	var remote libvirt.Error
	if err == nil || errors.As(err, &remote) {
		return translate(err)
	}
	select {
	case <-c.tap.closed:
		return ErrDisconnected
	default:
		return translate(err)
	}
}

// guarded turns a panic of the library's decoder on a malformed reply into an error.
func guarded[T any](rpc *libvirt.Libvirt, f func(*libvirt.Libvirt) (T, error)) (value T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("decoding libvirt's reply: %v", r)
		}
	}()
	return f(rpc)
}

// do is call for RPCs without a result.
func do(ctx context.Context, c *Connection, f func(*libvirt.Libvirt) error) error {
	_, err := call(ctx, c, nil, func(l *libvirt.Libvirt) (struct{}, error) { return struct{}{}, f(l) })
	return err
}
