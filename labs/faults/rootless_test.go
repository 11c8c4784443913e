package faults

import (
	"path/filepath"
	"syscall"
	"testing"

	"distrolab/labs/results"
)

// TestOrdinaryUser is the whole path on the session daemon, which distrolab
// itself starts.
func TestOrdinaryUser(t *testing.T) {
	w := newWorld(t, ordinary(t))
	s := w.mustRun(done, "up", "probe")
	wants(t, s.err, "boot complete")
	wants(t, w.mustRun(done, "ps").out, "probe")
	wants(t, w.mustRun(done, "console", "probe").out, "distrolab-probe")
	w.mustRun(done, "down", "lab")
	w.noTrace()
	s = w.mustRun(done, "bench", "boot", "probe", "--runs", "1")
	wants(t, s.out, "report")
	w.prove()
}

// TestLibvirtKilled kills the session daemon of a test's own user under a
// session and under a lab. QEMU lives on without it and must still be found.
func TestLibvirtKilled(t *testing.T) {
	w := newWorld(t, ordinary(t))
	daemons := filepath.Join(w.env["XDG_RUNTIME_DIR"], "libvirt")
	out := filepath.Join(w.base, "session")
	p := w.start("bench", "boot", "probe", "--runs", "2", "--out", out, "-o", "json")
	p.until(`"run_id":"measure-01-01-probe","os":"probe","phase":"measure","block":1,"done":1,"total":3,"milestone":{"m":"vcpu_start"`)
	w.killDaemon(daemons)
	s := p.end()
	if s.code != done {
		t.Errorf("the session ended with %d: %s", s.code, s.err)
	}
	_, runs, _, err := results.ReadDirectory(out)
	if err != nil || len(runs) != 3 {
		t.Fatalf("%d runs, error %v, said %s", len(runs), err, s.err)
	}
	wants(t, string(runs[1].Outcome)+": "+runs[1].Cause, "failed", "libvirt")
	if runs[2].Outcome != results.OutcomeOK {
		t.Errorf("the run with the new daemon: %s: %s", runs[2].Outcome, runs[2].Cause)
	}
	w.noTrace()

	w.mustRun(done, "up", "probe", "-d")
	w.qemu()
	screen := w.terminal(120, 36) // somebody watches it
	screen.keys("4")
	screen.shows("1 of 1 machine running")
	w.killDaemon(daemons)
	screen.shows("lost", "libvirt's daemon is gone")
	wants(t, w.mustRun(done, "ps").out, "lab", "libvirt's daemon is gone")
	screen.keys("q", "sleep", "y") // it asks, since the lab is there
	screen.ends()
	w.mustRun(done, "down", "lab")
	w.noTrace()

	// Both at once: the daemon and everything of ours that could clean up.
	p = w.start("bench", "boot", "probe", "--runs", "1")
	w.qemu()
	w.killDaemon(daemons)
	p.signal(syscall.SIGKILL)
	p.end()
	w.prove()
}

func (w *world) killDaemon(dir string) {
	w.t.Helper()
	pid := daemonPID(dir)
	if pid == 0 {
		w.t.Fatalf("no daemon in %s", dir)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		w.t.Fatal(err)
	}
}
