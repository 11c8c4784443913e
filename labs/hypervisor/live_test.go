package hypervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
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

func TestLiveMachineIsCreatedPausedRunsAndGoes(t *testing.T) {
	c := live(t)
	host, err := c.Host(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", host)
	if !host.QEMU.AtLeast(7, 2) || host.Emulator == "" {
		t.Errorf("host %+v: QEMU is too old or unknown", host)
	}
	events, err := c.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir, d := reachableDir(t), firmwareOnly(t, "life")
	d.ConsoleSocket, d.FirmwareSocket = dir+"/console", dir+"/firmware"
	d.Network = &NetworkPort{Socket: dir + "/net", MAC: "52:54:00:00:00:01"}
	console, firmware, network := listen(t, host, d.ConsoleSocket), listen(t, host, d.FirmwareSocket), listen(t, host, d.Network.Socket)
	m := create(t, c, d, CreateOptions{})
	wait(t, "the console", console.accepted)
	wait(t, "the network", network.accepted)
	wait(t, "the firmware port", firmware.accepted)
	wantState(t, m, StatePaused)
	if text := firmware.String(); text != "" {
		t.Errorf("the paused machine printed %q", text)
	}
	if _, err := c.Create(t.Context(), d, CreateOptions{}); !errors.Is(err, ErrExists) {
		t.Errorf("creating it twice: got %v, want ErrExists", err)
	}

	before := time.Now()
	if err := m.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := time.Now()
	resume := await(t, events, d.Name, QEMUResume)
	if resume.At.Before(before.Add(-resume.ErrBound)) || resume.At.After(after.Add(resume.ErrBound)) || resume.Source != FromQEMU || resume.UUID != m.UUID {
		t.Errorf("RESUME %+v is not between the call %v and its return %v", resume, before, after)
	}
	wait(t, "the firmware's first byte", firmware.arrived)
	wantState(t, m, StateRunning)
	checkList(t, c, d)
	pid, err := m.PID()
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("process %d: %v", pid, err)
	}

	if err := m.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stopped := await(t, events, d.Name, LifecycleStopped); stopped.Detail != "destroyed" {
		t.Errorf("stopped: %+v", stopped)
	}
	wantState(t, m, StateGone)
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
	if err := m.Destroy(t.Context()); err != nil {
		t.Errorf("destroying it again: %v", err)
	}
	if err := m.Resume(t.Context()); !errors.Is(err, ErrNotFound) {
		t.Errorf("resuming it: got %v, want ErrNotFound", err)
	}
	if !strings.Contains(firmware.String(), "SeaBIOS") {
		t.Errorf("the firmware printed %q", firmware.String())
	}
}

func checkList(t *testing.T, c *Connection, d Domain) {
	t.Helper()
	for home, want := range map[string]int{d.Tag.Home: 1, d.Tag.Home + "x": 0} {
		found, err := c.List(t.Context(), home)
		if err != nil || len(found) != want {
			t.Fatalf("listing %s: got %+v, %v, want %d", home, found, err, want)
		}
		if want == 1 && (found[0].Name != d.Name || found[0].Tag != d.Tag || found[0].State != StateRunning) {
			t.Errorf("listed %+v", found[0])
		}
	}
	if _, err := c.Lookup(t.Context(), d.Name); err != nil {
		t.Error(err)
	}
	if _, err := c.Lookup(t.Context(), d.Name+"x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("looking up a name that is not: %v", err)
	}
}

func TestLiveHostileNamesAndPathsReachQEMUWhole(t *testing.T) {
	c := live(t)
	host, err := c.Host(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	top := reachableDir(t)
	dir := filepath.Join(top, `a, b'c"d<&e`)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return dir + "/../" + filepath.Base(dir) + "/" + name
	}
	d := firmwareOnly(t, `it's, "a" <b>&c`)
	d.Disks = []Disk{{Path: write("disk,a.raw", strings.Repeat("\x00", 4096)), Format: Raw, Serial: "one"}}
	d.FWCfg = []FWCfg{{Name: "opt/test,a", Path: write("config,a", "hello")}}
	d.SMBIOS = SMBIOS{Serial: `ds=nocloud;s="a,b"`, OEMStrings: []string{"x=1,2"}}
	d.ConsoleSocket, d.FirmwareSocket, d.Network = dir+"/c,1", dir+"/f,,2", &NetworkPort{Socket: dir + "/n,3", MAC: "52:54:00:00:00:02"}
	sinks := []*sink{listen(t, host, d.ConsoleSocket), listen(t, host, d.FirmwareSocket), listen(t, host, d.Network.Socket)}
	m := create(t, c, d, CreateOptions{})
	for _, s := range sinks {
		wait(t, "a socket", s.accepted)
	}
	found, err := c.List(t.Context(), d.Tag.Home)
	if err != nil || len(found) != 1 || found[0].Tag != d.Tag || found[0].Name != d.Name {
		t.Errorf("listed %+v, %v", found, err)
	}
	if _, err := m.PID(); err != nil {
		t.Error(err)
	}
}

