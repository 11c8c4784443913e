package cluster_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"distrolab/labs/cluster"
)

// imitation is a server that says what a test wants it to say. No Kubernetes is
// behind it.
type imitation struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]http.HandlerFunc // by path; "watch " before it for watches
	asked   []string
}

// newImitation starts one. Lists are empty and watches silent unless said
// otherwise.
func newImitation(t *testing.T, answers map[string]http.HandlerFunc) (*imitation, *cluster.Client) {
	t.Helper()
	s := &imitation{answers: answers}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Server.Close)
	t.Cleanup(s.CloseClientConnections)
	client, err := cluster.Connect(kubeconfig(s.URL, s.Certificate()), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return s, client
}

func (s *imitation) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	s.mu.Unlock()
	name := r.URL.Path
	if r.URL.Query().Get("watch") != "" {
		name = "watch " + name
	}
	if answer, ok := s.answers[name]; ok {
		answer(w, r)
		return
	}
	if strings.HasPrefix(name, "watch ") {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return
	}
	fmt.Fprint(w, `{"metadata":{"resourceVersion":"1"},"items":[]}`)
}

// says gives an answer that is always the same.
func says(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, text)
	}
}

// streams gives a watch that sends these events and then ends, or waits.
func streams(wait bool, events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		for _, e := range events {
			fmt.Fprintln(w, e)
		}
		w.(http.Flusher).Flush()
		if wait {
			<-r.Context().Done()
		}
	}
}

// kubeconfig names a server and the CA of its certificate.
func kubeconfig(server string, ca *x509.Certificate) []byte {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw})
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: lab
  cluster: {server: %q, certificate-authority-data: %s}
users:
- name: admin
  user: {token: not-shown}
contexts:
- name: lab
  context: {cluster: lab, user: admin}
current-context: lab
`, server, base64.StdEncoding.EncodeToString(text))
}

// event writes a watched event.
func event(t *testing.T, kind string, object any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"type": kind, "object": object})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// signature signs as the cluster's controller does.
func signature(secret, header, payload string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(header + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
