package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/cluster"
	"distrolab/labs/observe"
)

const (
	nodesPath    = "/api/v1/nodes"
	requestsPath = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
)

// endless answers with the same bytes without an end.
func endless(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		block := []byte(strings.Repeat(text, 64<<10/len(text)))
		for r.Context().Err() == nil {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

// grows fails when f leaves more memory in use, at its most, than limit.
func grows(t *testing.T, limit uint64, f func()) {
	t.Helper()
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&now)
	if used := now.HeapSys - min(before.HeapSys, now.HeapSys); used > limit {
		t.Errorf("the heap grew by %d MiB", used>>20)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	_, client := newImitation(t, map[string]http.HandlerFunc{nodesPath: endless(`{"items":[{`)})
	grows(t, 256<<20, func() {
		_, err := client.Nodes(within(t))
		if err == nil || !strings.Contains(err.Error(), "is longer than") {
			t.Errorf("an endless answer: %v", err)
		}
	})
}

func TestEventsAreBounded(t *testing.T) {
	_, client := newImitation(t, map[string]http.HandlerFunc{"watch " + nodesPath: endless(`{"type":`)})
	grows(t, 256<<20, func() {
		w, seen := watch(t, client, "node-1")
		awaitFault(t, w, "the watch of the node was lost: bufio.Scanner: token too long")
		w.Close()
		if got := seen.list(); len(got) > 0 {
			t.Errorf("marked %v", got)
		}
	})
}

func awaitFault(t *testing.T, w *cluster.Watch, want string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		for _, f := range w.Faults() {
			if f.Text == want {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("faults %v; want %q", w.Faults(), want)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// What a server says must neither make a watch mark something nor end it.
func TestNonsenseMarksNothing(t *testing.T) {
	for name, line := range map[string]string{
		"no JSON":            "\x00\xff\x1b]0;title\x07",
		"another shape":      `["ADDED", 1]`,
		"no object":          `{"type":"ADDED"}`,
		"null":               `{"type":"ADDED","object":null}`,
		"wrong types":        `{"type":"ADDED","object":{"metadata":{"name":["node-1"]},"status":7}}`,
		"another node":       `{"type":"ADDED","object":{"metadata":{"name":"node-2","managedFields":[{"manager":"kubelet"}]}}}`,
		"unknown type":       `{"type":"RENAMED","object":{"metadata":{"name":"node-1"}}}`,
		"an error":           `{"type":"ERROR","object":{"message":"\u001b[2Jtoo old"}}`,
		"an error of no use": `{"type":"ERROR","object":[]}`,
		"a bookmark":         `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}`,
		"deep":               `{"type":"ADDED","object":` + strings.Repeat("[", 20000),
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]http.HandlerFunc{}
			for _, path := range []string{nodesPath, requestsPath, "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", "/api/v1/namespaces/distrolab/pods"} {
				answers["watch "+path] = streams(false, line)
			}
			_, client := newImitation(t, answers)
			w, seen := watch(t, client, "node-1")
			deadline := time.Now().Add(patience)
			for w.Reconnects() < 8 && time.Now().Before(deadline) {
				time.Sleep(time.Millisecond)
			}
			if n := w.Reconnects(); n < 8 {
				t.Errorf("%d reconnects", n)
			}
			w.Close()
			if got := seen.list(); len(got) > 0 {
				t.Errorf("marked %v", got)
			}
			if faults := w.Faults(); len(faults) > 16 {
				t.Errorf("%d faults are kept", len(faults))
			}
			for _, f := range w.Faults() {
				checkPrintable(t, f.Text)
			}
			checkPrintable(t, w.State())
		})
	}
}

func checkPrintable(t *testing.T, text string) {
	t.Helper()
	if len(text) > 600 {
		t.Errorf("a text of %d bytes", len(text))
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			t.Errorf("%q has %U", text, r)
		}
	}
}

func TestServersTextsArePrintable(t *testing.T) {
	_, client := newImitation(t, map[string]http.HandlerFunc{
		"/version": says(200, `{"gitVersion":"v1\u001b[31m\n.36`+strings.Repeat("x", 5000)+`"}`),
		nodesPath: says(200, `{"items":[{"metadata":{"name":"a\u001b[2Jb","creationTimestamp":"soon"},
			"status":{"nodeInfo":{"osImage":"`+strings.Repeat("\u202e", 300)+`","kernelVersion":"6\u0000"},
			"conditions":[{"type":"Ready","status":"False","reason":"R\n","message":"m\r"}]}}]}`),
		"/readyz": says(500, "\x1b[31m[-]etcd failed\n"),
	})
	version, err := client.ServerVersion(within(t))
	if err != nil {
		t.Fatal(err)
	}
	checkPrintable(t, version)
	nodes, err := client.Nodes(within(t))
	if err != nil || len(nodes) != 1 {
		t.Fatalf("%v, %v", nodes, err)
	}
	for _, text := range []string{nodes[0].Name, nodes[0].OS, nodes[0].Kernel, nodes[0].Reason} {
		checkPrintable(t, text)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err = client.Ready(ctx)
	if err == nil || !strings.Contains(err.Error(), `\x1b[31m[-]etcd failed`) {
		t.Errorf("Ready: %v", err)
	}
	checkPrintable(t, err.Error())
}

func TestRefusalsAreTold(t *testing.T) {
	s, client := newImitation(t, map[string]http.HandlerFunc{
		nodesPath: says(403, `{"kind":"Status","reason":"Forbidden","message":"nodes is forbidden"}`),
		"/readyz": says(401, `{"kind":"Status","reason":"Unauthorized","message":"Unauthorized"}`),
		"/version": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		},
	})
	var refused *cluster.StatusError
	_, err := client.Nodes(within(t))
	if !errors.As(err, &refused) || refused.Code != 403 || refused.Reason != "Forbidden" || refused.Message != "nodes is forbidden" {
		t.Errorf("listing nodes: %v", err)
	}
	if want := "listing nodes: the API server answers 403 Forbidden: nodes is forbidden"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if _, err := client.ServerVersion(within(t)); !errors.As(err, &refused) || refused.Code != 302 {
		t.Errorf("a redirection: %v", err)
	}
	begun := time.Now()
	if err := client.Ready(within(t)); !errors.As(err, &refused) || time.Since(begun) > 10*time.Second {
		t.Errorf("Ready without a valid login, after %v: %v", time.Since(begun), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, asked := range s.asked {
		if strings.Contains(asked, "elsewhere") {
			t.Error("a redirection was followed")
		}
	}
}

// A server that selects wrongly must not make Forget delete what belongs to
// another node.
func TestForgetDeletesOnlyTheNodes(t *testing.T) {
	s, client := newImitation(t, map[string]http.HandlerFunc{
		"/api/v1/pods": says(200, `{"items":[{"metadata":{"name":"other","namespace":"kube-system"},"spec":{"nodeName":"node-2"}},
			{"metadata":{"name":"../../nodes/node-2","namespace":"a"},"spec":{"nodeName":"node-1"}},
			{"metadata":{"name":"..","namespace":"a"},"spec":{"nodeName":"node-1"}}, {"metadata":{"name":"a","namespace":".."},"spec":{"nodeName":"node-1"}}]}`),
		requestsPath: says(200, `{"items":[{"metadata":{"name":"csr-1"},"spec":{"request":"AAAA"}},{"metadata":{"name":"csr-2"}}]}`),
	})
	if err := client.Forget(within(t), "node-1"); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var asked []string
	for _, a := range s.asked {
		if strings.HasPrefix(a, "DELETE") {
			asked = append(asked, a)
		}
	}
	want := []string{
		"DELETE /api/v1/namespaces/distrolab/pods/hello-node-1", "DELETE /api/v1/nodes/node-1",
		"DELETE /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1",
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
}

func TestNamesThatNoNodeHas(t *testing.T) {
	_, client := newImitation(t, nil)
	for _, name := range []string{"", "A", "a/b", "a,b=c", "..", "a ", "ä", "-a", "a\n", strings.Repeat("a", 254)} {
		if err := client.Forget(within(t), name); err == nil {
			t.Errorf("Forget(%q) is accepted", name)
		}
		if err := client.RunHello(within(t), name, "image"); err == nil {
			t.Errorf("RunHello(%q) is accepted", name)
		}
		if _, err := client.Watch(t.Context(), name, nil); err == nil {
			t.Errorf("Watch(%q) is accepted", name)
		}
	}
}

// A Node that something else makes in advance is not yet registered by its
// kubelet: only what the kubelet writes counts.
func TestNodeMadeByAnotherIsNotRegistered(t *testing.T) {
	by := func(manager string) map[string]any {
		return map[string]any{"metadata": map[string]any{"name": "node-1", "managedFields": []any{map[string]any{"manager": manager}}}}
	}
	step := make(chan struct{})
	_, client := newImitation(t, map[string]http.HandlerFunc{"watch " + nodesPath: func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		fmt.Fprintln(w, event(t, "ADDED", by("karpenter")))
		w.(http.Flusher).Flush()
		<-step
		fmt.Fprintln(w, event(t, "MODIFIED", by("kubelet")))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}})
	w, seen := watch(t, client, "node-1")
	awaitState(t, w, "node node-1 is registered; its kubelet has not reported")
	if got := seen.list(); len(got) > 0 {
		t.Errorf("marked %v", got)
	}
	close(step)
	seen.wait(t, w, observe.NodeRegistered)
}

func TestAuditLogIsBounded(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"one long line":    io.MultiReader(strings.NewReader(strings.Repeat("x", 2<<20)), strings.NewReader("\n")),
		"without an end":   repeated(strings.Repeat("\n", 4096)),
		"too many of them": repeated(auditLine("create", "system:node:node-1", "nodes", "node-1", 201, 0)),
	} {
		grows(t, 256<<20, func() {
			if events, err := cluster.ReadAudit(r, "node-1"); err == nil {
				t.Errorf("%s: %d events", name, len(events))
			}
		})
	}
}

// repeated is a text without an end.
func repeated(text string) io.Reader { return &endlessReader{text: []byte(text)} }

type endlessReader struct {
	text []byte
	at   int
}

func (r *endlessReader) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}
