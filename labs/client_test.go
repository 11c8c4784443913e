package labs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs"
	"distrolab/labs/home"
	"distrolab/labs/ledger"
	"distrolab/labs/machine"
)

// testHome is a home whose sockets have short paths.
func testHome(t *testing.T) home.Home {
	t.Helper()
	run, err := os.MkdirTemp("/tmp", "dl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	h := home.Home{Data: filepath.Join(t.TempDir(), "data"), Run: filepath.Join(run, "r", "x")}
	if err := h.Prepare(); err != nil {
		t.Fatal(err)
	}
	return h
}

// serve answers in place of a lab's process.
func serve(t *testing.T, h home.Home, lab string, handler http.HandlerFunc) *labs.Client {
	t.Helper()
	if err := os.MkdirAll(h.Sockets(lab), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", labs.SocketPath(h, lab))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return labs.Connect(h, lab)
}

func TestClientSaysWhatTheLabSays(t *testing.T) {
	c := serve(t, testHome(t), "trial", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no: "+r.Method+" "+r.URL.EscapedPath(), http.StatusConflict)
	})
	_, err := c.Status(t.Context())
	wantError(t, err, "asking lab trial: no: GET /v1/lab")
	_, err = c.Forward(t.Context(), "a/../b", labs.Forward{})
	wantError(t, err, "no: POST /v1/machines/a%2F..%2Fb/forwards")
	_, err = c.Console(t.Context(), "m?x")
	wantError(t, err, "no: GET /v1/machines/m%3Fx/console")
	_, err = c.Dial(t.Context(), "m", 22)
	wantError(t, err, "no: GET /v1/machines/m/ports/22")
	wantError(t, c.Down(t.Context()), "no: POST /v1/down")
	wantError(t, c.Events(t.Context(), func(labs.Event) bool { return true }), "no: GET /v1/events")
}

func TestClientOfALabWhoseProcessIsGone(t *testing.T) {
	h := testHome(t)
	c := labs.Connect(h, "trial")
	_, err := c.Status(t.Context()) // no socket
	wantError(t, err, "distrolab gc")
	if err := os.MkdirAll(h.Sockets("trial"), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: labs.SocketPath(h, "trial")})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	_, err = c.Status(t.Context()) // a socket that nobody listens on
	wantError(t, err, "distrolab gc")
	_, err = c.Console(t.Context(), "m")
	wantError(t, err, "distrolab gc")
}

func TestEventsEndWithTheLabTheReaderOrTheContext(t *testing.T) {
	h := testHome(t)
	more := make(chan struct{})
	c := serve(t, h, "trial", func(w http.ResponseWriter, r *http.Request) {
		for i := range 3 {
			json.NewEncoder(w).Encode(labs.Event{Machine: fmt.Sprint(i)})
		}
		w.(http.Flusher).Flush()
		select {
		case <-more:
		case <-r.Context().Done():
		}
	})
	seen := 0
	if err := c.Events(t.Context(), func(labs.Event) bool { seen++; return seen < 2 }); err != nil || seen != 2 {
		t.Errorf("%d events, %v", seen, err)
	}
	stop := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	seen = 0
	err := c.Events(ctx, func(labs.Event) bool {
		if seen++; seen == 3 {
			cancel(stop)
		}
		return true
	})
	if !errors.Is(err, stop) {
		t.Errorf("after the context ended: %v", err)
	}
	close(more)
	seen = 0
	if err := c.Events(t.Context(), func(labs.Event) bool { seen++; return true }); err != nil || seen != 3 {
		t.Errorf("after the lab ended: %d events, %v", seen, err)
	}
}

func TestStreamKeepsBytesThatCameWithTheAnswer(t *testing.T) {
	c := serve(t, testHome(t), "trial", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\nearly", labs.UpgradeProtocol)
		buffer := make([]byte, 4)
		if _, err := io.ReadFull(conn, buffer); err == nil {
			conn.Write(buffer)
		}
	})
	stream, err := c.Console(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if _, err := stream.Write([]byte("echo")); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(stream); err != nil || string(text) != "earlyecho" {
		t.Errorf("read %q, %v", text, err)
	}
}

// TestFindMachine lists labs from what is stored; their processes do not answer.
func TestFindMachine(t *testing.T) {
	h := testHome(t)
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := labs.FindMachine(t.Context(), h, "x"); err == nil || !strings.Contains(err.Error(), "distrolab up") {
		t.Errorf("without any: %v", err)
	}
	for lab, names := range map[string][]string{"one": {"debian", "talos"}, "two": {"debian"}} {
		l, err := ledger.Create(h.Lab(lab), ledger.Owner{Lab: lab, Purpose: "lab", Process: self})
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		spec := labs.Spec{Name: lab}
		for _, n := range names {
			spec.Machines = append(spec.Machines, machine.Spec{Name: n, Distro: n, Address: netip.MustParseAddr("192.168.127.10")})
		}
		if err := labs.WriteSpec(h, spec); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"talos": "one", "two/debian": "two", "one/debian": "one"} {
		lab, m, err := labs.FindMachine(t.Context(), h, name)
		if err != nil || lab != want || !strings.HasSuffix(name, m.Name) || m.State != labs.StatePlanned {
			t.Errorf("%s: lab %q, machine %+v, error %v", name, lab, m, err)
		}
	}
	for name, text := range map[string]string{"debian": "one/debian and two/debian", "nope": "there is", "three/debian": "no machine",
		"": "no machine", "/": "no machine", "../one/debian": "no machine"} {
		_, _, err := labs.FindMachine(t.Context(), h, name)
		wantError(t, err, text)
	}
}

func TestDownOfWhatIsNotALab(t *testing.T) {
	h := testHome(t)
	var unknown *labs.UnknownLabError
	if err := labs.Down(t.Context(), h, "nope"); !errors.As(err, &unknown) {
		t.Errorf("unknown: %v", err)
	}
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for lab, owner := range map[string]ledger.Owner{"bench-1": {Purpose: "bench", Process: self}, "dead": {Purpose: "lab"}} {
		l, err := ledger.Create(h.Lab(lab), owner)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
	wantError(t, labs.Down(t.Context(), h, "bench-1"), "session of bench")
	wantError(t, labs.Down(t.Context(), h, "dead"), "distrolab gc")
	err = labs.Down(t.Context(), h, "nope")
	if errors.As(err, &unknown); cmp.Diff([]string{"bench-1", "dead"}, unknown.Known) != "" {
		t.Errorf("known: %v", unknown.Known)
	}
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want an error with %q", err, text)
	}
}
