package hypervisor

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

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
