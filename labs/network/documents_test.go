package network

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// browse asks as a guest does and says status and body.
func (g *pc) browse(t testing.TB, method, url string) (status int, body string) {
	t.Helper()
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return g.dial(t, netip.AddrPortFrom(gatewayIP, 80))
		}}}
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodHead {
		return answer.StatusCode, fmt.Sprint(answer.ContentLength)
	}
	return answer.StatusCode, string(data)
}

// lines is a log for several goroutines.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func TestDocumentsAreServedToTheirGuestAlone(t *testing.T) {
	var log lines
	n := newLab(t, func(c *Config) { c.Isolated, c.Log = true, slog.New(slog.NewTextHandler(&log, nil)) })
	const secret = "token: abcdef.0123456789abcdef\x00\xff"
	if _, err := n.Serve("one", map[string][]byte{"user-data": []byte(secret), "a/b": nil}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Serve("two", map[string][]byte{"user-data": []byte("other")}); err != nil {
		t.Fatal(err)
	}
	owner, other := boot(t, n, one, nil), boot(t, n, two, nil)
	url := n.DocumentsURL("one")
	if url != "http://192.168.127.1/one/" {
		t.Errorf("address %s", url)
	}
	for _, c := range []struct {
		who          *pc
		method, path string
		status       int
		body         string
	}{
		{owner, "GET", url + "user-data", 200, secret},
		{owner, "GET", url + "user-data?token=x", 200, secret},
		{owner, "HEAD", url + "user-data", 200, fmt.Sprint(len(secret))},
		{owner, "GET", url + "a/b", 200, ""},
		{owner, "GET", url + "absent", 404, ""},
		{owner, "GET", url, 404, ""},
		{owner, "GET", url + "../two/user-data", 404, ""},
		{owner, "GET", n.DocumentsURL("two") + "user-data", 404, ""},
		{owner, "POST", url + "user-data", 405, ""},
		{owner, "DELETE", url + "absent", 404, ""},
		{other, "GET", url + "user-data", 404, ""},
		{other, "GET", n.DocumentsURL("two") + "user-data", 200, "other"},
		{other, "GET", "http://192.168.127.1/" + strings.Repeat("x", 5000), 404, ""},
	} {
		status, body := c.who.browse(t, c.method, c.path)
		if status != c.status || body != c.body {
			t.Errorf("%s: %s %.80s: %d %q, want %d %q", c.who.lease.Name, c.method, c.path, status, body, c.status, c.body)
		}
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	said := log.b.String()
	if strings.Contains(said, "abcdef.0123456789abcdef") || !strings.Contains(said, "path=/one/user-data status=200") || strings.Contains(said, strings.Repeat("x", 201)) {
		t.Errorf("the log says\n%s", said)
	}
}

// TestDocumentsAreNotForWhoTakesTheAddress: the answer to a guest that sends
// from another's address goes to the other.
func TestDocumentsAreNotForWhoTakesTheAddress(t *testing.T) {
	n := newLab(t, nil)
	if _, err := n.Serve("one", map[string][]byte{"user-data": []byte("secret")}); err != nil {
		t.Fatal(err)
	}
	cable, _ := plug(t, n, nil)
	thief := silentPC(t, cable, Lease{Name: "two", MAC: two.MAC, IP: one.IP})
	dialed := make(chan net.Conn, 1)
	go func() {
		if conn, err := thief.dial(t, netip.AddrPortFrom(gatewayIP, 80)); err == nil {
			dialed <- conn
		}
	}()
	select {
	case <-dialed:
		t.Error("connected with another's address")
	case <-time.After(2 * time.Second):
	}
}

func TestServingEndsAndRefuses(t *testing.T) {
	n := newLab(t, nil)
	guest := boot(t, n, one, nil)
	if _, err := guest.dial(t, netip.AddrPortFrom(gatewayIP, 80)); err == nil {
		t.Error("the port is open although nothing is served")
	}
	if _, err := n.Serve("three", nil); err == nil {
		t.Error("a guest without a lease is served")
	}
	if _, err := n.Serve("one", map[string][]byte{"a": make([]byte, maxDocumentBytes+1)}); err == nil {
		t.Error("too much is served")
	}
	stop, err := n.Serve("one", map[string][]byte{"a": []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Serve("one", nil); err == nil {
		t.Error("one guest is served twice")
	}
	stop()
	if status, _ := guest.browse(t, "GET", n.DocumentsURL("one")+"a"); status != 404 {
		t.Errorf("after its end: status %d", status)
	}
	if _, err := n.Serve("one", map[string][]byte{"a": []byte("y")}); err != nil {
		t.Error(err)
	}
	_, body := guest.browse(t, "GET", n.DocumentsURL("one")+"a")
	if diff := cmp.Diff("y", body); diff != "" {
		t.Error(diff)
	}
}

// TestOneGuestCannotTakeAllConnections: the ninth is closed, another guest's is
// not, and a freed place can be used again.
func TestOneGuestCannotTakeAllConnections(t *testing.T) {
	n := newLab(t, nil)
	for _, name := range []string{"one", "two"} {
		if _, err := n.Serve(name, map[string][]byte{"a": []byte(name)}); err != nil {
			t.Fatal(err)
		}
	}
	greedy, other := boot(t, n, one, nil), boot(t, n, two, nil)
	var held []net.Conn
	for range httpConnections {
		conn, err := greedy.dial(t, netip.AddrPortFrom(gatewayIP, 80))
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	extra, err := greedy.dial(t, netip.AddrPortFrom(gatewayIP, 80))
	if err != nil {
		t.Fatal(err)
	}
	_ = extra.SetReadDeadline(time.Now().Add(httpHeaderTimeout / 2))
	if _, err := extra.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("one connection more than allowed is kept open: %v", err)
	}
	if _, body := other.browse(t, "GET", n.DocumentsURL("two")+"a"); body != "two" {
		t.Errorf("the other guest got %q", body)
	}
	for _, conn := range held {
		conn.Close()
	}
	eventually(t, func() bool {
		conn, err := greedy.dial(t, netip.AddrPortFrom(gatewayIP, 80))
		if err != nil {
			return false
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("GET /one/a HTTP/1.0\r\n\r\n"))
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		answer, _ := io.ReadAll(conn)
		return strings.HasSuffix(string(answer), "one")
	})
}
