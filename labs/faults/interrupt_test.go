package faults

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"distrolab/labs/results"
)

// TestInterruptedUp sends ctrl-c at moments from before anything is made to
// while the guest boots. Whatever it meets, nothing may be left.
func TestInterruptedUp(t *testing.T) {
	w := newWorld(t, me())
	for _, after := range []time.Duration{10, 60, 120, 200, 300, 450} {
		p := w.start("up", "probe")
		time.Sleep(after * time.Millisecond)
		p.signal(os.Interrupt)
		s := p.end()
		if s.code == -1 {
			continue // too early: the program had not asked for the signal yet
		}
		if s.code != interrupted {
			t.Errorf("after %d ms: exit code %d\n%s%s", after, s.code, s.out, s.err)
		}
		wants(t, s.err, "interrupted; what was made has been taken back")
		w.noTrace()
	}
	p := w.start("up", "probe")
	p.until("CPUs start")
	p.signal(syscall.SIGTERM)
	if s := p.end(); s.code != interrupted {
		t.Errorf("while booting: exit code %d\n%s%s", s.code, s.out, s.err)
	}
	w.noTrace()
}

func TestInterruptedBenchKeepsWhatIsDone(t *testing.T) {
	w := newWorld(t, me())
	early := filepath.Join(w.base, "early")
	p := w.start("bench", "boot", "probe", "--runs", "2", "--out", early)
	p.until("session ")
	p.signal(os.Interrupt)
	if s := p.end(); s.code != interrupted {
		t.Errorf("at the start: exit code %d\n%s%s", s.code, s.out, s.err)
	}
	w.noTrace()

	out := filepath.Join(w.base, "session")
	p = w.start("bench", "boot", "probe", "--runs", "2", "--out", out, "-o", "json")
	p.until(`"block":1,"done":1,"total":3,"milestone"`)
	p.signal(os.Interrupt)
	s := p.end()
	if s.code != interrupted {
		t.Errorf("while booting: exit code %d", s.code)
	}
	wants(t, s.err, "interrupted; what was made has been taken back")
	w.noTrace()
	_, runs, warnings, err := results.ReadDirectory(out)
	if err != nil || len(runs) != 1 || len(warnings) != 0 {
		t.Errorf("%d runs, warnings %v, error %v", len(runs), warnings, err)
	}
	logs, err := os.ReadDir(filepath.Join(out, "logs"))
	if err != nil || len(logs) != 2 {
		t.Errorf("logs of the run that was not finished are left: %v, %v", logs, err)
	}
	if _, err := os.Stat(filepath.Join(out, "report.html")); err != nil {
		t.Errorf("no report of what is done: %v", err)
	}
	wants(t, w.mustRun(wrongUse, "bench", "boot", "probe", "--runs", "1", "--out", out).err, out)
}

// TestReaderGoesAway closes the pipe that a session prints to, as head does.
func TestReaderGoesAway(t *testing.T) {
	w := newWorld(t, me())
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &running{t: t, cmd: w.command("bench", "boot", "probe", "--runs", "1", "-o", "json"), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = writer, &p.err
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	go func() { defer close(p.ended); p.cmd.Wait() }()
	first := make([]byte, 16)
	if _, err := reader.Read(first); err != nil {
		t.Fatal(err)
	}
	reader.Close()
	w.qemu()
	p.signal(os.Interrupt)
	if s := p.end(); s.code != interrupted {
		t.Errorf("exit code %d, said %s", s.code, s.err)
	}
	w.noTrace()
}

func TestPortInUse(t *testing.T) {
	w := newWorld(t, me())
	w.mustRun(done, "up", "probe", "--lab", "one", "-d", "--forward", "0:22")
	list := w.mustRun(done, "ps", "-o", "json").out
	_, rest, _ := strings.Cut(list, `"local": "127.0.0.1:`)
	port, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("no forward in\n%s", list)
	}
	s := w.mustRun(failed, "up", "probe", "--lab", "two", "-d", "--forward", port+":22")
	wants(t, s.err, "address already in use", port)
	if all := w.mustRun(done, "ps").out; strings.Contains(all, "two") || !strings.Contains(all, "one") {
		t.Errorf("ps afterwards:\n%s", all)
	}
	w.mustRun(done, "down", "one")
	w.noTrace()
}
