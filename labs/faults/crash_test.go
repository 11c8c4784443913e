package faults

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"distrolab/labs/ledger"
	"distrolab/labs/machine"
	"distrolab/labs/results"
)

func TestKilledBenchLeavesNothingAndLosesNothing(t *testing.T) {
	w := newWorld(t, me())
	p := w.start("bench", "boot", "probe", "--runs", "3", "-o", "json")
	p.until(`"run_finished"`)
	p.until(`"phase":"measure"`)
	p.until(`"measure-01-01-probe","os":"probe","phase":"measure","block":1,"done":1,"total":4,"milestone"`)
	w.qemu()
	p.signal(syscall.SIGKILL)
	p.end()
	wants(t, w.mustRun(done, "ps").out, "left by a crash", "distrolab gc")
	w.prove()
	l, runs := w.kept()
	if l.State != results.StateInterrupted || len(runs) != 1 || len(runs[0].Files) != 2 {
		t.Fatalf("after the kill: %+v, %+v", l, runs)
	}
	finished(t, runs[0])
	wants(t, w.mustRun(done, "gc").out, "nothing to take back")
	goesOn(t, w, l.ID)
}

// goesOn has the rest of a killed session of three blocks measured.
func goesOn(t *testing.T, w *world, id string) {
	t.Helper()
	w.mustRun(done, "bench", "resume", id)
	l, runs := w.kept()
	var names []string
	for _, r := range runs {
		names = append(names, r.RunID)
	}
	want := []string{"warmup-00-01-probe", "warmup-00-02-probe", "measure-01-01-probe", "measure-02-01-probe", "measure-03-01-probe"}
	if l.ID != id || l.State != results.StateDone || !slices.Equal(names, want) {
		t.Errorf("%s is %s and has %q, want %q", l.ID, l.State, names, want)
	}
	wants(t, w.mustRun(failed, "bench", "resume", id).err, "measured to its end")
}

func TestKilledLabIsSaidAndTakenBack(t *testing.T) {
	w := newWorld(t, me())
	w.mustRun(done, "up", "probe", "--lab", "trial", "-d")
	w.qemu()
	second := w.mustRun(wrongUse, "up", "probe", "--lab", "trial")
	wants(t, second.err, `"trial" exists`, "distrolab down trial")
	owner, err := ledger.ReadOwner(w.home.Lab("trial"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(owner.Process.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitEnd(t, owner.Process)
	wants(t, w.mustRun(done, "ps").out, "left by a crash", "distrolab gc")
	wants(t, w.mustRun(failed, "down", "trial").err, "distrolab gc")
	wants(t, w.mustRun(failed, "console", "probe").err, "distrolab gc")
	w.prove()
	wants(t, w.mustRun(wrongUse, "down", "trial").err, "no lab")
}

func TestDownTwice(t *testing.T) {
	w := newWorld(t, me())
	w.mustRun(done, "up", "probe", "-d")
	images := w.mustRun(done, "images", "-o", "json").out
	var all []struct{ ID string }
	if err := json.Unmarshal([]byte(images), &all); err != nil || len(all) != 1 {
		t.Fatalf("images -o json: %v\n%s", err, images)
	}
	wants(t, w.mustRun(failed, "rm", all[0].ID).err, "in use")
	w.mustRun(done, "down", "lab")
	w.noTrace()
	wants(t, w.mustRun(wrongUse, "down", "lab").err, "no lab")
	w.mustRun(done, "rm", all[0].ID)
}

func TestQEMUKilledInASession(t *testing.T) {
	w := newWorld(t, me())
	out := filepath.Join(w.base, "session")
	p := w.start("bench", "boot", "probe", "--runs", "2", "--out", out, "-o", "json")
	p.until(`"measure-01-01-probe","os":"probe","phase":"measure","block":1,"done":1,"total":3,"milestone":{"m":"kernel_console"`)
	if err := syscall.Kill(w.qemu(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if s := p.end(); s.code != done {
		t.Fatalf("the session ended with %d:\n%s%s", s.code, s.out, s.err)
	}
	w.noTrace()
	_, runs, _, err := results.ReadDirectory(out)
	if err != nil || len(runs) != 3 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	if r := runs[1]; r.Outcome != results.OutcomeFailed {
		t.Errorf("the killed run is recorded as %s: %s", r.Outcome, r.Cause)
	} else {
		wants(t, r.Cause, "stopped before it had booted", "crash")
	}
	if runs[2].Outcome != results.OutcomeOK {
		t.Errorf("the run after it: %s: %s", runs[2].Outcome, runs[2].Cause)
	}
}

func TestQEMUKilledInALab(t *testing.T) {
	w := newWorld(t, me())
	p := w.start("up", "probe")
	p.until("firmware starts")
	if err := syscall.Kill(w.qemu(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s := p.end()
	if s.code != failed {
		t.Errorf("up ended with %d", s.code)
	}
	wants(t, s.err, "stopped before it had booted", "distrolab console lab/probe", "distrolab down lab")
	wants(t, w.mustRun(done, "ps").out, "failed")
	w.mustRun(done, "console", "lab/probe") // shows what there was and ends, the machine being gone
	w.mustRun(done, "down", "lab")
	w.noTrace()
}

// TestQEMUFailsByItself ends QEMU as a failed assertion of its own does, which
// it has in libvirt's log, and with the signal of one. The lab starts the
// machine once more, and not a third time.
func TestQEMUFailsByItself(t *testing.T) {
	w := newWorld(t, me())
	p := w.start("up", "probe")
	p.until("firmware starts")
	w.failAssertion("lab", "probe")
	p.until("started once more")
	p.untilTimes("firmware starts", 2, patience)
	s := p.end()
	if s.code != done {
		t.Fatalf("up ended with %d:\n%s%s", s.code, s.out, s.err)
	}
	wants(t, s.err, "Assertion `the_test' failed", "probe  + ready")
	w.mustRun(done, "down", "lab")

	p = w.start("up", "probe")
	p.until("firmware starts")
	w.failAssertion("lab", "probe")
	p.until("started once more")
	p.untilTimes("firmware starts", 2, patience)
	w.failAssertion("lab", "probe")
	if s = p.end(); s.code != failed {
		t.Errorf("with a second failure up ended with %d", s.code)
	}
	wants(t, s.err, "its QEMU crashed and said", "Assertion `the_test' failed", "stopped before it had booted")
	w.mustRun(done, "down", "lab")
	w.noTrace()
}

// failAssertion ends the machine's QEMU as abort(3) would after its last words.
func (w *world) failAssertion(lab, name string) {
	w.t.Helper()
	pid := w.qemu()
	log := filepath.Join("/var/log/libvirt/qemu", machine.DomainName(lab, name)+".log")
	if w.user.uid != 0 {
		log = filepath.Join(w.base, ".cache/libvirt/qemu/log", filepath.Base(log))
	}
	file, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("qemu-system-x86_64: a/test.c:1: fails: Assertion `the_test' failed.\n"); err != nil {
		w.t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGABRT); err != nil {
		w.t.Fatal(err)
	}
}

// waitEnd waits for a process that was killed.
func waitEnd(t *testing.T, id ledger.Identity) {
	t.Helper()
	if err := ledger.End(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}
