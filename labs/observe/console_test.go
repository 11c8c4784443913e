package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"distrolab/distros"

	"github.com/google/go-cmp/cmp"
)

// debian is a boot of a Debian cloud image from its own disk: GRUB on the
// serial port, initramfs-tools, systemd, cloud-init, getty.
func debian() []step {
	return []step{
		line(900, "\x1b[2J\x1b[01;01H\x1b[=3h\x1b[2J\x1b[01;01HGRUB loading.."),
		line(905, "Welcome to GRUB!"),
		line(2800, "\x1b[0m\x1b[30;47m\x1b[5;1HLoading Linux 6.12.43+deb13-cloud-amd64 ..."),
		line(3000, "Loading initial ramdisk ..."),
		line(4700, "[    0.000000] Linux version 6.12.43+deb13-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP"),
		line(4702, "[    0.100000] Console: colour VGA+ 80x25"),
		line(4800, "[    0.300000] printk: legacy console [ttyS0] enabled"),
		line(6003, "[    1.500000] Freeing unused kernel image (initmem) memory: 3948K"),
		line(6010, "[    1.505000] Run /init as init process"),
		line(6200, "Loading, please wait..."),
		line(6900, "Begin: Running /scripts/init-bottom ... done."),
		line(7900, "[    3.399000] systemd[1]: systemd 257.7-1 running in system mode (+PAM +AUDIT)"),
		line(7950, ""),
		line(7951, "Welcome to \x1b[1mDebian GNU/Linux 13 (trixie)\x1b[0m!"),
		line(9000, "[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mnetwork.target\x1b[0m - Network."),
		line(15000, "[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System."),
		line(15200, "[   10.700000] cloud-init[612]: Cloud-init v. 25.1.4 finished at Sun, 22 Nov 2026 23:59:00 +0000."),
		{15300 * time.Millisecond, "\r\nDebian GNU/Linux 13 lab ttyS0\r\n\r\nlab login: "},
	}
}

func TestConsoleShowsMilestonesOfDebian(t *testing.T) {
	o := scripted(t, distros.BootProfile{}, Options{}, debian())
	got := map[Milestone]Event{}
	for _, e := range o.Finish("").Events {
		e.Raw = ""
		got[e.M] = e
	}
	ms := time.Millisecond
	want := map[Milestone]Event{
		Request:       {Request, 0, SourceRequest, 0, Exact, ""},
		LoaderFirst:   {LoaderFirst, 900 * ms, SourceSerial, 2 * ms, Exact, ""},
		KernelStart:   {KernelStart, 4500 * ms, SourceSerial, 150 * ms, AtMost, ""},
		KernelConsole: {KernelConsole, 4700 * ms, SourceSerial, 2 * ms, Exact, ""},
		InitStart:     {InitStart, 6005 * ms, SourceSerial, 150 * ms, AtMost, ""},
		SwitchRoot:    {SwitchRoot, 6900 * ms, SourceSerial, 2 * ms, Exact, ""},
		BootComplete:  {BootComplete, 15000 * ms, SourceSerial, 2 * ms, Exact, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestPatternOfTheCatalogReplacesTheDefault(t *testing.T) {
	boot := distros.BootProfile{Patterns: map[string]string{"boot_complete": `Cloud-init v\. \S+ finished`}}
	o := scripted(t, boot, Options{}, debian())
	if at, ok := o.Finish("").At(BootComplete); !ok || at != 15200*time.Millisecond {
		t.Errorf("boot_complete at %v, %v; want 15.2s", at, ok)
	}
}

func TestPromptWithoutNewlineIsSeenWithTheTimeOfItsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(compile(t, distros.BootProfile{Patterns: map[string]string{"boot_complete": `login: $`}}), Options{})
		guest, host := net.Pipe()
		o.Begin(time.Now())
		ended := make(chan error, 1)
		go func() { ended <- o.ReadConsole(t.Context(), host) }()
		time.Sleep(time.Second)
		for _, b := range []byte("debian login: ") {
			guest.Write([]byte{b})
			time.Sleep(time.Millisecond)
		}
		select {
		case <-o.Done():
		case <-time.After(10 * time.Second):
			t.Fatal("the prompt was not seen while the port was silent")
		}
		guest.Close()
		if err := <-ended; err != nil {
			t.Errorf("ReadConsole: %v", err)
		}
		want := Event{BootComplete, 1013 * time.Millisecond, SourceSerial, 2 * time.Millisecond, Exact, "debian login: "}
		got, _ := o.Finish("").Find(BootComplete)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
	})
}

