package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"distrolab/labs/internal/labtest"
	"distrolab/labs/results"
)

// TestAppInATerminal is the evening of somebody who chooses a system, in a real
// terminal with real guests: find, compare, look at the configs, start a lab,
// watch it boot, log in, measure two systems, read the result, clean up.
func TestAppInATerminal(t *testing.T) {
	w := emptyWorld(t, me())
	for _, guest := range []string{"debian-local", "coreos-standin"} {
		w.mustRun(done, "import", labtest.Build(t, guest))
	}
	screen := w.terminal(120, 36)
	screen.shows("Systems by name", "alpine")

	screen.keys("/")
	screen.types("debian-local")
	screen.gone("alpine")
	screen.keys("Enter", "Space", "/")
	screen.clears(len("debian-local"))
	screen.types("coreos-standin")
	screen.gone("debian-local")
	screen.keys("Enter", "Space", "c")
	screen.shows("2 systems", "Kernel modules", "Ignition")
	screen.keys("3")
	screen.shows("#cloud-config", "hostname")
	screen.keys("Right")
	screen.shows(`"ignition"`)

	screen.keys("4", "n")
	screen.shows("debian-local", "coreos-standin")
	screen.keys("Enter")
	screen.waits("debian-local +. ready", "coreos-standin +. ready")
	screen.keys("s")
	screen.shows("@", ":~$")
	screen.types("echo from $(hostname) | tr a-z A-Z")
	screen.keys("Enter")
	screen.shows("FROM ")
	screen.types("exit")
	screen.keys("Enter")
	screen.shows("4 Labs")
	screen.keys("d")
	screen.shows("Destroy")
	screen.keys("sleep", "y")
	screen.shows("No labs yet")

	answer := screen.measures()
	screen.keys("6")
	screen.shows("Summary", answer)
	screen.keys("Enter", "Right")
	screen.shows("[Phases]", "kernel+initrd")
	screen.keys("q")
	screen.ends()
	w.noTrace()
}

// measures runs one block of both systems, and says what the result must tell.
func (s *terminal) measures() string {
	s.w.t.Helper()
	s.keys("5")
	s.shows("Experiment", "debian-local", "coreos-standin")
	s.keys("Down", "Down", "Enter")
	s.clears(2)
	s.types("1")
	s.keys("Enter", "Down", "Enter")
	s.clears(2)
	s.types("0")
	s.keys("Enter", "s")
	s.waits("2 of 2 runs")
	l, runs := s.w.kept()
	if len(runs) != 2 || l.State != results.StateDone {
		s.w.t.Fatalf("%d runs, %+v", len(runs), l)
	}
	answer := "are not valid" // of runs that a busy machine has tainted, every one
	for _, r := range runs {
		finished(s.w.t, r)
		if r.Outcome == results.OutcomeOK {
			answer = " boots in "
		}
	}
	return answer
}

// terminal is the app in a tmux of its own.
type terminal struct {
	w      *world
	socket string
}

// terminal starts the app in a terminal of a size in cells.
func (w *world) terminal(width, height int) *terminal {
	w.t.Helper()
	s := &terminal{w, filepath.Join(w.base, "tmux")}
	cmd := w.command()
	args := []string{"-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "env", "-i",
		"TERM=tmux-256color", "LANG=C.UTF-8", "SHELL=/bin/sh"}
	args = append(args, cmd.Env...)
	if w.user.uid != os.Getuid() {
		args = append(args, "setpriv", fmt.Sprintf("--reuid=%d", w.user.uid), fmt.Sprintf("--regid=%d", w.user.gid), "--clear-groups")
	}
	s.tmux(append(args, w.bin)...)
	w.t.Cleanup(func() { _ = exec.Command("tmux", "-S", s.socket, "kill-server").Run() }) // it is gone where the app has ended
	return s
}

func (s *terminal) tmux(args ...string) string {
	s.w.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.w.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// keys presses keys by tmux's names; "sleep" outlasts the time in which a
// question takes none.
func (s *terminal) keys(names ...string) {
	s.w.t.Helper()
	for _, name := range names {
		if name == "sleep" {
			time.Sleep(600 * time.Millisecond)
			continue
		}
		s.tmux("send-keys", name)
		time.Sleep(200 * time.Millisecond) // a person's speed: the screen may change under a key
	}
}

func (s *terminal) types(text string) { s.w.t.Helper(); s.tmux("send-keys", "-l", text) }

// clears empties an input of so many letters.
func (s *terminal) clears(letters int) {
	s.w.t.Helper()
	for range letters {
		s.tmux("send-keys", "BSpace")
	}
}

// shows waits until all texts are on the screen.
func (s *terminal) shows(texts ...string) { s.w.t.Helper(); s.until(patience, true, quoted(texts)) }

// waits is for what takes as long as guests do, given as regular expressions.
func (s *terminal) waits(patterns ...string) { s.w.t.Helper(); s.until(20*time.Minute, true, patterns) }

// gone waits until none of the texts is on the screen.
func (s *terminal) gone(texts ...string) { s.w.t.Helper(); s.until(patience, false, quoted(texts)) }

func quoted(texts []string) []string {
	patterns := make([]string, len(texts))
	for i, text := range texts {
		patterns[i] = regexp.QuoteMeta(text)
	}
	return patterns
}

func (s *terminal) until(limit time.Duration, there bool, patterns []string) {
	s.w.t.Helper()
	screen := ""
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		screen = s.tmux("capture-pane", "-p")
		open := 0
		for _, pattern := range patterns {
			if regexp.MustCompile(pattern).MatchString(screen) != there {
				open++
			}
		}
		if open == 0 {
			return
		}
	}
	s.w.t.Fatalf("%v on the screen: never %v in\n%s", patterns, there, screen)
}

// ends waits until the app, and tmux with it, has ended.
func (s *terminal) ends() {
	s.w.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if exec.Command("tmux", "-S", s.socket, "has-session").Run() != nil {
			return
		}
	}
	s.w.t.Error("the app does not end")
}
