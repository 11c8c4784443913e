package faults

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"distrolab/labs/internal/labtest"
	"distrolab/labs/results"
)

// binary is the program under test, built once for all tests.
var binary struct {
	once sync.Once
	dir  string
	path string
	err  error
	said []byte
}

func TestMain(m *testing.M) {
	code := m.Run()
	if binary.dir != "" {
		os.RemoveAll(binary.dir)
	}
	os.Exit(code)
}

// program builds the binary where an ordinary user can run it.
func program(t *testing.T) string {
	t.Helper()
	binary.once.Do(func() {
		if binary.dir, binary.err = os.MkdirTemp("/tmp", "dl-bin-"); binary.err != nil {
			return
		}
		if binary.err = os.Chmod(binary.dir, 0o755); binary.err != nil {
			return
		}
		binary.path = filepath.Join(binary.dir, "distrolab")
		args := []string{"build", "-o", binary.path}
		if os.Getenv("DISTROLAB_TEST_RACE") == "1" {
			args = append(args, "-race")
		}
		build := exec.Command("go", append(args, "./cmd/distrolab")...)
		build.Dir = labtest.Module(t)
		binary.said, binary.err = build.CombinedOutput()
	})
	if binary.err != nil {
		t.Fatalf("building the program: %v\n%s", binary.err, binary.said)
	}
	return binary.path
}

// account is who runs the program.
type account struct{ uid, gid int }

// me is who runs the tests.
func me() account { return account{os.Getuid(), os.Getgid()} }

// ordinary is a user without rights: the one who runs the tests, or for root
// one that is made for it.
func ordinary(t *testing.T) account {
	t.Helper()
	labtest.NeedMachines(t)
	if os.Getuid() != 0 {
		return me()
	}
	const name = "distrolab-test"
	found, err := user.Lookup(name)
	if err != nil {
		if out, err := exec.Command("useradd", "--create-home", name).CombinedOutput(); err != nil {
			t.Skipf("making user %s: %v: %s", name, err, out)
		}
		if found, err = user.Lookup(name); err != nil {
			t.Fatal(err)
		}
	}
	uid, err1 := strconv.Atoi(found.Uid)
	gid, err2 := strconv.Atoi(found.Gid)
	if err1 != nil || err2 != nil {
		t.Fatalf("user %s: uid %q, gid %q", name, found.Uid, found.Gid)
	}
	return account{uid, gid}
}

// daemonPID is the session daemon whose files are in dir; 0 when there is none.
func daemonPID(dir string) int {
	for _, name := range []string{"virtqemud.pid", "libvirtd.pid"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil && pid > 1 && syscall.Kill(pid, 0) == nil {
			return pid
		}
	}
	return 0
}

// endDaemon ends the session daemon that a test made distrolab start, and the
// log daemon that it started.
func endDaemon(t *testing.T, dir string) {
	t.Helper()
	for _, pid := range []int{daemonPID(dir), logDaemonPID(dir)} {
		if pid == 0 {
			continue
		}
		syscall.Kill(pid, syscall.SIGTERM)
		for range 500 {
			if syscall.Kill(pid, 0) != nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func logDaemonPID(dir string) int {
	data, err := os.ReadFile(filepath.Join(dir, "virtlogd.pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || pid <= 1 || syscall.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}

// kept is the newest session of the world's store, with its runs.
func (w *world) kept() (results.Listed, []results.Run) {
	w.t.Helper()
	s, err := results.Open(w.t.Context(), w.home.Results(), time.Now)
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	l, err := s.Find(w.t.Context(), "last")
	if err != nil {
		w.t.Fatal(err)
	}
	_, runs, warnings, err := s.Read(w.t.Context(), l.ID)
	if err != nil || len(warnings) > 0 {
		w.t.Fatal(err, warnings)
	}
	return l, runs
}
