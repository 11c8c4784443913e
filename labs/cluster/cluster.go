// Package cluster talks to the API server of a lab's Kubernetes cluster: it
// waits for it, gives out bootstrap tokens, watches a node join and takes what
// is left of it away again.
//
// Everything the API server says is foreign: answers and watched events are
// bounded, and texts are made printable before anybody sees them. Connections
// come from the caller's dial function, so that they may lead through the
// lab's own network. The package touches nothing else of the host.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Bounds of what is read from an API server and from a kubeconfig.
const (
	maxKubeconfig = 1 << 20
	maxAnswer     = 16 << 20 // one answer, in bytes
	maxEvent      = 4 << 20  // one watched event, in bytes
	maxText       = 200      // one text that is kept, in bytes
)

// Time limits of the protocol.
const (
	callTime  = 30 * time.Second       // for one question and its answer
	pingAfter = 10 * time.Second       // of silence, to find a dead connection
	pingTime  = 15 * time.Second       // for the answer to a ping
	readyTime = 5 * time.Second        // for one answer while the server starts
	readyPoll = 250 * time.Millisecond // between two questions whether it is ready
)

// Dial opens a connection to the API server.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Client is a cluster's API server as its administrator sees it. Its methods
// may be called from several goroutines.
type Client struct {
	http     *http.Client
	base     *url.URL
	callTime time.Duration // for one question and its answer
	reshow   time.Duration // without a signature, until a token is shown to the signer again
}

// Connect reads a kubeconfig and gives the client of its current context.
// Nothing is opened before the first call. Without a dial function, connections
// are made as the host makes them.
func Connect(kubeconfig []byte, dial Dial) (*Client, error) {
	if len(kubeconfig) > maxKubeconfig {
		return nil, fmt.Errorf("reading kubeconfig: it is longer than %d bytes", maxKubeconfig)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading kubeconfig: %w", err)
	}
	return newClient(config, dial, pingAfter, pingTime)
}

// newClient makes a client that pings a connection which was silent for that
// long, and gives it up when the answer takes longer than that.
func newClient(config *rest.Config, dial Dial, silence, answer time.Duration) (*Client, error) {
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("reading kubeconfig: the server's address: %w", err)
	}
	settings, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, fmt.Errorf("reading kubeconfig: %w", err)
	}
	proxy := config.Proxy
	if proxy == nil && dial == nil {
		proxy = http.ProxyFromEnvironment
	}
	transport := &http.Transport{
		Proxy: proxy, DialContext: dial, TLSClientConfig: settings, TLSHandshakeTimeout: callTime,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: silence, PingTimeout: answer},
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        90 * time.Second,
	}
	wrapped, err := rest.HTTPWrappersForConfig(config, transport)
	if err != nil {
		return nil, fmt.Errorf("reading kubeconfig: %w", err)
	}
	client := &http.Client{Transport: wrapped, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // an API server sends nobody elsewhere
	}}
	return &Client{http: client, base: base, callTime: callTime, reshow: reshow}, nil
}

// Server returns the address of the API server, as the kubeconfig has it.
func (c *Client) Server() string { return c.base.String() }

// Ready returns when the API server says that it is ready. It asks until ctx
// ends, unless the server shows a certificate or refuses ours in a way that
// waiting does not change.
func (c *Client) Ready(ctx context.Context) error {
	ticks := time.NewTicker(readyPoll)
	defer ticks.Stop()
	var last error // of the last question that ctx did not cut short
	for {
		err := c.ready(ctx)
		switch {
		case err == nil:
			return nil
		case hopeless(err):
			return fmt.Errorf("waiting for the API server: %w", err)
		case last == nil || ctx.Err() == nil:
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the API server: %w; it was not ready: %w", context.Cause(ctx), last)
		case <-ticks.C:
		}
	}
}

// ready asks once.
func (c *Client) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	return c.call(ctx, request{doing: "asking whether it is ready", path: "/readyz"}, nil)
}

// hopeless says whether asking once more cannot help.
func hopeless(err error) bool {
	var status *StatusError
	if errors.As(err, &status) {
		return status.Code == http.StatusUnauthorized
	}
	return isCertificate(err)
}

// ServerVersion returns the version of Kubernetes that the API server is of,
// such as v1.36.1.
func (c *Client) ServerVersion(ctx context.Context) (string, error) {
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := c.call(ctx, request{doing: "asking for its version", path: "/version"}, &version); err != nil {
		return "", err
	}
	return printable(version.GitVersion), nil
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }
