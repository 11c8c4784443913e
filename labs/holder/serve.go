package holder

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"

	"distrolab/labs"
)

// routes is the interface of a lab's process, version 1.
func (h *Holder) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/lab", h.getLab)
	mux.HandleFunc("GET /v1/events", h.getEvents)
	mux.HandleFunc("GET /v1/cluster/nodes", h.getNodes)
	mux.HandleFunc("GET /v1/machines/{machine}/console", h.getConsole)
	mux.HandleFunc("GET /v1/machines/{machine}/ports/{port}", h.getPort)
	mux.HandleFunc("POST /v1/machines/{machine}/forwards", h.postForward)
	mux.HandleFunc("POST /v1/machines/{machine}/stop", h.postStop)
	mux.HandleFunc("POST /v1/machines/{machine}/start", h.postStart)
	mux.HandleFunc("GET /v1/usage", h.getUsage)
	mux.HandleFunc("POST /v1/down", h.postDown)
	return mux
}

func (h *Holder) getLab(w http.ResponseWriter, _ *http.Request) {
	s := labs.Status{Lab: h.spec.Name, Created: h.spec.Created, Accelerator: h.spec.Accelerator,
		Running: true, Machines: []labs.MachineStatus{}}
	for _, m := range h.machines {
		s.Machines = append(s.Machines, m.status(h.spec.Name))
	}
	if h.cluster != nil {
		s.Cluster = h.cluster.now()
	}
	answer(w, s)
}

func (h *Holder) getEvents(w http.ResponseWriter, r *http.Request) {
	out := json.NewEncoder(w)
	flusher, _ := w.(http.Flusher)
	for n := 0; ; {
		events := h.journal.next(r.Context(), n)
		if len(events) == 0 {
			return
		}
		for _, e := range events {
			if out.Encode(e) != nil {
				return
			}
		}
		n += len(events)
		if flusher != nil {
			flusher.Flush()
		}
	}
}

func (h *Holder) getConsole(w http.ResponseWriter, r *http.Request) {
	m, ok := h.find(w, r)
	if !ok {
		return
	}
	made, live := m.now()
	if made == nil {
		http.Error(w, fmt.Sprintf("machine %s has no console: it does not run", m.spec.Name), http.StatusConflict)
		return
	}
	client, ok := upgrade(w)
	if !ok {
		return
	}
	watcher := live.Watch()
	defer watcher.Close()
	go func() {
		defer watcher.Close()
		buffer := make([]byte, 4096)
		for {
			n, err := client.Read(buffer)
			if n > 0 {
				if _, err := made.Type(buffer[:n]); err != nil {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	_, _ = io.Copy(client, watcher) // ends when the client goes or the machine does
	client.Close()
}

func (h *Holder) getPort(w http.ResponseWriter, r *http.Request) {
	m, ok := h.find(w, r)
	if !ok {
		return
	}
	port, err := strconv.ParseUint(r.PathValue("port"), 10, 16)
	if err != nil || port == 0 {
		http.Error(w, "a port is a number from 1 to 65535", http.StatusBadRequest)
		return
	}
	guest, err := h.network.Dial(r.Context(), netip.AddrPortFrom(m.spec.Address, uint16(port)))
	if err != nil {
		http.Error(w, fmt.Sprintf("connecting to port %d of %s: %v", port, m.spec.Name, err), http.StatusBadGateway)
		return
	}
	client, ok := upgrade(w)
	if !ok {
		guest.Close()
		return
	}
	splice(client, guest)
}

func (h *Holder) postForward(w http.ResponseWriter, r *http.Request) {
	m, ok := h.find(w, r)
	if !ok {
		return
	}
	var asked labs.Forward
	if err := json.NewDecoder(io.LimitReader(r.Body, 4096)).Decode(&asked); err != nil {
		http.Error(w, "reading the forward: "+err.Error(), http.StatusBadRequest)
		return
	}
	// The forward outlives the request; it ends with the network.
	opened, err := h.network.Forward(context.Background(), asked.Local, netip.AddrPortFrom(m.spec.Address, asked.Port))
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	asked.Local = opened.Addr()
	m.mu.Lock()
	m.forwards = append(m.forwards, asked)
	m.mu.Unlock()
	answer(w, asked)
}

// postDown asks for the end and answers when the machines are gone.
func (h *Holder) postDown(w http.ResponseWriter, r *http.Request) {
	err := h.stopMachines(context.WithoutCancel(r.Context()))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	} else {
		w.WriteHeader(http.StatusNoContent)
	}
	h.downOnce.Do(func() { close(h.down) })
}

func (h *Holder) find(w http.ResponseWriter, r *http.Request) (*member, bool) {
	for _, m := range h.machines {
		if m.spec.Name == r.PathValue("machine") {
			return m, true
		}
	}
	http.Error(w, fmt.Sprintf("lab %s has no machine %.64q", h.spec.Name, r.PathValue("machine")), http.StatusNotFound)
	return nil, false
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that went away needs no answer
}

// upgrade takes the connection over as a plain stream.
func upgrade(w http.ResponseWriter) (net.Conn, bool) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		http.Error(w, "this connection cannot become a stream", http.StatusInternalServerError)
		return nil, false
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return nil, false
	}
	_, err = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", labs.UpgradeProtocol)
	if err != nil {
		conn.Close()
		return nil, false
	}
	return conn, true
}

// splice copies both ways. The end of one direction is passed on where the
// connection has half-closes, so that the other can still say its last.
func splice(a, b net.Conn) {
	var both sync.WaitGroup
	oneWay := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		if half, ok := to.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
			return
		}
		to.Close()
	}
	both.Go(func() { oneWay(a, b) })
	both.Go(func() { oneWay(b, a) })
	both.Wait()
	a.Close()
	b.Close()
}
