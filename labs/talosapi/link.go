package talosapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// link is one attempt to speak with the machine. Every attempt has its own
// connection, because the service behind the port changes with the config.
type link struct {
	conn *grpc.ClientConn
	last atomic.Pointer[failure] // of the connection, which gRPC words worse
	// greeted is set when the TLS handshake is done on our side, guarded when
	// the server asked for a client certificate in it.
	greeted, guarded atomic.Bool
}

// failure wraps an error, which an atomic pointer cannot hold by itself.
type failure struct{ error }

// connect prepares the attempt; the first call connects.
func connect(dial Dialer, config *tls.Config) (*link, error) {
	l := &link{}
	config = config.Clone()
	config.VerifyConnection = func(tls.ConnectionState) error { l.greeted.Store(true); return nil }
	if len(config.Certificates) == 0 {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			l.guarded.Store(true)
			return &tls.Certificate{}, nil
		}
	}
	conn, err := grpc.NewClient("passthrough:///talos",
		grpc.WithTransportCredentials(watched{credentials.NewTLS(config), l}),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.dial(ctx, dial) }),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: handshakeLimit}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxConfig)),
		grpc.WithMaxHeaderListSize(64<<10),
		grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(),
		grpc.WithUserAgent("distrolab"))
	if err != nil {
		return nil, fmt.Errorf("preparing a connection to Talos: %w", err)
	}
	l.conn = conn
	return l, nil
}

func (l *link) dial(ctx context.Context, dial Dialer) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	conn, err := dial(ctx)
	if err != nil {
		l.last.Store(&failure{fmt.Errorf("port %d does not answer: %w", Port, err)})
	}
	return conn, err
}

// watched keeps the error of a TLS handshake.
type watched struct {
	credentials.TransportCredentials
	link *link
}

// ClientHandshake is the handshake of the credentials inside.
func (w watched) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := w.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		w.link.last.Store(&failure{fmt.Errorf("port %d answers, but not by TLS as Talos does: %w", Port, err)})
	}
	return conn, info, err
}

// Clone keeps the watch.
func (w watched) Clone() credentials.TransportCredentials {
	return watched{w.TransportCredentials.Clone(), w.link}
}

// close ends the attempt.
func (l *link) close() { _ = l.conn.Close() }

// passing says whether an error may go away by itself, and what is the best
// word for it.
func (l *link) passing(ctx context.Context, err error) (error, bool) {
	if kept := l.last.Load(); kept != nil && !l.greeted.Load() {
		return kept.error, true
	}
	code := status.Code(err)
	switch code {
	case codes.Unavailable, codes.Canceled, codes.Aborted:
		return errors.New(bounded(status.Convert(err).Message())), true
	case codes.DeadlineExceeded:
		if !l.greeted.Load() {
			return errors.New("the port is open, and no connection came about in time"), true
		}
		return errors.New("the machine took the question and gave no answer in time"), true
	}
	return err, ctx.Err() != nil
}

// tooLarge says that a message was not read because of its size.
func tooLarge(err error) bool { return status.Code(err) == codes.ResourceExhausted }

// waiting is a wait over many attempts.
type waiting struct {
	doing string
	last  error // what the last attempt that came to an end by itself ended with
}

// again waits before the next attempt. Its error says why there is none, and
// what the last one ended with.
func (w *waiting) again(ctx context.Context, last error) error {
	cancelled := errors.Is(ctx.Err(), context.Canceled)
	if ctx.Err() == nil || w.last == nil && !cancelled {
		w.last = last
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
	}
	if w.last == nil {
		return fmt.Errorf("%s: %w", w.doing, context.Cause(ctx))
	}
	return fmt.Errorf("%s: %w; the last attempt ended with: %w", w.doing, context.Cause(ctx), w.last)
}
