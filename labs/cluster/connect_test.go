package cluster_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"distrolab/labs/cluster"
)

func TestKubeconfigsThatCannotBeUsed(t *testing.T) {
	for name, text := range map[string]string{
		"empty":      "",
		"nonsense":   "\x00\x01",
		"no context": "apiVersion: v1\nkind: Config\n",
		"too long":   strings.Repeat("# a comment\n", 1<<17),
		"no CA": `{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}],
			clusters: [{name: a, cluster: {server: "https://192.0.2.1", certificate-authority-data: "AAAA"}}], users: [{name: a, user: {token: not-shown}}]}`,
	} {
		_, err := cluster.Connect([]byte(text), nil)
		if err == nil || !strings.HasPrefix(err.Error(), "reading kubeconfig: ") || strings.Contains(err.Error(), "not-shown") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// serving starts a server with that certificate and gives a client which trusts ca.
func serving(t *testing.T, template *x509.Certificate, trust func(own *x509.Certificate) *x509.Certificate) *cluster.Client {
	t.Helper()
	s := httptest.NewUnstartedServer(says(200, "ok"))
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	own := selfSigned(t, template)
	s.TLS.Certificates = append(s.TLS.Certificates[:0], own)
	client, err := cluster.Connect(kubeconfig(s.URL, trust(own.Leaf)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// Waiting does not make a certificate right: each ends at once, with the cause.
func TestCertificatesThatAreWrong(t *testing.T) {
	itself := func(own *x509.Certificate) *x509.Certificate { return own }
	hour := time.Now().Add(time.Hour)
	ago := time.Now().Add(-time.Hour)
	here := []net.IP{net.IPv4(127, 0, 0, 1)}
	for name, test := range map[string]struct {
		template x509.Certificate
		trust    func(*x509.Certificate) *x509.Certificate
		want     string
	}{
		"another CA":  {x509.Certificate{NotBefore: ago, NotAfter: hour, IPAddresses: here}, func(*x509.Certificate) *x509.Certificate { return parsed(t, otherCA(t)) }, "not of the cluster's CA"},
		"expired":     {x509.Certificate{NotBefore: ago.Add(-time.Hour), NotAfter: ago, IPAddresses: here}, itself, "compare the clocks"},
		"not yet":     {x509.Certificate{NotBefore: hour, NotAfter: hour.Add(time.Hour), IPAddresses: here}, itself, "compare the clocks"},
		"other names": {x509.Certificate{NotBefore: ago, NotAfter: hour, DNSNames: []string{"api.example.org"}}, itself, "does not name the address"},
	} {
		t.Run(name, func(t *testing.T) {
			client := serving(t, &test.template, test.trust)
			begun := time.Now()
			var wrong *cluster.CertificateError
			err := client.Ready(within(t))
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v; want a sentence with %q", err, test.want)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("found out after %v", took)
			}
		})
	}
}

func TestConnectionsAreMadeByTheCaller(t *testing.T) {
	s := httptest.NewTLSServer(says(200, "ok"))
	defer s.Close()
	var address string
	dial := func(ctx context.Context, network, to string) (net.Conn, error) {
		address = to
		return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
	}
	client, err := cluster.Connect(kubeconfig("https://example.com:6443", s.Certificate()), dial)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Ready(within(t)); err != nil {
		t.Fatal(err)
	}
	if address != "example.com:6443" || client.Server() != "https://example.com:6443" {
		t.Errorf("dialled %s, server %s", address, client.Server())
	}
}

// freezer is a connection into which nothing goes and out of which nothing
// comes once it is frozen, as to a machine whose power was cut.
type freezer struct {
	net.Conn
	frozen *atomic.Bool
}

func (f freezer) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	for err == nil && f.frozen.Load() {
		n, err = f.Conn.Read(p)
	}
	return n, err
}

func (f freezer) Write(p []byte) (int, error) {
	if f.frozen.Load() {
		return len(p), nil
	}
	return f.Conn.Write(p)
}

func TestSilentConnectionIsGivenUp(t *testing.T) {
	s, _ := newImitation(t, map[string]http.HandlerFunc{})
	var frozen atomic.Bool
	dial := func(ctx context.Context, network, to string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, to)
		return freezer{conn, &frozen}, err
	}
	client, err := cluster.ConnectImpatient(kubeconfig(s.URL, s.Certificate()), dial, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	w, _ := watch(t, client, "node-1")
	time.Sleep(3 * time.Second) // silent and alive: pings are answered
	if w.Reconnects() != 0 || len(w.Faults()) != 0 {
		t.Errorf("%d reconnects, faults %v, of a watch that is only silent", w.Reconnects(), w.Faults())
	}
	frozen.Store(true)
	awaitState(t, w, "no certificate signing request and no Node of node-1 came to the API server; the API server does not answer")
}
