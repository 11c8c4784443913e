// Package vendortest imitates the servers of vendors for the tests of
// everything that fetches: the same paths, formats, redirects and signatures,
// over TLS, on one listener of this machine, with keys made by the test. Tests
// spoil what they like and see whether it is refused. It touches loopback only,
// and runs xz to make images.
package vendortest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// World is a network in which only imitated vendors exist: every host name
// leads to one TLS server, and nothing answers without TLS.
type World struct {
	// Client knows the world's certificate authority and no proxy.
	Client *http.Client

	t         testing.TB
	authority *authority
	address   string // of the server

	mu      sync.Mutex
	files   map[string][]byte
	faults  map[string]Fault
	edits   map[string]func([]byte) []byte
	signers map[string]*Signer // trusted, by name of the key
	impost  map[string]*Signer // who really signs, where another does
	asked   []string
	plain   []string
}

// New starts a world that ends with the test.
func New(t testing.TB) *World {
	t.Helper()
	ca := newAuthority(t)
	w := &World{
		t: t, authority: ca, files: map[string][]byte{}, faults: map[string]Fault{}, edits: map[string]func([]byte) []byte{},
		signers: map[string]*Signer{}, impost: map[string]*Signer{},
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	server.TLS = &tls.Config{GetCertificate: ca.certificate, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = silent()
	server.StartTLS()
	w.address = server.Listener.Addr().String()
	t.Cleanup(server.Close)
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: ca.pool, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true, // a cut connection then harms nothing else
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if !strings.HasSuffix(address, ":443") {
				w.notePlain(address)
				return nil, fmt.Errorf("nothing answers at %s", address)
			}
			var dialer net.Dialer
			return dialer.DialContext(ctx, network, w.address)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	w.Client = &http.Client{Transport: transport}
	return w
}

func (w *World) notePlain(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plain = append(w.plain, address)
}

// Plain lists the addresses that were asked without TLS.
func (w *World) Plain() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.plain)
}

// Asked lists the requests so far, such as "GET https://host/path".
func (w *World) Asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.asked)
}

// Put publishes a document, after the edits for it.
func (w *World) Put(url string, content []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if edit := w.edits[url]; edit != nil {
		content = edit(content)
	}
	w.files[url] = content
}

// Get returns a published document; the test fails if there is none.
func (w *World) Get(url string) []byte {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	content, ok := w.files[url]
	if !ok {
		w.t.Fatalf("the imitation has no %s", url)
	}
	return content
}

// Remove takes a document away.
func (w *World) Remove(url string) {
	w.t.Helper()
	w.Get(url)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.files, url)
}

// Edit changes what will be published under an address; it is called before
// vendors are set up. Documents that the vendor signs are changed before they
// are signed.
func (w *World) Edit(url string, change func([]byte) []byte) { w.edits[url] = change }

// Spoil changes a document that is published already, as one in the middle
// would: its signature stays.
func (w *World) Spoil(url string, change func([]byte) []byte) {
	w.t.Helper()
	before := w.Get(url)
	after := change(bytes.Clone(before))
	if bytes.Equal(before, after) {
		w.t.Fatalf("%s stays the same, so nothing is tested", url)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files[url] = after
}

// Fault makes a server misbehave for one address.
func (w *World) Fault(url string, f Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[url] = f
}

func (w *World) serve(out http.ResponseWriter, r *http.Request) {
	url := "https://" + r.Host + r.URL.Path
	w.mu.Lock()
	w.asked = append(w.asked, r.Method+" "+url)
	content, ok := w.files[url]
	fault := w.faults[url]
	w.mu.Unlock()
	switch {
	case fault != nil:
		fault(out, r, content)
	case ok:
		serveFile(out, r, content)
	default:
		http.NotFound(out, r)
	}
}

// serveFile answers as a good server does: with ranges, a strong ETag, and no
// word on what the file is.
func serveFile(out http.ResponseWriter, r *http.Request, content []byte) {
	out.Header().Set("ETag", `"`+SHA256(content)[:16]+`"`)
	out.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(out, r, "", time.Time{}, bytes.NewReader(content))
}

// SHA256 is the digest of a document in hexadecimal digits.
func SHA256(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Mirror publishes everything below a root under another one too. Redirects of
// the vendor are left out: a mirror has the files themselves.
func (w *World) Mirror(root, other string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for url, content := range w.files {
		if rest, ok := strings.CutPrefix(url, root+"/"); ok {
			w.files[other+"/"+rest] = content
		}
	}
	for url, fault := range w.faults {
		if rest, ok := strings.CutPrefix(url, root+"/"); ok && w.files[url] == nil {
			w.faults[other+"/"+rest] = fault
		}
	}
}
