package hypervisor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// liveWanted says whether the tests may use the machine's libvirt.
func liveWanted() bool { return os.Getenv("DISTROLAB_TEST_LIBVIRT") == "1" }

// live connects as this user does by default: root to the system daemon,
// everybody else to the session daemon, which Open starts.
func live(t testing.TB) *Connection {
	t.Helper()
	needLive(t)
	return openLive(t, Options{RuntimeDir: os.Getenv("XDG_RUNTIME_DIR")})
}

func needLive(t testing.TB) {
	t.Helper()
	if !liveWanted() {
		t.Skip("set DISTROLAB_TEST_LIBVIRT=1 to run the tests that start domains (as root: qemu:///system, otherwise qemu:///session)")
	}
}

func openLive(t testing.TB, opt Options) *Connection {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := Open(ctx, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// reachableDir is a directory with a short name that QEMU's user can enter.
func reachableDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "hv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sink listens on a socket, as an observer does, and keeps what arrives.
type sink struct {
	mu       sync.Mutex
	got      bytes.Buffer
	accepted chan struct{}
	arrived  chan struct{} // closed at the first byte
}

func listen(t testing.TB, host Host, path string) *sink {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	if err := host.Give(path); err != nil {
		t.Fatal(err)
	}
	s := &sink{accepted: make(chan struct{}), arrived: make(chan struct{})}
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		close(s.accepted)
		io.Copy(s, conn)
	}()
	return s
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.got.Len() == 0 {
		close(s.arrived)
	}
	return s.got.Write(p)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.String()
}

func wait(t testing.TB, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("waiting for %s: nothing happened in a minute", what)
	}
}

// await returns the first event of the kind for the domain.
func await(t *testing.T, events <-chan Event, domain string, kind EventKind) Event {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case event, ok := <-events:
			if !ok {
				t.Fatalf("waiting for %s of %s: the channel closed", kind, domain)
			}
			if event.Domain == domain && event.Kind == kind {
				return event
			}
		case <-deadline:
			t.Fatalf("waiting for %s of %s: nothing in a minute", kind, domain)
		}
	}
}

// firmwareOnly is a machine with nothing to boot: SeaBIOS runs and gives up.
func firmwareOnly(t testing.TB, name string) Domain {
	return Domain{
		Name: fmt.Sprintf("distrolab-test-%d-%s", os.Getpid(), name), VCPUs: 1, MemoryMiB: 64, Accelerator: TCG,
		Tag: Tag{Home: fmt.Sprintf("/test/%d/%s", os.Getpid(), name), Owner: "test", Machine: name},
	}
}

func create(t testing.TB, c *Connection, d Domain, opt CreateOptions) *Machine {
	t.Helper()
	m, err := c.Create(t.Context(), d, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		select {
		case <-c.Done():
		default:
			if err := m.Destroy(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return m
}

func wantState(t *testing.T, m *Machine, want State) {
	t.Helper()
	if got, err := m.State(t.Context()); err != nil || got != want {
		t.Errorf("state: got %s, %v, want %s", got, err, want)
	}
}

// killSessionDaemon ends the daemon that belongs to the directory, and waits
// until it is gone.
func killSessionDaemon(t *testing.T, runtimeDir string) {
	t.Helper()
	for _, name := range []string{"virtqemud.pid", "libvirtd.pid"} {
		content, err := os.ReadFile(filepath.Join(runtimeDir, "libvirt", name))
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
		if err != nil || pid <= 1 {
			t.Fatalf("%s holds %q", name, content)
		}
		for syscall.Kill(pid, syscall.SIGKILL) == nil {
			time.Sleep(time.Millisecond)
		}
	}
}