func TestTextAfterADelayIsNotDatedToTheStartOfItsLine(t *testing.T) {
	boot := distros.BootProfile{Patterns: map[string]string{"boot_complete": `tests\.\.\. done`}}
	o := scripted(t, boot, Options{}, []step{
		{time.Second, "Running tests..."}, {9 * time.Second, " done\n"},
	})
	if at, _ := o.Finish("").At(BootComplete); at != 9*time.Second {
		t.Errorf("boot_complete at %v, want 9s: when it could first be known", at)
	}
}

func TestLateReadIsMarkedAsAnUpperBound(t *testing.T) {
	clock := newFakeClock()
	o := New(compile(t, distros.BootProfile{}), Options{Clock: clock.Now})
	zero := clock.Now()
	o.Begin(zero)
	o.console.take(chunk{data: []byte("hello\n"), at: time.Second, waited: true, since: time.Second})
	// The reader was away for three seconds, and this lay in the socket.
	o.console.take(chunk{data: []byte("Linux version 6.1\n"), at: 4 * time.Second, since: 3 * time.Second})
	e, _ := o.Finish("").Find(KernelConsole)
	if e.Q != AtMost || e.Err != 3*time.Second {
		t.Errorf("got quality %s, error %v; want le, 3s", e.Q, e.Err)
	}
}

func TestSecondLineOfAReadIsAnUpperBound(t *testing.T) {
	o := scripted(t, distros.BootProfile{}, Options{}, []step{
		{time.Second, "[    0.000000] Linux version 6.1\n[    0.100000] Run /init as init process\n"},
	})
	tl := o.Finish("")
	if e, _ := tl.Find(KernelConsole); e.Q != Exact {
		t.Errorf("first line: quality %s, want exact", e.Q)
	}
	if e, _ := tl.Find(InitStart); e.Q != AtMost {
		t.Errorf("second line: quality %s, want le", e.Q)
	}
}

func TestFaultLineEndsTheWait(t *testing.T) {
	tests := []struct {
		name, line, cause string
	}{
		{"no root", "[    2.7] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)", "root file system"},
		{"panic", "[    2.712345] Kernel panic - not syncing: Fatal exception in interrupt", "panicked"},
		{"init died", "[    9.100000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100", "first process"},
		{"no disk", "BdsDxe: No bootable option or device was found.", "firmware found nothing"},
		{"emergency", "You are in emergency mode. After logging in, type \"journalctl -xb\"", "emergency"},
		{"dracut", "Entering emergency mode. Exit the shell to continue.", "emergency"},
		{"initramfs", "ALERT!  LABEL=root does not exist.  Dropping to a shell!", "initrd does not find"},
		{"ignition", "Ignition has failed. Please ensure your config is valid.", "Ignition failed"},
		{"old processor", "Fatal glibc error: CPU does not support x86-64-v3", "processor level"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := scripted(t, distros.BootProfile{}, Options{}, []step{line(1000, tt.line)})
			var fault *FaultError
			if err := wait(t, o); !errors.As(err, &fault) || !strings.Contains(fault.Cause, tt.cause) {
				t.Fatalf("Wait: %v; want a fault with %q", err, tt.cause)
			}
			if fault.Line != tt.line {
				t.Errorf("fault line %q, want %q", fault.Line, tt.line)
			}
		})
	}
}

func TestNoFaultInAGoodBoot(t *testing.T) {
	for _, steps := range [][]step{debian(), recording(t, "probe.log"), recording(t, "ignition.log")} {
		o := scripted(t, distros.BootProfile{}, Options{}, steps)
		if got := o.FaultLines(); len(got) != 0 {
			t.Errorf("fault lines in a good boot: %+v", got)
		}
	}
}

