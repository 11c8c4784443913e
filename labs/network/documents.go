package network

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	httpPort          = 80
	httpConnections   = 8                // of one guest at once; more are closed
	httpHeaderTimeout = 5 * time.Second  // for a guest to say what it wants
	httpTimeout       = 60 * time.Second // for it to take the answer
	httpHeaderBytes   = 8 << 10
	maxLoggedPath     = 200      // bytes
	maxDocumentBytes  = 64 << 20 // of all documents of one guest
)

// documents is the gateway's web server. It has what guests read at their first
// boot, each guest's own for that guest alone: configs hold keys and tokens.
type documents struct {
	network *Network
	mu      sync.Mutex
	started bool
	shown   map[netip.Addr]map[string][]byte // by the guest's address, then by path
}

// DocumentsURL is the address below which a guest finds what [Network.Serve]
// shows it.
func (n *Network) DocumentsURL(guest string) string {
	return "http://" + n.cfg.Gateway.String() + "/" + guest + "/"
}

// Serve shows documents, by their path below [Network.DocumentsURL], to the
// guest of that lease and to no other, until the returned function is called or
// the network is closed.
func (n *Network) Serve(guest string, docs map[string][]byte) (stop func(), err error) {
	i := slices.IndexFunc(n.cfg.Leases, func(l Lease) bool { return l.Name == guest })
	if i < 0 {
		return nil, fmt.Errorf("serving documents to guest %q: it has no lease", guest)
	}
	paths, total := make(map[string][]byte, len(docs)), 0
	for name, content := range docs {
		paths["/"+guest+"/"+name] = content
		total += len(content)
	}
	if total > maxDocumentBytes {
		return nil, fmt.Errorf("serving documents to guest %s: %d bytes are more than the limit of %d", guest, total, maxDocumentBytes)
	}
	d := &n.documents
	d.mu.Lock()
	defer d.mu.Unlock()
	address := n.cfg.Leases[i].IP
	if d.shown[address] != nil {
		return nil, fmt.Errorf("serving documents to guest %s: it is served already", guest)
	}
	if !d.started {
		if err := d.start(); err != nil {
			return nil, fmt.Errorf("serving documents to guest %s: %w", guest, err)
		}
	}
	d.shown[address] = paths
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.shown, address)
	}, nil
}

// start opens the port; a lab whose configs come otherwise never has it.
func (d *documents) start() error {
	listener, err := d.network.ListenGateway(httpPort)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: d, ReadHeaderTimeout: httpHeaderTimeout, ReadTimeout: httpHeaderTimeout,
		WriteTimeout: httpTimeout, IdleTimeout: httpHeaderTimeout, MaxHeaderBytes: httpHeaderBytes}
	began := d.network.tasks.run(func() {
		err := server.Serve(&fairListener{Listener: listener, tasks: &d.network.tasks, open: map[netip.Addr]int{}})
		if d.network.ctx.Err() == nil && !errors.Is(err, http.ErrServerClosed) {
			d.network.cfg.Log.Error("serving documents in the lab", "error", err)
		}
	})
	if !began {
		return errors.Join(net.ErrClosed, listener.Close())
	}
	d.network.tasks.run(func() {
		<-d.network.ctx.Done()
		_ = server.Close()
	})
	d.started, d.shown = true, map[netip.Addr]map[string][]byte{}
	return nil
}

// ServeHTTP answers a guest. What it may not have does not exist for it, so
// that it learns nothing of others.
func (d *documents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := remoteAddr(r.RemoteAddr)
	d.mu.Lock()
	content, found := d.shown[from][r.URL.Path]
	d.mu.Unlock()
	status := http.StatusOK
	switch {
	case !found:
		status = http.StatusNotFound
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		status = http.StatusMethodNotAllowed
		w.Header().Set("Allow", "GET, HEAD")
	}
	path := r.URL.Path[:min(len(r.URL.Path), maxLoggedPath)]
	d.network.cfg.Log.Info("a guest asked for a document", "guest", from, "path", strings.ToValidUTF8(path, "\uFFFD"), "status", status)
	if status != http.StatusOK {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(content) // the guest may have gone
	}
}

// remoteAddr is the address in HOST:PORT; invalid when there is none.
func remoteAddr(text string) netip.Addr {
	at, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

// fairListener keeps one guest from taking all connections. Each connection is
// a task of the network, so that its Close waits for them.
type fairListener struct {
	net.Listener
	tasks *tasks
	mu    sync.Mutex
	open  map[netip.Addr]int
}

// Accept closes what is too much.
func (l *fairListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := remoteAddr(conn.RemoteAddr().String())
		if l.add(from, 1) <= httpConnections && l.tasks.begin() {
			return &countedConn{Conn: conn, done: sync.OnceFunc(func() { l.add(from, -1); l.tasks.end() })}, nil
		}
		l.add(from, -1)
		_ = conn.Close()
	}
}

func (l *fairListener) add(from netip.Addr, n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[from] += n
	count := l.open[from]
	if count == 0 {
		delete(l.open, from)
	}
	return count
}

// countedConn says when it is closed.
type countedConn struct {
	net.Conn
	done func()
}

// Close also frees the place of the connection.
func (c *countedConn) Close() error {
	defer c.done()
	return c.Conn.Close()
}
