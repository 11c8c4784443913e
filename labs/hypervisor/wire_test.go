package hypervisor

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	libvirt "github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"
)

// xdrWriter builds what libvirt would send.
type xdrWriter []byte

func (w *xdrWriter) u32(values ...uint32) *xdrWriter {
	for _, v := range values {
		*w = binary.BigEndian.AppendUint32(*w, v)
	}
	return w
}

func (w *xdrWriter) str(s string) *xdrWriter {
	w.u32(uint32(len(s)))
	*w = append(*w, s...)
	*w = append(*w, make([]byte, -len(s)&3)...)
	return w
}

func (w *xdrWriter) domain(name string) *xdrWriter {
	w.str(name)
	for i := range 16 {
		*w = append(*w, byte(i))
	}
	return w.u32(7)
}

func message(program, procedure, kind, serial uint32, payload []byte) []byte {
	var w xdrWriter
	w.u32(uint32(packetHeader+len(payload)), program, 1, procedure, kind, serial, 0)
	return append(w, payload...)
}

func qemuEvent(name string, at time.Time, detail string) []byte {
	var w xdrWriter
	w.u32(1).domain("vm").str(name)
	w = binary.BigEndian.AppendUint64(w, uint64(at.Unix()))
	w.u32(uint32(at.Nanosecond() / 1000))
	if detail == "" {
		w.u32(0)
	} else {
		w.u32(1).str(detail)
	}
	return w
}

const testUUID = "00010203-0405-0607-0809-0a0b0c0d0e0f"