func TestFaultOfTheCatalogEndsTheWait(t *testing.T) {
	boot := distros.BootProfile{Faults: []distros.Fault{{Pattern: `license expired`, Cause: "Renew it."}}}
	o := scripted(t, boot, Options{}, []step{line(1000, "\x1b[31mlicense expired\x1b[0m\x07")})
	want := &FaultError{Line: "license expired", Cause: "Renew it."}
	if diff := cmp.Diff(want, wait(t, o)); diff != "" {
		t.Errorf("Wait (-want +got):\n%s", diff)
	}
}

func TestHintDoesNotEndTheWait(t *testing.T) {
	o := scripted(t, distros.BootProfile{}, Options{}, []step{
		line(1000, "[   12.0] Out of memory: Killed process 612 (cloud-init)"),
		line(2000, "[  OK  ] Reached target multi-user.target - Multi-User System."),
	})
	if err := wait(t, o); err != nil {
		t.Errorf("Wait: %v", err)
	}
	if got := o.FaultLines(); len(got) != 1 || got[0].Fatal {
		t.Errorf("fault lines: %+v; want one hint", got)
	}
}

func TestTailShowsNothingATerminalObeys(t *testing.T) {
	o := scripted(t, distros.BootProfile{}, Options{}, []step{
		line(1, "\x1b]0;your terminal is mine\x07plain"),
		line(2, "\x1b]52;c;c2VjcmV0"), // a sequence without an end
		line(3, "after it"),
		line(4, "a\x00b\x08c\x9b31m \xff\xfe \u202eevil\u202c"),
		{5, "10%\r20%\r30%\r\n"},
	})
	want := []string{"plain", "after it", `abc\x9b31m \xff\xfe \u202eevil\u202c`, "10%", "20%", "30%"}
	if diff := cmp.Diff(want, o.Tail(100)); diff != "" {
		t.Errorf("Tail (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"30%"}, o.Tail(1)); diff != "" {
		t.Errorf("Tail(1) (-want +got):\n%s", diff)
	}
}

func TestLineWithoutEndIsCut(t *testing.T) {
	steps := []step{{time.Second, strings.Repeat("x", 3*maxLine)}, {2 * time.Second, "Linux version 6.1"}}
	o := scripted(t, distros.BootProfile{}, Options{}, steps)
	if got := o.Counters().Lines; got != 4 {
		t.Errorf("%d lines, want 4", got)
	}
	if at, ok := o.Finish("").At(KernelConsole); !ok || at != 2*time.Second {
		t.Errorf("kernel_console at %v, %v; want 2s", at, ok)
	}
}

func TestRingKeepsTheLastLines(t *testing.T) {
	var r ring
	for i := range 3 * ringLines {
		r.add([]byte{byte('a' + i%26)})
	}
	got := r.last(2)
	want := []string{string(rune('a' + (3*ringLines-2)%26)), string(rune('a' + (3*ringLines-1)%26))}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("last (-want +got):\n%s", diff)
	}
	if n := len(r.last(1 << 30)); n != ringLines {
		t.Errorf("ring holds %d lines, want %d", n, ringLines)
	}
}

func TestRawConsoleAndStampsAreKept(t *testing.T) {
	var raw, stamps bytes.Buffer
	o := scripted(t, distros.BootProfile{}, Options{Console: &raw, Stamps: &stamps}, []step{
		{time.Second, "\x1b[1mab"}, {2 * time.Second, "\xff\n"},
	})
	o.Finish("")
	if raw.String() != "\x1b[1mab\xff\n" {
		t.Errorf("raw console %q", raw.String())
	}
	want := `{"offset":0,"n":6,"t_ns":1000000000}` + "\n" + `{"offset":6,"n":2,"t_ns":2000000000}` + "\n"
	if diff := cmp.Diff(want, stamps.String()); diff != "" {
		t.Errorf("stamps (-want +got):\n%s", diff)
	}
}

func TestStampsOfReadsBeforeTheRequestAreNegative(t *testing.T) {
	var stamps bytes.Buffer
	clock := newFakeClock()
	o := New(compile(t, distros.BootProfile{}), Options{Clock: clock.Now, Stamps: &stamps})
	for i := range maxHeld + 10 {
		o.console.take(chunk{data: []byte("x"), at: time.Duration(i), waited: true})
	}
	o.Begin(clock.Now().Add(time.Second))
	o.Finish("")
	var total int
	for dec := json.NewDecoder(&stamps); ; {
		var s struct {
			Offset, N int
			T         time.Duration `json:"t_ns"`
		}
		if err := dec.Decode(&s); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if s.Offset != total || s.T >= 0 {
			t.Fatalf("read %+v, want offset %d and a negative time", s, total)
		}
		total += s.N
	}
	if total != maxHeld+10 {
		t.Errorf("stamps cover %d bytes, want %d", total, maxHeld+10)
	}
}

