package labs

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"distrolab/labs/cluster"
	"distrolab/labs/home"
)

// UpgradeProtocol is the protocol that an HTTP connection to a lab's process is
// switched to when it becomes a plain stream of bytes.
const UpgradeProtocol = "distrolab-stream"

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 16 << 20

// Client talks to the process that holds one lab.
type Client struct {
	lab    string
	socket string
	http   *http.Client
}

// Connect gives the client of a lab. Nothing is opened before the first call.
func Connect(h home.Home, lab string) *Client {
	socket := SocketPath(h, lab)
	return &Client{lab: lab, socket: socket, http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}}}
}

// Status asks how the lab is.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	return s, c.call(ctx, http.MethodGet, "/v1/lab", nil, &s)
}

// Nodes asks the API of the lab's cluster for its nodes.
func (c *Client) Nodes(ctx context.Context) ([]cluster.Node, error) {
	var nodes []cluster.Node
	return nodes, c.call(ctx, http.MethodGet, "/v1/cluster/nodes", nil, &nodes)
}

// Forward opens a port on this machine's loopback that leads to a port of a
// lab machine. Local port 0 takes a free one.
func (c *Client) Forward(ctx context.Context, machine string, f Forward) (Forward, error) {
	var opened Forward
	return opened, c.call(ctx, http.MethodPost, "/v1/machines/"+url.PathEscape(machine)+"/forwards", f, &opened)
}

// Stop shuts a machine down and returns when it is off: by its power button,
// and by pulling the plug when it does not obey in time, or at once with now.
// Its disk stays.
func (c *Client) Stop(ctx context.Context, machine string, now bool) error {
	path := "/v1/machines/" + url.PathEscape(machine) + "/stop"
	if now {
		path += "?now=1"
	}
	return c.call(ctx, http.MethodPost, path, nil, nil)
}

// Start boots a machine that is off, from its own disk. It returns when its
// processors run; events tell the rest.
func (c *Client) Start(ctx context.Context, machine string) error {
	return c.call(ctx, http.MethodPost, "/v1/machines/"+url.PathEscape(machine)+"/start", nil, nil)
}

// Usage asks what the machines that run take of this host. The answer is up to
// a second old.
func (c *Client) Usage(ctx context.Context) ([]Usage, error) {
	var all []Usage
	return all, c.call(ctx, http.MethodGet, "/v1/usage", nil, &all)
}

// Down ends the lab and returns when everything of it is gone.
func (c *Client) Down(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/v1/down", nil, nil)
}

// Events calls yield with every event of the lab from its beginning on, until
// yield returns false, the lab ends or ctx does.
func (c *Client) Events(ctx context.Context, yield func(Event) bool) error {
	response, err := c.do(ctx, http.MethodGet, "/v1/events", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := json.NewDecoder(response.Body)
	for {
		var e Event
		if err := lines.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("following lab %s: %w", c.lab, contextOr(ctx, err))
		}
		if !yield(e) {
			return nil
		}
	}
}

// Console opens a machine's serial console: what it said last, then what it
// says, and the other way what is typed.
func (c *Client) Console(ctx context.Context, machine string) (io.ReadWriteCloser, error) {
	return c.upgrade(ctx, "/v1/machines/"+url.PathEscape(machine)+"/console")
}

// Dial opens a TCP connection to a port of a machine through the lab's network.
func (c *Client) Dial(ctx context.Context, machine string, port uint16) (io.ReadWriteCloser, error) {
	return c.upgrade(ctx, fmt.Sprintf("/v1/machines/%s/ports/%d", url.PathEscape(machine), port))
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	response, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("reading the answer of lab %s: %w", c.lab, contextOr(ctx, err))
	}
	return nil
}

func (c *Client) do(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encoding the question to lab %s: %w", c.lab, err)
		}
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://lab"+path, body)
	if err != nil {
		return nil, fmt.Errorf("asking lab %s: %w", c.lab, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreached(ctx, err)
	}
	return response, c.checkStatus(response)
}

// unreached says why the lab's process did not answer: mostly there is none.
func (c *Client) unreached(ctx context.Context, err error) error {
	if ctx.Err() == nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)) {
		return fmt.Errorf("asking lab %s: its process is gone; `distrolab gc` takes back what it left", c.lab)
	}
	return fmt.Errorf("asking lab %s: %w", c.lab, contextOr(ctx, err))
}

func (c *Client) checkStatus(r *http.Response) error {
	if r.StatusCode < 300 {
		return nil
	}
	defer r.Body.Close()
	text, err := io.ReadAll(io.LimitReader(r.Body, 4096))
	if err != nil {
		return fmt.Errorf("asking lab %s: %s", c.lab, r.Status)
	}
	return fmt.Errorf("asking lab %s: %s", c.lab, strings.TrimSpace(string(text)))
}

// upgrade turns a request into a stream in both directions.
func (c *Client) upgrade(ctx context.Context, path string) (io.ReadWriteCloser, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", c.socket)
	if err != nil {
		return nil, c.unreached(ctx, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://lab"+path, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("asking lab %s: %w", c.lab, err), conn.Close())
	}
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", UpgradeProtocol)
	reader := bufio.NewReader(conn)
	response, err := func() (*http.Response, error) {
		if err := request.Write(conn); err != nil {
			return nil, err
		}
		return http.ReadResponse(reader, request)
	}()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("asking lab %s: %w", c.lab, contextOr(ctx, err)), conn.Close())
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return nil, errors.Join(c.checkStatus(response), conn.Close())
	}
	return stream{Reader: reader, WriteCloser: conn}, nil
}

// stream reads what the upgrade's reader has buffered before the socket.
type stream struct {
	io.Reader
	io.WriteCloser
}

func contextOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