func TestDecodeEventPutsQEMUsStampOnOurClock(t *testing.T) {
	arrived := time.Now()
	sent := arrived.Add(-1500 * time.Microsecond).Truncate(time.Microsecond)
	got, err := decodeEvent(packet{program: qemuProgram, procedure: monitorProc, arrived: arrived, payload: qemuEvent("RESUME", sent, `{"a":1}`)}, true)
	if err != nil {
		t.Fatal(err)
	}
	if d := got.At.Sub(sent); d != 0 {
		t.Errorf("At is off by %v", d)
	}
	if !strings.Contains(got.At.String(), "m=") {
		t.Errorf("At %v carries no monotonic reading", got.At)
	}
	got.At = time.Time{}
	want := Event{Domain: "vm", UUID: testUUID, Source: FromQEMU, Kind: QEMUResume, ErrBound: qemuErrBound, Detail: `{"a":1}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecodeEventFallsBackToArrivalWhenTheClockIsNotOurs(t *testing.T) {
	arrived := time.Now()
	for name, c := range map[string]struct {
		sent      time.Time
		sameClock bool
		bound     time.Duration
	}{
		"from the future":   {arrived.Add(time.Hour), true, lifecycleErrBound},
		"from long ago":     {arrived.Add(-time.Hour), true, lifecycleErrBound},
		"another machine's": {arrived.Add(-time.Millisecond), false, lifecycleErrBound},
		"a hair too new":    {arrived.Add(500 * time.Microsecond), true, qemuErrBound},
	} {
		got, err := decodeEvent(packet{program: qemuProgram, arrived: arrived, payload: qemuEvent("STOP", c.sent, "")}, c.sameClock)
		if err != nil || !got.At.Equal(arrived) || got.ErrBound != c.bound {
			t.Errorf("%s: got %+v, %v, want arrival and bound %v", name, got, err, c.bound)
		}
	}
}

func TestDecodeEventNamesLifecycle(t *testing.T) {
	for _, c := range []struct {
		kind, detail uint32
		want         EventKind
		wantDetail   string
	}{
		{2, 0, LifecycleStarted, "booted"}, {4, 0, LifecycleResumed, "unpaused"}, {5, 1, LifecycleStopped, "destroyed"},
		{5, 99, LifecycleStopped, "99"}, {0, 1, LifecycleOther, "0/1"}, {1 << 31, 1, LifecycleOther, "2147483648/1"},
	} {
		var w xdrWriter
		w.u32(3).domain("vm").u32(c.kind, c.detail)
		got, err := decodeEvent(packet{program: remoteProgram, payload: w}, true)
		if err != nil || got.Kind != c.want || got.Detail != c.wantDetail || got.Source != FromLibvirt {
			t.Errorf("%d/%d: got %+v, %v", c.kind, c.detail, got, err)
		}
	}
}

func FuzzDecodeEvent(f *testing.F) {
	f.Add([]byte(qemuEvent("RESUME", time.Unix(1, 0), "x")), true)
	f.Add([]byte{0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff}, false)
	f.Fuzz(func(t *testing.T, payload []byte, qemu bool) {
		p := packet{program: remoteProgram, payload: payload}
		if qemu {
			p.program = qemuProgram
		}
		event, err := decodeEvent(p, true)
		if err == nil && len(event.UUID) != 36 {
			t.Errorf("accepted %+v", event)
		}
	})
}

func TestTapTakesEventsOutAndLeavesTheRest(t *testing.T) {
	ours, theirs := net.Pipe()
	var events []packet
	tap := newTap(ours, func(p packet) { events = append(events, p) })
	reply := message(remoteProgram, authProc, 1, 5, []byte("payload!"))
	go func() {
		theirs.Write(message(qemuProgram, monitorProc, messageType, 0, qemuEvent("STOP", time.Now(), "")))
		theirs.Write(reply)
		theirs.Write(message(remoteProgram, lifecycleProc, messageType, 0, make([]byte, 8)))
		theirs.Close()
	}()
	got, err := io.ReadAll(tap)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(reply, got); diff != "" {
		t.Errorf("what the library reads (-want +got):\n%s", diff)
	}
	if len(events) != 2 || events[0].program != qemuProgram || events[1].procedure != lifecycleProc {
		t.Errorf("events: %+v", events)
	}
	select {
	case <-tap.closed:
	default:
		t.Error("the tap is not closed at the end of the stream")
	}
}

func TestTapRefusesImpossibleSizes(t *testing.T) {
	for _, size := range []uint32{0, 3, packetHeader - 1, packetMax + 1, 1<<32 - 1} {
		ours, theirs := net.Pipe()
		go func() {
			theirs.Write(binary.BigEndian.AppendUint32(nil, size))
			theirs.Close()
		}()
		if _, err := newTap(ours, nil).Read(make([]byte, 100)); err == nil || !strings.Contains(err.Error(), "not a possible size") {
			t.Errorf("size %d: got %v", size, err)
		}
	}
}

// Procedures of libvirt's remote protocol that a fake answers.
const (
	openProc    = 1
	createProc  = 10
	destroyProc = 12
	authProc    = 66
)

// answer gives the reply to a call, or false for none.
type answer func(procedure uint32) (payload []byte, ok bool)

func silent(uint32) ([]byte, bool) { return nil, false }

// hanging lets a client in, then leaves every call unanswered.
func hanging(procedure uint32) ([]byte, bool) {
	if procedure == authProc { // the list of ways to authenticate: one, none
		return []byte{0, 0, 0, 1, 0, 0, 0, 0}, true
	}
	return nil, procedure == openProc
}

// fakeDaemon listens on a socket and answers as told.
func fakeDaemon(t *testing.T, reply answer) (uri string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveFake(conn, reply)
		}
	}()
	return "qemu:///system?socket=" + path
}

func serveFake(conn net.Conn, reply answer) {
	defer conn.Close()
	for {
		request, _, err := readPacket(conn)
		if err != nil {
			return
		}
		procedure, serial := binary.BigEndian.Uint32(request[12:]), binary.BigEndian.Uint32(request[20:])
		if payload, ok := reply(procedure); ok {
			conn.Write(message(remoteProgram, procedure, 1, serial, payload))
		}
	}
}

func TestADomainThatComesTooLateIsDestroyed(t *testing.T) {
	asked, release, destroyed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	c, err := Open(t.Context(), Options{URI: fakeDaemon(t, func(procedure uint32) ([]byte, bool) {
		switch procedure {
		case createProc:
			close(asked)
			<-release
			var w xdrWriter
			return *w.domain("late"), true
		case destroyProc:
			close(destroyed)
			return nil, true
		}
		return hanging(procedure)
	})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := c.Create(ctx, Domain{Name: "late", VCPUs: 1, MemoryMiB: 64, Accelerator: TCG}, CreateOptions{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the cancelled context", err)
	}
	close(release)
	wait(t, "the domain's end", destroyed)
	c.Close()
}

func TestOpenSurvivesNonsense(t *testing.T) {
	for name, payload := range map[string][]byte{
		"nothing": {}, "too short": {0, 0}, "a huge list": {0xff, 0xff, 0xff, 0xff}, "a large list": {0, 0xff, 0xff, 0xff, 1, 2, 3},
	} {
		uri := fakeDaemon(t, func(uint32) ([]byte, bool) { return payload, true })
		if c, err := Open(t.Context(), Options{URI: uri}); err == nil {
			c.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

func TestOpenEndsWithItsContextWhenTheServerIsSilent(t *testing.T) {
	uri := fakeDaemon(t, silent)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("enough"))
	defer cancel()
	_, err := Open(ctx, Options{URI: uri})
	if err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("got %v, want the context's cause", err)
	}
}

func TestCallsEndWithTheirContextWhenTheServerHangs(t *testing.T) {
	c, err := Open(t.Context(), Options{URI: fakeDaemon(t, hanging)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	domain := Domain{Name: "a", VCPUs: 1, MemoryMiB: 64, Accelerator: TCG}
	for name, f := range map[string]func() error{
		"Host":   func() error { _, err := c.Host(ctx); return err },
		"List":   func() error { _, err := c.List(ctx, ""); return err },
		"Create": func() error { _, err := c.Create(ctx, domain, CreateOptions{}); return err },
		"Watch":  func() error { _, err := c.Watch(ctx); return err },
		"Lookup": func() error { _, err := c.Lookup(ctx, "a"); return err },
	} {
		if err := f(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want the deadline", name, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if _, err := c.Lookup(t.Context(), "a"); !errors.Is(err, ErrDisconnected) {
		t.Errorf("after Close: got %v, want ErrDisconnected", err)
	}
}

func TestOpenExplainsWhatItCannotReach(t *testing.T) {
	dir := t.TempDir()
	dead := filepath.Join(dir, "dead")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	listener.Close()
	locked := filepath.Join(dir, "locked")
	if err := os.Mkdir(locked, 0); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"qemu:///system?socket=" + filepath.Join(dir, "none"): "libvirt",
		"qemu:///system?socket=" + dead:                       "connection refused",
		"xen:///system":                                       "only the QEMU driver",
		"qemu:///embed":                                       "only the QEMU driver",
		"qemu+ssh:///system":                                  "no host",
		"qemu+carrier-pigeon://host/system":                   "transport",
		":":                                                   "not a URI",
		"qemu+tcp://127.0.0.1:1/system":                       "cannot be reached",
	}
	if os.Getuid() == 0 {
		cases["qemu:///session"] = "root has no session daemon"
	} else {
		cases["qemu:///system?socket="+locked+"/sock"] = "permission denied"
	}
	for uri, want := range cases {
		_, err := Open(t.Context(), Options{URI: uri, RuntimeDir: dir})
		var unavailable *UnavailableError
		if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), want) || unavailable.Fix == "" {
			t.Errorf("%s: got %v, want it to contain %q and a fix", uri, err, want)
		}
	}
}

func TestAdviceDependsOnWhatIsInstalled(t *testing.T) {
	system := target{uri: "qemu:///system", name: "qemu:///system"}
	yes := func(string) (string, error) { return "/usr/sbin/libvirtd", nil }
	no := func(string) (string, error) { return "", os.ErrNotExist }
	for want, find := range map[string]func(string) (string, error){"virtlogd -d; libvirtd -d": yes, "apt-get install libvirt-daemon-system": no} {
		if err := system.advise(os.ErrNotExist, find); !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if err := system.advise(os.ErrPermission, yes); !strings.Contains(err.Error(), "usermod -aG libvirt") {
		t.Errorf("got %v", err)
	}
}

func TestSessionDaemonSaysWhatIsMissing(t *testing.T) {
	nothing := func(string) (string, error) { return "", os.ErrNotExist }
	for want, s := range map[string]sessionDaemon{
		"libvirt is not installed": {runtimeDir: t.TempDir(), find: nothing},
		"does not exist":           {runtimeDir: filepath.Join(t.TempDir(), "none"), find: nothing},
	} {
		var unavailable *UnavailableError
		if err := s.start(t.Context()); !errors.As(err, &unavailable) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestDefaultURI(t *testing.T) {
	if DefaultURI(0) != "qemu:///system" || DefaultURI(1000) != "qemu:///session" {
		t.Error(DefaultURI(0), DefaultURI(1000))
	}
}

// The library answers a call on a socket that is gone with EINVAL, now and
// then before the caller has seen that the connection ended.
func TestErrorsOfAClosedConnectionSayDisconnected(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	c := &Connection{tap: newTap(ours, func(packet) {})}
	if err := c.explain(syscall.EINVAL); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("while open: got %v, want the library's error", err)
	}
	c.tap.Close()
	if err := c.explain(syscall.EINVAL); !errors.Is(err, ErrDisconnected) {
		t.Errorf("after the end: got %v, want ErrDisconnected", err)
	}
	gone := libvirt.Error{Code: uint32(libvirt.ErrNoDomain), Message: "no domain"}
	if err := c.explain(gone); !errors.Is(err, ErrNotFound) {
		t.Errorf("an answer of libvirt's: got %v, want ErrNotFound", err)
	}
}
