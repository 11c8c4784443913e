package results_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"distrolab/labs/results"
)

func now() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// TestAKilledProgramLosesNoFinishedRun starts this test binary as a writer again
// and again, kills it at some moment, and counts what it had said was written.
func TestAKilledProgramLosesNoFinishedRun(t *testing.T) {
	if dir := os.Getenv("RESULTS_WRITER"); dir != "" {
		writeUntilKilled(t, dir)
	}
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(7, 9))
	said := map[string]bool{}
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	for round := range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), "RESULTS_WRITER="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := rng.IntN(12); n >= 0 && lines.Scan(); n-- {
			said[lines.Text()] = true
		}
		time.Sleep(time.Duration(rng.IntN(3000)) * time.Microsecond) // somewhere in the next run
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it had said before the kill came
			said[lines.Text()] = true
		}
		if err := cmd.Wait(); err == nil || len(said) <= round {
			t.Fatalf("round %d: %v; it said %d lines", round, err, len(said))
		}
	}
	s := open(t, dir)
	_, runs, warnings, err := s.Read(t.Context(), "s1")
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	found := map[string]bool{}
	for _, r := range runs {
		found[r.RunID] = true
		c, err := s.Artefact(t.Context(), r.Files[0].SHA256)
		if err != nil {
			t.Errorf("%s: %v", r.RunID, err)
			continue
		}
		c.Close()
	}
	for line := range said {
		if !found[line] {
			t.Errorf("run %s was said to be written and is not there", line)
		}
	}
	l, err := s.Find(t.Context(), "s1")
	if err != nil || l.State != results.StateInterrupted || l.Runs.All() != len(runs) {
		t.Errorf("%+v, %v", l, err)
	}
	if err := s.Export(t.Context(), "s1", t.TempDir(), true); err != nil {
		t.Error(err)
	}
	t.Logf("%d runs were said to be written, %d are there, after %d kills", len(said), len(runs), rounds)
}

// writeUntilKilled goes on with the session, saying what it has written.
func writeUntilKilled(t *testing.T, dir string) {
	s := open(t, dir)
	r, err := s.Begin(t.Context(), results.Session{ID: "s1"})
	if err != nil {
		if r, err = s.Resume(t.Context(), "s1"); err != nil {
			t.Fatal(err)
		}
	}
	for block := 1; ; block++ {
		run := boot("debian", block, time.Second)
		run.RunID = fmt.Sprintf("run-%d-%d", os.Getpid(), block)
		log := filepath.Join(dir, "log")
		if err := os.WriteFile(log, []byte(run.RunID), 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := r.Keep(t.Context(), "serial", "logs/"+run.RunID, log)
		if err != nil {
			t.Fatal(err)
		}
		run.Files = []results.File{f}
		appendAll(t, r, run)
		fmt.Println(run.RunID)
	}
}

// TestFullDisk runs itself in a mount namespace of its own, on a file system of
// a few megabytes.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv("RESULTS_FULL"); dir != "" {
		fillDisk(t, dir)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "RESULTS_FULL="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || strings.Contains(string(out), noMount):
		t.Skipf("this machine gives a test no file system of its own: %v", err)
	case err != nil || !strings.Contains(string(out), "--- PASS: TestFullDisk"):
		t.Errorf("%v\n%s", err, out)
	}
}

const noMount = "no file system can be mounted"

func fillDisk(t *testing.T, dir string) {
	// Nothing of this is seen outside, whatever the propagation of / is.
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(noMount, err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Fatal(noMount, err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	r, err := s.Begin(t.Context(), results.Session{ID: "s1"})
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	run := func() results.Run {
		x := boot("debian", written+1, time.Second)
		x.Cause = strings.Repeat("x", 20_000)
		return x
	}
	for err == nil {
		if err = r.Append(t.Context(), run()); err == nil {
			written++
		}
	}
	isFull := func(what string, err error) {
		t.Helper()
		var full *results.FullError
		if !errors.As(err, &full) || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left on the disk of "+dir) || !strings.Contains(err.Error(), "distrolab results rm") {
			t.Errorf("%s on a full disk: %v", what, err)
		}
	}
	isFull("append", err)
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = r.Keep(t.Context(), "serial", "logs/x", log)
	isFull("keep", err)
	if _, err := os.Stat(log); err != nil {
		t.Errorf("the log that could not be kept is gone: %v", err)
	}
	readAll := func() {
		t.Helper()
		_, runs, warnings, err := s.Read(t.Context(), "s1")
		if err != nil || len(warnings) > 0 || len(runs) != written || written == 0 {
			t.Errorf("%d of %d runs, warnings %v, error %v", len(runs), written, warnings, err)
		}
	}
	readAll()
	for range 3 { // still full: still an error, and still nothing lost
		isFull("append again", r.Append(t.Context(), run()))
	}
	readAll()
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := r.Append(t.Context(), run()); err != nil {
			t.Fatalf("after space was freed: %v", err)
		}
		written++
	}
	readAll()
}
