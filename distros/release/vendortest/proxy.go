package vendortest

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
)

// Proxy starts a proxy through which another process reaches the world, for
// tests of the whole program: HTTPS_PROXY is its address, and SSL_CERT_FILE a
// file with the authority's certificate.
func (w *World) Proxy() (address string, certificate []byte) {
	w.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(w.tunnel))
	w.t.Cleanup(server.Close)
	return server.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.authority.cert.Raw})
}

// tunnel joins a client with the world's server, whatever host it names.
func (w *World) tunnel(out http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		w.notePlain(r.URL.String())
		http.Error(out, "nothing answers without TLS", http.StatusBadGateway)
		return
	}
	server, err := net.Dial("tcp", w.address)
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadGateway)
		return
	}
	defer server.Close() //nolint:errcheck // a test's connection
	client, _, err := out.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer client.Close() //nolint:errcheck // a test's connection
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	go io.Copy(server, client) //nolint:errcheck // ends when the other direction does
	io.Copy(client, server)    //nolint:errcheck // a cut connection is the client's to notice
}
