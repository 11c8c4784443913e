package lab

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/colorprofile"

	"distrolab/distros"
	"distrolab/labs"
	"distrolab/labs/cluster"
	"distrolab/labs/observe"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

// fake is a world of which tests say what it holds and see what was done.
type fake struct {
	mu    sync.Mutex
	did   []string
	said  map[string]string // console of LAB/MACHINE
	wires map[string]*wire
	up    func(ctx context.Context, p Plan, report func(string)) error
	fails error
}

func (f *fake) do(what ...string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.did = append(f.did, strings.Join(what, " "))
	return f.fails
}

func (f *fake) done() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.did, "; ")
}

func (f *fake) Watch(ctx context.Context, _ func([]labs.Status)) error { <-ctx.Done(); return nil }

func (f *fake) Usage(context.Context, string) ([]labs.Usage, error) { return nil, nil }

func (f *fake) Nodes(context.Context, string) ([]cluster.Node, error) {
	return []cluster.Node{{Name: "node-1", Ready: true, Version: "v1.36.1", Address: "192.168.127.11"}}, nil
}

func (f *fake) Console(_ context.Context, lab, machine string) (io.ReadWriteCloser, error) {
	text, ok := f.said[lab+"/"+machine]
	if !ok {
		return nil, errors.New("it has no console")
	}
	w := &wire{text: strings.NewReader(text), closed: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wires == nil {
		f.wires = map[string]*wire{}
	}
	f.wires[lab+"/"+machine] = w
	return w, nil
}

func (f *fake) Log(lab, machine string, _ int64) (io.ReadCloser, error) {
	if text, ok := f.said["log "+lab+"/"+machine]; ok {
		return io.NopCloser(strings.NewReader(text)), nil
	}
	return nil, errors.New("no log")
}

func (f *fake) Stop(_ context.Context, lab, m string, _ bool) error { return f.do("stop", lab, m) }
func (f *fake) Boot(_ context.Context, lab, m string) error         { return f.do("boot", lab, m) }
func (f *fake) Forward(_ context.Context, lab, m string, w labs.Forward) (labs.Forward, error) {
	return labs.Forward{Local: netip.MustParseAddrPort("127.0.0.1:40000"), Port: w.Port}, f.do("forward", lab, m, w.Local.String())
}
func (f *fake) SaveLog(_ context.Context, lab, m, path string) (int64, error) {
	return 7, f.do("save", lab, m, path)
}
func (f *fake) Down(_ context.Context, lab string) error { return f.do("down", lab) }
func (f *fake) Reclaim(context.Context) (string, error) {
	return "3 leftovers are gone", f.do("reclaim")
}
func (f *fake) SSH(lab string, m labs.MachineStatus) *exec.Cmd {
	return exec.Command("ssh", lab, m.Name)
}
func (f *fake) Attach(lab, m string) *exec.Cmd { return exec.Command("console", lab, m) }
func (f *fake) Up(ctx context.Context, p Plan, report func(string)) error {
	if f.up != nil {
		return f.up(ctx, p, report)
	}
	return f.do("up", p.Lab, strings.Join(p.Systems, ","))
}

// wire is a console that says its text and then waits.
type wire struct {
	text   *strings.Reader
	closed chan struct{}
	once   sync.Once
	mu     sync.Mutex
	typed  bytes.Buffer
}

func (w *wire) Read(p []byte) (int, error) {
	if w.text.Len() > 0 {
		return w.text.Read(p)
	}
	<-w.closed
	return 0, io.EOF
}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.typed.Write(p)
}

func (w *wire) Close() error { w.once.Do(func() { close(w.closed) }); return nil }

func (w *wire) got() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.typed.String()
}

// noon is the time of the tests.
func noon() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }

// trial is a lab in the middle of things: ready, booting, failed, off.
func trial() labs.Status {
	boot := observe.Timeline{Missing: []observe.Missing{}, Events: []observe.Event{
		{M: observe.Request, T: 0, Source: observe.SourceRequest, Q: observe.Exact},
		{M: observe.VCPUStart, T: 5 * time.Millisecond, Source: observe.SourceQMP, Q: observe.Exact},
		{M: observe.FirmwareFirst, T: 40 * time.Millisecond, Source: observe.SourceFirmware, Q: observe.Exact},
		{M: observe.KernelConsole, T: 2900 * time.Millisecond, Source: observe.SourceSerial, Q: observe.Exact},
		{M: observe.InitStart, T: 7200 * time.Millisecond, Source: observe.SourceSerial, Q: observe.Exact},
		{M: observe.DHCPDiscover, T: 9 * time.Second, Source: observe.SourceNet, Q: observe.Exact},
		{M: observe.ManagementByte, T: 21 * time.Second, Source: observe.SourceProbe, Q: observe.AtMost},
	}}
	ready := boot
	ready.Events = append(append([]observe.Event{}, boot.Events...), observe.Event{M: observe.BootComplete, T: 24500 * time.Millisecond, Source: observe.SourceSerial, Q: observe.Exact})
	machine := func(i int, name, distro string, state labs.MachineState, t observe.Timeline) labs.MachineStatus {
		return labs.MachineStatus{Name: name, Distro: distro, Version: "4593.2.5", State: state, User: "core", VCPUs: 2, Memory: 2048, Boots: 1, Timeline: t,
			Address: netip.AddrFrom4([4]byte{192, 168, 127, byte(10 + i)}), Domain: "distrolab-trial-" + name, Forwards: []labs.Forward{}}
	}
	s := labs.Status{Lab: "trial", Created: noon().Add(-12 * time.Minute), Accelerator: "kvm", Running: true, Machines: []labs.MachineStatus{
		machine(0, "flatcar", "flatcar", labs.StateReady, ready),
		machine(1, "talos", "talos", labs.StateBooting, boot),
		machine(2, "debian-12", "debian-12", labs.StateFailed, observe.Timeline{}),
		machine(3, "probe", "probe", labs.StateOff, boot),
	}}
	s.Machines[0].Forwards = []labs.Forward{{Local: netip.MustParseAddrPort("127.0.0.1:8080"), Port: 80}}
	s.Machines[2].Error = "it has not booted after 3m0s and goes on trying; the console ends with \"grub rescue>\""
	return s
}