func TestConsoleLimitBoundsTheFiles(t *testing.T) {
	var raw bytes.Buffer
	o := scripted(t, distros.BootProfile{}, Options{Console: &raw, ConsoleLimit: 10}, []step{
		{1, "12345678"}, {2, "12345678"}, {3, "Linux version 6.1\n"},
	})
	if raw.Len() != 10 {
		t.Errorf("%d bytes were written, want 10", raw.Len())
	}
	if c := o.Counters(); c.SerialBytes != 34 || c.Unwritten != 24 {
		t.Errorf("counted %d bytes, %d unwritten; want 34, 24", c.SerialBytes, c.Unwritten)
	}
	if _, ok := o.Finish("").Find(KernelConsole); !ok {
		t.Error("milestones end at the limit of the file")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestFullDiskDoesNotEndTheObservation(t *testing.T) {
	o := scripted(t, distros.BootProfile{}, Options{Console: brokenWriter{}, Stamps: brokenWriter{}}, debian())
	if err := wait(t, o); err != nil {
		t.Errorf("Wait: %v", err)
	}
	if o.Counters().Unwritten == 0 {
		t.Error("the loss was not counted")
	}
}

func TestReadConsoleEndsWithItsContext(t *testing.T) {
	host, guest, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	defer host.Close()
	ctx, cancel := context.WithCancel(t.Context())
	o := New(compile(t, distros.BootProfile{}), Options{})
	ended := make(chan error, 1)
	go func() { ended <- o.ReadConsole(ctx, host) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ReadConsole: %v, want context.Canceled", err)
	}
}

func TestSocketDeliversAllBytes(t *testing.T) {
	host, guest, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	var raw bytes.Buffer
	o := New(compile(t, distros.BootProfile{}), Options{Console: &raw})
	o.Begin(time.Now())
	var sent bytes.Buffer
	go func() {
		defer guest.Close()
		for range 2000 {
			io.WriteString(io.MultiWriter(&sent, guest), "[    1.000000] a line of the kernel\r\n")
		}
	}()
	if err := o.ReadConsole(t.Context(), host); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(raw.Bytes(), sent.Bytes()) || o.Counters().Lines != 2000 {
		t.Errorf("%d bytes and %d lines arrived, want %d and 2000", raw.Len(), o.Counters().Lines, sent.Len())
	}
}

func TestFirmwareIsSeenOnItsPort(t *testing.T) {
	clock := newFakeClock()
	o := New(compile(t, distros.BootProfile{}), Options{Clock: clock.Now})
	o.Begin(clock.Now())
	s := &script{clock: clock, zero: clock.Now(), steps: []step{{50 * time.Millisecond, "SeaBIOS"}, {time.Second, " (version 1.16)"}}}
	if err := o.ReadFirmware(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	want := Event{FirmwareFirst, 50 * time.Millisecond, SourceFirmware, time.Millisecond, Exact, ""}
	got, _ := o.Finish("").Find(FirmwareFirst)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if n := o.Counters().FirmwareBytes; n != 22 {
		t.Errorf("counted %d bytes, want 22", n)
	}
}

func TestFirstSerialTextIsTheFirmwaresUnlessTheKernelWroteIt(t *testing.T) {
	for text, want := range map[string]bool{
		"SeaBIOS (version 1.16.2-1)":           true,
		"BdsDxe: loading Boot0001":             true,
		"[    0.000000] Linux version 6.12":    false,
		"EFI stub: Loaded initrd from command": false,
		"GRUB loading..":                       false,
	} {
		o := scripted(t, distros.BootProfile{}, Options{}, []step{line(100, text)})
		if _, got := o.Finish("").Find(FirmwareFirst); got != want {
			t.Errorf("%q: firmware_first %v, want %v", text, got, want)
		}
	}
}
