// Package web asks the servers of vendors and mirrors: over HTTPS only, unless
// the person named a plain one, with every answer bounded and every redirect
// checked. It touches the network through the http.Client it is given and
// nothing else.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// maxRedirects is how often a server may send us on.
const maxRedirects = 5

// Client asks servers by rules. Make one with [New].
type Client struct {
	http  *http.Client
	plain bool
}

// New makes a Client that uses the transport of base. With plain, HTTP without
// TLS is allowed: only for an address that the person gave.
func New(base *http.Client, plain bool) *Client {
	c := *base
	c.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("sent on more than %d times", maxRedirects)
		}
		return allowed(req.URL, plain)
	}
	return &Client{http: &c, plain: plain}
}

// allowed says why an address may not be asked; nil if it may.
func allowed(u *url.URL, plain bool) error {
	if u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is not an address of a server", u.Redacted())
	}
	if u.Scheme == "https" || (plain && u.Scheme == "http") {
		return nil
	}
	return fmt.Errorf("%q is not https, which is the only way this is fetched", u.Redacted())
}

// Do sends a request whose body the caller closes. An error is an
// [*UnreachableError] when no answer came; any status is an answer.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	if err := allowed(req.URL, c.plain); err != nil {
		return nil, fmt.Errorf("asking %s: %w", req.URL.Host, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, unreachable(req.Context(), req.URL, err)
	}
	return resp, nil
}

// Get returns a whole document of at most limit bytes. The error is an
// [*UnreachableError], a [*StatusError], or says that the document is too long.
func (c *Client) Get(ctx context.Context, address string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("asking a server: %w", err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	if resp.StatusCode != http.StatusOK {
		return nil, &StatusError{URL: address, Code: resp.StatusCode}
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, unreachable(ctx, req.URL, err)
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("reading %s: longer than %d bytes, so it is not what was asked for", address, limit)
	}
	return text, nil
}

// Reachable asks for an address and waits at most the timeout for the head of
// a good answer. The error is an [*UnreachableError], also for a bad status,
// such as that of a proxy that stands in the way.
func (c *Client) Reachable(ctx context.Context, address string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("asking a server: %w", err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close() //nolint:errcheck // only the status matters
	if resp.StatusCode != http.StatusOK {
		status := &StatusError{URL: address, Code: resp.StatusCode}
		return &UnreachableError{Host: req.URL.Host, Hint: hintProxy, Err: status}
	}
	return nil
}

// StatusError is an answer other than the document.
type StatusError struct {
	URL  string
	Code int // HTTP status
}

// Error names the status and what it usually means.
func (e *StatusError) Error() string {
	hint := ""
	switch {
	case e.Code == http.StatusNotFound || e.Code == http.StatusGone:
		hint = "; this version, channel or architecture may not exist there"
	case e.Code == http.StatusTooManyRequests || e.Code >= 500:
		hint = "; the server is busy, try again later"
	}
	return fmt.Sprintf("reading %s: the server answers %d %s%s", e.URL, e.Code, http.StatusText(e.Code), hint)
}

// UnreachableError says that a server gave no usable answer.
type UnreachableError struct {
	Host string
	Hint string // what to do
	Err  error  // what the network said
}

// hintProxy is the advice that fits most unreachable servers.
const hintProxy = "check the network and HTTPS_PROXY, name a mirror, or use the guests built on this machine"

// Error says which host, why, and what to do.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s cannot be reached: %v; %s", e.Host, e.Err, e.Hint)
}

// Unwrap returns what the network said.
func (e *UnreachableError) Unwrap() error { return e.Err }

// unreachable wraps a transport error, but leaves a cancelled context as it is.
func unreachable(ctx context.Context, u *url.URL, err error) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.Canceled):
		return fmt.Errorf("asking %s: %w", u.Host, context.Canceled)
	case errors.Is(cause, context.DeadlineExceeded):
		cause = errors.New("no answer in time")
		fallthrough
	case cause != nil:
		return &UnreachableError{Host: u.Host, Hint: hintProxy, Err: cause}
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err // its method and address would only repeat ours
	}
	return &UnreachableError{Host: u.Host, Hint: hintProxy, Err: err}
}
