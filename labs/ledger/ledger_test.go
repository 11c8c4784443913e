package ledger

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newLab(t *testing.T) (*Ledger, Lab) {
	t.Helper()
	self, err := Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	lab := Lab{Name: "trial", Dir: filepath.Join(t.TempDir(), "trial")}
	l, err := Create(lab.Dir, Owner{Lab: "trial", Purpose: "lab", URI: "qemu:///session", Process: self})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, lab
}

// note records and fails the test when it cannot.
func note(t *testing.T, l *Ledger, resources ...Resource) {
	t.Helper()
	for _, r := range resources {
		if err := l.Record(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOutstandingIsNewestFirstWithoutWhatIsGone(t *testing.T) {
	l, lab := newLab(t)
	a, b, c := Resource{Directory, "/x/distrolab/a"}, Resource{Domain, "b"}, Resource{Process, "1:2:3"}
	note(t, l, a, b, c, b)
	if err := l.Release(a); err != nil {
		t.Fatal(err)
	}
	got, err := Outstanding(lab.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Resource{c, b}, got); diff != "" {
		t.Errorf("outstanding (-want +got):\n%s", diff)
	}
}

func TestNameOfALabIsTakenOnce(t *testing.T) {
	_, lab := newLab(t)
	if _, err := Create(lab.Dir, Owner{}); !errors.Is(err, ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
}

func TestTornLineLosesNoOther(t *testing.T) {
	for _, torn := range []string{`{"op":"ma`, "\x00\x00\x00", `{"op":"make","kind":7}`, "[]"} {
		l, lab := newLab(t)
		first, second := Resource{Domain, "first"}, Resource{Domain, "second"}
		note(t, l, first)
		if _, err := l.file.WriteString(torn); err != nil {
			t.Fatal(err)
		}
		l.torn = true // as after a write that a full disk cut
		note(t, l, second)
		got, err := Outstanding(lab.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Resource{second, first}, got); diff != "" {
			t.Errorf("after %q (-want +got):\n%s", torn, diff)
		}
	}
}

func TestFailedWriteMarksTheLineAsTorn(t *testing.T) {
	l, _ := newLab(t)
	l.Close()
	if err := l.Record(Resource{Domain, "x"}); err == nil || !l.torn {
		t.Errorf("error %v, torn %v", err, l.torn)
	}
}

// fakeDomains notes what is destroyed.
type fakeDomains struct {
	gone []string
	err  error
}

func (f *fakeDomains) DestroyDomain(_ context.Context, name string) error {
	f.gone = append(f.gone, name)
	return f.err
}

func TestReclaimTakesBackInReverse(t *testing.T) {
	l, lab := newLab(t)
	sockets := filepath.Join(t.TempDir(), "distrolab", "sockets")
	if err := os.MkdirAll(sockets, 0o700); err != nil {
		t.Fatal(err)
	}
	ended := Resource{Process, Identity{PID: 1 << 30, Start: "1", BootID: "x"}.String()}
	note(t, l, Resource{Directory, sockets}, Resource{Domain, "one"}, ended, Resource{Domain, "two"})
	domains := &fakeDomains{}
	done, err := Reclaim(t.Context(), lab, domains)
	if err != nil {
		t.Fatal(err)
	}
	want := []Resource{{Domain, "two"}, ended, {Domain, "one"}, {Directory, sockets}, {Directory, lab.Dir}}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Errorf("taken back (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"two", "one"}, domains.gone); diff != "" {
		t.Errorf("domains (-want +got):\n%s", diff)
	}
	for _, dir := range []string{sockets, lab.Dir} {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", dir, err)
		}
	}
}

func TestReclaimKeepsTheRecordAfterAnError(t *testing.T) {
	tests := map[string]Resource{
		"no libvirt":        {Domain, "one"},
		"unknown kind":      {"volume", "x"},
		"bad identity":      {Process, "12"},
		"someone's files":   {Directory, "/home"},
		"a relative path":   {Directory, "distrolab"},
		"identity of words": {Process, "a:b:c"},
	}
	for name, r := range tests {
		t.Run(name, func(t *testing.T) {
			l, lab := newLab(t)
			other := Resource{Directory, filepath.Join(t.TempDir(), "distrolab")}
			note(t, l, other, r)
			done, err := Reclaim(t.Context(), lab, &fakeDomains{err: errors.New("no libvirt")})
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff([]Resource{other}, done); diff != "" {
				t.Errorf("the rest (-want +got):\n%s", diff)
			}
			if _, err := os.Stat(lab.Dir); err != nil {
				t.Errorf("the record is gone: %v", err)
			}
		})
	}
}

func TestIdentityIsThatOfOneProcess(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ParseIdentity(id.String())
	if err != nil || parsed != id || !id.Alive() {
		t.Errorf("parsed %+v, %v; alive %v", parsed, err, id.Alive())
	}
	for what, other := range map[string]Identity{
		"a later process of that id": {id.PID, id.Start + "1", id.BootID},
		"one before a reboot":        {id.PID, id.Start, "another"},
		"none":                       {},
		"a negative id":              {-1, id.Start, id.BootID},
	} {
		if other.Alive() {
			t.Errorf("%s counts as alive", what)
		}
		if err := End(t.Context(), other); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if !id.Alive() {
		t.Fatal("ending others ended this one")
	}
	go cmd.Wait()
	if err := End(t.Context(), id); err != nil || id.Alive() {
		t.Errorf("ending it: %v; alive %v", err, id.Alive())
	}
}

func TestEndOfAProcessThatWillNotHear(t *testing.T) {
	cmd := exec.Command("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := End(t.Context(), id); err != nil || id.Alive() {
		t.Errorf("%v; alive %v", err, id.Alive())
	}
	cmd.Wait()
}

func TestZombieIsNotAlive(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	if !waitGone(t.Context(), id, 10*time.Second) { // nobody waits for it: it stays a zombie
		t.Error("a zombie counts as alive")
	}
	cmd.Wait()
}

func TestLabsTellsTheLivingFromTheDead(t *testing.T) {
	root := t.TempDir()
	self, err := Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]Identity{"alive": self, "dead": {PID: self.PID, Start: "0", BootID: self.BootID}} {
		l, err := Create(filepath.Join(root, name), Owner{Lab: name, Process: p})
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
	old := time.Now().Add(-time.Minute)
	for name, age := range map[string]time.Time{"fresh": time.Now(), "stale": old} {
		dir := filepath.Join(root, name)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.Chtimes(dir, age, age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	labs, err := Labs(root)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, l := range labs {
		got[l.Name] = l.Alive
	}
	want := map[string]bool{"alive": true, "dead": false, "fresh": true, "stale": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alive (-want +got):\n%s", diff)
	}
	if labs, err := Labs(filepath.Join(root, "nowhere")); labs != nil || err != nil {
		t.Errorf("no directory: %v, %v", labs, err)
	}
}

func FuzzOutstanding(f *testing.F) {
	f.Add(`{"op":"make","kind":"domain","id":"x"}` + "\n" + `{"op":"gone","kind":"domain","id":"x"}`)
	f.Add("{\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		open, err := readOutstanding(strings.NewReader(text))
		if err == nil && len(open) > strings.Count(text, "\n")+1 {
			t.Errorf("%d resources in %d lines", len(open), strings.Count(text, "\n")+1)
		}
	})
}
