// Package faults tests the whole program against what goes wrong with real
// machines: kills, interrupts, full disks, guests that never boot. It builds
// the binary, runs it as a person does, and looks for traces itself instead of
// trusting what gc says. It holds tests only.
package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"distrolab/labs/home"
	"distrolab/labs/internal/labtest"
)

// patience is far above what any one step needs on a busy machine under TCG.
const patience = 4 * time.Minute

// The exit codes that the program's help documents.
const (
	done        = 0
	failed      = 1
	wrongUse    = 2
	cannot      = 4
	interrupted = 130
)

// world is one installation with its own home, and who uses it.
type world struct {
	t    *testing.T
	bin  string
	base string // everything of this test is below it
	user account
	env  map[string]string
	home home.Home

	patience time.Duration // of one command; zero is the usual
}

// in is the same world for a part of the test.
func (w *world) in(t *testing.T) *world {
	inner := *w
	inner.t = t
	return &inner
}

// newWorld makes a home with the probe guest in its store.
func newWorld(t *testing.T, user account) *world {
	t.Helper()
	w := emptyWorld(t, user)
	w.mustRun(done, "import", w.guest())
	return w
}

// guest is a copy of the probe guest's build that every user can read.
func (w *world) guest() string {
	w.t.Helper()
	dir := filepath.Join(w.base, "probe")
	if err := os.CopyFS(dir, os.DirFS(labtest.Build(w.t, "probe"))); err != nil {
		w.t.Fatal(err)
	}
	return dir
}

func emptyWorld(t *testing.T, user account) *world {
	t.Helper()
	labtest.NeedMachines(t)
	base, err := os.MkdirTemp("/tmp", "dl-")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, bin: program(t), base: base, user: user}
	t.Cleanup(func() { os.RemoveAll(base) })
	runtime := filepath.Join(base, "run")
	for dir, mode := range map[string]os.FileMode{base: 0o711, runtime: 0o700, filepath.Join(base, "config"): 0o755} {
		if err := errors.Join(os.MkdirAll(dir, mode), os.Chmod(dir, mode), os.Chown(dir, user.uid, user.gid)); err != nil {
			t.Fatal(err)
		}
	}
	w.env = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": base, "XDG_CONFIG_HOME": filepath.Join(base, "config"),
		"XDG_RUNTIME_DIR": runtime, "DISTROLAB_HOME": filepath.Join(base, "home"), "NO_COLOR": "1",
	}
	w.home, err = home.For(user.uid, func(name string) string { return w.env[name] })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.clear)
	return w
}

// clear leaves no trace of a test that failed in the middle.
func (w *world) clear() {
	if w.t.Failed() {
		labs, _ := os.ReadDir(w.home.Labs())
		for _, lab := range labs {
			w.run("down", lab.Name())
		}
		w.run("gc")
	}
	if w.user.uid != 0 {
		endDaemon(w.t, filepath.Join(w.env["XDG_RUNTIME_DIR"], "libvirt"))
	}
	os.RemoveAll(w.home.Run)
}

func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(w.bin, args...)
	cmd.Dir = "/"
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if w.user.uid != os.Getuid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(w.user.uid), Gid: uint32(w.user.gid)}
	}
	return cmd
}

// said is what a command printed and how it ended.
type said struct {
	code     int
	out, err string
}

func (w *world) run(args ...string) said {
	w.t.Helper()
	p := w.start(args...)
	return p.end()
}

// mustRun runs a command and compares its exit code.
func (w *world) mustRun(code int, args ...string) said {
	w.t.Helper()
	s := w.run(args...)
	if s.code != code {
		w.t.Fatalf("distrolab %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), s.code, code, s.out, s.err)
	}
	return s
}

// running is a command under way.
type running struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, err output
	ended    chan struct{}
	patience time.Duration
}

func (w *world) start(args ...string) *running {
	w.t.Helper()
	p := &running{t: w.t, cmd: w.command(args...), ended: make(chan struct{}), patience: w.patience}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.WaitDelay = time.Second // a lab's process must keep no pipe of ours, but a test should not hang on it
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		if err := p.cmd.Wait(); errors.Is(err, exec.ErrWaitDelay) {
			w.t.Errorf("distrolab %s: a process of it keeps its output open", strings.Join(args, " "))
		}
	}()
	return p
}