func TestLiveUEFIMachineGetsItsOwnVariables(t *testing.T) {
	c := live(t)
	host, err := c.Host(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if host.UEFI == nil {
		t.Fatal("no UEFI firmware is installed (Debian: ovmf)")
	}
	d, dir := firmwareOnly(t, "uefi"), reachableDir(t)
	d.MemoryMiB = 256
	d.Firmware = Firmware{Kind: UEFI, Code: host.UEFI.Code, VarsTemplate: host.UEFI.VarsTemplate, Vars: dir + "/vars.fd"}
	d.ConsoleSocket = dir + "/console"
	console := listen(t, host, d.ConsoleSocket)
	m := create(t, c, d, CreateOptions{})
	if err := m.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait(t, "OVMF on the console", console.arrived)
	want, err := os.Stat(host.UEFI.VarsTemplate)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.Stat(d.Firmware.Vars); err != nil || got.Size() != want.Size() {
		t.Errorf("variable store: %v, %v", got, err)
	}
}

func TestLiveAutoDestroyEndsWithTheConnection(t *testing.T) {
	c := live(t)
	short := openLive(t, Options{RuntimeDir: os.Getenv("XDG_RUNTIME_DIR")})
	events, err := c.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := firmwareOnly(t, "auto")
	create(t, short, d, CreateOptions{AutoDestroy: true})
	short.tap.Close() // as a killed process does
	await(t, events, d.Name, LifecycleStopped)
	if _, err := c.Lookup(t.Context(), d.Name); !errors.Is(err, ErrNotFound) {
		t.Errorf("looking it up: %v, want ErrNotFound", err)
	}
}

func TestLiveWatchEndsWithItsContext(t *testing.T) {
	c := live(t)
	ctx, cancel := context.WithCancel(t.Context())
	events, err := c.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range events { // ends, or the test times out
	}
	if _, err := c.Host(t.Context()); err != nil {
		t.Errorf("the connection suffers: %v", err)
	}
}

func TestLiveMissingDiskIsACleanError(t *testing.T) {
	c := live(t)
	d := firmwareOnly(t, "nodisk")
	d.Disks = []Disk{{Path: "/nonexistent/disk.qcow2", Format: QCOW2}}
	if _, err := c.Create(t.Context(), d, CreateOptions{}); err == nil || !strings.Contains(err.Error(), "/nonexistent/disk.qcow2") {
		t.Errorf("got %v, want the path", err)
	}
	if _, err := c.Lookup(t.Context(), d.Name); !errors.Is(err, ErrNotFound) {
		t.Errorf("it exists: %v", err)
	}
}

func TestLiveOverTCP(t *testing.T) {
	needLive(t)
	if os.Getuid() != 0 {
		t.Skip("forwards the system daemon's socket, which root may open")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		in, err := listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("unix", "/run/libvirt/libvirt-sock")
		if err != nil {
			in.Close()
			return
		}
		go io.Copy(out, in)
		io.Copy(in, out)
		in.Close()
	}()
	c := openLive(t, Options{URI: "qemu+tcp://" + listener.Addr().String() + "/system"})
	if host, err := c.Host(t.Context()); err != nil || host.UEFI != nil {
		t.Errorf("got %+v, %v; another machine's firmware is not ours to find", host, err)
	}
}

func TestLiveSystemDaemonRefusesAStranger(t *testing.T) {
	needLive(t)
	if os.Getuid() == 0 {
		t.Skip("root may do everything")
	}
	_, err := Open(t.Context(), Options{URI: "qemu:///system"})
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || unavailable.Reason != "permission denied" {
		t.Errorf("got %v, want permission denied", err)
	}
}

func TestLiveDaemonDiesAndItsMachineIsFoundAgain(t *testing.T) {
	needLive(t)
	if os.Getuid() == 0 {
		t.Skip("root has no session daemon that a test may kill")
	}
	opt := Options{RuntimeDir: reachableDir(t)}
	c := openLive(t, opt)
	events, err := c.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := firmwareOnly(t, "orphan")
	m := create(t, c, d, CreateOptions{})
	killSessionDaemon(t, opt.RuntimeDir)
	for range events { // the death closes the channel
	}
	wait(t, "Done", c.Done())
	if _, err := m.State(t.Context()); !errors.Is(err, ErrDisconnected) {
		t.Errorf("asking after its death: got %v, want ErrDisconnected", err)
	}
	again := openLive(t, opt) // the socket is there, but nobody listens
	found, err := again.List(t.Context(), d.Tag.Home)
	if err != nil || len(found) != 1 || found[0].State != StatePaused {
		t.Fatalf("listed %+v, %v, want the paused machine", found, err)
	}
	if err := found[0].Destroy(t.Context()); err != nil {
		t.Error(err)
	}
	t.Cleanup(func() { killSessionDaemon(t, opt.RuntimeDir) })
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

// BenchmarkCreateToResume is the time from the request to running processors;
// BenchmarkVirshCreate is the same domain by virsh, to compare in one run.
func BenchmarkCreateToResume(b *testing.B) {
	c := live(b)
	for b.Loop() {
		m, err := c.Create(b.Context(), firmwareOnly(b, "bench"), CreateOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Resume(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := m.Destroy(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkVirshCreate(b *testing.B) {
	c := live(b)
	d := firmwareOnly(b, "bench")
	document, err := d.XML()
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "domain.xml")
	if err := os.WriteFile(path, []byte(document), 0o644); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if output, err := exec.Command("virsh", "-c", c.URI(), "create", path).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, output)
		}
		b.StopTimer()
		m, err := c.Lookup(b.Context(), d.Name)
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Destroy(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
