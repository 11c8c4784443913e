// Package web asks the servers of vendors and mirrors: over HTTPS only, unless
// the person named a plain one, with every answer bounded and every redirect
// checked. It touches the network through the http.Client it is given and
// nothing else.
package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxRedirects is how often a server may send us on.
const maxRedirects = 5

// documentTimeout is how long a whole document may take. They are short: a
// server that needs longer will not do better with more patience.
const documentTimeout = time.Minute

// Client asks servers by rules. Make one with [New].
type Client struct {
	http    *http.Client
	plain   bool
	timeout time.Duration // for one document
}

// New makes a Client that uses the transport of base. With plain, HTTP without
// TLS is allowed: only for an address that the person gave.
func New(base *http.Client, plain bool) *Client {
	c := *base
	c.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return &AddressError{URL: req.URL.Redacted(), Reason: fmt.Sprintf("is one address too many: the server sent us on more than %d times", maxRedirects)}
		}
		return allowed(req.URL, plain)
	}
	return &Client{http: &c, plain: plain, timeout: documentTimeout}
}

// Patient returns a Client that waits longer for a document, for servers that
// make it only when asked.
func (c *Client) Patient(timeout time.Duration) *Client {
	p := *c
	p.timeout = timeout
	return &p
}

// allowed says why an address may not be asked; nil if it may.
func allowed(u *url.URL, plain bool) error {
	if u.Host == "" || u.User != nil {
		return &AddressError{URL: u.Redacted(), Reason: "is not an address of a server"}
	}
	if u.Scheme == "https" || (plain && u.Scheme == "http") {
		return nil
	}
	return &AddressError{URL: u.Redacted(), Reason: "is not https, which is the only way this is fetched"}
}

// AddressError says that an address, perhaps one that a server sent us on to,
// is never asked. Trying again does not change that.
type AddressError struct {
	URL    string
	Reason string // what is wrong with it
}

// Error names the address and what is wrong with it.
func (e *AddressError) Error() string { return fmt.Sprintf("%q %s", e.URL, e.Reason) }

// Do sends a request whose body the caller closes. An error is an
// [*UnreachableError] when no answer came, and wraps an [*AddressError] when
// the request or a redirect leads where we do not go; any status is an answer.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	if err := allowed(req.URL, c.plain); err != nil {
		return nil, fmt.Errorf("asking %s: %w", req.URL.Host, err)
	}
	resp, err := c.http.Do(req)
	var astray *AddressError
	if errors.As(err, &astray) {
		return nil, fmt.Errorf("asking %s: sent on: %w", req.URL.Host, astray)
	}
	if err != nil {
		return nil, unreachable(req.Context(), req.URL, err)
	}
	return resp, nil
}

// Get returns a whole document of at most limit bytes, which is not a web page.
// The error is an [*UnreachableError], a [*StatusError], or says that the
// document is too long. A web page in place of the document is unreachable too:
// somebody stands in the way, such as a network that wants a sign-in first.
func (c *Client) Get(ctx context.Context, address string, limit int64) ([]byte, error) {
	text, err := c.Page(ctx, address, limit)
	if err != nil || !isPage(text) {
		return text, err
	}
	return nil, &UnreachableError{Host: hostOf(address), Hint: hintPortal, Err: fmt.Errorf("reading %s: a web page came instead of the document", address)}
}

// Page is [Client.Get] for documents that are web pages, such as the listing of
// a directory.
func (c *Client) Page(ctx context.Context, address string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.ask(ctx, http.MethodGet, address)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil {
		err = ctx.Err() // a server that hangs up when its client does may end with an empty answer
	}
	if err != nil {
		return nil, unreachable(ctx, resp.Request.URL, err)
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("reading %s: longer than %d bytes, so it is not what was asked for", address, limit)
	}
	return text, nil
}

// Size asks how long a file is without fetching it; 0 if the server does not
// say. The errors are those of [Client.Get].
func (c *Client) Size(ctx context.Context, address string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.ask(ctx, http.MethodHead, address)
	if err != nil {
		return 0, err
	}
	resp.Body.Close() //nolint:errcheck // it has none
	return max(resp.ContentLength, 0), nil
}

// ask sends a request without a body; the caller closes that of the answer.
func (c *Client) ask(ctx context.Context, method, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, fmt.Errorf("asking a server: %w", err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close() //nolint:errcheck // only the status matters
		return nil, statusOf(resp, address)
	}
	return resp, nil
}

// isPage reports whether a document begins as a web page does.
func isPage(text []byte) bool {
	head := bytes.ToLower(bytes.TrimSpace(text[:min(len(text), 512)]))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the server"
	}
	return u.Host
}

// Reachable asks for an address and waits at most the timeout for the head of
// a good answer. The error is an [*UnreachableError], also for a bad status,
// such as that of a proxy that stands in the way.
func (c *Client) Reachable(ctx context.Context, address string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp, err := c.ask(ctx, http.MethodGet, address)
	var status *StatusError
	if errors.As(err, &status) {
		return &UnreachableError{Host: hostOf(address), Hint: hintProxy, Err: status}
	}
	if err != nil {
		return err
	}
	resp.Body.Close() //nolint:errcheck // only the status matters
	return nil
}

// StatusError is an answer other than the document.
type StatusError struct {
	URL   string
	Code  int       // HTTP status
	Until time.Time // when the server says that it will answer again; zero: it does not say
}

func statusOf(resp *http.Response, address string) *StatusError {
	e := &StatusError{URL: address, Code: resp.StatusCode}
	if resp.Header.Get("X-RateLimit-Remaining") == "0" {
		if reset, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			e.Until = time.Unix(reset, 0).UTC()
		}
	}
	return e
}

// Error names the status and what it usually means.
func (e *StatusError) Error() string {
	hint := ""
	switch {
	case !e.Until.IsZero():
		hint = "; it answers again after " + e.Until.Format("15:04 MST")
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

// hintPortal is the advice for a web page where a document was asked for.
const hintPortal = "a network's sign-in page may stand in the way: sign in with a browser, or check HTTPS_PROXY or the mirror"

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