// end waits for the end.
func (p *running) end() said {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(max(patience, p.patience)):
		p.cmd.Process.Kill()
		p.t.Fatalf("%v does not end; it said\n%s%s", p.cmd.Args, p.out.String(), p.err.String())
	}
	return said{p.cmd.ProcessState.ExitCode(), p.out.String(), p.err.String()}
}

// until waits for a text in what it prints.
func (p *running) until(text string) { p.t.Helper(); p.untilTimes(text, 1, patience) }

// untilTimes waits until a text was said so many times.
func (p *running) untilTimes(text string, times int, patience time.Duration) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for strings.Count(p.out.String()+p.err.String(), text) < times {
		select {
		case <-p.ended:
			p.t.Fatalf("%v ended before it said %q:\n%s%s", p.cmd.Args, text, p.out.String(), p.err.String())
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%v does not say %q:\n%s%s", p.cmd.Args, text, p.out.String(), p.err.String())
		}
	}
}

func (p *running) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// output is a buffer for a writer and readers at the same time.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// noTrace fails the test when anything of the home's labs is left. It looks
// itself and asks nothing of distrolab.
func (w *world) noTrace() {
	w.t.Helper()
	for _, trace := range w.traces() {
		w.t.Errorf("left behind: %s", trace)
	}
}

func (w *world) traces() []string {
	var found []string
	for _, dir := range []string{w.home.Labs(), w.home.Run} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			found = append(found, err.Error())
		}
		for _, e := range entries {
			if e.Name() != "accelerator.json" {
				found = append(found, filepath.Join(dir, e.Name()))
			}
		}
	}
	for pid, line := range processes() {
		if strings.Contains(line, w.base+"/") && !strings.Contains(line, "libvirtd") && !strings.Contains(line, "virtlogd") {
			found = append(found, fmt.Sprintf("process %d: %.200s", pid, line))
		}
	}
	return append(found, w.domains()...)
}

// domains lists the domains of this home. Another test's have another home in
// their tags.
func (w *world) domains() []string {
	var found []string
	for _, name := range strings.Fields(w.virsh("list", "--all", "--name")) {
		if strings.HasPrefix(name, "distrolab-") && strings.Contains(w.virsh("dumpxml", name), "home='"+w.home.Data+"'") {
			found = append(found, "domain "+name)
		}
	}
	return found
}

// virsh asks libvirt. A session daemon that is not there has no domains.
func (w *world) virsh(args ...string) string {
	uri := "qemu:///system"
	if w.user.uid != 0 {
		uri = "qemu:///session"
	}
	cmd := w.command()
	cmd.Path, _ = exec.LookPath("virsh")
	cmd.Args = append([]string{"virsh", "-q", "-c", uri}, args...)
	out, err := cmd.Output()
	if err != nil && args[0] == "list" {
		w.t.Errorf("asking libvirt: %v", err)
	}
	return string(out)
}

// processes maps ids to command lines, NUL between the words.
func processes() map[int]string {
	found := map[int]string{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return found
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if line, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline")); err == nil && len(line) > 0 {
			found[pid] = string(line)
		}
	}
	return found
}

// qemu is the process of a machine of this home.
func (w *world) qemu() int {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		for pid, line := range processes() {
			if strings.Contains(line, "guest=distrolab-") && (strings.Contains(line, w.home.Run+"/") || strings.Contains(line, w.base+"/")) {
				return pid
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatal("no QEMU of this test runs")
	return 0
}

// prove runs gc --prove, which must find nothing afterwards.
func (w *world) prove() said {
	w.t.Helper()
	s := w.mustRun(done, "gc", "--prove")
	if !strings.Contains(s.out, "nothing is left") {
		w.t.Errorf("gc --prove says\n%s%s", s.out, s.err)
	}
	w.noTrace()
	return s
}

// wants fails the test unless a text holds every part.
func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	missing := slices.DeleteFunc(parts, func(p string) bool { return strings.Contains(text, p) })
	if len(missing) > 0 {
		t.Errorf("%q is missing in\n%s", missing, text)
	}
}