// lost is a lab whose process was killed.
func lost() labs.Status {
	s := trial()
	s.Lab, s.Running, s.Machines = "yesterday", false, s.Machines[:1]
	s.Machines[0].State, s.Machines[0].Error = labs.StateLost, "left by a crash; `distrolab gc` takes it back"
	s.Machines[0].Timeline = observe.Timeline{}
	return s
}

const consoleText = "[    0.000000] Linux version 6.12.0\r\n[    1.204417] systemd[1]: \x1b[0;1;39mHostname set\x1b[0m to <flatcar>.\r\n" +
	"[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System.\r\n\r\nflatcar login: "

// loaded is the catalog, read once.
var loaded = sync.OnceValues(distros.Load)

// bench is the screen with a driver in place of Bubble Tea.
type bench struct {
	t    *testing.T
	m    *Model
	f    *fake
	said []tea.Msg // to the frame
}

func newBench(t *testing.T, all ...labs.Status) *bench {
	t.Helper()
	catalog, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{said: map[string]string{"trial/flatcar": consoleText, "trial/talos": "[    2.1] talos\r\n", "log trial/probe": "powered off\r\n"}}
	shared := &screen.Shared{Catalog: catalog, Now: noon, Weights: map[string]float64{}}
	b := &bench{t: t, f: f, m: New(shared, f)}
	b.m.watching = true // the tests say what there is
	b.run(b.m.Open(""))
	b.tell(changed{all})
	t.Cleanup(b.m.Leave)
	return b
}

// run runs a command and all that comes of it, but not those that wait.
func (b *bench) run(cmd tea.Cmd) {
	b.t.Helper()
	if cmd == nil {
		return
	}
	result := make(chan tea.Msg, 1)
	go func() { result <- cmd() }()
	select {
	case msg := <-result:
		b.tell(msg)
	case <-time.After(150 * time.Millisecond): // it waits for news
	}
}

func (b *bench) tell(msg tea.Msg) {
	b.t.Helper()
	switch msg := msg.(type) {
	case nil, screen.Changed:
	case tea.BatchMsg:
		for _, cmd := range msg {
			b.run(cmd)
		}
	case screen.News, screen.Failure, screen.Question, screen.Suspend:
		b.said = append(b.said, msg)
	default:
		b.run(b.m.Update(msg))
	}
}

// press does what the frame does with keys.
func (b *bench) press(names ...string) {
	b.t.Helper()
	for _, name := range names {
		k := keyNamed(name)
		text := k.Text != ""
		if a, ok := screen.ForKey(b.m.Actions(), name); ok && (!b.m.Typing() || !text || b.m.TakesKeys()) {
			if a.Disabled != "" {
				b.said = append(b.said, screen.News{Text: a.Title + ": " + a.Disabled})
				continue
			}
			b.run(a.Run())
			continue
		}
		b.tell(tea.KeyPressMsg(k))
	}
}

func keyNamed(name string) tea.Key {
	switch name {
	case "enter":
		return tea.Key{Code: tea.KeyEnter}
	case "tab":
		return tea.Key{Code: tea.KeyTab}
	case "esc":
		return tea.Key{Code: tea.KeyEscape}
	case "up":
		return tea.Key{Code: tea.KeyUp}
	case "down":
		return tea.Key{Code: tea.KeyDown}
	case "backspace":
		return tea.Key{Code: tea.KeyBackspace}
	case "space":
		return tea.Key{Code: tea.KeySpace, Text: " "}
	case "ctrl+c":
		return tea.Key{Code: 'c', Mod: tea.ModCtrl}
	case "ctrl+]":
		return tea.Key{Code: ']', Mod: tea.ModCtrl}
	}
	return tea.Key{Code: []rune(name)[0], Text: name}
}

func (b *bench) typing(text string) {
	for _, r := range text {
		b.press(string(r))
	}
}

func (b *bench) lastSaid() tea.Msg {
	if len(b.said) == 0 {
		return nil
	}
	return b.said[len(b.said)-1]
}

func lookOf(profile colorprofile.Profile, g style.Glyphs) screen.Look {
	return screen.Look{Styles: style.NewStyles(true, profile), Glyphs: g}
}
